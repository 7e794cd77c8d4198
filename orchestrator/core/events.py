"""What happened, as data: the log of an execution from which its state can be computed again (R2)."""

from dataclasses import dataclass
from datetime import datetime

from orchestrator.core.executions import Attempt
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.states import ExecutionStatus, TaskStatus


@dataclass(frozen=True, kw_only=True)
class ExecutionMoved:
    """The execution went from `before` to `after`."""

    before: ExecutionStatus
    after: ExecutionStatus
    at: datetime
    duration: float | None = None
    exit_code: int | None = None
    reason: Message | None = None


@dataclass(frozen=True, kw_only=True)
class TaskMoved:
    """A task run went from `before` to `after`; fields that do not concern the move are None."""

    run: TaskRunKey
    before: TaskStatus
    after: TaskStatus
    at: datetime
    attempt: Attempt | None = None
    """The attempt that began or ended with this move, as it is to be stored."""
    output: JSON = None
    error: str | None = None
    error_type: str | None = None
    reason: Message | None = None
    next_attempt_at: datetime | None = None
    duration: float | None = None
    cached_from: str | None = None
    """The result is that of this execution."""
    cache_key: str | None = None
    neutral: bool | None = None
    """Of a skip: nobody is to blame, and what waits for it is skipped without a failure (D2d)."""


@dataclass(frozen=True, kw_only=True)
class AttemptNoted:
    """No move of state: the attempt's process exists, and this is its pid."""

    run: TaskRunKey
    attempt: Attempt
    at: datetime


Move = ExecutionMoved | TaskMoved | AttemptNoted


@dataclass(frozen=True, kw_only=True)
class Event:
    """A stored move: `seq` counts 1, 2, 3 … without a gap within one execution."""

    execution_id: str
    seq: int
    move: Move
    chain: str = ""
    """sha256 over the chain of the event before and this one as stored; "" where it was never computed."""
