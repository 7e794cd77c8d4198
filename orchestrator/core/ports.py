"""What the engine needs of executors, listeners and clocks; each port as small as its caller's need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from orchestrator.core.events import Event
from orchestrator.core.identity import AttemptKey
from orchestrator.core.outcomes import JSON, Outcome, Usage


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""


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
    alone: bool = False
    """An attempt of it was lost before: what ends its supervisor this time must end no other attempt."""
    memory_limit_mb: int | None = None
    """MiB for the attempt and all it started, together."""
    isolation: str = "fresh"
    """`fresh`: a process of its own; `shared`: a warm one that other calls of its kind used before."""


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
class AttemptProgress:
    """How far the attempt says it has come; best effort, of many only the latest counts."""

    attempt: AttemptKey
    done: float
    total: float | None = None


@dataclass(frozen=True, kw_only=True)
class AttemptEnded:
    """The attempt and all that it had started are gone."""

    attempt: AttemptKey
    outcome: Outcome
    at: datetime
    duration: float
    """Seconds by the monotonic clock."""
    code_sha256: str | None = None
    """Of the module's source as it was called."""
    usage: Usage = field(default_factory=Usage)
    trouble: str = ""
    """What went wrong beside it, such as a log that could not be written."""


@dataclass(frozen=True, kw_only=True)
class PlaceExhausted:
    """The place has no process or descriptor to start an attempt with, and none is under way that might free one."""

    why: str


ExecutorEvent = AttemptStarted | AttemptOutput | AttemptProgress | AttemptEnded | PlaceExhausted


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

    def on_progress(self, progress: AttemptProgress) -> None:
        """An attempt said how far it has come."""

    def close(self) -> None:
        """Nothing more will come."""
