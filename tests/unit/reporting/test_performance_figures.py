"""The loan's money by group, its pace, the success of its processes, and the contracts to look at."""

from decimal import Decimal

import polars as pl
import pytest

from etl_kit.money import MONEY
from reporting_app.performance_figures import Pace, by_group, by_month, pace, success, to_look_at
from reporting_app.performance_progress import contracts_at
from tests.unit.reporting.performance_subjects import AUGUST, JULY, OCTOBER, SEPTEMBER, flow_of, plan_of


def money_of(*rows):
    """Amounts by bank: of signed contracts, or of what was negotiated."""
    schema = {"banco": pl.String, "valor_contrato": MONEY, "valor_pagado": MONEY, "valor_negociado": MONEY}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def processes_of(*rows):
    columns = {"estado_procedimiento": pl.String, "estado_indice": pl.String}
    counts = {"n_adjudicaciones": pl.Int64, "n_contratos": pl.Int64}
    return pl.DataFrame(list(rows), schema={**columns, **counts}, orient="row")


def test_a_bank_has_its_sums_and_shares():
    flow = flow_of(("a", JULY, "40", "30", "0.5", "0.4"), ("b", JULY, "10", None, "1", None))
    at = contracts_at(plan_of(a=100, b=10), flow, cut=JULY)
    signed = money_of(("Banco A", Decimal(60), Decimal(6), None))
    negotiated = money_of(("Banco A", None, None, Decimal(200)))

    (row,) = by_group(at, signed, negotiated, group="banco").rows(named=True)

    assert (row["grupo"], row["contratos"], row["con_plan"], row["con_real"]) == ("Banco A", 2, 2, 1)
    assert (row["negociado"], row["comprometido"], row["planeado"], row["real"]) == (200, 60, 50, 30)
    assert (row["pct_negociado"], row["pct_comprometido"], row["pct_firmado"]) == (
        Decimal("0.15"),
        Decimal("0.5"),
        Decimal("0.3"),
    )
    assert (row["saldo"], row["pagado_secop"], row["cumplimiento"]) == (170, 6, Decimal("0.75"))


def test_earned_value_compares_like_with_like():
    flow = flow_of(
        ("todo", JULY, "40", "30", "0.5", "0.4"),
        ("sin avance", JULY, "1000", "900", "1", None),
        ("sin dinero", JULY, "1000", None, "1", "0.1"),
        ("sin plan", JULY, None, "7", "1", "0.1"),
    )
    plan = plan_of(**{"todo": 100, "sin avance": 1000, "sin dinero": 1000, "sin plan": 1000})
    at = contracts_at(plan, flow, cut=JULY)

    (row,) = by_group(at, money_of(), money_of(), group="banco").rows(named=True)

    assert (row["comparados"], row["pv"], row["ev"], row["ac"]) == (1, 40, 40, 30)
    assert (row["cpi"], row["spi"]) == (Decimal("1.333333"), 1)
    assert row["real"] == 937


def test_what_nobody_states_is_no_data_and_no_zero():
    at = contracts_at(plan_of(a=100), flow_of(("a", JULY, None, None, "1", None)), cut=JULY)

    (row,) = by_group(at, money_of(), money_of(), group="banco").rows(named=True)

    known = {name for name, value in row.items() if value is not None}
    assert known == {"grupo", "contratos", "con_real", "con_plan", "comparados"}


def test_groups_known_from_one_source_only_stay_and_those_without_a_name_too():
    at = contracts_at(plan_of(a=100), flow_of(), cut=JULY).with_columns(pl.lit(None, pl.String).alias("banco"))
    negotiated = money_of(("Banco B", None, None, Decimal(5)))

    groups = by_group(at, money_of(("Banco C", Decimal(1), None, None)), negotiated, group="banco")

    assert groups.select("grupo", "contratos").rows() == [("Banco B", 0), ("Banco C", 0), (None, 1)]


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (("Evaluación", "Proyecto de Pliegos", 1, 0), "adjudicados"),
        (("Cancelado", None, 0, 2), "adjudicados"),
        (("Seleccionado", None, 0, 0), "adjudicados"),
        (("Evaluación", "En Ejecución", 0, 0), "adjudicados"),
        ((None, "Contrato Firmado", None, None), "adjudicados"),
        (("Cancelado", "Adjudicado", 0, 0), "fallidos"),
        ((None, "Declarado desierto", None, None), "fallidos"),
        (("Publicado", "En Evaluacion", 0, 0), "en_curso"),
        ((None, None, None, None), "en_curso"),
    ],
)
def test_a_process_ends_by_an_award_or_by_the_last_word_on_it(row, outcome):
    counted = success(processes_of(row))

    assert counted[outcome] == 1
    assert counted["adjudicados"] + counted["fallidos"] + counted["en_curso"] == 1


