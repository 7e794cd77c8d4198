"""Traps of the budget files, from the file to the page that people read."""

import os

import duckdb
import pytest

from demo_city.budget import year_of_budget
from demo_city.budget_files import csv_bytes, csv_name, with_traps_of_2024, workbook_bytes, workbook_name
from demo_city.projects import invent_projects
from etl_kit.quality_rules import RULES
from reporting_app import etl_reports
from tests.integration.extraction_subjects import SEED
from tests.integration.loaded_homes import BUDGET, Home
from transformation_app import data_transformation_ejecucion_presupuestal as transform
from validation_app import data_quality

TABLES = ("datos_caracteristicos_proyectos", "movimientos_presupuestales", "ejecucion_presupuestal")
DETAIL = "ejecucion_detalle"
APRIL, FEBRUARY = "2025-04-30", "2024-02-29"


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ETL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_LANG", "en")
    return Home(tmp_path)


def load_budget(home, files, *, others_empty=False):
    home.receive({f"{BUDGET}/{name}": data for name, data in files.items()})
    account = transform.main(**home.keywords)
    home.load(*TABLES, DETAIL, others_empty=others_empty)
    return account


def months_of(year, *, until):
    return year_of_budget(SEED, invent_projects(SEED, 0.1, year), year, until)


def test_a_file_with_shuffled_vigencias_is_flagged_from_the_quality_table_to_the_page(home, monkeypatch):
    faulty, traps = with_traps_of_2024(months_of(2024, until=2)[2])
    sound = months_of(2025, until=1)[1]
    files = {csv_name(2024, 2): csv_bytes(faulty, 2024, 2), csv_name(2025, 1): csv_bytes(sound, 2025, 1)}
    monkeypatch.setattr(data_quality, "RULES", [rule for rule in RULES if rule.rule_id in {"PR008", "PR009"}])

    load_budget(home, files, others_empty=True)
    data_quality.main(**home.keywords)
    etl_reports.main(**home.keywords)

    with duckdb.connect(str(home.places.warehouse.with_name("portal_calidad.duckdb")), read_only=True) as log:
        broken = dict(log.execute("SELECT regla, fallidas FROM calidad_resultados WHERE estado = 'falla'").fetchall())
        (key,) = log.execute("SELECT CAST(clave AS VARCHAR) FROM calidad_filas WHERE regla = 'PR009'").fetchone()
    page = (home.places.reports / "presupuesto.html").read_text(encoding="utf-8")
    warning = next(text for text in page.split("<p") if csv_name(2024, 2) in text and "vigencia" in text)
    assert broken == {"PR008": len(traps["vigencia_corrida"]), "PR009": 1}
    assert FEBRUARY in key
    assert "Reserva" in key
    assert csv_name(2025, 1) not in warning


def test_a_month_in_csv_and_workbook_counts_once_the_complete_one_and_the_difference_is_told(home):
    rows = months_of(2025, until=4)[4]
    part = len(rows) // 5
    files = {csv_name(2025, 4): csv_bytes(rows, 2025, 4), workbook_name(4): workbook_bytes(rows, part, 2025, 4)}

    account = load_budget(home, files)

    detail = home.loaded()[DETAIL]
    (told,) = [warning for warning in account["warnings"] if warning.startswith(APRIL)]
    assert detail.height == len(rows)
    assert set(detail["fuente"]) == {csv_name(2025, 4)}
    assert f"{csv_name(2025, 4)} speaks with {len(rows)} rows; {workbook_name(4)} has {part}" in told
