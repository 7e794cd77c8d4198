"""What the step machine knows, hears and commands: its state, events and commands as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from orchestrator.core.events import Move
from orchestrator.core.identity import AttemptKey
from orchestrator.core.judging import Verdict
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import Outcome, Usage
from orchestrator.core.plan import Plan
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.trigger_rules import Tally


class Ending(Enum):
    """Why no new attempt may start although tasks are left."""

    CANCEL = auto()
    STOP = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """What the machine remembers of one task run."""

    status: TaskStatus = TaskStatus.PENDING
    tally: Tally
    held: int = 0
    """`after` edges whose task has not ended."""
    attempts: int = 0
    """Attempts begun; the next one is `attempts + 1`."""
    failures: int = 0
    """Attempts that the user's code lost: the budget of `retry_count`."""
    interruptions: int = 0
    """Attempts that the place lost: the budget of `max_interruptions`."""
    last_failure: Verdict | None = None
    """Of the latest attempt that another one was to follow."""
    began: Moment | None = None
    attempt_began: Moment | None = None
    due: float | None = None
    """Ticks at which a waiting retry may start."""


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """One execution as the machine sees it."""

    execution_id: str
    plan: Plan
    max_workers: int
    stop_on_failure: bool = True
    max_interruptions: int = 3
    status: ExecutionStatus = ExecutionStatus.QUEUED
    runs: Mapping[str, RunState]
    ready: tuple[int, ...] = ()
    """Positions of tasks that may start as soon as a slot is free, ascending."""
    live: int = 0
    """Attempts under way."""
    open: int
    """Task runs that have not ended."""
    waiting: frozenset[str] = frozenset()
    """Task runs in `retry_wait`."""
    began: Moment | None = None
    halted_by: str | None = None
    """The critical task whose failure stopped the rest."""
    critical_failure: bool = False
    errors: bool = False
    """Something failed or was skipped because of a failure."""
    ending: Ending | None = None


@dataclass(frozen=True, kw_only=True)
class Begin:
    """The execution was claimed: start."""


@dataclass(frozen=True, kw_only=True)
class AttemptFinished:
    """An attempt and all that it had started are gone."""

    attempt: AttemptKey
    outcome: Outcome
    duration: float
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True)
class TimePassed:
    """Nothing but time; retries may be due."""


@dataclass(frozen=True, kw_only=True)
class CancelAsked:
    """Somebody wants it to end as `cancelled` (SIGINT, `cancel`, DELETE)."""


@dataclass(frozen=True, kw_only=True)
class StopAsked:
    """The orchestrator must go; the execution is to be `interrupted` (SIGTERM, SIGHUP, server stop)."""


MachineEvent = Begin | AttemptFinished | TimePassed | CancelAsked | StopAsked


@dataclass(frozen=True, kw_only=True)
class Record:
    """Store this move."""

    move: Move


@dataclass(frozen=True, kw_only=True)
class StartAttempt:
    """Hand this attempt to the executor, once its move is stored."""

    attempt: AttemptKey


@dataclass(frozen=True, kw_only=True)
class StopAttempt:
    """Have the executor end this attempt; asked a second time, at once."""

    attempt: AttemptKey


@dataclass(frozen=True, kw_only=True)
class WakeAt:
    """Send TimePassed at this reading of the monotonic clock."""

    ticks: float


Command = Record | StartAttempt | StopAttempt | WakeAt
