"""What the engine needs of stores, executors, listeners and clocks; each port as small as its caller's need."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from orchestrator.core.events import Event, Move
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey
from orchestrator.core.outcomes import JSON, Outcome, Usage
from orchestrator.core.states import ExecutionStatus


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""


class Store(Protocol):
    """Remembers executions. Every method is one transaction; what has returned is durable (R3).

    Any method may raise StoreUnusable.
    """

    def create_execution(self, execution_id: str, request: Request, *, snapshot: str, at: datetime) -> Execution:
        """Reserve the id and store the execution as queued with one pending task run per task of `request.tasks`.

        `snapshot` is the configuration's text, kept once per sha256 (`request.snapshot`).
        Raises ExecutionIdTaken, and then nothing was stored.
        """

    def claim_execution(self, execution_id: str, *, owner: str, lease: timedelta, at: datetime) -> Execution:
        """Become the owner of a queued or interrupted execution, or of one whose lease ran out; token + 1.

        The status does not change by this. Raises NoSuchExecution, or StaleOwner while another's lease lasts or the
        execution is final.
        """

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        """Extend the lease of `execution` (its owner and token). Raises StaleOwner."""

    def record(self, execution: Execution, moves: Sequence[Move]) -> list[Event]:
        """Apply all moves, or none, and append them to the event log; returns them numbered.

        Each is a conditional update that names the state it expects. Raises StaleOwner where owner or token of
        `execution` are not the stored ones, IllegalMove where a state is not the expected one or the table of moves
        has no such step. The last move of an execution to a final state or `interrupted` gives up the lease.
        """

    def get_execution(self, execution_id: str) -> Execution:
        """The execution; raises NoSuchExecution."""

    def find_executions(self, part: str, *, limit: int = 10) -> list[str]:
        """Ids that contain `part`, newest first."""

    def list_executions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        statuses: Iterable[ExecutionStatus] = (),
        workflow: str | None = None,
    ) -> list[Execution]:
        """Newest first (created_at, then id); `before` is the last id of the previous page."""

    def task_runs(self, execution_id: str) -> list[TaskRun]:
        """Of one execution, by position, then index."""

    def attempts(self, execution_id: str) -> list[Attempt]:
        """Of one execution, by task run's position, then number."""

    def events(self, execution_id: str, *, after: int = 0) -> list[Event]:
        """The event log from `after` on (exclusive), in order."""

    def snapshot(self, sha256: str) -> str:
        """The configuration's text; raises KeyError."""

    def latest_completed(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Which of these tasks completed in the latest execution that held them: task id → execution id."""

    def close(self) -> None:
        """Let go of files and connections. Calling it twice does no harm."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """All that a place needs to make one attempt; plain data, so that it can travel."""

    attempt: AttemptKey
    module_path: str
    function_name: str
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    timeout: float = 3600.0
    """Seconds from process start, import included (D5)."""
    kill_grace: float = 5.0
    """Seconds between SIGTERM and SIGKILL."""
    log_path: str = ""
    """Absolute file that takes stdout, stderr and logging of the attempt; empty: not kept."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The child's whole environment."""
    search_path: tuple[str, ...] = ()
    """Folders in front of the child's module path; modules found below them are allowed (D21)."""
    allowed_modules: tuple[str, ...] = ()
    """Prefixes of module names that are allowed wherever they are found."""
    working_directory: str = ""
    hidden: tuple[str, ...] = ()
    """Texts that the log must not hold: each is replaced by `***` before a line is written (D21)."""


@dataclass(frozen=True, kw_only=True)
class AttemptStarted:
    """The attempt's process exists."""

    attempt: AttemptKey
    pid: int | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AttemptOutput:
    """Whole lines that the attempt wrote; best effort and bounded, the log file has all that is kept."""

    attempt: AttemptKey
    stream: str
    """`stdout` or `stderr`."""
    text: str


@dataclass(frozen=True, kw_only=True)
class AttemptEnded:
    """The attempt and all that it had started are gone."""

    attempt: AttemptKey
    outcome: Outcome
    at: datetime
    duration: float
    """Seconds by the monotonic clock."""
    usage: Usage = field(default_factory=Usage)


ExecutorEvent = AttemptStarted | AttemptOutput | AttemptEnded


class Executor(Protocol):
    """Performs attempts somewhere: here, in child processes, on a cluster."""

    @property
    def capacity(self) -> int:
        """How many attempts may be under way at once."""

    def start(self, deliver: Callable[[ExecutorEvent], None]) -> None:
        """Make ready; from now on every event goes to `deliver`, which may be called from any thread."""

    def submit(self, call: Call) -> None:
        """Start `call` as soon as there is room.

        Exactly one AttemptEnded follows, after an AttemptStarted if the attempt began at all.
        """

    def cancel(self, attempt: AttemptKey) -> None:
        """End the attempt and all it started; AttemptEnded still comes, within its grace period and a second.

        Unknown or ended attempts are ignored. A second call for the same attempt kills at once.
        """

    def close(self) -> None:
        """Stop every call still running and wait for the end, bounded. Calling it twice does no harm."""


class Listener(Protocol):
    """Wants to know what happens; a failure of its own never changes an execution."""

    def on_event(self, event: Event) -> None:
        """A move was stored."""

    def on_output(self, output: AttemptOutput) -> None:
        """An attempt wrote something."""

    def close(self) -> None:
        """Nothing more will come."""
