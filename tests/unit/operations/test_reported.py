"""What is understood of the outputs of tasks: tables, quality, cuts; and that no JSON whatever is an error."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.operations.reported import (
    MOST_TABLES,
    BrokenRule,
    TableLoad,
    TableQuality,
    cut_of,
    pages_of,
    quality_of,
    tables_of,
    warnings_of,
)

LOADED = {
    "tables": {
        "contratos": {"insertados": 3, "actualizados": 2, "sin_cambio": 5, "retirados": 1, "filas": 10, "cut": None},
        "pagos": {"new": 1, "changed": 0, "unchanged": 0, "gone": 0, "rows": 1, "refused": 4, "cut": "2025-05-31"},
    },
    "cut": "2025-04-30",
    "warnings": ["two rows were older", 7],
}
JUDGED = {
    "score": "96.20",
    "class": "EXCELLENT",
    "previous_score": "94.70",
    "previous_run": "20250601_080000",
    "worst_table": {"table": "pagos", "score": "39.91"},
    "tables": {"pagos": {"rows": 1, "refused": 4, "faults": 6, "score": "39.91", "class": "CRITICAL"}},
    "rules": {"asked": 120, "broken": 3, "not_evaluated": 1},
    "broken": {
        "LOW": {"pagos.TQ006": 1},
        "SELTSAM": {"pagos.X": 9},
        "CRITICAL": {"pagos.LC001": 2, "contratos.LC004": 3, "CO007": 0},
    },
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
WORDS = st.sampled_from(
    [
        "tables",
        "rows",
        "filas",
        "insertados",
        "score",
        "class",
        "broken",
        "rules",
        "worst_table",
        "cut",
        "warnings",
        "pages",
    ]
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=6),
    max_leaves=25,
)


def test_what_a_load_did_is_read_in_either_language():
    found = tables_of(LOADED)

    assert found == {
        "contratos": TableLoad(name="contratos", rows=10, new=3, changed=2, unchanged=5, gone=1),
        "pagos": TableLoad(
            name="pagos", rows=1, new=1, changed=0, unchanged=0, gone=0, refused=4, cut=date(2025, 5, 31)
        ),
    }
    assert cut_of(LOADED) == date(2025, 4, 30)
    assert warnings_of(LOADED) == ["two rows were older"]


def test_what_was_judged_is_read_with_its_trend_and_the_gravest_rule_first():
    found = quality_of(JUDGED)

    assert found is not None
    assert (found.score, found.grade, found.trend) == (Decimal("96.20"), "EXCELLENT", Decimal("1.50"))
    assert (found.worst_table, found.asked, found.not_evaluated) == ("pagos", 120, 1)
    assert found.tables == {"pagos": TableQuality(score=Decimal("39.91"), grade="CRITICAL", faults=6, refused=4)}
    assert list(found.broken) == [
        BrokenRule(severity="CRITICAL", table="contratos", rule="LC004", count=3),
        BrokenRule(severity="CRITICAL", table="pagos", rule="LC001", count=2),
        BrokenRule(severity="LOW", table="pagos", rule="TQ006", count=1),
        BrokenRule(severity="SELTSAM", table="pagos", rule="X", count=9),
    ]


def test_a_table_that_was_only_judged_was_not_loaded_and_one_may_be_both():
    both = {"tables": {"a": {"rows": 1, "score": 9}, "b": {"rows": 1}, "c": {"rows": 1, "score": 9, "new": 0}}}

    loaded, judged = tables_of(both), quality_of(both)

    assert list(loaded) == ["b", "c"]
    assert judged is not None
    assert list(judged.tables) == ["a", "c"]


def test_a_table_without_a_single_point_was_judged_all_the_same():
    found = quality_of({"tables": {"a": {"rows": 1, "score": "0.00"}}})

    assert found is not None
    assert found.tables["a"].score == 0


def test_a_load_tells_of_no_quality_and_a_judgement_of_no_load():
    assert quality_of(LOADED) is None
    assert tables_of(JUDGED) == {}
    assert cut_of(JUDGED) is None


def test_the_first_run_has_no_trend():
    found = quality_of({"score": 90.5, "previous_score": None})

    assert found is not None
    assert found.trend is None


@pytest.mark.parametrize("count", [True, -1, 1.5, "3", 10**30, None, float("nan"), [1]])
def test_what_cannot_be_a_number_of_rows_is_passed_over(count):
    found = tables_of({"tables": {"a": {"rows": 1, "new": count}}})

    assert found["a"].new is None
    assert found["a"].rows == 1


@pytest.mark.parametrize("points", ["NaN", "inf", "1e99999", "", "x", True, [], {}, float("inf"), "9" * 50])
def test_what_cannot_be_points_is_no_score(points):
    assert quality_of({"score": points}) is None


@pytest.mark.parametrize("day", ["2025-13-01", "mayo", 20250531, None, ["2025-05-31"], "2025-05-31T00:00:00"])
def test_what_cannot_be_a_day_is_no_cut(day):
    assert cut_of({"cut": day}) is None


def test_no_more_is_read_than_a_page_can_show():
    endless = {"tables": {f"t{number}": {"rows": 1} for number in range(2000)}, "pages": ["x" * 5000] * 500}

    assert len(tables_of(endless)) == MOST_TABLES
    assert len(pages_of(endless)) == 100
    assert len(pages_of(endless)[0]) == 1000


def test_half_a_character_is_spelt_out():
    found = tables_of({"tables": {"a\ud800": {"rows": 1}}})

    assert list(found) == ["a\\ud800"]


@given(ANY_JSON)
def test_no_output_whatever_is_an_error(output):
    read = [tables_of(output), quality_of(output), cut_of(output), warnings_of(output), pages_of(output)]

    assert len(read) == 5


@given(ANY_JSON)
def test_what_is_read_survives_being_stored(output):
    stored = json.loads(json.dumps(output))

    assert tables_of(stored) == tables_of(output)
