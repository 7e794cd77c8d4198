"""What an execution would do, as words, a table or JSON."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from orchestrator.commands.printing import printable, write_err, write_json, write_out
from orchestrator.commands.tables import write_records, write_table
from orchestrator.core.errors import cycle_text
from orchestrator.operations.ahead import Fate
from orchestrator.translation import _

MARKS = {Fate.RUNS: "▶", Fate.CACHED: "✓", Fate.LATER: "?", Fate.ASSUMED: "·"}
STYLES = {Fate.RUNS: "", Fate.CACHED: "green", Fate.LATER: "yellow", Fate.ASSUMED: "dim"}


def show_plan(plan: Mapping[str, Any], form: str) -> None:
    """A `plan_description`; `json`: as it is; `jsonl`: a line per task; else a heading and a table."""
    if form == "jsonl":
        write_records(plan["tasks"], form, {})
    elif form == "json":
        write_json(dict(plan))
    else:
        _draw(plan)


def _draw(plan: Mapping[str, Any]) -> None:
    what = _("workflow {name}").format(name=plan["workflow"]) if plan["workflow"] else _("selected tasks")
    how = (
        _("up to {count} tasks at once").format(count=plan["max_workers"])
        if plan["parallel"]
        else _("one task after the other")
    )
    write_out(
        printable(_("{what}: {count} tasks, {how}").format(what=what, count=len(plan["execution_order"]), how=how))
    )
    for name, value in plan["parameters"].items():
        write_out(printable(_("Parameter {name} = {value}").format(name=name, value=value)))
    for pool, slots in plan["pools"].items():
        shown = "∞" if slots is None else slots
        write_out(printable(_("Pool {name}: {slots} slot(s)").format(name=pool, slots=shown)))
    write_out("")
    titles = ["", "#", _("task"), _("what happens"), _("why")]
    fates = [Fate(task["fate"]) for task in plan["tasks"]]
    rows = [
        [
            MARKS[fate],
            "–" if task["number"] is None else str(task["number"]),
            task["task_id"],
            _(fate.value),
            task["why"],
        ]
        for fate, task in zip(fates, plan["tasks"], strict=True)
    ]
    write_table(titles, rows, styles=[STYLES[fate] for fate in fates])
    longest = plan["longest_path"]
    if longest["tasks"]:
        path = cycle_text(longest["tasks"])
        template = _("Longest path: {path}; about {seconds:.1f} s by the latest durations")
        write_out("")
        write_out(printable(template.format(path=path, seconds=longest["seconds"])))
    counts = Counter(fates)
    write_err(", ".join(f"{_(fate.value)} {counts[fate]}" for fate in Fate if counts[fate]))
    write_err(_("Told for the case that no task fails; nothing was started or stored"))