def test_success_is_of_the_processes_that_ended():
    won, lost, open_ = ("Adjudicado", None, 0, 0), ("Desierto", None, 0, 0), ("Publicado", None, 0, 0)

    assert success(processes_of(won, won, lost, open_))["tasa"] == Decimal("0.666667")
    assert success(processes_of(open_))["tasa"] is None


def months_of(*rows):
    months = [(month, *(None if cell is None else Decimal(cell) for cell in cells)) for month, *cells in rows]
    return pl.DataFrame(months, schema={"mes": pl.Date, "planeado": MONEY, "real": MONEY}, orient="row")


def test_the_pace_is_the_mean_of_the_last_three_months_that_say_something():
    months = months_of((JULY, "9", "1"), (AUGUST, "10", "10"), (SEPTEMBER, "90", None), (OCTOBER, "20", "21"))

    told = pace(months, cut=OCTOBER, balance=Decimal(31))

    assert told == Pace(real=Decimal("15.50"), months=2, planned=Decimal("15.00"), left=Decimal("2.0"))


def test_without_real_months_there_is_only_the_pace_of_the_plan():
    months = months_of((JULY, "9", None), (AUGUST, "10", None))

    assert pace(months, cut=AUGUST, balance=Decimal(31)) == Pace(planned=Decimal("9.50"))
    assert pace(months, cut=None, balance=None) == Pace()


def test_nothing_is_left_to_reckon_at_no_pace():
    told = pace(months_of((JULY, "9", "0")), cut=JULY, balance=Decimal(31))

    assert (told.real, told.left) == (0, None)


def test_months_add_up_and_the_real_ones_end_at_the_cut():
    flow = flow_of(
        ("a", JULY, "10", None, "0.5", None),
        ("a", AUGUST, None, "4", None, "0.25"),
        ("a", SEPTEMBER, "10", None, "0.5", None),
    )

    months = by_month(plan_of(a=100), flow, cut=AUGUST)

    assert months.get_column("planeado_acumulado").to_list() == [10, 10, 20]
    assert months.get_column("real_acumulado").to_list() == [None, 4, None]
    assert months.get_column("ganado_acumulado").to_list() == [None, 25, None]


def test_contracts_to_look_at_are_behind_dear_ahead_with_money_or_silent():
    flow = flow_of(
        ("bien", JULY, "50", "50", "1", "0.5"),
        ("lento", JULY, "50", "20", "1", "0.2"),
        ("caro", JULY, "50", "60", "1", "0.5"),
        ("adelantado", JULY, "50", "71", "1", "0.5"),
        ("sin avance", JULY, "50", "10", "1", None),
        ("callado", JULY, "60", None, "1", None),
        ("luego", OCTOBER, "60", None, "1", None),
    )
    names = ("bien", "lento", "caro", "adelantado", "sin avance", "callado", "luego")
    at = contracts_at(plan_of(**dict.fromkeys(names, 100)), flow, cut=JULY)

    look = to_look_at(at)

    reasons = {
        row["clave"]: [name for name in ("lento", "caro", "adelantado", "callado") if row[name]]
        for row in look.rows(named=True)
    }
    assert reasons == {
        "callado": ["callado"],
        "sin avance": ["lento"],
        "lento": ["lento"],
        "caro": ["caro"],
        "adelantado": ["caro", "adelantado"],
    }
    assert look.get_column("clave").to_list() == ["callado", "sin avance", "lento", "caro", "adelantado"]
    assert look.get_column("pendiente").to_list() == [60, 40, 30, -10, -21]
