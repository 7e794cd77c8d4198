"""Whether a wrong order, a wrong verdict or a start after a cancel is found out (R6, R10, R14)."""

from dataclasses import replace

import pytest

from orchestrator.core.events import Move
from orchestrator.core.machine_state import OwnerLost
from orchestrator.core.messages import Message
from orchestrator.core.plan import make_plan
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import TriggerRule
from tests.unit.core.logged_cases import attempt_of, carried, case_of, edited, place_of, run_of
from tests.unit.core.subjects import (
    BROKEN,
    DONE,
    SKIP,
    begun,
    plan_of,
    registry_of,
    settled,
    task_of,
)


def test_a_start_before_a_dependency_had_ended_is_found():
    plan = plan_of(a=[], b=["a"])
    moves = settled(plan).moves

    broken = case_of(plan, carried(moves, place_of(moves, "b", "running"), 1)).broken

    assert broken == {"R6": "#2 b: started although its rule all_success was not met: a: open"}


def test_a_start_before_the_end_of_what_it_only_comes_after_is_found():
    plan = plan_of(task_of("a"), task_of("b", after=["a"]))
    moves = settled(plan).moves

    broken = case_of(plan, carried(moves, place_of(moves, "b", "running"), 1)).broken

    assert broken == {"R6": "#2 b: started before a had ended"}


def test_order_is_kept_through_tasks_that_were_not_selected():
    registry = registry_of(a=[], b=["a"], c=["b"])
    plan = make_plan(registry, ["a", "c"])
    moves = settled(plan).moves

    broken = case_of(plan, carried(moves, place_of(moves, "c", "running"), 1)).broken

    assert set(broken) == {"R6"}


@pytest.mark.parametrize(
    ("rule", "ends", "met"),
    [
        ("all_success", "completed completed", True),
        ("all_success", "completed skipped", False),
        ("all_success", "completed failed", False),
        ("all_done", "failed skipped", True),
        ("all_done", "failed running", False),
        ("none_failed", "completed skipped", True),
        ("none_failed", "completed failed", False),
        ("none_failed", "completed running", False),
        ("one_success", "completed running", True),
        ("one_success", "failed running", False),
        ("all_failed", "failed failed", True),
        ("all_failed", "failed skipped", False),
        ("one_failed", "failed running", True),
        ("one_failed", "completed running", False),
        ("always", "failed skipped", True),
        ("always", "completed running", False),
    ],
)
def test_a_start_is_held_against_the_rule_of_its_task(rule, ends, met):
    plan = plan_of(
        task_of("x", critical=False),
        task_of("y", critical=False),
        task_of("z", ["x", "y"], trigger_rule=TriggerRule(rule)),
    )
    start = begun(plan_of(z=[])).moves[1]

    broken = case_of(plan, [*ended_as(ends), start]).broken

    assert ("R6" not in broken) is met


@pytest.mark.parametrize(
    ("rule", "ends", "neutral", "allowed"),
    [
        ("all_success", "completed failed", False, True),
        ("all_success", "completed failed", True, False),
        ("all_success", "failed skipped", True, False),
        ("all_success", "completed skipped", True, True),
        ("all_success", "completed skipped", False, False),
        ("all_success", "skipped running", True, False),
        ("none_failed", "failed running", True, True),
        ("none_failed", "skipped skipped", True, False),
        ("one_success", "failed skipped", True, True),
        ("one_success", "failed running", True, False),
        ("all_failed", "skipped running", True, True),
        ("all_failed", "failed running", True, False),
        ("one_failed", "completed skipped", True, True),
        ("one_failed", "completed running", True, False),
        ("all_done", "failed failed", True, False),
        ("always", "failed skipped", True, False),
    ],
)
def test_a_skip_is_held_against_the_rule_of_its_task(rule, ends, neutral, allowed):
    plan = plan_of(
        task_of("x", critical=False),
        task_of("y", critical=False),
        task_of("z", ["x", "y"], trigger_rule=TriggerRule(rule)),
    )
    start = begun(plan_of(z=[])).moves[1]
    skip = replace(start, after=TaskStatus.SKIPPED, attempt=None, neutral=neutral, reason=Message(template="so"))

    broken = case_of(plan, [*ended_as(ends), skip]).broken

    assert ("R10" not in broken) is allowed


def ended_as(ends: str) -> list[Move]:
    """The log of two tasks, x and y, that have come to that."""
    moves = begun(plan_of(x=[], y=[])).moves
    for task_id, end in zip("xy", ends.split(), strict=True):
        if end != "running":
            start = moves[place_of(moves, task_id, "running")]
            last = replace(start, attempt=attempt_of(task_id, 1, status=end), before=TaskStatus.RUNNING)
            moves.append(replace(last, after=TaskStatus(end), neutral=end == "skipped", reason=Message(template="so")))
    return moves


def test_a_start_after_a_critical_failure_is_found():
    plan = plan_of(a=[], b=[], c=[])
    lenient = begun(plan, max_workers=1, stop_on_failure=False).end("a", BROKEN).end("b").end("c")

    broken = case_of(plan, lenient.moves).broken

    assert broken == {
        "R10": "#4 b: started after a critical failure, and is no clean-up; "
        "#6 c: started after a critical failure, and is no clean-up"
    }


