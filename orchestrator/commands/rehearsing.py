"""A rehearsal for the command line: what it is, its course at simulated times, its table and verdict."""

import json
import logging
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from orchestrator.commands.printing import as_typed, printable, write_err, write_json, write_out
from orchestrator.commands.progress import PlainProgress
from orchestrator.commands.running import Wish, open_for
from orchestrator.commands.summary import MARKS, STYLES, task_rows, task_titles
from orchestrator.commands.tables import write_table
from orchestrator.core.ports import Listener
from orchestrator.core.selection import Selection, select
from orchestrator.core.states import TaskStatus
from orchestrator.etl_orchestrator import ETLOrchestrator
from orchestrator.operations.injected import read_injected
from orchestrator.operations.rehearsal import Rehearsed, rehearse
from orchestrator.operations.rehearsed_parts import Recording, record_of
from orchestrator.operations.submitting import Wanted
from orchestrator.operations.telling import why
from orchestrator.translation import _


def rehearse_in_view(wish: Wish, *, failures: Sequence[str], record: str | None, junit: Path | None, form: str) -> int:
    """Rehearse and tell of it as `form` says; the exit code of D3."""
    began = time.monotonic()
    with closing(open_for(wish)) as orchestrator:
        selection = _selection(orchestrator, wish)
        injected = [read_injected(text, selection.tasks, orchestrator.tasks) for text in failures]
        recording = (
            record_of(orchestrator.parts, record, workflow=selection.workflow) if record is not None else Recording()
        )
        level = logging.getLevelNamesMapping()[wish.log_level]
        listeners: list[Listener] = []
        if form == "table":
            _introduce(selection, wish, recording)
            listeners = [PlainProgress(level=level, zone=orchestrator.zone)]
        rehearsed = rehearse(
            orchestrator.parts, _wanted(selection, wish), recording=recording, failures=injected, listeners=listeners
        )
    if junit is not None:
        from orchestrator.listeners.junit_file import write_junit

        write_junit(junit, rehearsed.report)
    for missed in rehearsed.missed:
        write_err(
            printable(
                _("Warning: --fail {written} did not happen: no such attempt was made").format(written=missed.written)
            )
        )
    _tell(rehearsed, form, really=time.monotonic() - began)
    return rehearsed.execution.exit_code or 0


def _selection(orchestrator: ETLOrchestrator, wish: Wish) -> Selection:
    """What is rehearsed; where nothing is named, the only workflow, else every task: it costs nothing and does none."""
    workflow, all_tasks = wish.workflow, wish.all_tasks
    if workflow is None and not wish.tasks and not all_tasks:
        only = list(orchestrator.workflows)
        workflow, all_tasks = (only[0], False) if len(only) == 1 else (None, True)
    return select(
        orchestrator.registry,
        workflow=workflow,
        tasks=wish.tasks,
        all_tasks=all_tasks,
        dependencies_too=wish.with_dependencies,
        parameters=dict(wish.parameters),
    )


def _wanted(selection: Selection, wish: Wish) -> Wanted:
    return Wanted(
        tasks=selection.tasks,
        workflow=selection.workflow,
        parameters=selection.parameters,
        parallel=wish.parallel,
        max_workers=wish.max_workers,
        stop_on_failure=wish.stop_on_failure,
    )


def _introduce(selection: Selection, wish: Wish, recording: Recording) -> None:
    write_out(_("REHEARSAL: nothing is executed or stored, the network is blocked, all times are simulated"))
    what = _("workflow {name}").format(name=selection.workflow) if selection.workflow else _("selected tasks")
    how = _("independent tasks at the same time") if wish.parallel else _("one task after the other")
    write_out(printable(_("{what}: {count} tasks, {how}").format(what=what, count=len(selection.tasks), how=how)))
    if recording.execution_id is not None:
        taken = sum(task_id in recording.outputs for task_id in selection.tasks)
        template = _("Recorded from execution {execution_id}: what {count} of {total} tasks returned")
        facts = {"execution_id": recording.execution_id, "count": taken, "total": len(selection.tasks)}
        write_out(printable(template.format(**facts)))


def _tell(rehearsed: Rehearsed, form: str, *, really: float) -> None:
    if form == "json":
        write_json(dict(rehearsed.report))
    elif form == "jsonl":
        results = rehearsed.report["results"]
        assert isinstance(results, dict)
        for result in results.values():
            write_out(json.dumps(result, ensure_ascii=False))
    else:
        _sum_up(rehearsed, really=really)


def _sum_up(rehearsed: Rehearsed, *, really: float) -> None:
    """The table of `run`, with simulated durations, what failed and why, and the verdict."""
    runs = rehearsed.runs
    titles = [_("simulated") if title == _("duration") else title for title in task_titles()]
    write_out("")
    write_table(titles, task_rows(runs), styles=[STYLES[run.status] for run in runs])
    write_out("")
    for run in runs:
        if run.status is TaskStatus.FAILED:  # the table may have cut it
            write_out(f"{MARKS[run.status]} {printable(run.key.task_id)}: {printable(as_typed(why(run)))}")
    if rehearsed.plain:
        template = _("Nothing is known of what {count} tasks return; `mock.output` or --record says it")
        write_out(template.format(count=len(rehearsed.plain)))
    execution = rehearsed.execution
    write_out(
        _("Rehearsal: {status} in {duration} simulated seconds (exit code {code}); it took {really} s").format(
            status=_(execution.status.value),
            duration="–" if execution.duration is None else f"{execution.duration:.2f}",
            code=execution.exit_code,
            really=f"{really:.2f}",
        )
    )
