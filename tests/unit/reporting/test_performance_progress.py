"""Where contracts stand at a cut: what is planned, real and earned, and nothing where nothing is said."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_kit.loan_progress import BY_MONTH, CUMULATIVE, added_in_month, ways_of_progress
from etl_kit.money import MONEY, RATIO
from reporting_app.performance_progress import contracts_at, cut_month, works_of
from tests.unit.reporting.performance_subjects import AUGUST, JULY, OCTOBER, SEPTEMBER, flow_of, plan_of, row_of


def test_the_cut_is_the_last_month_of_which_something_real_is_said_be_it_zero():
    flow = flow_of(
        ("a", JULY, "1", "5", None, None),
        ("b", AUGUST, "1", None, None, "0"),
        ("a", SEPTEMBER, "1", None, None, None),
    )

    assert cut_month(flow, as_of=date(2025, 12, 1)) == (AUGUST, True)


def test_nothing_is_real_after_the_day_of_the_base():
    flow = flow_of(("a", JULY, None, "5", None, None), ("a", OCTOBER, None, "9", None, None))

    assert cut_month(flow, as_of=date(2025, 9, 4)) == (JULY, True)


def test_without_anything_real_the_plan_is_cut_at_the_last_whole_month():
    flow = flow_of(("a", OCTOBER, "1", None, None, None))

    assert cut_month(flow, as_of=date(2025, 9, 4)) == (AUGUST, False)
    assert cut_month(flow, as_of=date(2026, 1, 31)) == (date(2025, 12, 1), False)
    assert cut_month(flow, as_of=None) == (None, False)


@pytest.mark.parametrize(
    ("shares", "way"),
    [
        (("0.2", "0.3", "0.5"), BY_MONTH),
        (("0.2", "0.2", "0.2"), BY_MONTH),
        (("0.3334", "0.6668", "1.0002"), CUMULATIVE),
        (("0.2", "0.6", "0.4", "1"), CUMULATIVE),
        (("0.6", "0.6", "0.2", "0.2"), None),
        (("0.8", "0.9"), None),
    ],
)
def test_the_plan_tells_whether_progress_is_added_month_by_month_or_cumulative(shares, way):
    months = (JULY, AUGUST, SEPTEMBER, OCTOBER)
    flow = flow_of(*(("a", month, None, None, share, None) for month, share in zip(months, shares, strict=False)))

    assert row_of(ways_of_progress(flow), "a")["modo"] == way


def test_progress_is_read_the_way_the_contract_writes_it():
    flow = flow_of(
        ("meses", JULY, None, None, "0.5", "0.2"),
        ("meses", AUGUST, None, None, "0.5", "0.1"),
        ("acumula", JULY, None, None, "0.5", "0.2"),
        ("acumula", AUGUST, None, None, "1", "0.3"),
    )

    at = contracts_at(plan_of(meses=1000, acumula=1000), flow, cut=AUGUST)

    assert row_of(at, "meses")["avance_real"] == Decimal("0.3")
    assert row_of(at, "acumula")["avance_real"] == Decimal("0.3")
    assert row_of(at, "meses")["avance_planeado"] == row_of(at, "acumula")["avance_planeado"] == 1
    assert row_of(at, "acumula")["ganado"] == Decimal(300)


@pytest.mark.parametrize("real", [("0.7", "0.5"), ("0.1", "-0.2")])
def test_progress_that_contradicts_itself_is_no_data(real):
    flow = flow_of(
        ("a", JULY, "1", "1", "0.5", real[0]),
        ("a", AUGUST, "1", "1", "0.5", real[1]),
    )

    row = row_of(contracts_at(plan_of(a=1000), flow, cut=AUGUST), "a")

    assert (row["avance_real"], row["ganado"], row["cpi"], row["spi"], row["brecha"]) == (None,) * 5
    assert row["real"] == 2


def test_an_unknown_way_matters_only_where_the_two_readings_differ():
    flow = flow_of(
        ("uno", JULY, None, None, None, "0.4"),
        ("dos", JULY, None, None, None, "0.1"),
        ("dos", AUGUST, None, None, None, "0.2"),
    )

    at = contracts_at(plan_of(uno=100, dos=100), flow, cut=AUGUST)

    assert row_of(at, "uno")["ganado"] == 40
    assert row_of(at, "dos")["ganado"] is None


def test_a_plan_that_starts_later_is_zero_by_now_and_no_plan_is_no_data():
    flow = flow_of(("luego", OCTOBER, "500", None, None, None))

    at = contracts_at(plan_of(luego=500, nada=500), flow, cut=AUGUST)

    assert row_of(at, "luego")["planeado"] == 0
    assert row_of(at, "nada")["planeado"] is None
    assert at.get_column("real").null_count() == 2


def test_real_months_after_the_cut_do_not_count():
    flow = flow_of(("a", JULY, "10", "4", "1", "0.5"), ("a", SEPTEMBER, None, "90", None, "0.5"))

    row = row_of(contracts_at(plan_of(a=10), flow, cut=AUGUST), "a")

    assert (row["real"], row["avance_real"], row["financiero"]) == (4, Decimal("0.5"), Decimal("0.4"))
    assert (row["cpi"], row["spi"], row["brecha"]) == (Decimal("1.25"), Decimal("0.5"), Decimal("-0.1"))


def test_an_index_over_nothing_or_less_says_nothing():
    flow = flow_of(("a", JULY, "0", "0", "1", "0.5"), ("b", JULY, "-5", "-5", "1", "0.5"))

    at = contracts_at(plan_of(a=10, b=10), flow, cut=JULY)

    assert at.select("cpi", "spi").rows() == [(None, None), (None, None)]


def test_without_a_cut_there_are_contracts_and_no_figures():
    flow = flow_of(("a", JULY, "10", "4", "1", "0.5"))

    at = contracts_at(plan_of(a=10), flow, cut=None)

    assert at.select("planeado", "real", "ganado", "cpi", "spi").row(0) == (None,) * 5


amounts = st.none() | st.integers(-(10**13), 10**13).map(lambda cents: Decimal(cents) / 100)
shares = st.none() | st.integers(0, 300_000).map(lambda millionths: Decimal(millionths) / 1_000_000)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(amounts, amounts, shares), min_size=1, max_size=3),
    st.integers(0, 10**15).map(lambda cents: Decimal(cents) / 100),
    st.sampled_from((JULY, AUGUST, SEPTEMBER)),
)
def test_figures_are_those_that_decimals_give(months, value, cut):
    rows = list(zip((JULY, AUGUST, SEPTEMBER), months, strict=False))
    flow = flow_of(*(("a", month, planned, real, "0.1", done) for month, (planned, real, done) in rows))

    row = row_of(contracts_at(plan_of(a=value), flow, cut=cut), "a")

    said = [cells for month, cells in rows if month <= cut]
    planned, real, done = ([cells[place] for cells in said if cells[place] is not None] for place in range(3))
    planning = any(cells[0] is not None for _month, cells in rows)
    earned = (sum(done) * value).quantize(Decimal("0.01"), ROUND_HALF_UP) if done else None
    assert row["planeado"] == (sum(planned) if planning else None)
    assert row["real"] == (sum(real) if real else None)
    assert row["ganado"] == earned


def works(*rows):
    """Interventions: reference, unit, file, day of its cut, progress, budget; all of one project."""
    made = [(ref, unit, "2024760010001", file, cut, done, money) for ref, unit, file, cut, done, money in rows]
    types = (pl.String, pl.String, pl.String, pl.String, pl.Date, RATIO, MONEY)
    names = ("referencia", "upid", "bpin", "fuente", "fecha_corte", "avance_obra", "presupuesto")
    return pl.DataFrame(made, schema=dict(zip(names, types, strict=True)), orient="row")


def signed(*rows):
    """Contracts of SECOP II: id, reference, value, paid."""
    names, types = ("id_contrato", "referencia", "valor_contrato", "valor_pagado"), (pl.String, pl.String, MONEY, MONEY)
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


def test_works_of_a_contract_weigh_by_their_budget_and_unknown_ones_do_not():
    contracts = signed(
        ("C1", "r1", Decimal(1000), Decimal(600)), ("C2", "r2", Decimal(1000), None), ("C3", None, None, None)
    )
    interventions = works(
        ("r1", "u1", "a.xlsx", JULY, Decimal(10), Decimal(30)),
        ("r1", "u2", "a.xlsx", JULY, Decimal(50), Decimal(10)),
        ("r1", "u2", "a.xlsx", JULY, None, Decimal(99)),
        ("r1", "u3", "a.xlsx", JULY, Decimal(99), None),
        ("r2", "u4", "a.xlsx", JULY, Decimal(40), None),
        (None, "u5", "a.xlsx", JULY, Decimal(99), Decimal(99)),
    )

    told = works_of(contracts, interventions).select("obras", "repetidas", "avance_real", "financiero", "brecha").rows()

    assert told == [
        (4, 0, Decimal("0.2"), Decimal("0.6"), Decimal("0.4")),
        (1, 0, None, None, None),
        (None, None, None, None, None),
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_works_that_two_files_tell_count_once_by_the_latest_that_knows_them(turned):
    rows = [
        ("r1", "u1", "old.xlsx", JULY, Decimal(10), Decimal(900)),
        ("r1", "u1", "new.xlsx", AUGUST, Decimal(50), Decimal(100)),
        ("r1", "u1", "newest.xlsx", SEPTEMBER, None, Decimal(100)),
        ("r1", "u2", "old.xlsx", JULY, Decimal(100), Decimal(100)),
    ]
    interventions = works(*(rows[::-1] if turned else rows))

    told = works_of(signed(("C1", "r1", Decimal(1000), None)), interventions)

    assert told.select("obras", "repetidas", "avance_real").rows() == [(2, 2, Decimal("0.75"))]


def test_two_works_of_one_file_at_one_unit_are_two():
    rows = [("r1", "u1", "a.xlsx", JULY, Decimal(done), Decimal(100)) for done in (20, 40)]

    told = works_of(signed(("C1", "r1", Decimal(1000), None)), works(*rows))

    assert told.select("obras", "repetidas", "avance_real").rows() == [(2, 0, Decimal("0.3"))]


@pytest.mark.parametrize(
    ("written", "added"),
    [
        (("0.2", "0.3", None, "0.5"), ("0.2", "0.3", None, "0.5")),
        (("0.3", "0.7", None, "1"), ("0.3", "0.4", None, "0.3")),
        (("0", "0.8", "0.9", None), ("0", "0.8", None, None)),
    ],
    ids=[BY_MONTH, CUMULATIVE, "unknown"],
)
def test_progress_is_told_as_what_the_month_adds_whichever_way_it_was_written(written, added):
    months = (JULY, AUGUST, SEPTEMBER, OCTOBER)
    flow = flow_of(*(("a", month, None, None, share, share) for month, share in zip(months, written, strict=True)))

    told = added_in_month(flow.reverse(), "avance_planeado", "avance_real")

    exact = [None if share is None else Decimal(share) for share in added]
    assert told.get_column("avance_planeado").to_list() == exact
    assert told.get_column("avance_real").to_list() == exact
