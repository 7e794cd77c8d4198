"""`orchestrator_logs/orchestrator_<execution id>.log`: one line per event, and what the tasks wrote."""

import logging
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TextIO

from orchestrator.core.errors import HomeUnusable
from orchestrator.core.events import Event
from orchestrator.core.messages import N_
from orchestrator.core.ports import AttemptOutput, AttemptProgress
from orchestrator.listeners.wording import level_of, line_of, one_line

MOST_BYTES = 64 * 1024 * 1024
"""A log file stops growing here and says so (R19); the attempt logs hold the rest."""


def log_file_name(execution_id: str) -> str:
    """The name of an execution's log file."""
    return f"orchestrator_{execution_id}.log"


class LogFile:
    """Appends to the log file of one execution; made at the first line, mode 0600."""

    def __init__(self, folder: Path, execution_id: str, *, level: int, zone: tzinfo) -> None:
        self.path = folder / log_file_name(execution_id)
        self._level = level
        self._zone = zone
        self._file: TextIO | None = None
        self._written = 0

    def on_event(self, event: Event) -> None:
        """A line for the move, if it is loud enough."""
        level = level_of(event)
        if level >= self._level:
            self.write(level, line_of(event), event.move.at)

    def on_output(self, output: AttemptOutput) -> None:
        """What a task wrote, a record per line."""
        if self._level <= logging.INFO:
            for line in output.text.splitlines():
                self.write(logging.INFO, one_line(f"{output.attempt.run.task_id} {output.stream}| {line}"))

    def on_progress(self, progress: AttemptProgress) -> None:
        """Nothing: the attempt's own log has a line for it."""

    def write(self, level: int, line: str, at: datetime | None = None) -> None:
        """One record; raises HomeUnusable where the file cannot be written."""
        if self._written > MOST_BYTES:
            return
        stamp = (at or datetime.now(self._zone)).astimezone(self._zone).isoformat(sep=" ", timespec="milliseconds")
        text = f"{stamp} {logging.getLevelName(level):<8} {line}\n"
        self._written += len(text)
        if self._written > MOST_BYTES:
            text = f"{stamp} WARNING  [log cut at {MOST_BYTES} bytes; the attempt logs hold the rest]\n"
        try:
            self._open().write(text)
        except OSError as why:
            raise HomeUnusable(N_("log file {path} cannot be written: {why}"), path=str(self.path), why=why) from why

    def close(self) -> None:
        """Flush and let go."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as why:
                raise HomeUnusable(
                    N_("log file {path} cannot be written: {why}"), path=str(self.path), why=why
                ) from why
            finally:
                self._file = None

    def _open(self) -> TextIO:
        if self._file is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
            self.path.chmod(0o600)
        return self._file
