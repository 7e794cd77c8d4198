"""A task's deadline counts all its attempts together; an execution's max_duration ends it as failed (D5)."""

import pytest

from orchestrator.core.machine_state import StartAttempt
from orchestrator.core.outcomes import Cancelled, Returned, TimedOut
from tests.unit.core.resumed_journeys import resumed
from tests.unit.core.subjects import BROKEN, DONE, Journey, begun, plan_of, task_of


def limit_of(journey: Journey) -> float | None:
    return next(command.limit for command in journey.commands if isinstance(command, StartAttempt))


def test_each_attempt_gets_what_the_deadline_leaves():
    journey = begun(plan_of(task_of("a", deadline=10, retry_count=3)))
    first = limit_of(journey)

    journey.wait(4).end("a", BROKEN).wait(1)

    assert (first, limit_of(journey)) == (10, pytest.approx(5))


def test_there_is_no_attempt_that_could_only_start_after_the_deadline():
    journey = begun(plan_of(task_of("a", deadline=10, retry_count=3, retry_delay=60)))

    journey.end("a", BROKEN)

    assert journey.statuses == {"a": "failed"}


def test_a_deadline_that_passes_in_line_fails_the_task():
    plan = plan_of(task_of("a", deadline=3, retry_count=1), b=[])
    journey = begun(plan, max_workers=1).end("a", BROKEN).wait(5)

    journey.end("b")

    assert journey.statuses == {"a": "failed", "b": "completed"}
    assert str(journey.last_move("a").reason) == "its deadline of 3 s for all attempts is over"


def test_a_timeout_at_the_deadline_is_the_deadlines():
    journey = begun(plan_of(task_of("a", deadline=5)))

    journey.wait(5).end("a", TimedOut(limit=5))

    assert str(journey.last_move("a").reason) == "its deadline of 5 s for all attempts is over"


def test_the_deadline_goes_on_while_nobody_drives_the_execution():
    journey = begun(plan_of(task_of("a", deadline=10))).wait(4)

    in_time = resumed(journey, seconds=3)
    too_late = resumed(journey, seconds=60)

    assert limit_of(in_time) == pytest.approx(3)
    assert too_late.statuses == {"a": "failed"}


def test_an_execution_whose_time_is_over_fails_and_ends_what_is_under_way():
    journey = begun(plan_of(task_of("again", retry_count=1), a=[], b=["a"]), max_duration=5).end("again", BROKEN)

    journey.wait(5)

    assert journey.statuses == {"again": "failed", "a": "running", "b": "skipped"}
    assert journey.stopped == ["a"]
    assert journey.end("a", Cancelled()).status.value == "failed"


def test_a_result_that_comes_after_the_time_counts_for_its_task_only():
    journey = begun(plan_of(a=[], b=["a"]), max_duration=5).wait(5)

    journey.end("a", DONE)

    assert journey.statuses == {"a": "completed", "b": "skipped"}
    assert journey.status.value == "failed"


def test_a_failure_that_comes_after_the_time_is_not_tried_again():
    journey = begun(plan_of(task_of("a", retry_count=5)), max_duration=5).wait(5)

    journey.end("a", Returned(output={"status": "failed"}))

    assert journey.statuses == {"a": "failed"}
    assert journey.status.value == "failed"


def test_whatever_is_heard_first_after_the_time_starts_nothing_more():
    journey = begun(plan_of(a=[], b=["a"]), max_duration=5)
    journey.now = journey.now.later(6)

    journey.end("a", DONE)

    assert journey.started == []
    assert journey.statuses == {"a": "completed", "b": "skipped"}


def test_an_execution_that_is_taken_up_after_its_time_starts_nothing():
    journey = begun(plan_of(a=[], b=["a"]), max_duration=5)

    again = resumed(journey, seconds=60)

    assert again.started == []
    assert again.statuses == {"a": "failed", "b": "skipped"}
    assert again.status.value == "failed"


def test_it_asks_to_be_woken_when_its_time_is_over():
    journey = begun(plan_of(a=[]), max_duration=5)

    assert journey.wake_at == journey.now.ticks + 5
