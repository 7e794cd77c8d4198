"""The made-up territory and its field reports: as the real files are laid out, the same each time, and readable."""

import hashlib
import io
import json
import zipfile

import fastexcel
import polars as pl
import pytest

from demo_city.basemaps import files_of_basemaps
from demo_city.field_reports import MOST, SHEET, TRAPS, files_of_field_reports
from demo_city.people import EMAIL_MARKER
from etl_kit.coordinates import CITY_BOX
from etl_kit.territories import CORREGIMIENTOS, Territories, comuna_label
from transformation_app import data_transformation_centros_gravedad as reports_transform
from transformation_app import data_transformation_territorios as territories_transform

SEED, SCALE = 7, 0.3


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A home into which the made-up files were received, both transforms run once."""
    home = tmp_path_factory.mktemp("home")
    raw = home / "data" / "raw" / "demo"
    files = files_of_basemaps(SEED, SCALE, []) | files_of_field_reports(SEED, SCALE, [])
    keep(raw, zipped(files))
    accounts = [each.main(source="demo", home=str(home)) for each in (territories_transform, reports_transform)]
    tables = home / "data" / "transformed" / "demo"
    names = ("territorios", "barrios_veredas", "centros_gravedad", "rejected/centros_gravedad")
    return {"accounts": accounts} | {name: pl.read_parquet(tables / f"{name}.parquet") for name in names}


def zipped(files: dict[str, bytes]) -> dict[str, bytes]:
    """As extraction keeps them: the parts of each layer as one zip."""
    kept = {path: data for path, data in files.items() if not path.startswith("basemaps/")}
    for stem in sorted({path.rpartition(".")[0] for path in files if path.startswith("basemaps/")}):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in (path for path in files if path.rpartition(".")[0] == stem):
                archive.writestr(path.rpartition("/")[2], files[path])
        kept[f"{stem}.shp.zip"] = buffer.getvalue()
    return kept


def keep(raw, files):
    for kind in {path.partition("/")[0] for path in files}:
        (raw / kind).mkdir(parents=True)
        register = []
        for path, data in files.items():
            if path.startswith(f"{kind}/"):
                (raw / path).write_bytes(data)
                name, digest = path.partition("/")[2], hashlib.sha256(data).hexdigest()
                register.append({"nombre": name, "archivo": name, "sha256": digest, "reemplazado": False})
        (raw / kind / "registro.json").write_text(json.dumps(register), encoding="utf-8")


def test_the_same_arguments_give_the_same_bytes_and_another_seed_other_answers():
    basemaps, reports = files_of_basemaps(SEED, SCALE, []), files_of_field_reports(SEED, SCALE, [])

    assert files_of_basemaps(SEED, SCALE, []) == basemaps
    assert files_of_field_reports(SEED, SCALE, []) == reports
    assert files_of_field_reports(SEED + 1, SCALE, []) != reports


def test_the_parts_are_those_of_the_real_layers_and_veredas_tell_no_encoding():
    files = files_of_basemaps(SEED, SCALE, [])

    layers = {"comunas", "corregimientos", "barrios", "Veredas"}
    parts = {f"basemaps/{layer}.{part}" for layer in layers for part in ("shp", "shx", "dbf", "prj", "cpg")}
    assert set(files) == parts - {"basemaps/Veredas.cpg"}
    assert b"MAGNA_Cali_Valle_del_Cauca_2009" in files["basemaps/Veredas.prj"]


def test_no_layer_tells_the_day_on_which_it_was_written():
    files = files_of_basemaps(SEED, SCALE, [])

    days = {data[1:4] for path, data in files.items() if path.endswith(".dbf")}

    assert days == {bytes((124, 1, 1))}


def test_the_territory_has_the_real_labels_and_lies_in_the_box_of_the_city(city):
    territories = city["territorios"]

    labels = [*(comuna_label(number) for number in range(1, 23)), *CORREGIMIENTOS.values()]
    assert territories.get_column("territorio").to_list() == labels
    for text in territories.get_column("geometria"):
        (ring,) = json.loads(text)["coordinates"]
        assert all(CITY_BOX.holds(lon, lat) for lon, lat in ring)


def test_every_part_belongs_to_a_territory_and_lost_letters_come_back(city):
    parts = city["barrios_veredas"]

    assert parts.get_column("territorio").null_count() == 0
    assert parts.filter(pl.col("barrio_vereda").str.starts_with("Urbanización")).height == 22
    assert city["accounts"][0]["warnings"] == []


def test_every_good_report_lies_in_a_comuna_and_a_barrio_of_it(city, tmp_path):
    reports = city["centros_gravedad"].filter(pl.col("motivo_sin_geometria").is_null())
    parts = dict(city["barrios_veredas"].select("barrio_vereda", "territorio").rows())

    placed = reports.select("barrio_vereda", "territorio").rows()

    assert reports.height > 50
    assert all(parts[barrio] == territory for barrio, territory in placed)
    assert city["centros_gravedad"].get_column("fecha_hora").null_count() == 0


def test_the_traps_are_repaired_or_refused_and_nothing_else_is(city):
    reports, refused = city["centros_gravedad"], city["rejected/centros_gravedad"]

    assert reports.get_column("reparacion").drop_nulls().len() == 3
    assert sorted(refused.get_column("motivo").to_list()) == [
        "el código ya está en otra fila del mismo archivo",
        "la fila no tiene código",
        "las coordenadas están fuera de la ciudad",
        "no es una coordenada legible",
    ]
    assert reports.height >= len(TRAPS)
    assert "TAPA VIA" in reports.get_column("novedad").to_list()


def test_every_answer_bears_an_invented_mail_address_that_no_table_holds(city):
    (workbook,) = files_of_field_reports(SEED, SCALE, []).values()
    answers = fastexcel.read_excel(workbook).load_sheet(SHEET, dtypes="string").to_polars()

    mails = answers.get_column("Dirección de correo electrónico")

    assert mails.str.contains(EMAIL_MARKER, literal=True).all()
    for name in ("centros_gravedad", "rejected/centros_gravedad"):
        assert EMAIL_MARKER not in city[name].select(pl.col(pl.String)).write_csv()


def test_a_tiny_city_holds_every_trap_and_a_huge_one_does_not_grow_for_ever():
    (tiny,) = files_of_field_reports(SEED, 0.001, []).values()

    answers = fastexcel.read_excel(tiny).load_sheet(SHEET, dtypes="string").to_polars()

    assert answers.height > len(TRAPS)
    assert MOST < 100_000


def test_the_basemaps_can_be_read_as_territories_straight_away(tmp_path):
    files = zipped(files_of_basemaps(SEED, SCALE, []))
    keep(tmp_path, files)
    from etl_kit.originals import current_originals

    territories = Territories.read(current_originals(tmp_path / "basemaps", made_by="extract_archivos"))

    assert [len(each) for each in (territories.comunas, territories.corregimientos)] == [22, 15]
