"""What is tried again, when, and who pays for it (D4)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.outcomes import Cancelled, Raised, Returned
from orchestrator.core.retry import RetryPolicy
from orchestrator.core.tasks import TriggerRule
from tests.unit.core.subjects import AT, BROKEN, CRASH, DONE, LATE, LOST, NO_MODULE, begun, plan_of, settled, task_of

SAID_FAILED = Returned(output={"status": "failed"})
KEY_ERROR = Raised(error_type="KeyError", message="'x'", traceback="", lineage=("KeyError", "LookupError"))


def waits(journey, outcomes, task_id="a") -> list[float]:
    """Seconds between the end of an attempt and the start of the next."""
    found = []
    for outcome in outcomes:
        journey.end(task_id, outcome)
        if journey.wake_at is not None:
            found.append(journey.wake_at - journey.now.ticks)
            journey.wait(found[-1])
    return found


# --- how often and how long ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [BROKEN, LATE, CRASH, SAID_FAILED])
def test_exceptions_timeouts_crashes_and_reported_failures_are_tried_again_up_to_the_budget(outcome):
    journey = settled(plan_of(task_of("a", retry_count=2)), {"a": outcome})

    assert journey.statuses == {"a": "failed"}
    assert journey.state.runs["a"].attempts == 3


def test_an_attempt_that_works_ends_the_retries():
    journey = settled(plan_of(task_of("a", retry_count=5)), {"a": [BROKEN, CRASH, DONE]})

    assert journey.statuses == {"a": "completed"}
    assert journey.state.runs["a"].attempts == 3
    assert journey.status.value == "completed"


def test_waits_double_up_to_the_longest():
    journey = begun(plan_of(task_of("a", retry_count=6, retry_delay=1, retry_max_delay=10)))

    seconds = waits(journey, [BROKEN] * 6)

    assert seconds == pytest.approx([1, 2, 4, 8, 10, 10])


@given(
    attempt=st.integers(1, 21),
    chance=st.floats(0, 1, exclude_max=True),
    first=st.floats(0, 31_536_000),
    longest=st.floats(0, 31_536_000),
)
def test_jitter_stays_within_a_fifth_of_the_wait(attempt, chance, first, longest):
    policy = RetryPolicy(
        retry_count=100, first_delay=timedelta(seconds=first), longest_delay=timedelta(seconds=longest)
    )

    wait = policy.delay_after(attempt, chance)

    middle = min(policy.first_delay.total_seconds() * 2 ** (attempt - 1), policy.longest_delay.total_seconds())
    assert middle * 0.8 - 1e-5 <= wait.total_seconds() <= middle * 1.2 + 1e-5


def test_the_ends_of_chance_are_the_ends_of_the_jitter():
    policy = RetryPolicy(retry_count=1, first_delay=timedelta(seconds=10))

    seconds = [policy.delay_after(1, chance).total_seconds() for chance in (0, 0.5, 1)]

    assert seconds == pytest.approx([8, 10, 12])


def test_the_machine_hands_chance_to_the_wait():
    journey = begun(plan_of(task_of("a", retry_count=1, retry_delay=10)))

    journey.end("a", BROKEN, chance=0.0)

    assert journey.wake_at == pytest.approx(journey.now.ticks + 8)


def test_there_is_no_wait_after_the_last_attempt():
    policy = RetryPolicy(retry_count=2)

    delays = [policy.delay_after(attempt) for attempt in (1, 2, 3, 4)]

    assert [delay is None for delay in delays] == [False, False, True, True]


# --- while it waits --------------------------------------------------------------------------------------------------


def test_a_waiting_task_says_when_it_is_tried_again_and_why():
    journey = begun(plan_of(task_of("a", retry_count=1, retry_delay=4))).end("a", BROKEN)

    moved = journey.last_move("a")

    assert moved.after.value == "retry_wait"
    assert moved.next_attempt_at == AT + timedelta(seconds=4)
    assert str(moved.reason) == "attempt 1 failed; the next one starts in 4.0 s"
    assert (moved.error, moved.error_type) == ("no rows", "ValueError")
    assert moved.duration is None


def test_a_waiting_task_holds_no_slot():
    journey = begun(plan_of(task_of("a", retry_count=1), b=[]), max_workers=1)

    journey.end("a", BROKEN)

    assert journey.started == ["b"]


def test_a_retry_that_is_due_waits_for_a_slot_in_plan_order():
    plan = plan_of(task_of("a", retry_count=1), b=[], c=[])
    journey = begun(plan, max_workers=1).end("a", BROKEN).wait(2)
    while_full = journey.started

    journey.end("b")

    assert while_full == []
    assert journey.started == ["a"]
    assert journey.wake_at is None


def test_time_that_is_not_yet_due_starts_nothing_and_asks_to_be_woken_again():
    journey = begun(plan_of(task_of("a", retry_count=1, retry_delay=5))).end("a", BROKEN)

    journey.wait(3)

    assert journey.started == []
    assert journey.wake_at == pytest.approx(journey.now.ticks + 2)


def test_of_several_waiting_tasks_the_first_due_sets_the_alarm():
    plan = plan_of(task_of("a", retry_count=1, retry_delay=9), task_of("b", retry_count=1, retry_delay=3))

    journey = begun(plan).end("a", BROKEN).end("b", BROKEN)

    assert journey.wake_at == pytest.approx(journey.now.ticks + 3)


def test_dependents_wait_until_the_last_attempt_ended():
    journey = begun(plan_of(task_of("a", retry_count=1), b=["a"])).end("a", BROKEN)
    while_waiting = journey.statuses["b"]

    journey.wait(5).end("a")

    assert while_waiting == "pending"
    assert journey.started == ["b"]


def test_the_duration_of_a_task_run_spans_its_attempts_and_waits():
    journey = begun(plan_of(task_of("a", retry_count=1))).end("a", BROKEN).wait(30)
    journey.now = journey.now.later(5)

    journey.end("a")

    assert journey.last_move("a").duration == pytest.approx(35)
    assert journey.last_move("a").attempt.duration == 2.5


# --- what is not tried again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [NO_MODULE, Cancelled()])
def test_what_cannot_be_called_and_what_was_cancelled_is_never_tried_again(outcome):
    journey = settled(plan_of(task_of("a", retry_count=5)), {"a": outcome})

    assert journey.statuses == {"a": "failed"}
    assert journey.state.runs["a"].attempts == 1


@pytest.mark.parametrize(
    ("fields", "outcome", "attempts"),
    [
        ({"retry_on": ["KeyError"]}, KEY_ERROR, 2),
        ({"retry_on": ["LookupError"]}, KEY_ERROR, 2),
        ({"retry_on": ["KeyError"]}, BROKEN, 1),
        ({"retry_on": ["KeyError"]}, LATE, 2),
        ({"retry_on": ["KeyError"]}, CRASH, 2),
        ({"no_retry_on": ["KeyError"]}, KEY_ERROR, 1),
        ({"no_retry_on": ["LookupError"]}, KEY_ERROR, 1),
        ({"no_retry_on": ["KeyError"]}, BROKEN, 2),
        ({"retry_on": ["KeyError"], "no_retry_on": ["LookupError"]}, KEY_ERROR, 1),
    ],
)
def test_retry_on_and_no_retry_on_go_by_the_names_of_the_exception_and_its_bases(fields, outcome, attempts):
    journey = settled(plan_of(task_of("a", retry_count=1, **fields)), {"a": outcome})

    assert journey.state.runs["a"].attempts == attempts


# --- two budgets -----------------------------------------------------------------------------------------------------


def test_a_lost_attempt_is_made_again_at_once_and_does_not_touch_the_budget_of_retries():
    journey = begun(plan_of(task_of("a", retry_count=1)))

    journey.end("a", LOST)

    assert [move.after.value for move in journey.moves[-2:]] == ["interrupted", "running"]
    assert journey.started == ["a"]
    assert (journey.state.runs["a"].failures, journey.state.runs["a"].interruptions) == (0, 1)


def test_a_task_is_lost_as_often_as_its_budget_of_interruptions_says_and_then_failed():
    journey = settled(plan_of(task_of("a", retry_count=5)), {"a": LOST})

    assert journey.statuses == {"a": "failed"}
    assert journey.state.runs["a"].attempts == 4
    assert journey.last_move("a").error_type == "lost"
    assert journey.state.runs["a"].failures == 0


def test_both_budgets_can_be_used_up_by_one_task():
    plan = plan_of(task_of("a", retry_count=2))

    journey = settled(plan, {"a": [LOST, BROKEN, LOST, BROKEN, LOST, DONE]})

    assert journey.statuses == {"a": "completed"}
    assert journey.state.runs["a"].attempts == 6


def test_a_lost_attempt_gets_in_line_where_there_is_no_slot_left():
    journey = begun(plan_of(a=[], b=[]), max_workers=1)

    journey.end("a", LOST)

    assert journey.started == ["a"]
    assert journey.statuses == {"a": "running", "b": "pending"}


# --- after a critical failure ----------------------------------------------------------------------------------------


def test_a_critical_failure_gives_up_what_waits_for_another_attempt_and_keeps_what_went_wrong():
    journey = begun(plan_of(task_of("a", retry_count=3), bad=[])).end("a", BROKEN)

    journey.end("bad", CRASH)

    moved = journey.last_move("a")
    assert moved.after.value == "failed"
    assert str(moved.reason) == "not tried again: the critical task bad did not complete"
    assert (moved.error, moved.error_type) == ("no rows", "ValueError")
    assert journey.status.value == "failed"


@pytest.mark.parametrize("outcome", [BROKEN, LOST])
def test_after_a_critical_failure_a_running_task_gets_no_further_attempt(outcome):
    journey = begun(plan_of(task_of("a", retry_count=3), bad=[])).end("bad", BROKEN)

    journey.end("a", outcome)

    assert journey.statuses == {"a": "failed", "bad": "failed"}
    assert journey.status.value == "failed"


@pytest.mark.parametrize("outcome", [BROKEN, LOST])
def test_clean_up_is_tried_again_even_after_a_critical_failure(outcome):
    tidy = task_of("tidy", ["bad"], trigger_rule=TriggerRule.ALWAYS, retry_count=1)

    journey = settled(plan_of(tidy, bad=[]), {"bad": BROKEN, "tidy": [outcome, DONE]})

    assert journey.statuses == {"bad": "failed", "tidy": "completed"}
    assert journey.state.runs["tidy"].attempts == 2


def test_clean_up_that_waits_for_another_attempt_is_not_given_up_by_a_critical_failure():
    tidy = task_of("tidy", trigger_rule=TriggerRule.ALWAYS, retry_count=1)
    journey = begun(plan_of(tidy, bad=[])).end("tidy", BROKEN)

    journey.end("bad", BROKEN)

    assert journey.statuses == {"tidy": "retry_wait", "bad": "failed"}
    assert journey.wait(5).started == ["tidy"]
