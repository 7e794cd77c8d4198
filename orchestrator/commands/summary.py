"""The table at the end of `run`: each task with its state, duration, rows, and what failed and why."""

from collections.abc import Iterable
from datetime import tzinfo

from orchestrator.commands.printing import as_typed
from orchestrator.core.executions import TaskRun
from orchestrator.core.states import TaskStatus
from orchestrator.operations.telling import rows_of, why
from orchestrator.translation import _

STYLES = {
    TaskStatus.PENDING: "dim",
    TaskStatus.RUNNING: "cyan",
    TaskStatus.RETRY_WAIT: "yellow",
    TaskStatus.INTERRUPTED: "yellow",
    TaskStatus.COMPLETED: "green",
    TaskStatus.FAILED: "bold red",
    TaskStatus.SKIPPED: "yellow",
    TaskStatus.CANCELLED: "magenta",
}
MARKS = {
    TaskStatus.PENDING: "·",
    TaskStatus.RUNNING: "▶",
    TaskStatus.RETRY_WAIT: "↻",
    TaskStatus.INTERRUPTED: "‖",
    TaskStatus.COMPLETED: "✓",
    TaskStatus.FAILED: "✗",
    TaskStatus.SKIPPED: "↷",
    TaskStatus.CANCELLED: "■",
}


def task_titles() -> list[str]:
    """Headings of `task_rows`."""
    return ["", _("task"), _("status"), _("attempts"), _("duration"), _("rows"), _("reason")]


def task_rows(runs: Iterable[TaskRun], zone: tzinfo | None = None) -> list[list[str]]:
    """A row per task run, in plan order; times in `zone`, else the machine's."""
    return [
        [
            MARKS[run.status],
            run.key.task_id,
            _(run.status.value),
            str(run.attempts) if run.attempts else "–",
            "–" if run.duration is None else f"{run.duration:.2f} s",
            _grouped(rows_of(run.output)),
            as_typed(why(run, zone)),
        ]
        for run in runs
    ]


def _grouped(rows: int | None) -> str:
    """Thousands the way Colombia writes them: 1.234.567."""
    return "–" if rows is None else f"{rows:,}".replace(",", ".")
