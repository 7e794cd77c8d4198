"""What a record says in a reader's words: states, why a task is where it is, what it reported."""

from datetime import tzinfo

from orchestrator.core.executions import TaskRun
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.report import error_of
from orchestrator.core.states import TaskStatus
from orchestrator.translation import _, say

WORDS = (
    N_("pending"),
    N_("running"),
    N_("retry_wait"),
    N_("interrupted"),
    N_("completed"),
    N_("failed"),
    N_("skipped"),
    N_("cancelled"),
    N_("queued"),
    N_("cancelling"),
    N_("completed_with_errors"),
    N_("fired"),
    N_("missed"),
    N_("refused"),
)
"""States, and fates of slots, as the translators meet them; `_(status.value)` says them."""


def why(run: TaskRun, zone: tzinfo | None = None) -> str:
    """What failed, why it was skipped, or when it is tried again (in `zone`); empty where there is nothing to say."""
    if run.status is TaskStatus.COMPLETED:  # a reason has only what was not executed: kept, cached, marked
        return say(run.reason)
    failed = error_of(run, say)
    if failed is None:
        return say(run.reason)
    kind = "" if run.error_type in {None, "timeout", "crash", "lost"} else f"{run.error_type.rpartition('.')[2]}: "
    text = f"{kind}{failed.strip().splitlines()[0] if failed.strip() else ''}"
    if run.status is TaskStatus.RETRY_WAIT and run.next_attempt_at is not None:
        at = run.next_attempt_at.astimezone(zone).strftime("%H:%M:%S")
        return _("next attempt at {time} · {why}").format(time=at, why=text)
    return text


def rows_of(output: JSON) -> int | None:
    """The `rows` that a task reported: a number, or the sum of a number per table."""
    rows = output.get("rows") if isinstance(output, dict) else None
    if isinstance(rows, dict):
        numbers = [value for value in rows.values() if isinstance(value, int) and not isinstance(value, bool)]
        return sum(numbers) if numbers else None
    return rows if isinstance(rows, int) and not isinstance(rows, bool) else None


def files_of(output: JSON) -> dict[str, str]:
    """The `files` that a task reported: what each is → its path."""
    files = output.get("files") if isinstance(output, dict) else None
    return {name: path for name, path in files.items() if isinstance(path, str)} if isinstance(files, dict) else {}
