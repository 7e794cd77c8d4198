"""The procurement plan as tables: typed cells, projects, sources of money, the loan's purchases."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from demo_city.paa import EARLIER, HALF_EMPTY, LATER, WITHDRAWN, files_of_paa
from demo_city.people import MARKERS
from demo_city.projects import invent_projects
from etl_kit.datasets import CATALOGO_BPIN, EMP_PAA, PAA, PAA_FUENTES
from etl_kit.errors import MissingInput
from etl_kit.files import write_parquet
from etl_kit.rejects import Rejects
from transformation_app import data_transformation_paa
from transformation_app.data_transformation_paa import plan_frames
from transformation_app.paa_files import COLUMNS, WeeklyPlan
from transformation_app.paa_lines import NO_ANSWER, NO_BP, NO_LINK, NO_MONTH
from transformation_app.paa_tables import NO_BP as WITHOUT_BP
from transformation_app.paa_tables import NO_CATALOGUE, NOT_IN_CATALOGUE

NOW = datetime(2025, 9, 22, 13, tzinfo=UTC)
ROADS, ROADS_BPIN = "BP26005375", "2024760010333"
CATALOGUE = pl.DataFrame({"bp": [ROADS], "bpin": [ROADS_BPIN]})
OWN, CREDIT = "Inversión con Recursos propios", "Inversión - Recursos de crédito"


def line(**cells: str | None) -> dict[str, str | None]:
    return {
        "id": "17726",
        "cod_centro_gestor": "4145",
        "nombre_centro_gestor": "Secretaría de Salud",
        "descripcion": "Comprar",
        "anio": "2025",
        "valor_total_estimado": "500000000",
        "fuente_recursos": OWN,
        "fuente_recursos_valor": f"{OWN}/500000000",
        "bp": ROADS,
        **cells,
    }


def frames_of(*lines: dict[str, str | None], catalogue: pl.DataFrame | None = CATALOGUE):
    rows = [{"fila": str(number), "fuente": "W-31.xlsx", **cells} for number, cells in enumerate(lines, start=2)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).with_columns(pl.col("fila").cast(pl.Int64))
    plan = WeeklyPlan(name="W-31.xlsx", week=31, year=2025, version=28, lines=frame)
    rejects, warnings = Rejects(dataset="paa"), []
    frames = plan_frames([plan], catalogue=catalogue, rejects=rejects, warnings=warnings, run_id="r", now=NOW)
    return {each.name: each.conform(frame) for each, frame in frames.items()}, rejects.frame(), warnings


def only(*names: str, **cells: str | None):
    frames, _rejects, _warnings = frames_of(line(**cells))
    return frames["paa"].select(names).row(0)


def refused(**cells: str | None):
    _frames, rejects, _warnings = frames_of(line(**cells))
    return rejects.select("fila", "columna", "valor_crudo", "motivo").rows()


def test_texts_become_numbers_months_dates_and_answers():
    said = only(
        *("anio", "mes_inicio", "mes_oferta", "duracion_valor", "fecha_firma", "tiene_proceso", "vigencias_futuras"),
        mes_inicio="Enero",
        mes_oferta="Diciembre",
        duracion_valor="10",
        fecha_firma="2025-02-28 00:00:00",
        tiene_proceso="SI",
        vigencias_futuras="NO",
    )

    assert said == (2025, 1, 12, 10, date(2025, 2, 28), True, False)


def test_money_is_exact_and_its_absence_is_no_zero():
    said = only(
        *("valor_total_estimado", "valor_disponible", "valor_apropiado", "ppto_disponible"),
        valor_total_estimado="1955658663861.05",
        valor_disponible="0",
        ppto_disponible="-12",
    )

    assert said == (Decimal("1955658663861.05"), Decimal(0), None, Decimal(-12))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("1000000000", "alto"),
        ("999999999.99", "medio"),
        ("100000000", "medio"),
        ("99999999", "bajo"),
        ("0.01", "bajo"),
        ("0", "sin_valor"),
        ("mucho", None),
    ],
)
def test_the_class_of_a_value_begins_at_its_bound(value, named):
    said = only("clasificacion_valor", valor_total_estimado=value)

    assert said == (named,)


@pytest.mark.parametrize(
    ("column", "raw", "motive"),
    [
        ("mes_inicio", "Trimestre 1", NO_MONTH),
        ("bp", "BP2600537", NO_BP),
        ("tiene_proceso", "quizás", NO_ANSWER),
        ("emprestito", "tal vez", NO_ANSWER),
        ("link_del_proceso", "pendiente", NO_LINK),
    ],
)
def test_a_cell_that_cannot_be_read_is_kept_with_its_reason_and_the_line_stays(column, raw, motive):
    frames, rejects, _warnings = frames_of(line(**{column: raw}))

    assert rejects.select("fila", "columna", "valor_crudo", "motivo").rows() == [(2, column, raw, motive)]
    assert frames["paa"].height == 1


def test_words_with_vigencia_and_actividad_in_their_column_s_name_stay_words():
    said = only(
        *("estado_vigencias", "nombre_actividad", "programa_presupuestal"),
        estado_vigencias="No Solicitada",
        nombre_actividad="Ejecutar las obras",
        programa_presupuestal="BP260053751020405",
    )

    assert said == ("No Solicitada", "Ejecutar las obras", "BP260053751020405")


def test_a_line_of_service_contracts_has_neither_link_nor_date_and_nothing_is_refused():
    cells = {"link_del_proceso": "PS", "fecha_firma": "PS", "rpc": "ps"}

    said = only("prestacion_de_servicios", "tipo_enlace", "enlace", "fecha_firma", "rpc", **cells)

    assert said == (True, "PS", None, None, None)
    assert refused(**cells) == []


def test_a_date_with_the_month_first_is_refused_and_not_turned_around():
    said = refused(fecha_firma="7/25/2025")

    assert [(column, raw) for _row, column, raw, _motive in said] == [("fecha_firma", "7/25/2025")]


def test_blank_marks_mean_no_and_a_repeated_code_means_yes():
    names = ("vencida", "emprestito", "presupuesto_participativo", "delegada", "cdp_bloqueado")

    blank = only(*names)
    marked = only(
        *names,
        vencida="SI",
        emprestito="SI",
        presupuesto_participativo="BP260053751020405",
        delegaciones="17726",
        cdp_bloqueado=f"{ROADS}-17726",
    )

    assert blank == (False,) * 5
    assert marked == (True,) * 5


def test_an_unanswered_question_stays_unanswered():
    said = only("tiene_proceso", "vigencias_futuras")

    assert said == (None, None)


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [
        ("4145", "Secretaría de Salud", ("4145", "Secretaría de Salud Pública")),
        ("4145.0", "Secretaría de Salud", ("4145", "Secretaría de Salud Pública")),
        ("4199", "Papelería", ("4199", "Papelería")),
    ],
)
def test_a_known_department_bears_its_canonical_name_and_another_one_its_own(code, name, said):
    read = only("cod_centro_gestor", "nombre_centro_gestor", cod_centro_gestor=code, nombre_centro_gestor=name)

    assert read == said


@pytest.mark.parametrize(
    ("bp", "catalogue", "said"),
    [
        (ROADS, CATALOGUE, (ROADS, ROADS_BPIN, None)),
        ("26005375", CATALOGUE, (ROADS, ROADS_BPIN, None)),
        ("BP26009999", CATALOGUE, ("BP26009999", None, NOT_IN_CATALOGUE)),
        (ROADS, None, (ROADS, None, NO_CATALOGUE)),
        (None, CATALOGUE, (None, None, WITHOUT_BP)),
    ],
)
def test_the_catalogue_tells_the_bpin_or_the_line_says_why_not(bp, catalogue, said):
    frames, _rejects, _warnings = frames_of(line(bp=bp), catalogue=catalogue)

    assert frames["paa"].select("bp", "bpin", "motivo_sin_bpin").row(0) == said


def test_each_source_is_a_row_with_its_part():
    frames, _rejects, warnings = frames_of(
        line(fuente_recursos=f"{CREDIT};{OWN}", fuente_recursos_valor=f"{CREDIT}/499999999;{OWN}/1")
    )

    assert frames["paa_fuentes"].sort("ordinal").select("id", "fuente_recursos", "ordinal", "valor").rows() == [
        ("17726", CREDIT, 1, Decimal(499999999)),
        ("17726", OWN, 2, Decimal(1)),
    ]
    assert frames["paa"].get_column("n_fuentes").to_list() == [2]
    assert warnings == []


def test_sources_that_do_not_add_up_are_told_by_id():
    _frames, _rejects, warnings = frames_of(line(fuente_recursos_valor=f"{OWN}/1"))

    assert len(warnings) == 1
    assert "17726" in warnings[0]


def test_the_loan_s_purchases_are_those_marked_so():
    frames, _rejects, _warnings = frames_of(line(emprestito="SI"), line(id="17727"))

    assert frames["emp_paa"].select("id", "bp", "bpin", "valor_total_estimado", "nombre_centro_gestor").rows() == [
        ("17726", ROADS, ROADS_BPIN, Decimal(500000000), "Secretaría de Salud Pública")
    ]


def test_without_any_workbook_the_tables_are_empty_and_a_warning_says_so():
    warnings: list[str] = []

    frames = plan_frames([], catalogue=None, rejects=Rejects(dataset="paa"), warnings=warnings, run_id="r", now=NOW)

    assert {each.name: frame.height for each, frame in frames.items()} == {"paa": 0, "paa_fuentes": 0, "emp_paa": 0}
    assert len(warnings) == 1


PAA_TABLES = ("paa", "paa_fuentes", "emp_paa")
PROJECTS = invent_projects(7, 1, 2025)


@pytest.fixture(scope="module")
def city():
    return files_of_paa(7, 1, PROJECTS)


def transformed(home, files, *, catalogue=True):
    raw = home / "data" / "raw" / "demo" / "paa"
    raw.mkdir(parents=True)
    register = []
    for number, (path, content) in enumerate(files.items()):
        (raw / f"{number}.xlsx").write_bytes(content)
        name = path.split("/")[1]
        register.append({"nombre": name, "archivo": f"{number}.xlsx", "sha256": "", "reemplazado": False})
    (raw / "registro.json").write_text(json.dumps(register), encoding="utf-8")
    tables = home / "data" / "transformed" / "demo"
    if catalogue:
        known = pl.DataFrame([(each.bp, each.bpin) for each in PROJECTS], schema=["bp", "bpin"], orient="row")
        write_parquet(tables / f"{CATALOGO_BPIN.name}.parquet", known)
    account = data_transformation_paa.main(source="demo", home=str(home))
    frames = {each.name: pl.read_parquet(tables / f"{each.name}.parquet") for each in (PAA, PAA_FUENTES, EMP_PAA)}
    return account, frames | {"rejected": pl.read_parquet(tables / "rejected" / "paa.parquet")}


def test_the_made_up_city_s_two_weeks_become_one_plan(tmp_path, city):
    account, frames = transformed(tmp_path, city)
    plan = frames["paa"]

    gone = plan.filter(~pl.col("vigente"))
    whole_rows = frames["rejected"].filter(pl.col("columna").is_null())

    assert account["status"] == "success"
    assert account["current"] == [LATER.split("/")[1]]
    assert gone.height == WITHDRAWN
    assert gone.get_column("fuente").unique().to_list() == [EARLIER.split("/")[1]]
    assert whole_rows.height == HALF_EMPTY
    assert whole_rows.get_column("fuente").unique().to_list() == [LATER.split("/")[1]]
    assert frames["emp_paa"].height > 0
    assert plan.filter(pl.col("bp").is_not_null() & pl.col("bpin").is_null()).height == 0
    assert plan.get_column("modalidad").null_count() == 0


def test_every_line_of_the_careless_week_says_what_it_said_in_the_tidy_one(tmp_path, city):
    _account, both = transformed(tmp_path / "both", city)
    _account, tidy = transformed(tmp_path / "tidy", {EARLIER: city[EARLIER]})
    same = [
        name for name in PAA.schema if name not in {"semana", "vigente", "fuente", "fecha_corte", "fecha_procesamiento"}
    ]

    unmodified = both["paa"].filter(pl.col("vigente") & pl.col("numero_modificaciones").is_null())
    shared = unmodified.join(tidy["paa"].select("id"), on="id", how="semi").select(same)
    before = tidy["paa"].join(shared.select("id"), on="id", how="semi").select(same)

    assert shared.height > 100
    assert shared.sort("id").equals(before.sort("id"), null_equal=True)


def test_a_second_run_in_another_order_changes_nothing(tmp_path, city):
    _account, one = transformed(tmp_path / "one", city)
    _account, other = transformed(tmp_path / "other", dict(reversed(city.items())))

    same = [
        one[name].drop("fecha_procesamiento").equals(other[name].drop("fecha_procesamiento")) for name in PAA_TABLES
    ]

    assert all(same)


def test_the_people_of_the_junk_columns_are_in_no_table(tmp_path, city):
    _account, frames = transformed(tmp_path, {LATER: city[LATER]})
    names_and_numbers = [marker for marker in MARKERS if not marker.startswith("@")]  # addresses go at extraction

    text = "".join(frame.write_csv().upper() for frame in frames.values())

    assert not any(marker.upper() in text for marker in names_and_numbers)


def test_without_the_catalogue_it_goes_on_and_says_so(tmp_path, city):
    account, frames = transformed(tmp_path, {EARLIER: city[EARLIER]}, catalogue=False)

    assert frames["paa"].get_column("bpin").null_count() == frames["paa"].height
    assert any(CATALOGO_BPIN.name in warning for warning in account["warnings"])


def test_without_extraction_the_message_names_the_task_that_does_it(tmp_path):
    with pytest.raises(MissingInput) as caught:
        data_transformation_paa.main(source="demo", home=str(tmp_path))

    assert "extract_archivos" in str(caught.value)
