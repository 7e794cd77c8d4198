"""How an attempt ended, as data: it crosses process and network borders unharmed (semantics D4, D5, D15, D18)."""

from dataclasses import dataclass
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True, kw_only=True)
class Returned:
    """The function came back; `output` is its value as JSON (D18: capped; `repr` where it is no JSON)."""

    output: JSON
    truncated_from: int | None = None
    """Full size in bytes of an output that was cut."""


@dataclass(frozen=True, kw_only=True)
class Raised:
    """The function raised; any BaseException counts, `SystemExit` included."""

    error_type: str
    """Qualified name of the exception's class, such as `ValueError` or `package.module.Error`."""
    message: str
    traceback: str
    lineage: tuple[str, ...] = ()
    """Names of all classes of the exception, bare and qualified, for `retry_on` and `no_retry_on`."""


@dataclass(frozen=True, kw_only=True)
class NotCallable:
    """Module not found or refused, function not found, or the parameters do not fit: never retried (D4)."""

    error_type: str
    """`import_error`, `module_not_allowed`, `function_not_found` or `signature_error`."""
    message: str
    traceback: str = ""


@dataclass(frozen=True, kw_only=True)
class TimedOut:
    """Killed at its limit, with all it had started (D5)."""

    limit: float
    """Seconds, import included."""


@dataclass(frozen=True, kw_only=True)
class Crashed:
    """The process ended without a result: a signal, `os._exit`, a closed result channel."""

    message: str
    """Such as `signal 9 (SIGKILL)` or `exit code 7 without a result`."""
    signal: int | None = None
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """Ended because somebody asked for it: cancel, or the stop of the orchestrator."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The place that ran it is gone (supervisor, worker, machine): the user's code is not to blame."""

    message: str


Outcome: TypeAlias = Returned | Raised | NotCallable | TimedOut | Crashed | Cancelled | Lost


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an attempt used up; None where the platform cannot say."""

    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
