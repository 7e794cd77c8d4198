"""How figures of past executions are shown."""

from collections.abc import Sequence

from orchestrator.commands.tables import write_records
from orchestrator.operations.statistics import Statistics, statistics_description
from orchestrator.translation import _

PERCENT = 100
MB = 1_000_000


def show_statistics(found: Sequence[Statistics], form: str) -> None:
    """As they are in JSON; in a table in units that are read easily."""
    records = [statistics_description(one) for one in found]
    if form == "table":
        for one, record in zip(found, records, strict=True):
            record["task_id"] = one.task_id or _("(the whole execution)")
            record["success"] = None if one.success is None else f"{one.success * PERCENT:.0f} %"
            record["rows_p50"] = None if one.rows_p50 is None else round(one.rows_p50)
            record["memory_p95"] = None if one.memory_p95 is None else round(one.memory_p95 / MB)
            record["regressed"] = _("longer than usual") if record["regressed"] else None
    titles = {
        "task_id": _("Task"),
        "judged": _("Runs"),
        "success": _("Success"),
        "p50": _("p50 (s)"),
        "p95": _("p95 (s)"),
        "last": _("Last (s)"),
        "waited_p50": _("Waited (s)"),
        "rows_p50": _("Rows"),
        "cpu_p50": _("CPU (s)"),
        "memory_p95": _("Memory (MB)"),
        "regressed": _("Mark"),
    }
    write_records(records, form, titles)
