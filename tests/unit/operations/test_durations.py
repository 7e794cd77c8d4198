"""What is usual of durations, and when the last one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.operations.durations import figures_of, quantile

SECONDS = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=100)


def test_of_nothing_there_are_no_figures():
    assert figures_of([]) is None


def test_the_figures_of_a_few_durations():
    figures = figures_of([1.0, 3.0, 2.0, 10.0])

    assert (figures.runs, figures.p50, figures.deviation, figures.last) == (4, 2.5, 1.0, 10.0)
    assert figures.p95 == pytest.approx(8.95)
    assert (figures.trend, figures.regressed) == (None, False)


@pytest.mark.parametrize(
    ("durations", "regressed"),
    [
        ([10.0] * 7 + [14.0], True),
        ([10.0] * 6 + [14.0], False),  # seven runs tell nothing
        ([10.0] * 7 + [12.9], False),  # not a third longer
        ([8.0, 12.0] * 5 + [16.0], False),  # it varies that much
        ([8.0, 12.0] * 5 + [21.0], True),
        ([10.0] * 7 + [14.0, 10.0], False),  # only the last one counts
        ([0.0] * 8, False),
    ],
)
def test_the_last_took_too_long_where_neither_chance_nor_size_explains_it(durations, regressed):
    assert figures_of(durations).regressed is regressed


def test_the_trend_is_the_newer_half_by_the_older_half():
    assert figures_of([10.0] * 4 + [15.0] * 4).trend == 1.5


def test_there_is_no_trend_from_nothing():
    assert figures_of([0.0] * 4 + [15.0] * 4).trend is None


@given(SECONDS)
def test_figures_lie_within_what_was_measured(durations):
    figures = figures_of(durations)

    assert min(durations) <= figures.p50 <= max(durations)
    assert figures.p50 - 1e-6 <= figures.p95 <= max(durations) + 1e-6
    assert 0 <= figures.deviation <= max(durations) - min(durations)


@given(SECONDS, st.floats(min_value=0, max_value=1))
def test_quantiles_do_not_fall(values, part):
    assert min(values) <= quantile(values, part) + 1e-6
    assert quantile(values, part / 2) <= quantile(values, part) + 1e-6
