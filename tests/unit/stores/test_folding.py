from datetime import UTC, datetime

import pytest

from orchestrator.core.errors import IllegalMove
from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.folding import GapFound, fold
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus

AT = datetime(2025, 4, 1, tzinfo=UTC)
RUN = TaskRunKey(execution_id="e", task_id="a")
BEGAN = ExecutionMoved(before=ExecutionStatus.QUEUED, after=ExecutionStatus.RUNNING, at=AT)


def task_to(after: TaskStatus, before: TaskStatus, run: TaskRunKey = RUN) -> TaskMoved:
    return TaskMoved(run=run, before=before, after=after, at=AT)


def log_of(*moves, numbers=None) -> list[Event]:
    numbers = numbers or range(1, len(moves) + 1)
    return [Event(execution_id="e", seq=seq, move=moved) for seq, moved in zip(numbers, moves, strict=True)]


def test_an_empty_log_is_a_queued_execution_whose_runs_are_all_pending():
    statuses = fold([])

    assert statuses.execution is ExecutionStatus.QUEUED
    assert statuses.runs == {}


def test_a_log_adds_up_to_the_last_state_of_each_run():
    other = TaskRunKey(execution_id="e", task_id="a", index=3)
    log = log_of(
        BEGAN,
        task_to(TaskStatus.RUNNING, TaskStatus.PENDING),
        task_to(TaskStatus.SKIPPED, TaskStatus.PENDING, other),
        task_to(TaskStatus.COMPLETED, TaskStatus.RUNNING),
    )

    statuses = fold(log)

    assert statuses.execution is ExecutionStatus.RUNNING
    assert statuses.runs == {RUN: TaskStatus.COMPLETED, other: TaskStatus.SKIPPED}


def test_a_note_about_an_attempt_moves_nothing():
    note = AttemptNoted(run=RUN, attempt=Attempt(key=AttemptKey(run=RUN, number=1), pid=7), at=AT)

    statuses = fold(log_of(BEGAN, note))

    assert statuses.runs == {}


@pytest.mark.parametrize("numbers", [[1, 3], [2, 3], [1, 1], [2, 1], [0, 1]])
def test_a_log_with_a_missing_or_repeated_number_is_refused(numbers):
    log = log_of(BEGAN, task_to(TaskStatus.RUNNING, TaskStatus.PENDING), numbers=numbers)

    with pytest.raises(GapFound, match="e is broken"):
        fold(log)


def test_a_gap_names_what_should_have_stood_there():
    log = log_of(BEGAN, task_to(TaskStatus.RUNNING, TaskStatus.PENDING), numbers=[1, 5])

    with pytest.raises(GapFound) as refused:
        fold(log)

    assert (refused.value.execution_id, refused.value.expected, refused.value.found) == ("e", 2, 5)


def test_a_log_of_two_executions_is_refused():
    second = Event(execution_id="other", seq=2, move=task_to(TaskStatus.RUNNING, TaskStatus.PENDING))

    with pytest.raises(GapFound):
        fold([*log_of(BEGAN), second])


def test_a_move_of_another_executions_task_run_is_refused():
    stranger = TaskRunKey(execution_id="other", task_id="a")

    with pytest.raises(GapFound):
        fold(log_of(BEGAN, task_to(TaskStatus.RUNNING, TaskStatus.PENDING, stranger)))


def test_a_step_that_the_table_lacks_is_refused():
    log = log_of(BEGAN, task_to(TaskStatus.COMPLETED, TaskStatus.PENDING))

    with pytest.raises(IllegalMove):
        fold(log)


def test_a_legal_step_from_a_state_that_was_not_reached_is_refused():
    log = log_of(BEGAN, task_to(TaskStatus.COMPLETED, TaskStatus.RUNNING))

    with pytest.raises(IllegalMove):
        fold(log)
