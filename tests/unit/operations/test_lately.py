"""How it went of late: days in a zone, and which workflows need somebody to look."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.executions import Execution, Request
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Outcomes
from orchestrator.operations.lately import days_of, in_need

BOGOTA = ZoneInfo("America/Bogota")
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
GOOD, FAILED, PARTLY = ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.COMPLETED_WITH_ERRORS
CANCELLED, RUNNING = ExecutionStatus.CANCELLED, ExecutionStatus.RUNNING
DAY = timedelta(days=1)


def executions(*states, every=DAY, age=timedelta(hours=1)):
    """Newest first; each took ten minutes."""
    return [
        Execution(
            execution_id=f"20260101_0000{number:02}",
            request=Request(tasks=("a",)),
            status=status,
            created_at=NOW - age - number * every,
            ended_at=NOW - age - number * every + timedelta(minutes=10) if status.final else None,
        )
        for number, status in enumerate(states)
    ]


def needs(*states, **facts):
    return in_need({"w": executions(*states, **facts)}, NOW, looked_at=30)


def test_the_last_hour_of_a_day_counts_for_the_day_that_the_clock_on_the_wall_shows():
    outcomes = [
        Outcomes(hour=datetime(2026, 11, 24, 4, tzinfo=UTC), status=GOOD, count=3, seconds=30.0),
        Outcomes(hour=datetime(2026, 11, 24, 5, tzinfo=UTC), status=GOOD, count=1, seconds=10.0),
        Outcomes(hour=datetime(2026, 11, 24, 6, tzinfo=UTC), status=FAILED, count=1, seconds=20.0),
    ]

    yesterday, today = days_of(outcomes, BOGOTA, date(2026, 11, 24), 2)

    assert (yesterday.day, yesterday.counts, yesterday.seconds) == (date(2026, 11, 23), {GOOD: 3}, 10.0)
    assert (today.counts, today.total, today.seconds) == ({GOOD: 1, FAILED: 1}, 2, 15.0)


def test_days_without_an_execution_are_there_and_older_ones_are_not():
    old = Outcomes(hour=NOW - 10 * DAY, status=GOOD, count=1, seconds=1.0)

    days = days_of([old], UTC, NOW.date(), 3)

    assert [(day.day.day, day.total, day.seconds) for day in days] == [(22, 0, None), (23, 0, None), (24, 0, None)]


def test_what_fails_is_told_with_the_first_failure_that_nothing_good_followed():
    (need,) = needs(FAILED, CANCELLED, PARTLY, FAILED, GOOD, FAILED)

    assert need.times == 3
    assert need.failing_since == NOW - timedelta(hours=1) - 3 * DAY + timedelta(minutes=10)
    assert need.last_good is not None
    assert need.last_good.execution_id == "20260101_000004"


@pytest.mark.parametrize("states", [(GOOD, FAILED), (RUNNING, GOOD), (CANCELLED, GOOD, FAILED), (RUNNING,), ()])
def test_what_went_well_last_or_never_ended_needs_nobody(states):
    assert needs(*states) == []


def test_what_never_went_well_may_have_failed_before_what_was_looked_at():
    (need,) = in_need({"w": executions(FAILED, FAILED)}, NOW, looked_at=2)

    assert (need.times, need.more, need.last_good) == (2, True, None)


@pytest.mark.parametrize(("age", "late"), [(1.4 * DAY, False), (1.6 * DAY, True), (19 * DAY, True), (21 * DAY, False)])
def test_a_workflow_is_late_once_it_pauses_longer_than_it_used_to_until_it_counts_as_given_up(age, late):
    found = needs(GOOD, GOOD, GOOD, GOOD, age=age)

    assert [(need.failing_since, need.usual) for need in found] == ([(None, DAY)] if late else [])


def test_the_pause_of_a_weekend_is_not_late():
    monday_to_thursday = executions(GOOD, GOOD, GOOD, GOOD, age=2.9 * DAY)
    the_week_before = executions(GOOD, GOOD, age=2.9 * DAY + 3 * DAY + 3 * DAY)

    assert in_need({"w": [*monday_to_thursday, *the_week_before]}, NOW, looked_at=30) == []


def test_a_workflow_that_somebody_tried_out_four_times_is_never_late():
    assert needs(GOOD, GOOD, GOOD, GOOD, every=timedelta(minutes=2), age=timedelta(minutes=10)) == []


def test_failures_stand_before_what_is_late_and_the_oldest_first():
    latest = {
        "late": executions(GOOD, GOOD, GOOD, GOOD, age=2 * DAY),
        "young": executions(FAILED, GOOD),
        "old": executions(FAILED, FAILED, GOOD),
    }

    assert [need.workflow for need in in_need(latest, NOW, looked_at=30)] == ["old", "young", "late"]