@pytest.mark.parametrize(
    ("ends", "said", "due"),
    [
        ({"a": BROKEN}, ExecutionStatus.COMPLETED, "failed"),
        ({"a": BROKEN}, ExecutionStatus.COMPLETED_WITH_ERRORS, "failed"),
        ({"b": BROKEN}, ExecutionStatus.COMPLETED, "completed_with_errors"),
        ({"b": BROKEN}, ExecutionStatus.FAILED, "completed_with_errors"),
        ({}, ExecutionStatus.FAILED, "completed"),
        ({"b": SKIP}, ExecutionStatus.COMPLETED_WITH_ERRORS, "completed"),
    ],
)
def test_an_end_of_the_execution_that_does_not_follow_from_its_tasks_is_found(ends, said, due):
    plan = plan_of(task_of("a"), task_of("b", critical=False))
    moves = settled(plan, ends).moves

    broken = case_of(plan, edited(moves, -1 + len(moves), after=said, exit_code=None)).broken

    assert set(broken) == {"R10"}
    assert f"should be {due}" in broken["R10"]


def test_an_execution_fails_when_its_time_is_over_although_its_last_task_completed():
    plan = plan_of(a=[])
    journey = begun(plan, max_duration=60).wait(61).end("a")

    case = case_of(plan, journey.moves)

    assert (journey.status.value, journey.statuses) == ("failed", {"a": "completed"})
    assert case.broken == {}


def test_one_that_was_interrupted_may_be_given_up_as_failed():
    plan = plan_of(a=[])
    moves = begun(plan).hear(OwnerLost()).cancel().moves
    moves = edited(moves, len(moves) - 2, after=TaskStatus.FAILED)

    given_up = edited(moves, len(moves) - 1, after=ExecutionStatus.FAILED, exit_code=1)

    assert case_of(plan, given_up).broken == {}


def test_an_exit_code_that_says_success_of_a_failure_is_found():
    plan = plan_of(a=[])
    moves = settled(plan, {"a": BROKEN}).moves

    broken = case_of(plan, edited(moves, len(moves) - 1, exit_code=0)).broken

    assert broken == {"R10": "#4 failed: ended with exit code 0"}


def test_a_critical_task_that_was_skipped_because_of_a_failure_counts_as_one():
    plan = plan_of(task_of("a", critical=False), task_of("b", ["a"], critical=True))
    moves = settled(plan, {"a": BROKEN}).moves

    lied = edited(moves, len(moves) - 1, after=ExecutionStatus.COMPLETED_WITH_ERRORS, exit_code=3)

    assert case_of(plan, moves).broken == {}
    assert set(case_of(plan, lied).broken) == {"R10"}


def test_a_skip_without_a_cause_is_found():
    plan = plan_of(a=[], b=["a"])
    failed, fine = (settled(plan, {"a": end}).moves for end in (BROKEN, DONE))
    skip = failed[place_of(failed, "b", "skipped")]

    broken = case_of(plan, [*fine[:3], skip, fine[-1]]).broken

    assert broken["R10"].startswith("#4 b: was skipped, and what it waited for gives no cause for it: a: good")


def test_a_blamed_skip_that_calls_itself_neutral_is_found_although_the_verdict_fits_it():
    plan = plan_of(task_of("a", critical=False), b=["a"])
    moves = settled(plan, {"a": BROKEN}).moves
    moves = edited(moves, place_of(moves, "b", "skipped"), neutral=True)
    moves = edited(moves, len(moves) - 1, after=ExecutionStatus.COMPLETED_WITH_ERRORS, exit_code=3)

    broken = case_of(plan, moves).broken

    assert broken == {"R10": "#4 b: was skipped as if nobody were to blame: a: bad"}


def test_a_start_after_a_cancel_is_found():
    plan = plan_of(a=[], b=[])
    moves = begun(plan).cancel().end("a").end("b").moves

    broken = case_of(plan, carried(moves, place_of(moves, "b", "running"), 3)).broken

    assert broken == {"R14": "#4 b: started although its execution was cancelling"}


def test_a_completion_that_won_over_a_cancel_is_found():
    plan = plan_of(a=[])
    moves = begun(plan).cancel().end("a").moves

    broken = case_of(plan, edited(moves, place_of(moves, "a", "cancelled"), after=TaskStatus.COMPLETED)).broken

    assert broken == {"R14": "#4 a: became completed after its execution had been cancelled"}


def test_a_cancel_that_ends_otherwise_is_found():
    plan = plan_of(a=[])
    moves = begun(plan).cancel().end("a").moves

    broken = case_of(plan, edited(moves, len(moves) - 1, after=ExecutionStatus.COMPLETED, exit_code=0)).broken

    assert broken["R14"] == "#5 completed: the execution became completed after it had been cancelled"


def test_a_task_that_is_cancelled_in_an_execution_that_is_not_is_found():
    plan = plan_of(task_of("a", critical=False))
    moves = settled(plan, {"a": BROKEN}).moves

    broken = case_of(plan, edited(moves, 2, after=TaskStatus.CANCELLED)).broken

    assert broken["R14"] == "#3 a: was cancelled, and nobody had cancelled its execution"


def test_a_task_that_was_cancelled_before_an_execution_began_that_went_on_is_found():
    plan = plan_of(a=[], b=[])
    moves = settled(plan).moves
    cancelled = replace(moves[1], after=TaskStatus.CANCELLED, attempt=None)

    broken = case_of(plan, [cancelled, *(move for move in moves if getattr(move, "run", None) != run_of("a"))]).broken

    assert broken["R14"] == "#1 a: was cancelled, and nobody had cancelled its execution"
