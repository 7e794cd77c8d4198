"""How a cancel and a stop end an execution (D7, R14, R15), and what comes too late."""

import pytest

from orchestrator.core.machine_state import TimePassed
from tests.unit.core.subjects import BROKEN, DONE, LATE, LOST, SKIP, Journey, begun, plan_of, task_of

# --- cancel ----------------------------------------------------------------------------------------------------------


def test_a_queued_execution_is_cancelled_without_starting_anything():
    journey = Journey(plan_of(a=[], b=["a"])).cancel()

    journey.begin()

    assert journey.statuses == {"a": "cancelled", "b": "cancelled"}
    assert (journey.status.value, int(journey.end_move.exit_code)) == ("cancelled", 130)
    assert journey.commands == ()


def test_a_cancel_ends_live_attempts_and_cancels_the_rest_at_once():
    journey = begun(plan_of(task_of("again", retry_count=1), live=[], later=["live"])).end("again", BROKEN)

    journey.cancel()

    assert journey.statuses == {"again": "cancelled", "live": "running", "later": "cancelled"}
    assert journey.stopped == ["live"]
    assert journey.status.value == "cancelling"


@pytest.mark.parametrize("outcome", [DONE, BROKEN, LATE, LOST, SKIP])
def test_a_cancel_wins_over_whatever_a_live_attempt_still_says(outcome):
    journey = begun(plan_of(task_of("a", retry_count=3), b=["a"])).cancel()

    journey.end("a", outcome)

    assert journey.statuses == {"a": "cancelled", "b": "cancelled"}
    assert journey.status.value == "cancelled"
    assert journey.last_move("a").attempt.status == "cancelled"
    assert journey.last_move("a").output is None


def test_a_cancelled_execution_ends_when_its_last_attempt_is_gone():
    journey = begun(plan_of(a=[], b=[])).cancel().end("a")
    with_one_left = journey.status.value

    journey.end("b")

    assert (with_one_left, journey.status.value) == ("cancelling", "cancelled")


def test_a_cancel_while_everything_waits_ends_it_at_once():
    journey = begun(plan_of(task_of("a", retry_count=1))).end("a", BROKEN)

    journey.cancel()

    assert journey.statuses == {"a": "cancelled"}
    assert journey.status.value == "cancelled"


def test_a_second_cancel_asks_again_for_the_end_of_what_is_left():
    journey = begun(plan_of(a=[], b=[])).cancel().end("a")
    moves = len(journey.moves)

    journey.cancel()

    assert journey.stopped == ["b"]
    assert len(journey.moves) == moves


def test_a_task_whose_time_had_come_is_cancelled_in_line():
    plan = plan_of(task_of("a", retry_count=1), b=[], c=[])
    journey = begun(plan, max_workers=1).end("a", BROKEN).wait(5)

    journey.cancel()

    assert journey.statuses == {"a": "cancelled", "b": "running", "c": "cancelled"}
    assert journey.state.ready == ()


# --- stop ------------------------------------------------------------------------------------------------------------


def test_a_stop_starts_nothing_more_and_ends_what_is_live():
    journey = begun(plan_of(a=[], b=[]), max_workers=1)

    journey.stop()

    assert journey.stopped == ["a"]
    assert journey.started == []
    assert journey.status.value == "running"


@pytest.mark.parametrize("outcome", [BROKEN, LATE, LOST])
def test_a_stopped_attempt_without_a_result_is_interrupted_and_so_is_the_execution(outcome):
    journey = begun(plan_of(task_of("a", retry_count=3), b=["a"])).stop()

    journey.end("a", outcome)

    assert journey.statuses == {"a": "interrupted", "b": "pending"}
    assert (journey.status.value, int(journey.end_move.exit_code)) == ("interrupted", 143)
    assert str(journey.last_move("a").reason) == "the orchestrator was stopped"


def test_a_result_that_arrives_in_time_counts():
    journey = begun(plan_of(a=[], b=["a"])).stop()

    journey.end("a", DONE)

    assert journey.statuses == {"a": "completed", "b": "pending"}
    assert journey.started == []
    assert journey.status.value == "interrupted"


def test_a_stop_that_finds_everything_done_by_the_last_result_changes_nothing():
    journey = begun(plan_of(a=[])).stop()

    journey.end("a", DONE)

    assert journey.status.value == "completed"


def test_what_waits_for_another_attempt_is_interrupted_by_a_stop():
    journey = begun(plan_of(task_of("a", retry_count=1))).end("a", BROKEN)

    journey.stop()

    assert journey.statuses == {"a": "interrupted"}
    assert journey.status.value == "interrupted"


