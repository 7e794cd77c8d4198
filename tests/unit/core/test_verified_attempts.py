"""Whether attempts that were too many, too long, too early or without a source are found out (R4, R8, R9, R12, D16)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.events import AttemptNoted
from orchestrator.core.machine_state import Kept, OwnerLost
from orchestrator.core.states import TaskStatus
from orchestrator.core.tasks import OnInterrupt
from tests.unit.core.logged_cases import EARLIER, attempt_of, case_of, edited, place_of, run_of
from tests.unit.core.subjects import (
    AT,
    BROKEN,
    DONE,
    ID,
    LATE,
    LOST,
    begun,
    plan_of,
    settled,
    task_of,
)


def test_two_live_attempts_of_one_task_are_found():
    plan = plan_of(a=[], b=[])
    moves = begun(plan).moves
    second = replace(moves[place_of(moves, "a", "running")], attempt=attempt_of("a", 2))

    broken = case_of(plan, [*moves, second]).broken

    assert broken["R4"] == "#4 a: attempt 2 began while 1 was under way"


def test_a_number_that_was_left_out_is_found():
    plan = plan_of(task_of("a", retry_count=1))
    moves = settled(plan, {"a": [BROKEN, DONE]}).moves
    for place in (place_of(moves, "a", "running", 1), place_of(moves, "a", "completed")):
        moves = edited(moves, place, attempt=lambda old: replace(old, key=replace(old.key, number=3)))

    broken = case_of(plan, moves).broken

    assert broken == {"R4": "#4 a: attempt 3 began; 2 comes next"}


def test_the_end_of_an_attempt_that_was_not_under_way_is_found():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, edited(moves, 2, attempt=attempt_of("a", 2, status="completed"))).broken

    assert broken["R4"] == "#3 a: attempt 2 ended, 1 was under way"


@pytest.mark.parametrize(("place", "number", "found"), [(1, 1, True), (2, 2, True), (2, 1, False), (4, 1, False)])
def test_a_word_about_an_attempt_that_has_not_begun_is_found_a_late_one_is_none(place, number, found):
    plan = plan_of(a=[])
    moves = settled(plan).moves

    moves.insert(place, AttemptNoted(run=run_of("a"), attempt=attempt_of("a", number, pid=7), at=AT))

    said = f"#{place + 1} a: attempt {number} is noted before it began"
    assert case_of(plan, moves).broken == ({"R4": said} if found else {})


def test_an_attempt_that_belongs_to_another_task_is_found():
    plan = plan_of(a=[], b=["a"])
    moves = settled(plan).moves

    broken = case_of(plan, edited(moves, place_of(moves, "a", "completed"), attempt=attempt_of("b", 1))).broken

    assert broken["R4"] == "#3 a: names an attempt of another task, b"


def test_two_attempts_of_one_task_are_not_taken_for_two_tasks_in_a_pool():
    plan = plan_of(task_of("a", pool="warehouse", retry_count=1))
    moves = begun(plan).moves
    second = replace(moves[1], attempt=attempt_of("a", 2))

    broken = case_of(plan, [*moves, second], max_workers=1, slots={"warehouse": 1}).broken

    assert set(broken) == {"R2", "R4"}


def test_a_start_after_the_task_had_failed_is_found():
    plan = plan_of(task_of("a", retry_count=1))
    moves = settled(plan, {"a": [BROKEN, DONE]}).moves

    broken = case_of(plan, edited(moves, place_of(moves, "a", "retry_wait"), after=TaskStatus.FAILED)).broken

    assert broken["R8"] == "#4 a: started again after it had ended as failed"


def test_a_timeout_may_be_retried_whatever_exceptions_are_not():
    plan = plan_of(task_of("a", retry_count=1, no_retry_on=["timeout"]))

    case = case_of(plan, settled(plan, {"a": [LATE, DONE]}).moves)

    assert case.broken == {}


def test_more_attempts_than_the_task_may_have_are_found():
    generous, strict = (plan_of(task_of("a", retry_count=count)) for count in (2, 1))
    moves = settled(generous, {"a": [BROKEN, LOST, LATE, DONE]}).moves

    broken = case_of(strict, moves).broken

    assert broken == {"R8": "#7 a: waits for retry 2; retry_count is 1; #8 a: attempt 4 of at most 3"}


def test_more_interruptions_than_the_task_may_have_are_found():
    generous, strict = (plan_of(task_of("a", max_interruptions=most)) for most in (3, 1))
    moves = settled(generous, {"a": [LOST, LOST, DONE]}).moves

    broken = case_of(strict, moves).broken

    assert broken == {"R8": "#6 a: started again after 2 interruptions; max_interruptions is 1"}


def test_a_second_start_of_a_task_that_must_not_run_twice_is_found():
    lenient, strict = (plan_of(task_of("a", on_interrupt=choice)) for choice in OnInterrupt)
    moves = begun(lenient).hear(OwnerLost()).begin().end("a").moves

    broken = case_of(strict, moves).broken

    assert broken == {"R8": "#6 a: started again after an interruption, and on_interrupt is fail"}


@pytest.mark.parametrize("error_type", ["import_error", "function_not_found", "signature_error", "module_not_allowed"])
def test_a_retry_after_an_end_that_is_not_retried_is_found(error_type):
    plan = plan_of(task_of("a", retry_count=1))
    moves = settled(plan, {"a": [BROKEN, DONE]}).moves
    waits = place_of(moves, "a", "retry_wait")

    broken = case_of(plan, edited(moves, waits, attempt=lambda old: replace(old, error_type=error_type))).broken

    assert broken == {"R8": f"#3 a: waits for another attempt after an end that is not retried ({error_type})"}


def test_a_retry_after_a_cancel_is_found():
    plan = plan_of(task_of("a", retry_count=1))
    moves = settled(plan, {"a": [BROKEN, DONE]}).moves
    waits = place_of(moves, "a", "retry_wait")

    moves = edited(moves, waits, attempt=lambda old: replace(old, status="cancelled", error_type="cancelled"))

    assert set(case_of(plan, moves).broken) == {"R8"}


def test_a_retry_after_an_exception_that_the_task_does_not_retry_is_found():
    lenient, strict = (plan_of(task_of("a", retry_count=1, no_retry_on=names)) for names in ([], ["ValueError"]))

    broken = case_of(strict, settled(lenient, {"a": [BROKEN, DONE]}).moves).broken

    assert broken == {"R8": "#3 a: waits for another attempt after an end that is not retried (ValueError)"}


@pytest.mark.parametrize(("milliseconds", "found"), [(40, False), (200, True)])
def test_a_retry_before_its_time_is_found(milliseconds, found):
    plan = plan_of(task_of("a", retry_count=1, retry_delay=10))
    moves = begun(plan).end("a", BROKEN).wait(10).end("a").moves
    again = place_of(moves, "a", "running", 1)

    broken = case_of(plan, edited(moves, again, at=lambda old: old - timedelta(milliseconds=milliseconds))).broken

    assert broken == ({"R8": "#4 a: started 0.200 s before its time"} if found else {})


@pytest.mark.parametrize(("duration", "found"), [(15.9, False), (16.1, True)])
@pytest.mark.parametrize("limits", [{"timeout": 10}, {"deadline": 10}])
def test_an_attempt_that_outlived_its_limit_is_found(limits, duration, found):
    plan = plan_of(task_of("a", **limits))
    moves = settled(plan, {"a": LATE}).moves

    broken = case_of(plan, edited(moves, 2, attempt=lambda old: replace(old, duration=duration))).broken

    assert broken == ({"R9": "#3 a: attempt 1 lasted 16.1 s; its limit is 10 s"} if found else {})


def test_a_task_without_a_timeout_has_the_default_one():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, edited(moves, 2, attempt=lambda old: replace(old, duration=3607.0))).broken

    assert set(broken) == {"R9"}


def test_more_attempts_at_once_than_there_are_workers_are_found():
    plan = plan_of(a=[], b=[], c=[])
    moves = settled(plan, max_workers=3).moves

    broken = case_of(plan, moves, max_workers=2).broken

    assert broken == {"R12": "#4 c: started as number 3 at once; max_workers is 2"}


def test_a_waiting_task_takes_no_room():
    plan = plan_of(task_of("a", retry_count=1), b=[])
    journey = begun(plan, max_workers=1).end("a", BROKEN).end("b").wait(5).end("a")

    case = case_of(plan, journey.moves, max_workers=1)

    assert journey.status.value == "completed"
    assert case.broken == {}


def test_more_attempts_in_a_pool_than_it_has_slots_are_found():
    plan = plan_of(task_of("a", pool="warehouse"), task_of("b", pool="warehouse"), c=[])
    moves = settled(plan, pools={"warehouse": 2}).moves

    broken = case_of(plan, moves, slots={"warehouse": 1}).broken

    assert broken == {"R12": "#3 b: started as number 2 in pool warehouse, which has 1 slot(s)"}


@pytest.mark.parametrize("changes", [{"cached_from": None}, {"cached_from": ID}])
def test_a_result_that_names_no_other_execution_as_its_source_is_found(changes):
    plan = plan_of(a=[])
    moves = begun(plan, kept={"a": Kept(execution_id=EARLIER)}).moves

    broken = case_of(plan, edited(moves, 2, **changes), kept=("a",)).broken

    assert set(broken) == {"D16"}


def test_a_result_that_was_to_be_kept_and_was_made_again_is_found():
    plan = plan_of(a=[])

    broken = case_of(plan, settled(plan).moves, kept=("a",)).broken

    assert broken == {"D16": "#3 a: was to be kept from an earlier execution, and was executed"}


def test_a_result_that_was_made_here_and_names_a_source_is_found():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, edited(moves, 2, cached_from=EARLIER)).broken

    assert broken == {"D16": f"#3 a: names {EARLIER} as its source, and was executed"}


def test_a_stored_source_that_the_log_does_not_know_is_found():
    plan = plan_of(a=[])
    case = case_of(plan, settled(plan).moves)

    wrong = replace(case, task_runs=(replace(case.task_runs[0], cached_from=EARLIER),))

    assert set(wrong.broken) == {"D16"}
