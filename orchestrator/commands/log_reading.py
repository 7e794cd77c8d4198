"""Attempt logs on stdout, with a heading wherever another one begins."""

import os
import select
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from orchestrator.commands.printing import printable, write_err, write_out
from orchestrator.core.errors import UsageError
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.identity import AttemptKey
from orchestrator.core.messages import N_
from orchestrator.core.results import stands_at
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import AttemptLogs
from orchestrator.operations.parts import Parts
from orchestrator.translation import _, say

ENDS = {
    "running": N_("under way"),
    "completed": N_("it completed"),
    "failed": N_("it failed"),
    "timeout": N_("it reached its limit"),
    "crashed": N_("it ended without a result"),
    "cancelled": N_("it was cancelled"),
    "lost": N_("it was lost"),
    "skipped": N_("it skipped its task"),
    "marked": N_("marked by hand"),
}
"""How attempts end, for headings."""


LOOK = 0.3
"""Seconds between two looks for new lines."""
CHUNK = 1 << 18


class Logbook(Protocol):
    """The logs of one execution, wherever it is stored."""

    @property
    def execution_id(self) -> str:
        """Whole."""

    @property
    def attempt_logs(self) -> AttemptLogs:
        """What the attempts wrote."""

    def task_runs(self) -> list[TaskRun]:
        """In plan order."""

    def attempts(self) -> list[Attempt]:
        """As they stand now, in the order in which they began."""

    def over(self) -> bool:
        """Whether nothing will be written any more, as far as can be told."""

    def wait(self) -> bool:
        """Wait a moment; False where nothing can have changed but what is written."""


class StoredLogbook:
    """The logs of an execution in the state store of this machine."""

    def __init__(self, parts: Parts, execution: Execution) -> None:
        self._parts = parts
        self.execution_id = execution.execution_id
        self.attempt_logs = parts.attempt_logs

    def task_runs(self) -> list[TaskRun]:
        """Of the store."""
        return self._parts.store.task_runs(self.execution_id)

    def attempts(self) -> list[Attempt]:
        """Of the store."""
        return self._parts.store.attempts(self.execution_id)

    def over(self) -> bool:
        """True also where its owner is gone."""
        known = self._parts.store.get_execution(self.execution_id)
        return stands_at(known, datetime.now(UTC)) is ExecutionStatus.INTERRUPTED or known.status.final

    def wait(self) -> bool:
        """Until the store changes, or for a moment."""
        return self._parts.store.wait_for_change(LOOK)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which logs, and how much of them."""

    task_id: str | None = None
    """None: every task, in plan order."""
    number: int | None = None
    """None: the latest attempt of each."""
    last_lines: int | None = None
    """Begin with so many of the last lines; None: with all."""


class Tail:
    """Reads one attempt's log on from where it was last read; lines that are not whole yet wait."""

    def __init__(self, logs: AttemptLogs, attempt: Attempt) -> None:
        self.attempt = attempt
        self._logs = logs
        self._read = 0
        self._rest = b""

    def lines(self, *, to_the_end: bool = False) -> Iterator[str]:
        """Whole lines that came since; with `to_the_end` also what has no end of line."""
        log = self.attempt.log
        while log is not None and (block := self._logs.read(log, start=self._read, limit=CHUNK)):
            self._read += len(block)
            *whole, self._rest = (self._rest + block).split(b"\n")
            yield from (line.decode("utf-8", "backslashreplace") for line in whole)
        if to_the_end and self._rest:
            rest, self._rest = self._rest, b""
            yield rest.decode("utf-8", "backslashreplace")


def show_or_follow(logbook: Logbook, wanted: Wanted, *, follow: bool) -> int:
    """0; 130 where Ctrl-C ended the following."""
    if not follow:
        show_logs(logbook, wanted)
        return ExitCode.SUCCESS
    try:
        follow_logs(logbook, wanted)
    except KeyboardInterrupt:
        return ExitCode.SIGINT
    return ExitCode.SUCCESS


def show_logs(logbook: Logbook, wanted: Wanted) -> None:
    """What is there now; a task that has no attempt says so."""
    runs, attempts = _asked_for(logbook, wanted)
    for run in runs:
        chosen = _chosen([one for one in attempts if one.key.run == run.key], wanted)
        if wanted.number is not None and chosen is None and wanted.task_id is not None:
            raise UsageError(
                N_("task {task_id} has no attempt {number}: it has {count}"),
                task_id=run.key.task_id,
                number=wanted.number,
                count=run.attempts,
            )
        if wanted.task_id is None:
            write_out(_heading(run, chosen))
        if chosen is None:
            _tell_nothing(run, wanted)
            continue
        lines = Tail(logbook.attempt_logs, chosen).lines(to_the_end=True)
        for line in lines if wanted.last_lines is None else deque(lines, maxlen=wanted.last_lines):
            write_out(printable(line))


