"""The page of the loan: on plan or not comes first, and what is not known says so."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from reporting_app.loan_figures import read_loan
from reporting_app.loan_flow import loan_flow
from reporting_app.loan_page import loan_subject
from reporting_app.page import Page, write_page
from reporting_app.performance import read_performance
from reporting_app.performance_page import verdict
from reporting_app.workbook import write_workbook
from tests.unit.reporting.performance_subjects import AUGUST, LOADS, loan_warehouse


@pytest.fixture(scope="module")
def performance():
    with loan_warehouse() as warehouse:
        return read_performance(warehouse, LOADS)


@pytest.fixture
def english(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")


@pytest.fixture
def subject(english):
    with loan_warehouse() as warehouse:
        return loan_subject(read_loan(warehouse, LOADS), loan_flow(warehouse, LOADS))


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_loan_is_read_at_the_last_month_that_says_something_real(performance):
    whole = performance.whole

    assert (performance.cut, performance.stated, performance.as_of) == (AUGUST, True, date(2025, 9, 4))
    assert (whole["planeado"], whole["real"]) == (70_000_000, 43_000_000)
    assert (whole["comprometido"], whole["pagado_secop"]) == (100_000_000, 25_000_000)
    assert (whole["pct_negociado"], whole["saldo"]) == (Decimal("0.215"), 157_000_000)
    assert (whole["pv"], whole["ev"], whole["ac"]) == (65_000_000, 35_000_000, 43_000_000)
    assert performance.ended["tasa"] == Decimal("0.5")
    assert (performance.pace.real, performance.pace.left) == (Decimal("21500000.00"), Decimal("7.3"))
    assert performance.works.get_column("avance_real").to_list() == [Decimal("0.2")]


def test_banks_and_departments_add_up_to_the_whole(performance):
    for groups in (performance.banks, performance.departments):
        for name in ("negociado", "comprometido", "planeado", "real", "pv", "ev", "ac", "contratos", "con_real"):
            assert groups.get_column(name).sum() == performance.whole[name]


def test_the_contracts_of_the_list_are_those_behind_ahead_or_silent(performance):
    assert performance.look.get_column("clave").to_list() == ["lento", "callado", "adelantado"]


def test_the_first_cards_say_whether_we_are_on_plan_and_which_contracts_are_not(subject):
    first, second, third = subject.section.cards[:3]

    assert (first.value, first.mood) == ("Far behind plan", "mal")
    assert plain(first.note) == "SPI 0.54 · CPI 0.81 · of 3 contracts with disbursements due, 2 report"
    assert second.value == "3"
    assert second.note == (
        "1 behind plan · 2 cost more than they earn · 1 with money ahead of works · 1 without report"
    )
    assert plain(third.value) == "21.5%"
    assert subject.card is not None
    assert subject.card.mood == "mal"


def test_charts_come_first_and_every_table_is_folded_and_in_the_workbook(subject):
    section = subject.section

    assert [drawing.heading for drawing in section.drawings][:4] == [
        "Planned, earned and disbursed so far",
        "Contracts to look at",
        "Committed and disbursed of what was negotiated",
        "Works against money by contract",
    ]
    assert all(drawing.svg for drawing in section.drawings[:4])
    assert section.tables == ()
    assert list(section.folded) == list(subject.tables)


def test_sheets_have_names_of_their_own_and_the_workbook_can_be_written(subject):
    names = [table.sheet.lower() for table in subject.tables]

    content = write_workbook([("a", "b")], subject.tables)

    assert content[:2] == b"PK"
    assert len(set(names)) == len(names)
    assert all(len(name) <= 31 for name in names)


@pytest.fixture
def changing():
    """The loan's warehouse; what a test changes in it is gone afterwards."""
    with loan_warehouse() as warehouse:
        warehouse.execute("BEGIN")
        yield warehouse
        warehouse.execute("ROLLBACK")


def test_where_no_contract_is_to_be_looked_at_there_is_no_empty_chart_of_them(english, changing):
    some = loan_subject(read_loan(changing, LOADS), loan_flow(changing, LOADS))
    changing.sql("DELETE FROM vigentes.emp_flujo_contratos WHERE mes > DATE '2025-08-01'")
    changing.sql("UPDATE vigentes.emp_flujo_contratos SET desembolso_real = desembolso_planeado")
    changing.sql("UPDATE vigentes.emp_flujo_contratos SET avance_planeado = 1, avance_real = 1")

    none = loan_subject(read_loan(changing, LOADS), loan_flow(changing, LOADS))

    headings = [{drawing.heading for drawing in subject.section.drawings} for subject in (some, none)]
    assert [("Contracts to look at" in said) for said in headings] == [True, False]
    assert none.section.source.count("cut:") >= 1


def test_a_series_without_any_value_says_so_in_the_key(english, changing):
    changing.sql(
        "INSERT INTO vigentes.emp_flujo_caja BY NAME"
        " SELECT 'flujo_de_caja' AS origen, DATE '2025-07-01' AS mes, 5 AS desembolso_planeado"
    )

    (by_month, *_others) = loan_flow(changing, LOADS).drawings

    assert by_month.heading == "Disbursements planned and real by month (cash flow by bank)"
    assert "real: no data" in by_month.svg


def test_a_loan_of_which_nothing_is_known_says_so_and_invents_nothing(english):
    with duckdb.connect() as warehouse:
        performance = read_performance(warehouse, [])

    assert performance.cut is None
    assert dict(performance.whole) == {}
    assert verdict(performance) == ("no data", "")


def test_a_plan_without_anything_real_has_a_warning_and_no_index(english):
    with loan_warehouse() as warehouse:
        warehouse.sql("UPDATE vigentes.emp_flujo_contratos SET desembolso_real = NULL, avance_real = NULL")
        subject = loan_subject(read_loan(warehouse, LOADS), loan_flow(warehouse, LOADS))

    page = write_page(Page(title="t", banner="", facts=[], sections=[subject.section], footer=""))
    assert "No contract of the base states a real disbursement or a real progress" in page
    assert [plain(card.value) for card in subject.section.cards[:4]] == ["no data", "3", "no data", "no data"]
    assert "the last whole month before the cut of the base (4 September 2025)" in subject.section.lead


def test_real_months_after_the_base_and_contradicting_progress_are_told(english):
    with loan_warehouse() as warehouse:
        warehouse.sql("UPDATE vigentes.emp_flujo_contratos SET desembolso_real = 1 WHERE mes = DATE '2025-10-01'")
        warehouse.sql("UPDATE vigentes.emp_flujo_contratos SET avance_real = 2 WHERE clave = 'adelantado'")
        subject = loan_subject(read_loan(warehouse, LOADS), loan_flow(warehouse, LOADS))

    assert subject.section.warnings == [
        "1 rows of months after the cut of the base state something real; they do not count.",
        "The real progress of 1 contracts contradicts itself and counts as no data.",
    ]