def test_a_reported_failure_under_a_stop_is_to_be_tried_again_after_the_resume():
    journey = begun(plan_of(task_of("a", retry_count=1))).stop()

    journey.end("a", type(DONE)(output={"status": "failed"}))

    assert journey.statuses == {"a": "interrupted"}


def test_a_critical_failure_under_a_stop_leaves_the_rest_to_the_resume():
    journey = begun(plan_of(a=[], b=[], c=["b"])).stop()

    journey.end("a", type(DONE)(output={"status": "failed"})).end("b")

    assert journey.statuses == {"a": "failed", "b": "completed", "c": "pending"}
    assert journey.status.value == "interrupted"


def test_a_stop_before_the_beginning_begins_and_starts_nothing():
    journey = Journey(plan_of(a=[], b=["a"])).stop()

    journey.begin()

    assert journey.started == []
    assert [move.after.value for move in journey.moves] == ["running", "interrupted"]
    assert journey.statuses == {"a": "pending", "b": "pending"}


def test_a_cancel_after_a_stop_cancels():
    journey = begun(plan_of(a=[], b=["a"])).stop().cancel()

    journey.end("a")

    assert journey.statuses == {"a": "cancelled", "b": "cancelled"}
    assert journey.status.value == "cancelled"


def test_a_stop_after_a_cancel_does_not_soften_it_but_asks_again():
    journey = begun(plan_of(a=[])).cancel().stop()
    asked_again = journey.stopped

    journey.end("a")

    assert asked_again == ["a"]
    assert journey.status.value == "cancelled"


# --- too late, twice, never meant ------------------------------------------------------------------------------------


def test_a_doubled_result_changes_nothing():
    journey = begun(plan_of(a=[], b=["a"]))
    twice = journey.ended("a")
    before = journey.hear(twice).state

    journey.hear(twice)

    assert journey.state == before
    assert journey.commands == ()


def test_the_late_result_of_an_earlier_attempt_changes_nothing():
    journey = begun(plan_of(task_of("a", retry_count=1))).end("a", BROKEN).wait(5)

    journey.end("a", DONE, number=1)

    assert journey.statuses == {"a": "running"}
    assert journey.commands == ()


def test_a_result_for_a_task_that_nobody_knows_or_that_never_started_changes_nothing():
    journey = begun(plan_of(a=[], b=["a"]))

    journey.end("b", number=1)
    journey.hear(begun(plan_of(z=[])).ended("z"))

    assert journey.statuses == {"a": "running", "b": "pending"}


@pytest.mark.parametrize("way_out", ["completed", "interrupted"])
def test_after_the_end_nothing_changes_any_more(way_out):
    journey = begun(plan_of(task_of("a", retry_count=1)))
    late = journey.ended("a")
    journey = journey.hear(late) if way_out == "completed" else journey.stop().end("a", BROKEN)
    before = journey.state

    for event in (late, TimePassed()):
        journey.hear(event)

    assert journey.state == before
    assert journey.status.value == way_out


def test_nothing_leaves_a_final_state():
    journey = begun(plan_of(a=[])).end("a")
    before = journey.state

    journey.begin().cancel().stop()

    assert journey.state == before


def test_an_interrupted_execution_can_still_be_cancelled():
    journey = begun(plan_of(a=[], b=["a"])).stop().end("a", BROKEN)

    journey.cancel()

    assert journey.status.value == "cancelled"
    assert journey.statuses == {"a": "cancelled", "b": "cancelled"}


def test_a_second_beginning_starts_nothing_twice():
    journey = begun(plan_of(a=[]))

    journey.begin()

    assert journey.commands == ()


# --- slots -----------------------------------------------------------------------------------------------------------


def test_exactly_as_many_tasks_run_as_there_are_slots_while_enough_are_ready():
    plan = plan_of(**{f"t{n}": [] for n in range(7)})
    journey = begun(plan, max_workers=3)

    alive = [len(journey.running)]
    while journey.running:
        alive.append(len(journey.end(journey.running[0]).running))

    assert alive == [3, 3, 3, 3, 3, 2, 1, 0]


def test_slots_are_filled_in_plan_order():
    journey = begun(plan_of(e=[], d=[], c=[], b=["e"]), max_workers=1)

    started = [journey.end(journey.running[0]).started for _ in range(4)]

    assert started == [["d"], ["c"], ["b"], []]


def test_durations_are_measured_by_the_clock_that_never_goes_back():
    journey = begun(plan_of(a=[]))
    journey.now = type(journey.now)(at=journey.now.at.replace(year=2020), ticks=journey.now.ticks + 7)

    journey.end("a")

    assert journey.end_move.duration == pytest.approx(7)
