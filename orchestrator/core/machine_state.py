"""What the step machine knows, hears and commands: its state, events and commands as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from orchestrator.core.events import Move
from orchestrator.core.identity import AttemptKey
from orchestrator.core.judging import Verdict
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import JSON, Outcome, Usage
from orchestrator.core.plan import Plan
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.trigger_rules import Tally


class Ending(Enum):
    """Why no new attempt may start although tasks are left."""

    CANCEL = auto()
    STOP = auto()
    EXPIRE = auto()
    """The execution's `max_duration` is over."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A result that stands already."""

    execution_id: str
    output: JSON = None


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
    cut_short: bool = False
    """Interrupted while an attempt was under way, not between two."""
    looked_up: bool = False
    """Its cached result was asked for."""
    cache_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """One execution as the machine sees it."""

    execution_id: str
    plan: Plan
    max_workers: int
    stop_on_failure: bool = True
    max_duration: float | None = None
    """Seconds for the whole execution."""
    pools: Mapping[str, int] = field(default_factory=dict)
    """Slots of each pool, all executions together."""
    pools_of_others: Mapping[str, int] = field(default_factory=dict)
    """Slots that other executions held when somebody last looked."""
    pools_held: Mapping[str, int] = field(default_factory=dict)
    """Slots that this one's attempts hold."""
    kept: Mapping[str, Kept] = field(default_factory=dict)
    """Results that are taken from an earlier execution."""
    status: ExecutionStatus = ExecutionStatus.QUEUED
    runs: Mapping[str, RunState]
    ready: tuple[tuple[int, int], ...] = ()
    """Priority (turned) and position of tasks that may start as soon as a slot is free, the first first."""
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

    @property
    def waits_for_pools(self) -> bool:
        """Whether a task run is ready and only other executions' slots keep it from starting."""
        return self.status is ExecutionStatus.RUNNING and bool(self.pools_of_others) and bool(self.ready)


@dataclass(frozen=True, kw_only=True)
class Begin:
    """The execution was claimed: start, or go on where an interruption left it."""


@dataclass(frozen=True, kw_only=True)
class OwnerLost:
    """Whoever drove it is gone, and all its attempts are known to be dead (D9)."""


@dataclass(frozen=True, kw_only=True)
class AttemptFinished:
    """An attempt and all that it had started are gone."""

    attempt: AttemptKey
    outcome: Outcome
    duration: float
    usage: Usage = field(default_factory=Usage)
    code_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class TimePassed:
    """Nothing but time; retries may be due."""


@dataclass(frozen=True, kw_only=True)
class CancelAsked:
    """Somebody wants it to end as `cancelled` (SIGINT, `cancel`, DELETE)."""


@dataclass(frozen=True, kw_only=True)
class StopAsked:
    """The orchestrator must go; the execution is to be `interrupted` (SIGTERM, SIGHUP, server stop)."""


@dataclass(frozen=True, kw_only=True)
class GiveUp:
    """It was interrupted and is not to be resumed: it ends as `failed` (`on_restart: fail`)."""


@dataclass(frozen=True, kw_only=True)
class MarkAsked:
    """An operator declares a task run that is not under way completed or skipped."""

    task_id: str
    mark_as: TaskStatus
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PoolsSeen:
    """Slots of pools that other executions hold now."""

    others: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class CacheLookedUp:
    """Whether there is a result to take again; the answer to a LookUp."""

    task_id: str
    cache_key: str | None = None
    """None where it could not be told what the result is made of: then it is executed, and not kept."""
    found: Kept | None = None


MachineEvent = (
    Begin
    | OwnerLost
    | AttemptFinished
    | TimePassed
    | CancelAsked
    | StopAsked
    | GiveUp
    | MarkAsked
    | PoolsSeen
    | CacheLookedUp
)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Store this move."""

    move: Move


@dataclass(frozen=True, kw_only=True)
class StartAttempt:
    """Hand this attempt to the executor, once its move is stored."""

    attempt: AttemptKey
    limit: float | None = None
    """Seconds that the task's deadline leaves; None without one."""
    alone: bool = False
    """An attempt of it was lost before."""


@dataclass(frozen=True, kw_only=True)
class LookUp:
    """Find out whether the task's result is known already, and answer with CacheLookedUp."""

    task_id: str


@dataclass(frozen=True, kw_only=True)
class StopAttempt:
    """Have the executor end this attempt; asked a second time, at once."""

    attempt: AttemptKey


@dataclass(frozen=True, kw_only=True)
class WakeAt:
    """Send TimePassed at this reading of the monotonic clock."""

    ticks: float


Command = Record | StartAttempt | StopAttempt | WakeAt | LookUp
