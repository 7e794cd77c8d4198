"""The states of executions and task runs, and which move may follow which (semantics D8)."""

from enum import StrEnum
from typing import TypeVar

from orchestrator.core.errors import IllegalMove


class TaskStatus(StrEnum):
    """Where a task run stands. `completed`, `failed`, `skipped` and `cancelled` are final."""

    PENDING = "pending"
    RUNNING = "running"
    RETRY_WAIT = "retry_wait"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True where nothing leaves this state."""
        return self not in TASK_MOVES


class ExecutionStatus(StrEnum):
    """Where an execution stands. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True where nothing leaves this state."""
        return self not in EXECUTION_MOVES


TASK_MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.PENDING: frozenset({TaskStatus.RUNNING, TaskStatus.SKIPPED, TaskStatus.CANCELLED}),
    TaskStatus.RUNNING: frozenset(
        {
            TaskStatus.COMPLETED,
            TaskStatus.FAILED,
            TaskStatus.RETRY_WAIT,
            TaskStatus.INTERRUPTED,
            TaskStatus.CANCELLED,
            TaskStatus.SKIPPED,  # the function itself answered `{"status": "skipped"}` (D15)
        }
    ),
    TaskStatus.RETRY_WAIT: frozenset(
        {TaskStatus.RUNNING, TaskStatus.FAILED, TaskStatus.CANCELLED, TaskStatus.INTERRUPTED}
    ),
    TaskStatus.INTERRUPTED: frozenset({TaskStatus.RUNNING, TaskStatus.FAILED, TaskStatus.CANCELLED}),
}

EXECUTION_MOVES: dict[ExecutionStatus, frozenset[ExecutionStatus]] = {
    ExecutionStatus.QUEUED: frozenset({ExecutionStatus.RUNNING, ExecutionStatus.CANCELLED}),
    ExecutionStatus.RUNNING: frozenset(
        {
            ExecutionStatus.COMPLETED,
            ExecutionStatus.COMPLETED_WITH_ERRORS,
            ExecutionStatus.FAILED,
            ExecutionStatus.CANCELLING,
            ExecutionStatus.INTERRUPTED,
        }
    ),
    ExecutionStatus.CANCELLING: frozenset({ExecutionStatus.CANCELLED}),
    ExecutionStatus.INTERRUPTED: frozenset(
        {ExecutionStatus.RUNNING, ExecutionStatus.CANCELLED, ExecutionStatus.FAILED}
    ),
}

S = TypeVar("S", TaskStatus, ExecutionStatus)


def move(now: S, then: S) -> S:
    """Return `then`, or raise IllegalMove where the table has no such step."""
    moves: frozenset[TaskStatus] | frozenset[ExecutionStatus]
    moves = TASK_MOVES.get(now, frozenset()) if isinstance(now, TaskStatus) else EXECUTION_MOVES.get(now, frozenset())
    if then not in moves:
        raise IllegalMove(now, then)
    return then
