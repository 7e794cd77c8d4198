"""An execution goes on from its event log as if nobody had been away (D9, R1)."""

import pytest

from orchestrator.core.machine_state import GiveUp, OwnerLost
from orchestrator.core.outcomes import Returned
from orchestrator.core.states import TaskStatus
from orchestrator.core.tasks import OnInterrupt, TriggerRule
from tests.unit.core.resumed_journeys import resumed, told
from tests.unit.core.simulated_comparison import differences
from tests.unit.core.subjects import BROKEN, CRASH, DONE, LATE, LOST, begun, plan_of, task_of

REPORTED_FAILURE = Returned(output={"status": "failed"})


def test_what_was_recorded_as_completed_never_runs_again():
    journey = begun(plan_of(a=[], b=["a"])).end("a")

    again = resumed(journey)

    assert again.statuses == {"a": "completed", "b": "running"}
    assert again.started == ["b"]
    assert again.state.runs["b"].attempts == 2


def test_the_log_tells_budgets_and_waits_that_the_machine_had_in_mind():
    plan = plan_of(task_of("again", retry_count=3), task_of("lost"), c=["again", "lost"])
    journey = begun(plan).end("lost", LOST).end("again", BROKEN)

    again = told(journey)

    assert differences(journey.state, again.state) == []
    assert (again.state.runs["again"].failures, again.state.runs["lost"].interruptions) == (1, 1)
    assert again.state.runs["again"].due == pytest.approx(journey.wake_at - journey.now.ticks + again.now.ticks)


def test_a_lost_owner_interrupts_what_ran_and_costs_no_retry():
    journey = begun(plan_of(task_of("a", retry_count=0))).hear(OwnerLost())

    again = resumed(journey)

    assert again.statuses == {"a": "running"}
    assert (again.state.runs["a"].failures, again.state.runs["a"].interruptions) == (0, 1)


def test_interruptions_have_a_budget_of_their_own_that_outlives_owners():
    journey = begun(plan_of(task_of("a", max_interruptions=1)))

    again = resumed(resumed(journey))

    assert again.statuses == {"a": "failed"}
    assert again.status.value == "failed"
    assert again.last_move("a").error_type == "lost"


def test_what_must_not_run_twice_fails_instead():
    journey = begun(plan_of(task_of("a", on_interrupt=OnInterrupt.FAIL), b=[]))

    again = resumed(journey)

    assert again.statuses["a"] == "failed"
    assert again.started == []
    assert str(again.last_move("a").reason).startswith("interrupted, and on_interrupt")


def test_a_critical_task_that_must_not_run_twice_takes_the_other_interrupted_ones_along():
    fail = OnInterrupt.FAIL
    journey = begun(plan_of(task_of("a", on_interrupt=fail), task_of("b", on_interrupt=fail), c=[], d=["c"]))

    again = resumed(journey)

    assert again.statuses == {"a": "failed", "b": "failed", "c": "failed", "d": "skipped"}
    assert again.status.value == "failed"


def test_a_wait_between_two_attempts_is_interrupted_too_and_loses_nothing():
    journey = begun(plan_of(task_of("a", retry_count=1, on_interrupt=OnInterrupt.FAIL))).end("a", BROKEN)

    again = resumed(journey)

    assert again.started == ["a"]
    assert (again.state.runs["a"].failures, again.state.runs["a"].interruptions) == (1, 0)


def test_a_halt_is_remembered():
    journey = begun(plan_of(task_of("other", critical=False, retry_count=1), bad=[], later=["other"])).end(
        "bad", BROKEN
    )

    again = resumed(journey)

    assert again.statuses == {"other": "failed", "bad": "failed", "later": "skipped"}
    assert again.status.value == "failed"


def test_a_critical_failure_in_the_middle_of_a_stop_still_stops_the_rest_after_it():
    clean_up = task_of("clean_up", needs=["a"], trigger_rule=TriggerRule.ALL_DONE)
    journey = begun(plan_of(task_of("a"), task_of("b"), clean_up, later=["b"])).stop()
    journey.end("a", REPORTED_FAILURE).end("b", DONE)

    again = resumed(journey)

    assert again.statuses["later"] == "skipped"
    assert again.started == ["clean_up"]
    assert again.end("clean_up").status.value == "failed"


@pytest.mark.parametrize(("outcome", "counts"), [(BROKEN, (1, 0)), (CRASH, (1, 0)), (LATE, (1, 0)), (LOST, (0, 1))])
def test_what_an_attempt_loses_of_its_own_accord_while_it_is_stopped_counts(outcome, counts):
    journey = begun(plan_of(task_of("a", retry_count=3))).stop().end("a", outcome)

    again = told(journey)

    assert differences(journey.state, again.state) == []
    assert (again.state.runs["a"].failures, again.state.runs["a"].interruptions) == counts


def test_a_task_without_retries_that_failed_while_it_was_stopped_is_not_tried_again():
    journey = begun(plan_of(task_of("a", retry_count=0))).stop().end("a", BROKEN)

    again = resumed(journey)

    assert again.statuses == {"a": "failed"}
    assert again.last_move("a").error == "no rows"


def test_an_owner_lost_while_cancelling_leaves_a_cancelled_execution():
    journey = begun(plan_of(a=[], b=["a"])).cancel()

    again = resumed(journey)

    assert again.statuses == {"a": "cancelled", "b": "cancelled"}
    assert again.status.value == "cancelled"


def test_an_interrupted_execution_can_be_cancelled_without_going_on():
    journey = begun(plan_of(a=[], b=["a"])).hear(OwnerLost())

    again = told(journey).cancel().begin()

    assert again.statuses == {"a": "cancelled", "b": "cancelled"}
    assert again.status.value == "cancelled"


def test_a_log_that_ended_keeps_its_end():
    journey = begun(plan_of(a=[])).end("a")

    again = resumed(journey)

    assert again.status is journey.status
    assert again.commands == ()
    assert again.state.runs["a"].status is TaskStatus.COMPLETED


def test_what_is_not_to_be_resumed_fails_and_starts_nothing():
    journey = begun(plan_of(task_of("waits", retry_count=1), a=[], b=["a"])).end("waits", BROKEN)

    given_up = journey.hear(OwnerLost()).hear(GiveUp())

    assert given_up.statuses == {"waits": "failed", "a": "failed", "b": "skipped"}
    assert given_up.status.value == "failed"
    assert str(given_up.end_move.reason).startswith("interrupted, and on_restart")
    assert given_up.end_move.exit_code == 1


def test_what_somebody_drives_or_has_ended_is_not_given_up():
    running = begun(plan_of(a=[]))
    ended = begun(plan_of(a=[])).end("a")

    assert running.hear(GiveUp()).status.value == "running"
    assert ended.hear(GiveUp()).status.value == "completed"
