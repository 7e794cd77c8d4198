"""How stored executions are shown: one with its tasks, or a list."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from orchestrator.commands.printing import write_json, write_out
from orchestrator.commands.summary import STYLES, task_rows, task_titles
from orchestrator.commands.tables import write_records, write_table
from orchestrator.core.errors import NoExecutionYet, UsageError
from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.report import build_report, iso
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.etl_orchestrator import ETLOrchestrator, open_for_reading
from orchestrator.translation import _, say


@contextmanager
def reading(config: Path | None) -> Iterator[ETLOrchestrator]:
    """An orchestrator to look things up with; closed afterwards."""
    orchestrator = open_for_reading(config)
    try:
        yield orchestrator
    finally:
        orchestrator.close()


def chosen(orchestrator: ETLOrchestrator, part: str | None, *, latest: bool) -> Execution:
    """The execution that an id, or `--latest`, means; raises UsageError unless exactly one of them is given."""
    if latest == (part is not None):
        raise UsageError(N_("say which execution: an id (a part of it is enough), or --latest"))
    found = orchestrator.latest_execution() if part is None else orchestrator.find_execution(part)
    if found is None:
        raise NoExecutionYet
    return found


def show_execution(orchestrator: ETLOrchestrator, execution: Execution, form: str) -> None:
    """One execution: as its report in JSON, else a heading and a table of tasks."""
    store = orchestrator.store
    status = stands_at(execution, datetime.now(UTC))
    runs = runs_stand_at(store.task_runs(execution.execution_id), status)
    if form == "table":
        draw_execution(replace(execution, status=status), runs, orchestrator.zone)
        return
    attempts = store.attempts(execution.execution_id)
    report = build_report(execution, runs, attempts, zone=orchestrator.zone, say=say)
    report["status"] = status.value
    write_report(report, form)


def write_report(report: Mapping[str, JSON], form: str) -> None:
    """A report as `json`, or on one line (`jsonl`)."""
    write_records([report], form, {}) if form == "jsonl" else write_json(dict(report))


def draw_execution(execution: Execution, runs: Sequence[TaskRun], zone: tzinfo | None) -> None:
    """A heading and a table of tasks; times in `zone`, else the machine's."""
    counts = Counter(run.status for run in runs)
    lines = [
        (_("execution"), execution.execution_id),
        (_("status"), _(execution.status.value)),
        (_("workflow"), execution.request.workflow or "–"),
        (_("started"), _time(execution.started_at, zone)),
        (_("ended"), _time(execution.ended_at, zone)),
        (_("duration"), "–" if execution.duration is None else f"{execution.duration:.2f} s"),
        (_("tasks"), ", ".join(f"{_(kind.value)} {count}" for kind, count in counts.items())),
    ]
    if execution.request.data_source:
        lines.append((_("data source"), execution.request.data_source))
    if execution.reason:
        lines.append((_("reason"), say(execution.reason)))
    size = max(len(title) for title, _value in lines)
    for title, value in lines:
        write_out(f"{title:<{size}}  {value}")
    write_out("")
    write_table(task_titles(), task_rows(runs, zone), styles=[STYLES[run.status] for run in runs])


def show_executions(orchestrator: ETLOrchestrator, limit: int, form: str) -> None:
    """Newest first."""
    now, zone = datetime.now(UTC), orchestrator.zone
    listed: list[dict[str, JSON]] = [
        {
            "execution_id": execution.execution_id,
            "status": stands_at(execution, now).value,
            "workflow": execution.request.workflow,
            "start_time": iso(execution.started_at, zone),
            "end_time": iso(execution.ended_at, zone),
            "total_duration": None if execution.duration is None else round(execution.duration, 3),
            "tasks": len(execution.request.tasks),
            "exit_code": execution.exit_code,
            "started_by": execution.request.source,
        }
        for execution in orchestrator.store.list_executions(limit=limit)
    ]
    write_list(listed, form)


def write_list(listed: Sequence[Mapping[str, JSON]], form: str) -> None:
    """Executions as records; a table says the status in the reader's language, and times to the second."""
    if form != "table":
        write_records(listed, form, {})
        return
    if not listed:
        write_out(_("No execution yet; `etl run --workflow NAME` starts one."))
        return
    records: list[dict[str, JSON]] = []
    for one in listed:
        began = one["start_time"]
        started_at = datetime.fromisoformat(began) if isinstance(began, str) else None
        records.append({**one, "status": _(str(one["status"])), "start_time": _time(started_at)})
    titles = {
        "execution_id": _("execution"),
        "status": _("status"),
        "workflow": _("workflow"),
        "start_time": _("started"),
        "total_duration": _("duration (s)"),
        "tasks": _("tasks"),
    }
    write_records(records, form, titles)


def _time(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """In `zone`, else in that of the moment itself."""
    return "–" if moment is None else moment.astimezone(zone or moment.tzinfo).strftime("%Y-%m-%d %H:%M:%S %z")
