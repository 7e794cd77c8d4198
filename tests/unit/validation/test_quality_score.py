"""The score follows the formula, and an empty table has none."""

from decimal import Decimal

import pytest

from etl_kit.quality import Finding, QualityClass, Rule, Score, Severity, score
from etl_kit.quality_log import PastRun
from validation_app.data_quality import in_figures, table_scores


def finding_of(severity, failed, *, table="t", not_evaluated=None):
    rule = Rule(rule_id="X", family="f", severity=severity, table=table, about="a", checked="", failing="", key=("id",))
    return Finding(rule=rule, checked=10, failed=failed, not_evaluated=not_evaluated)


def test_each_failing_row_costs_the_weight_of_its_rule_over_ten_points_per_row():
    findings = [finding_of(Severity.CRITICAL, 1), finding_of(Severity.HIGH, 2), finding_of(Severity.MEDIUM, 3)]

    judged = score([*findings, finding_of(Severity.LOW, 4)], 100)

    assert judged.points == Decimal("97.00")  # 10 + 10 + 6 + 4 = 30 of 1000


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
