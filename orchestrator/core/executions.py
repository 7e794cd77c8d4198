"""Records of what was asked for and what became of it: executions, task runs, attempts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON, Usage
from orchestrator.core.states import ExecutionStatus, TaskStatus


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an execution was asked to do; never changes once it is stored."""

    tasks: tuple[str, ...]
    """Selected task ids in plan order (`execution_order` of the report)."""
    workflow: str | None = None
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    parallel: bool = False
    max_workers: int = 1
    stop_on_failure: bool = True
    source: str = "cli"
    """Which door it came through: `cli`, `api`, `schedule`, `python`."""
    data_source: str | None = None
    """Label of where the data comes from (`ETL_SOURCE`), where the tasks have one."""
    assumed_satisfied: tuple[str, ...] = ()
    """Dependencies outside the selection (D1)."""
    pools: Mapping[str, str] = field(default_factory=dict)
    """Task id → pool, of the tasks that need a slot of one."""
    rerun_of: str | None = None
    """The execution that this one repeats (D16)."""
    kept: tuple[str, ...] = ()
    """Tasks whose results are taken from `rerun_of` instead of executing them again."""
    outputs_from: Mapping[str, str] = field(default_factory=dict)
    """Task outside the selection → execution whose output of it is used (D15)."""
    snapshot: str = ""
    """sha256 of the stored configuration (D13)."""
    version: str = ""
    """Version of the orchestrator that made the record (R32)."""
    schedule: str | None = None
    """The schedule that it was asked for by, with `source` "schedule"."""
    scheduled_for: str | None = None
    """Its slot, in ISO 8601 with the schedule's offset: the logical date of the execution."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One journey through a plan."""

    execution_id: str
    request: Request
    status: ExecutionStatus
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    """Seconds by the monotonic clock (D12)."""
    exit_code: int | None = None
    owner: str | None = None
    """`host:pid:start` of who drives it now."""
    fencing_token: int = 0
    """Grows with each claim; writes with an older one are refused (R4)."""
    lease_until: datetime | None = None
    reason: Message | None = None
    refused_writes: int = 0
    """Writes by owners that had lost it (R4)."""


@dataclass(frozen=True, kw_only=True)
class TaskRun:
    """One task within one execution; an entry of the report's `results`."""

    key: TaskRunKey
    position: int
    """Place in the plan, from 0."""
    status: TaskStatus = TaskStatus.PENDING
    attempts: int = 0
    """Attempts begun so far."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    """Seconds from the first start to the end, waits between attempts included."""
    output: JSON = None
    error: str | None = None
    error_type: str | None = None
    reason: Message | None = None
    """Why it was skipped, cancelled or is waiting."""
    next_attempt_at: datetime | None = None
    cached_from: str | None = None
    """The execution whose result this is; nothing was executed here."""
    cache_key: str | None = None
    """Under which the result may be found again: what it was made of, as a hash."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try of a task run."""

    key: AttemptKey
    status: str = "running"
    """running · completed · failed · timeout · crashed · cancelled · lost · skipped · marked."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    pid: int | None = None
    error: str | None = None
    error_type: str | None = None
    reason: Message | None = None
    """In our words, where the code could not say anything (timeout, crash, lost)."""
    traceback: str | None = None
    log: str | None = None
    """Its log file, relative to ETL_HOME."""
    code_sha256: str | None = None
    """Of the module's source as it was called."""
    usage: Usage = field(default_factory=Usage)
