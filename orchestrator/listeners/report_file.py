"""`orchestrator_reports/execution_report_<execution id>.json`: written once an execution ends, atomically (R16)."""

import json
import os
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from orchestrator.core.crash_points import passing
from orchestrator.core.errors import HomeUnusable
from orchestrator.core.events import Event, ExecutionMoved
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.ports import AttemptOutput, AttemptProgress
from orchestrator.core.report import build_report
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Store
from orchestrator.translation import say


def report_file_name(execution_id: str) -> str:
    """The name of an execution's report."""
    return f"execution_report_{execution_id}.json"


class ReportFile:
    """Writes the report from what is stored, so that a lost one can be made again."""

    def __init__(
        self, folder: Path, store: Store, *, zone: tzinfo, clean: Callable[[JSON], JSON] = lambda value: value
    ) -> None:
        self._folder = folder
        self._store = store
        self._zone = zone
        self._clean = clean

    def on_event(self, event: Event) -> None:
        """Write when the execution ends or is interrupted (that one is replaced when it ends for good)."""
        move = event.move
        if isinstance(move, ExecutionMoved) and (move.after.final or move.after is ExecutionStatus.INTERRUPTED):
            self.write(event.execution_id)

    def on_output(self, output: AttemptOutput) -> None:
        """Nothing: outputs are read from the store."""

    def on_progress(self, progress: AttemptProgress) -> None:
        """Nothing: a report tells of what has ended."""

    def contents(self, execution_id: str) -> JSON:
        """What the report says now, without what is to stay hidden."""
        report = build_report(
            self._store.get_execution(execution_id),
            self._store.task_runs(execution_id),
            self._store.attempts(execution_id),
            zone=self._zone,
            say=say,
        )
        return self._clean(report)

    def write(self, execution_id: str) -> Path:
        """Make the report now; raises HomeUnusable, and then an earlier one is still whole."""
        path = self._folder / report_file_name(execution_id)
        text = json.dumps(self.contents(execution_id), ensure_ascii=False, indent=2)
        try:
            _write_atomically(path, text.encode("utf-8", errors="backslashreplace"))
        except OSError as why:
            raise HomeUnusable(
                N_("report {path} cannot be written: {why}; once it can, `etl report {execution_id}` makes it again"),
                path=str(path),
                why=why,
                execution_id=execution_id,
            ) from why
        return path

    def close(self) -> None:
        """Nothing is held open."""


def _write_atomically(path: Path, data: bytes) -> None:
    """Beside, synced, renamed: a reader finds the old file or the new one, never half."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passing("before_report_tmp_written")
    beside = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - mode 0600 from the first byte
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        passing("after_report_tmp_written")
        passing("before_report_renamed")
        beside.replace(path)
        passing("after_report_renamed")
    finally:
        beside.unlink(missing_ok=True)
