"""What an execution would do, as words, a table or JSON."""

from collections import Counter

from orchestrator.commands.printing import printable, write_err, write_json, write_out
from orchestrator.commands.tables import write_records, write_table
from orchestrator.core.errors import cycle_text
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import shown_parameters
from orchestrator.operations.ahead import Ahead, Fate, Outlook
from orchestrator.translation import _, say

MARKS = {Fate.RUNS: "▶", Fate.CACHED: "✓", Fate.LATER: "?", Fate.ASSUMED: "·"}
STYLES = {Fate.RUNS: "", Fate.CACHED: "green", Fate.LATER: "yellow", Fate.ASSUMED: "dim"}


def show_ahead(ahead: Ahead, form: str, *, parallel: bool) -> None:
    """`json`: one document; `jsonl`: a line per task; else a heading and a table."""
    records = [_record(outlook) for outlook in ahead.outlooks]
    if form == "jsonl":
        write_records(records, form, {})
    elif form == "json":
        write_json(_document(ahead, records, parallel=parallel))
    else:
        _draw(ahead, parallel=parallel)


def _draw(ahead: Ahead, *, parallel: bool) -> None:
    what = _("workflow {name}").format(name=ahead.workflow) if ahead.workflow else _("selected tasks")
    how = (
        _("up to {count} tasks at once").format(count=ahead.max_workers) if parallel else _("one task after the other")
    )
    write_out(printable(_("{what}: {count} tasks, {how}").format(what=what, count=len(ahead.plan.order), how=how)))
    for name, value in shown_parameters(ahead.parameters).items():
        write_out(printable(_("Parameter {name} = {value}").format(name=name, value=value)))
    for pool, slots in ahead.pools.items():
        shown = "∞" if slots is None else slots
        write_out(printable(_("Pool {name}: {slots} slot(s)").format(name=pool, slots=shown)))
    write_out("")
    titles = ["", "#", _("task"), _("what happens"), _("why")]
    rows = [
        [
            MARKS[outlook.fate],
            "–" if outlook.number is None else str(outlook.number),
            outlook.task_id,
            _(outlook.fate.value),
            say(outlook.why),
        ]
        for outlook in ahead.outlooks
    ]
    write_table(titles, rows, styles=[STYLES[outlook.fate] for outlook in ahead.outlooks])
    if ahead.longest.tasks:
        path = cycle_text(ahead.longest.tasks)
        template = _("Longest path: {path}; about {seconds:.1f} s by the latest durations")
        write_out("")
        write_out(printable(template.format(path=path, seconds=ahead.longest.seconds)))
    counts = Counter(outlook.fate for outlook in ahead.outlooks)
    write_err(", ".join(f"{_(fate.value)} {counts[fate]}" for fate in Fate if counts[fate]))
    write_err(_("Told for the case that no task fails; nothing was started or stored"))


def _document(ahead: Ahead, records: list[dict[str, JSON]], *, parallel: bool) -> JSON:
    return {
        "workflow": ahead.workflow,
        "parameters": shown_parameters(ahead.parameters),
        "parallel": parallel,
        "max_workers": ahead.max_workers,
        "execution_order": list(ahead.plan.order),
        "assumed_satisfied": list(ahead.plan.assumed_satisfied),
        "pools": dict(ahead.pools),
        "longest_path": {"tasks": list(ahead.longest.tasks), "seconds": round(ahead.longest.seconds, 3)},
        "tasks": list(records),
    }


def _record(outlook: Outlook) -> dict[str, JSON]:
    return {
        "number": outlook.number,
        "task_id": outlook.task_id,
        "fate": outlook.fate.value,
        "why": say(outlook.why),
        "waits_for": list(outlook.waits_for),
        "after": list(outlook.after),
        "unselected": list(outlook.unselected),
        "cached_from": outlook.cached_from,
        "decided_by": list(outlook.decided_by),
        "pool": outlook.pool,
        "priority": outlook.priority,
        "critical": outlook.critical,
        "usual_duration": None if outlook.usual_duration is None else round(outlook.usual_duration, 3),
    }
