"""The score follows the formula, and an empty table has none."""

from decimal import Decimal

import pytest

from etl_kit.files import write_parquet
from etl_kit.places import Places
from etl_kit.quality import Finding, QualityClass, Rule, Score, Severity, overall, score
from etl_kit.quality_log import PastRun
from etl_kit.rejects import Rejects
from etl_kit.settings import Source
from validation_app.data_quality import in_figures, refused_rows, table_scores


def finding_of(severity, failed, *, table="t", not_evaluated=None, key=("id",), scored=True):
    rule = Rule(
        rule_id="X",
        family="f",
        severity=severity,
        table=table,
        about="a",
        checked="",
        failing="",
        key=key,
        scored=scored,
    )
    return Finding(rule=rule, checked=10, failed=failed, not_evaluated=not_evaluated)


def test_each_failing_row_costs_the_weight_of_its_rule_over_ten_points_per_row():
    findings = [finding_of(Severity.CRITICAL, 1), finding_of(Severity.HIGH, 2), finding_of(Severity.MEDIUM, 3)]

    judged = score([*findings, finding_of(Severity.LOW, 4)], 100)

    assert judged.points == Decimal("97.00")  # 10 + 10 + 6 + 4 = 30 of 1000


@pytest.mark.parametrize("failed", [1, 20])
def test_what_is_not_about_single_rows_costs_its_weight_once(failed):
    columns = finding_of(Severity.LOW, failed, table="emp_bancos", key=("columna",))

    judged = score([columns, finding_of(Severity.LOW, 4, table="emp_bancos", key=("banco",))], 6)

    assert (judged.points, judged.faults) == (Decimal("91.67"), failed + 4)  # 1 + 4 of 60


def test_a_rule_whose_faults_others_count_costs_nothing():
    judged = score([finding_of(Severity.LOW, 4, scored=False)], 10)

    assert (judged.points, judged.faults) == (Decimal("100.00"), 0)


def test_a_row_that_was_refused_at_the_door_counts_and_loses_its_ten_points():
    judged = score([finding_of(Severity.HIGH, 1)], 9, refused=1)

    assert (judged.points, judged.rows, judged.refused) == (Decimal("85.00"), 9, 1)  # 5 + 10 of 100


def test_a_table_of_which_every_row_was_refused_has_no_points_left():
    judged = score([], 0, refused=3)

    assert (judged.points, judged.quality_class) == (Decimal("0.00"), QualityClass.CRITICAL)


def test_the_mean_of_the_tables_says_how_many_rows_were_refused_and_how_often_a_rule_is_broken():
    whole = overall([score([finding_of(Severity.LOW, 2)], 10), score([], 8, refused=2), score([], 0)])

    assert whole == Score(rows=18, points=Decimal("89.00"), refused=2, faults=2)


def test_refused_rows_are_counted_once_each_without_cells_files_and_totals(tmp_path):
    places = Places(home=tmp_path, source=Source.DEMO)
    rejects = Rejects(dataset="paa")
    for row, column, why in ((4, None, "a"), (4, None, "b"), (5, None, "c"), (6, "bp", "d"), (None, None, "e")):
        rejects.add(motivo=why, fuente="a.xlsx", fila=row, columna=column)
    rejects.add(motivo="la fila parece un total", fuente="a.xlsx", fila=9)
    write_parquet(places.rejected("paa"), rejects.frame())

    assert refused_rows(places, ["paa", "emp_paa"]) == {"paa": 2, "emp_paa": 0}


def test_a_score_never_falls_below_zero():
    judged = score([finding_of(Severity.CRITICAL, 500)], 10)

    assert (judged.points, judged.quality_class) == (Decimal("0.00"), QualityClass.CRITICAL)


def test_a_table_without_rows_has_no_score_and_no_class():
    judged = score([finding_of(Severity.HIGH, 1)], 0)

    assert (judged.points, judged.quality_class) == (None, None)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("90.00", QualityClass.EXCELLENT),
        ("89.99", QualityClass.GOOD),
        ("75.00", QualityClass.GOOD),
        ("74.99", QualityClass.ACCEPTABLE),
        ("60.00", QualityClass.ACCEPTABLE),
        ("59.99", QualityClass.NEEDS_IMPROVEMENT),
        ("40.00", QualityClass.NEEDS_IMPROVEMENT),
        ("39.99", QualityClass.CRITICAL),
    ],
)
def test_classes_begin_at_ninety_seventy_five_sixty_and_forty_points(points, expected):
    judged = Score(rows=1, points=Decimal(points))

    assert judged.quality_class is expected


def test_a_table_is_judged_by_the_rules_about_it_alone():
    findings = [finding_of(Severity.CRITICAL, 1, table="a"), finding_of(Severity.LOW, 1, table="b")]

    scores = table_scores(findings, {"a": 10, "b": 10, "c": 0})

    assert {name: judged.points for name, judged in scores.items()} == {
        "a": Decimal("90.00"),
        "b": Decimal("99.00"),
        "c": None,
    }


def test_a_rule_that_could_not_be_asked_is_a_warning_and_not_a_pass():
    findings = [finding_of(Severity.HIGH, 0, not_evaluated="no table"), finding_of(Severity.LOW, 2, table="u")]

    figures = in_figures(findings, score(findings, 10), {}, PastRun())

    assert figures["rules"] == {"asked": 2, "broken": 1, "not_evaluated": 1}
    assert figures["broken"]["LOW"] == {"u.X": 2}
    assert "no table" in figures["warnings"][0]
