"""Whether a log that is cut, rewritten or unlike what is stored is found out (R1, R2, R16)."""

from dataclasses import replace

from orchestrator.core.states import ExecutionStatus, TaskStatus
from tests.unit.core.logged_cases import EARLIER, attempt_of, carried, case_of, edited, place_of, without
from tests.unit.core.subjects import (
    ID,
    SKIP,
    plan_of,
    settled,
)


def test_a_task_that_had_completed_and_started_again_is_found():
    plan = plan_of(a=[], b=["a"])
    moves = settled(plan).moves
    began, ended = place_of(moves, "a", "running"), place_of(moves, "a", "completed")
    again = [
        replace(move, attempt=attempt_of("a", 2, status=move.attempt.status)) for move in (moves[began], moves[ended])
    ]

    broken = case_of(plan, [*moves[: ended + 1], *again, *moves[ended + 1 :]]).broken

    assert broken["R1"] == "#4 a: started again although it had completed"
    assert {"R1", "R2", "R8", "R16"} == set(broken)


def test_a_missing_event_is_found_by_its_number():
    plan = plan_of(a=[], b=[])
    case = case_of(plan, settled(plan).moves)

    cut = replace(case, events=case.events[:3] + case.events[4:])

    assert cut.broken["R2"].startswith("#5: event 4 should stand here")


def test_an_event_of_another_execution_is_found():
    plan = plan_of(a=[])
    case = case_of(plan, settled(plan).moves)

    mixed = replace(case, events=(*case.events[:-1], replace(case.events[-1], execution_id=EARLIER)))

    assert mixed.broken == {"R2": f"#4: belongs to another execution, {EARLIER}"}


def test_a_move_that_the_table_does_not_have_is_found():
    plan = plan_of(a=[], b=[])
    moves = settled(plan).moves

    moves = edited(moves, place_of(moves, "b", "completed"), after=TaskStatus.PENDING)

    assert case_of(plan, moves).broken["R2"] == "#5 b: running cannot become pending"


def test_a_move_of_the_execution_that_the_table_does_not_have_is_found():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, edited(moves, 3, after=ExecutionStatus.QUEUED)).broken

    assert broken == {"R2": "#4 queued: running cannot become queued"}


def test_a_task_run_that_the_log_tells_of_and_the_store_does_not_have_is_found():
    plan = plan_of(a=[], b=[])
    case = case_of(plan, settled(plan).moves)

    gone = replace(case, task_runs=case.task_runs[:1])

    assert gone.broken == {"R2": "#3 b: no such task run is stored", "R16": "b: is stored 0 times"}


def test_a_move_from_another_state_than_the_one_reached_is_found():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, edited(moves, 3, before=ExecutionStatus.INTERRUPTED)).broken

    assert broken["R2"] == "#4 completed: moved from interrupted while it was running"


def test_an_end_of_the_execution_that_came_out_of_turn_is_found():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, carried(moves, 3, 2)).broken

    assert broken["R2"] == "#4 a: moved although its execution was completed"


def test_a_start_before_the_execution_began_is_found():
    plan = plan_of(a=[])
    moves = settled(plan).moves

    broken = case_of(plan, carried(moves, 0, 1)).broken

    assert broken == {"R2": "#1 a: started while its execution was queued"}


def test_a_stored_state_that_the_log_does_not_add_up_to_is_found():
    plan = plan_of(a=[], b=[])
    case = case_of(plan, settled(plan).moves)
    a, b = case.task_runs

    wrong = replace(
        case,
        execution=replace(case.execution, status=ExecutionStatus.FAILED),
        task_runs=(replace(a, status=TaskStatus.FAILED), replace(b, attempts=2)),
    )

    assert wrong.broken == {
        "R2": f"{ID}: stored as failed, the log says completed; a: stored as failed, the log says completed; "
        "b: stored with 2 attempt(s), the log has 1"
    }


def test_stored_attempts_and_those_of_the_log_must_be_the_same():
    plan = plan_of(a=[], b=[])
    case = case_of(plan, settled(plan).moves)
    a, _b = case.attempts

    wrong = replace(case, attempts=(replace(a, status="failed"), attempt_of("a", 2)))

    assert wrong.broken == {
        "R2": "a: attempt 1 is stored as failed, the log says completed; "
        "a: attempt 2 is stored, and the log does not tell of it; b: attempt 1 is in the log, and is not stored"
    }


def test_a_task_without_an_end_is_found():
    plan = plan_of(a=[], b=[])
    moves = settled(plan).moves

    broken = case_of(plan, without(moves, place_of(moves, "b", "running"), place_of(moves, "b", "completed"))).broken

    assert broken == {"R16": "b: has no end although its execution is completed"}


def test_a_skip_without_a_reason_is_found():
    plan = plan_of(a=[], b=["a"])
    moves = settled(plan, {"a": SKIP}).moves

    broken = case_of(plan, edited(moves, place_of(moves, "b", "skipped"), reason=None)).broken

    assert broken == {"R16": "#4 b: was skipped without a reason"}


def test_a_task_that_was_not_selected_is_found_and_so_is_one_that_is_missing():
    plan = plan_of(a=[], b=[])

    broken = case_of(plan, settled(plan).moves, tasks=("a", "c")).broken

    assert broken == {
        "R16": "c: has no end although its execution is completed; c: is stored 0 times; "
        "c: was selected, and the plan does not hold it; b: was not selected"
    }
