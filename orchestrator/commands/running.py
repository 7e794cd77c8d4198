"""Drives one execution for the command line: says what it is, shows it live, sums it up."""

import asyncio
import logging
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.commands.printing import as_typed, courtesy_only, printable, tell_error, write_err, write_out
from orchestrator.commands.progress import LiveProgress, PlainProgress
from orchestrator.commands.signals import catching_signals, listen_to_signals
from orchestrator.commands.summary import MARKS, STYLES, files_of, task_rows, task_titles, why
from orchestrator.commands.tables import on_terminal, write_table
from orchestrator.core.errors import HomeUnusable
from orchestrator.core.executions import Execution
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import shown_parameters
from orchestrator.core.results import ExecutionResult
from orchestrator.core.selection import select
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.engine.runner import Runner
from orchestrator.etl_orchestrator import ETLOrchestrator, Journey, create_orchestrator
from orchestrator.operations.rerunning import Part
from orchestrator.settings import SHIPPED_CONFIG, TESTING_CONFIG, source_label
from orchestrator.translation import _

OUTCOME_STYLES = {
    ExecutionStatus.COMPLETED: "green",
    ExecutionStatus.COMPLETED_WITH_ERRORS: "yellow",
    ExecutionStatus.FAILED: "red",
}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the command line asked for."""

    workflow: str | None = None
    tasks: tuple[str, ...] = ()
    all_tasks: bool = False
    parallel: bool = False
    max_workers: int | None = None
    stop_on_failure: bool = True
    with_dependencies: bool = False
    require_dependencies: bool = False
    exclusive: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    log_level: str = "INFO"
    config: Path | None = None


def run_in_view(wish: Wish) -> int:
    """Submit, drive, sum up; the exit code of D3."""
    orchestrator = open_for(wish)
    parameters: dict[str, JSON] = dict(wish.parameters)
    selection = select(
        orchestrator.registry,
        workflow=wish.workflow,
        tasks=wish.tasks,
        all_tasks=wish.all_tasks,
        dependencies_too=wish.with_dependencies,
        parameters=parameters,
    )
    courtesy_only()
    with closing(orchestrator), catching_signals() as caught:
        _write_left_reports(orchestrator)
        journey = orchestrator.submit(
            selection,
            parallel=wish.parallel,
            max_workers=wish.max_workers,
            stop_on_failure=wish.stop_on_failure,
            require_dependencies=wish.require_dependencies,
            exclusive=wish.exclusive,
        )
        introduce(journey)
        if wish.max_workers is not None and not wish.parallel:
            write_err(_("Warning: --max-workers has no effect without --parallel"))
        return drive_in_view(orchestrator, journey, caught, log_level=wish.log_level)


def resume_in_view(orchestrator: ETLOrchestrator, execution: Execution, *, log_level: str) -> int:
    """Go on where the execution was interrupted; one that has ended is only summed up. The exit code of D3."""
    courtesy_only()
    with catching_signals() as caught:
        _write_left_reports(orchestrator)
        if execution.status.final:
            write_out(execution.execution_id)
            write_err(_("Nothing to resume: the execution has ended"))
            result = orchestrator.result_of(execution)
            _sum_up(orchestrator, result)
            return result.exit_code
        journey = orchestrator.take_up(execution)
        introduce(journey)
        return drive_in_view(orchestrator, journey, caught, log_level=log_level)


def rerun_in_view(orchestrator: ETLOrchestrator, first: Execution, part: Part, *, log_level: str) -> int:
    """Repeat an execution or a part of it as a new one; the exit code of D3."""
    courtesy_only()
    with catching_signals() as caught:
        _write_left_reports(orchestrator)
        journey = orchestrator.rerun(first, part)
        introduce(journey)
        return drive_in_view(orchestrator, journey, caught, log_level=log_level)


def drive_in_view(orchestrator: ETLOrchestrator, journey: Journey, caught: list[str], *, log_level: str) -> int:
    """Drive, show it live, sum up; the exit code of D3."""
    result = asyncio.run(_drive(orchestrator, journey, log_level, caught))
    _sum_up(orchestrator, result)
    return result.exit_code


def _write_left_reports(orchestrator: ETLOrchestrator) -> None:
    """Of executions whose process ended between its last move and its report; trouble with them stops nothing new."""
    try:
        orchestrator.deliver_what_is_left()
    except HomeUnusable as trouble:
        tell_error(trouble)


def open_for(wish: Wish) -> ETLOrchestrator:
    """The configuration asked for; a testing workflow named without one is looked for where the testing ones are."""
    orchestrator = create_orchestrator(wish.config)
    shipped = orchestrator.settings.config == SHIPPED_CONFIG
    if not shipped or wish.workflow is None or wish.workflow in orchestrator.workflows:
        return orchestrator
    testing = create_orchestrator(TESTING_CONFIG)
    if wish.workflow not in testing.workflows:
        return orchestrator
    write_err(_("Workflow {name} is a testing one: using {path}").format(name=wish.workflow, path=TESTING_CONFIG.name))
    return testing


def introduce(journey: Journey) -> None:
    """The id is the first line, so that `run | head -1` gives it; then where data comes from, and what is assumed."""
    execution, plan = journey.execution, journey.plan
    request = execution.request
    write_out(execution.execution_id)
    what = _("workflow {name}").format(name=request.workflow) if request.workflow else _("selected tasks")
    how = (
        _("up to {count} tasks at once").format(count=request.max_workers)
        if request.parallel
        else _("one task after the other")
    )
    write_out(_("{what}: {count} tasks, {how}").format(what=what, count=len(plan.order), how=how))
    if request.data_source is not None:
        write_out(_("Data source: {label}").format(label=source_label(request.data_source)))
    for name, value in shown_parameters(request.parameters).items():
        write_out(_("Parameter {name} = {value}").format(name=name, value=value))
    if plan.assumed_satisfied:
        write_err(
            _("Warning: not selected and taken as done: {tasks} (--with-dependencies executes them too)").format(
                tasks=", ".join(plan.assumed_satisfied)
            )
        )
    if request.rerun_of is not None:
        write_out(_("Repeats execution {execution_id}").format(execution_id=request.rerun_of))
        if request.kept:
            write_out(_("Results kept: {tasks}").format(tasks=", ".join(request.kept)))


async def _drive(orchestrator: ETLOrchestrator, journey: Journey, log_level: str, caught: list[str]) -> ExecutionResult:
    level = logging.getLevelNamesMapping()[log_level]
    live = on_terminal(sys.stderr) and level >= logging.INFO
    progress = LiveProgress(journey.plan) if live else PlainProgress(level=level, zone=orchestrator.zone)

    def ready(runner: Runner) -> None:
        listen_to_signals(runner, caught, _tell_signal)

    try:
        return await orchestrator.drive(journey, listeners=[progress], log_level=level, on_start=ready)
    finally:
        progress.close()


def _tell_signal(name: str) -> None:
    write_err(_("{signal} received: ending the running tasks (once more kills them at once)").format(signal=name))


def _sum_up(orchestrator: ETLOrchestrator, result: ExecutionResult) -> None:
    runs = orchestrator.store.task_runs(result.execution_id)
    write_out("")
    write_table(task_titles(), task_rows(runs), styles=[STYLES[run.status] for run in runs])
    write_out("")
    for run in runs:
        if run.status is TaskStatus.FAILED:  # the table may have cut it
            write_out(f"{MARKS[run.status]} {printable(run.key.task_id)}: {printable(as_typed(why(run)))}")
    duration = "–" if result.duration is None else f"{result.duration:.2f}"
    write_out(
        _("Execution {execution_id}: {status} in {duration} s (exit code {code})").format(
            execution_id=result.execution_id,
            status=_(result.status.value),
            duration=duration,
            code=int(result.exit_code),
        )
    )
    for run in runs:
        for name, path in files_of(run.output).items():
            write_out(f"{name}: {path}")
    write_out(_("Execution report: {path}").format(path=result.report))
    write_out(_("Log: {path}").format(path=result.log))
    for trouble in result.troubles:
        tell_error(trouble)
