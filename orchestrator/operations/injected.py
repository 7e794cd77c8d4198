"""Failures that a rehearsal brings about: `--fail TASK[:ATTEMPT][:KIND]`."""

import builtins
import re
from collections.abc import Collection
from dataclasses import dataclass

from orchestrator.core.errors import UnknownTask, UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import Crashed, Outcome, Raised, TimedOut
from orchestrator.translation import _

ERROR, TIMEOUT, CRASH = "error", "timeout", "crash"
PLAIN_ERROR = "RuntimeError"
"""What is raised where no exception is named."""
_FORM = re.compile(
    r"(?P<task>.+?)(?::(?P<attempt>[1-9]\d{0,8}))?(?::(?P<kind>error|timeout|crash|(?:\w+\.)*[A-Z]\w*))?", re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class Injected:
    """An attempt of a task, or every one, that is to fail."""

    task_id: str
    attempt: int | None = None
    """None: every one."""
    kind: str = ERROR
    """`error`, `timeout`, `crash`, or the name of an exception."""
    written: str
    """As it was asked for."""

    def outcome(self, timeout: float) -> Outcome:
        """How such an attempt ends; `timeout` is its limit."""
        how = _("injected by --fail {written}").format(written=self.written)
        if self.kind == TIMEOUT:
            return TimedOut(limit=timeout)
        if self.kind == CRASH:
            return Crashed(message=f"signal 9 (SIGKILL), {how}", signal=9)
        name = PLAIN_ERROR if self.kind == ERROR else self.kind
        return Raised(error_type=name, message=how, traceback="", lineage=_lineage(name))


def read_injected(text: str, selected: Collection[str], known: Collection[str]) -> Injected:
    """What `--fail text` asks for; an id that holds colons is understood, too.

    Raises UnknownTask, and UsageError where the task is not among the `selected` or the text has another form.
    """
    found = _FORM.fullmatch(text)
    if text in selected or found is None:
        injected = Injected(task_id=text, written=text)
    else:
        attempt = found["attempt"]
        injected = Injected(
            task_id=found["task"],
            attempt=None if attempt is None else int(attempt),
            kind=found["kind"] or ERROR,
            written=text,
        )
    if injected.task_id in selected:
        return injected
    if injected.task_id in known:
        raise UsageError(N_("--fail {text}: the task is not among those that are rehearsed"), text=text)
    if injected.task_id.partition(":")[0] in known:
        raise UsageError(
            N_("--fail wants TASK[:ATTEMPT][:KIND], KIND one of error, timeout, crash, ExceptionName; not {text!r}"),
            text=text[:80],
        )
    raise UnknownTask(injected.task_id, selected)


def _lineage(name: str) -> tuple[str, ...]:
    """Names of the exception's classes; of one that Python does not bring along only its own is known."""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return tuple(one.__name__ for one in kind.__mro__ if issubclass(one, BaseException))
    return tuple(dict.fromkeys((name.rpartition(".")[2], name)))
