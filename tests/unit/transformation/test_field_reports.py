"""Workbooks of the field form become one table of reports, each once, and all that is refused is kept."""

import hashlib
import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
import xlsxwriter

from etl_kit.errors import MissingInput, UnreadableInput
from tests.unit.etl_kit.layers import city_layers
from transformation_app import data_transformation_centros_gravedad as transform
from transformation_app import data_trasnformation_centros_gravedad as misspelt
from transformation_app import field_tables

HEADER = (
    "Marca temporal", "Cod", "DESCRIPCIÓN", "NOVEDAD", "IMAGEN", "COORDENADA X", "COORDENADA Y", "SITIO",
)  # fmt: skip
GOOD = ("2025-08-06 10:53:01", "COD0001", "Hueco", "BACHE", "https://a.invalid/1", "-76.51", "3.43", "2. Parque Uno")


def answer(**changes: str | None) -> tuple[str | None, ...]:
    """A good answer but for `changes`, by header key."""
    names = ("moment", "cod", "description", "novelty", "image", "x", "y", "site")
    return tuple((dict(zip(names, GOOD, strict=True)) | changes)[name] for name in names)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the transform on workbooks given as lists of rows, by name."""
    raw = tmp_path / "data" / "raw" / "files"
    monkeypatch.setenv("ETL_SOURCE_FOLDER", str(tmp_path))

    def keep(kind, files):
        register = []
        for path in files:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            register.append({"nombre": path.name, "archivo": path.name, "sha256": digest, "reemplazado": False})
        (raw / kind / "registro.json").write_text(json.dumps(register), encoding="utf-8")

    def run(workbooks, *, basemaps=True):
        for kind in ("centros_gravedad", "basemaps"):
            (raw / kind).mkdir(parents=True, exist_ok=True)
        keep("centros_gravedad", [write(raw / "centros_gravedad" / name, rows) for name, rows in workbooks.items()])
        if basemaps:
            keep("basemaps", [layer.path for layer in city_layers(raw / "basemaps")])
        account = transform.main(source="files", home=str(tmp_path))
        tables = tmp_path / "data" / "transformed" / "files"
        return {
            "account": account,
            "reports": pl.read_parquet(tables / "centros_gravedad.parquet"),
            "rejects": pl.read_parquet(tables / "rejected" / "centros_gravedad.parquet"),
        }

    return run


def write(path, rows):
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet("Respuestas de formulario 1")
    for place, cells in enumerate(rows):
        for position, cell in enumerate(cells):
            if cell is not None:
                sheet.write_string(place, position, cell)
    workbook.close()
    return path


def test_a_report_has_typed_values_and_the_territory_it_lies_in(run):
    city = run({"a.xlsx": [HEADER, GOOD]})

    (report,) = city["reports"].to_dicts()

    assert report["cod"] == "COD0001"
    assert report["fecha_hora"] == datetime(2025, 8, 6, 15, 53, 1, tzinfo=UTC)
    assert report["fecha"] == report["fecha_corte"] == date(2025, 8, 6)
    assert (report["sitio_num"], report["sitio"], report["novedad"]) == (2, "Parque Uno", "BACHE")
    assert (report["lat"], report["lon"], report["reparacion"]) == (3.43, -76.51, None)
    assert (report["territorio"], report["barrio_vereda"]) == ("COMUNA 08", "Caña")
    assert json.loads(report["geometria"]) == {"type": "Point", "coordinates": [-76.51, 3.43]}
    assert (report["fila_origen"], report["fuente"]) == (2, "a.xlsx")
    assert city["account"]["warnings"] == []


def test_a_workbook_is_up_to_date_with_its_youngest_answer(run):
    rows = [HEADER, answer(), answer(cod="COD2", moment="2025-08-09 08:00:00"), answer(cod="COD3", moment=None)]

    city = run({"a.xlsx": rows})

    assert set(city["reports"].get_column("fecha_corte")) == {date(2025, 8, 9)}


def test_the_evening_in_colombia_stays_that_day(run):
    city = run({"a.xlsx": [HEADER, answer(moment="2025-08-31 21:30:00")]})

    assert city["reports"].get_column("fecha").item() == date(2025, 8, 31)
    assert city["reports"].get_column("fecha_hora").item() == datetime(2025, 9, 1, 2, 30, tzinfo=UTC)


def test_headers_are_found_by_name_wherever_they_stand_and_never_by_a_part_of_it(run):
    header = ("EXTRA X", "sitio", "Coordenada Y ", "coordenada x", " novedad", "Cód", "Y otras")
    rows = [("Formulario",), (), header, ("9", "1. Uno", "3.43", "-76.51", "bache", "COD7", "8"), ()]

    city = run({"a.xlsx": rows})

    (report,) = city["reports"].to_dicts()
    assert (report["cod"], report["lat"], report["sitio"], report["fecha_hora"]) == ("COD7", 3.43, "Uno", None)
    assert report["fila_origen"] == 4


def test_a_point_that_can_be_repaired_is_and_says_how(run):
    city = run({"a.xlsx": [HEADER, answer(y="3,40090606N ")]})

    (report,) = city["reports"].to_dicts()

    assert (report["lat"], report["reparacion"]) == (3.40090606, "letras al final; coma decimal")
    assert report["geometria"] is not None
    assert city["account"]["rejected"] == {"centros_gravedad": 0}


@pytest.mark.parametrize(
    ("changes", "reason", "raw", "kept"),
    [
        ({"x": "por definir"}, "no es una coordenada legible", "3.43; por definir", (None, None)),
        ({"x": None, "y": None}, field_tables.NO_COORDINATES, "; ", (None, None)),
        ({"x": "0", "y": "0"}, "cero no es una coordenada de la ciudad", "0; 0", (None, None)),
        ({"x": "-76.31", "y": "3.22"}, field_tables.OUTSIDE, "3.22; -76.31", (3.22, -76.31)),
    ],
)
def test_a_report_without_a_place_in_the_city_stays_and_the_reason_is_kept(run, changes, reason, raw, kept):
    city = run({"a.xlsx": [HEADER, answer(**changes)]})

    (report,) = city["reports"].to_dicts()
    (refused,) = city["rejects"].to_dicts()

    assert (report["lat"], report["lon"]) == kept
    assert (report["geometria"], report["territorio"], report["motivo_sin_geometria"]) == (None, None, reason)
    assert (refused["motivo"], refused["valor_crudo"], refused["fila"]) == (reason, raw, 2)
    assert len(city["account"]["warnings"]) == 1


def test_rows_without_a_code_or_with_one_already_there_are_refused_whole(run):
    rows = [HEADER, GOOD, answer(cod=None), answer(cod=" cod 0001", description="Otro"), answer(cod="COD0002")]

    city = run({"a.xlsx": rows})

    assert city["reports"].select("cod", "descripcion").rows() == [("COD0001", "Hueco"), ("COD0002", "Hueco")]
    refused = city["rejects"].select("fila", "motivo", "columna").rows()
    assert refused == [(3, field_tables.NO_CODE, None), (4, field_tables.REPEATED_CODE, None)]
    assert "Otro" in city["rejects"].get_column("valor_crudo").item(1)


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_answers_with_one_code_the_one_sent_first_counts_wherever_it_stands(run, turn):
    first = answer(moment="9/08/2025 08:00:00", description="Zanja")
    second = answer(moment="10/08/2025 08:00:00", description="Andén")

    city = run({"a.xlsx": [HEADER, *(first, second)[::turn]]})

    assert city["reports"].get_column("descripcion").to_list() == ["Zanja"]
    assert "Andén" in city["rejects"].get_column("valor_crudo").item()


def test_cells_that_cannot_be_read_become_null_and_are_kept(run):
    city = run({"a.xlsx": [HEADER, answer(moment="ayer", image="foto.jpg")]})

    (report,) = city["reports"].to_dicts()

    assert (report["fecha_hora"], report["fecha"], report["imagen_url"]) == (None, None, None)
    assert set(city["rejects"].select("columna", "valor_crudo").rows()) == {
        ("marca_temporal", "ayer"),
        ("imagen", "foto.jpg"),
    }


def test_a_category_the_form_does_not_offer_is_kept_and_told_of(run):
    city = run({"a.xlsx": [HEADER, answer(novelty="árbol caído"), answer(cod="COD2")]})

    assert set(city["reports"].get_column("novedad")) == {"ÁRBOL CAÍDO", "BACHE"}
    assert any("ÁRBOL CAÍDO" in warning for warning in city["account"]["warnings"])


def test_of_two_downloads_the_later_one_counts_whatever_their_names_and_what_only_the_older_has_stays(run):
    older = [HEADER, answer(description="viejo"), answer(cod="COD0009")]
    later = [HEADER, answer(description="nuevo"), answer(cod="COD0002", moment="2025-09-01 08:00:00")]

    city = run({"z.xlsx": older, "a.xlsx": later})

    assert city["reports"].select("cod", "descripcion", "fuente").rows() == [
        ("COD0001", "nuevo", "a.xlsx"),
        ("COD0002", "Hueco", "a.xlsx"),
        ("COD0009", "Hueco", "z.xlsx"),
    ]
    assert len(city["account"]["warnings"]) == 1


def test_the_order_of_rows_changes_nothing_but_their_numbers(run):
    rows = [answer(cod=f"COD{number}", y=f"3.4{number}") for number in range(1, 6)]
    columns = ("cod", "lat", "territorio", "geometria")

    one = run({"a.xlsx": [HEADER, *rows]})["reports"].select(columns)
    other = run({"a.xlsx": [HEADER, *reversed(rows)]})["reports"].select(columns)

    assert one.equals(other)


def test_without_basemaps_reports_have_no_territory_and_a_warning_says_so(run):
    city = run({"a.xlsx": [HEADER, GOOD]}, basemaps=False)

    assert city["reports"].select("territorio", "lat").rows() == [(None, 3.43)]
    assert len(city["account"]["warnings"]) == 1


def test_a_workbook_of_something_else_is_refused_whole_and_the_others_count(run):
    city = run({"a.xlsx": [HEADER, GOOD], "otro.xlsx": [("Nombre", "Valor"), ("x", "1")]})

    assert city["reports"].height == 1
    assert city["rejects"].get_column("fuente").to_list() == ["otro.xlsx"]
    with pytest.raises(UnreadableInput):
        run({"otro.xlsx": [("Nombre", "Valor")]})


def test_no_workbook_gives_an_empty_table_and_no_extraction_an_error(run, tmp_path):
    with pytest.raises(MissingInput, match="extract_archivos"):
        transform.main(source="files", home=str(tmp_path / "otra"))

    city = run({})

    assert city["reports"].height == 0


def test_the_misspelt_module_of_the_original_is_the_same_task():
    assert misspelt.main is transform.main