def follow_logs(logbook: Logbook, wanted: Wanted) -> None:
    """Show lines as they are written until the execution has ended, or nobody reads any more."""
    _asked_for(logbook, wanted)
    following = _Following(logbook, wanted)
    changed = True
    while True:
        ended = logbook.over()
        if changed or ended:
            following.look_for_attempts()
        if not following.show_more(ended=ended) or ended:
            return
        changed = logbook.wait()


class _Following:
    """The logs that are being followed, and whose lines were shown last."""

    def __init__(self, logbook: Logbook, wanted: Wanted) -> None:
        self._logbook = logbook
        self._wanted = wanted
        self._open: dict[AttemptKey, Tail] = {}
        self._done: set[AttemptKey] = set()
        self._shown: AttemptKey | None = None
        self._reader = _Reader()
        self._first = True

    def look_for_attempts(self) -> None:
        """Take up attempts that began, and learn which have ended; at first only the latest of each task."""
        attempts = [
            one
            for one in self._logbook.attempts()
            if self._wanted.task_id in {None, one.key.run.task_id} and self._wanted.number in {None, one.key.number}
        ]
        if self._first:
            latest = {one.key.run: one.key for one in attempts}
            self._done.update(one.key for one in attempts if latest[one.key.run] != one.key)
        for attempt in attempts:
            if attempt.key in self._open:
                self._open[attempt.key].attempt = attempt
            elif attempt.key not in self._done:
                self._open[attempt.key] = Tail(self._logbook.attempt_logs, attempt)

    def show_more(self, *, ended: bool) -> bool:
        """Show what came since; False where nobody reads any more."""
        for key, tail in list(self._open.items()):
            over = ended or tail.attempt.ended_at is not None
            lines = tail.lines(to_the_end=over)
            most = self._wanted.last_lines
            for line in lines if most is None or not self._first else deque(lines, maxlen=most):
                if self._reader.gone():
                    return False
                if self._shown != key and (self._wanted.task_id is None or self._shown is not None):
                    write_out(_follow_heading(key))
                self._shown = key
                write_out(printable(line))
            if over:
                del self._open[key]
                self._done.add(key)
        self._first = False
        return not self._reader.gone()


class _Reader:
    """Whoever reads our stdout: to follow a log for nobody would never end (`logs -f | head`)."""

    def __init__(self) -> None:
        self._poll = select.poll() if hasattr(select, "poll") else None
        self._file = self._identity()
        if self._poll is not None and self._file is not None:
            self._poll.register(sys.stdout.fileno(), 0)  # no event asked for: only that the other end is closed

    def gone(self) -> bool:
        """Whether nobody reads: the pipe's other end is closed, or what we write went to nowhere already."""
        if self._file is None or self._poll is None:
            return False
        return self._identity() != self._file or any(what & select.POLLERR for _file, what in self._poll.poll(0))

    @staticmethod
    def _identity() -> tuple[int, int] | None:
        try:
            found = os.fstat(sys.stdout.fileno())
        except (OSError, ValueError):  # no file behind it
            return None
        return found.st_dev, found.st_ino


def _asked_for(logbook: Logbook, wanted: Wanted) -> tuple[list[TaskRun], list[Attempt]]:
    """Task runs and attempts that are meant; raises UsageError for a task that the execution does not have."""
    runs = logbook.task_runs()
    if wanted.task_id is not None:
        runs = [run for run in runs if run.key.task_id == wanted.task_id]
        if not runs:
            raise UsageError(
                N_("execution {execution_id} has no task {task_id!r}"),
                execution_id=logbook.execution_id,
                task_id=wanted.task_id,
            )
    return runs, logbook.attempts()


def _chosen(attempts: Sequence[Attempt], wanted: Wanted) -> Attempt | None:
    meant = [one for one in attempts if wanted.number in {None, one.key.number}]
    return meant[-1] if meant else None


def _heading(run: TaskRun, attempt: Attempt | None) -> str:
    if attempt is None:
        return f"==> {printable(run.key.task_id)} <=="
    status = _(ENDS.get(attempt.status, attempt.status))
    told = _("attempt {number}: {status}").format(number=attempt.key.number, status=status)
    return f"==> {printable(run.key.task_id)}, {told} <=="


def _follow_heading(key: AttemptKey) -> str:
    told = _("attempt {number}").format(number=key.number)
    return f"==> {printable(key.run.task_id)}, {told} <=="


def _tell_nothing(run: TaskRun, wanted: Wanted) -> None:
    if wanted.number is not None and run.attempts:
        text = _("(no attempt {number}: it has {count})").format(number=wanted.number, count=run.attempts)
    else:
        text = _("(no attempt: {status})").format(status=_(run.status.value))
        if run.reason is not None:
            text = f"{text} {say(run.reason)}"
    (write_out if wanted.task_id is None else write_err)(printable(text))
