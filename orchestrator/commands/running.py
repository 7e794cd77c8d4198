"""Drives one execution for the command line: says what it is, shows it live, sums it up."""

import asyncio
import logging
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.commands.framing import introduce, sum_up
from orchestrator.commands.github import on_github
from orchestrator.commands.printing import courtesy_only, tell_error, write_err, write_out
from orchestrator.commands.progress import LiveProgress, PlainProgress
from orchestrator.commands.signals import catching_signals, listen_to_signals
from orchestrator.commands.tables import on_terminal
from orchestrator.core.errors import HomeUnusable
from orchestrator.core.executions import Execution
from orchestrator.core.outcomes import JSON
from orchestrator.core.results import ExecutionResult
from orchestrator.core.selection import select
from orchestrator.core.states import ExecutionStatus
from orchestrator.engine.runner import Runner
from orchestrator.etl_orchestrator import ETLOrchestrator, create_orchestrator
from orchestrator.operations.journeys import Journey
from orchestrator.operations.rerunning import Part
from orchestrator.settings import SHIPPED_CONFIG, TESTING_CONFIG
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
    junit: Path | None = None
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
        introduce(journey.execution)
        if wish.max_workers is not None and not wish.parallel:
            write_err(_("Warning: --max-workers has no effect without --parallel"))
        return drive_in_view(orchestrator, journey, caught, log_level=wish.log_level, junit=wish.junit)


def resume_in_view(
    orchestrator: ETLOrchestrator, execution: Execution, *, log_level: str, junit: Path | None = None
) -> int:
    """Go on where the execution was interrupted; one that has ended is only summed up. The exit code of D3."""
    courtesy_only()
    with catching_signals() as caught:
        _write_left_reports(orchestrator)
        if execution.status.final:
            write_out(execution.execution_id)
            write_err(_("Nothing to resume: the execution has ended"))
            result = orchestrator.result_of(execution)
            return _sum_up(orchestrator, result, junit)
        journey = orchestrator.take_up(execution)
        introduce(journey.execution)
        return drive_in_view(orchestrator, journey, caught, log_level=log_level, junit=junit)


def rerun_in_view(
    orchestrator: ETLOrchestrator, first: Execution, part: Part, *, log_level: str, junit: Path | None = None
) -> int:
    """Repeat an execution or a part of it as a new one; the exit code of D3."""
    courtesy_only()
    with catching_signals() as caught:
        _write_left_reports(orchestrator)
        journey = orchestrator.rerun(first, part)
        introduce(journey.execution)
        return drive_in_view(orchestrator, journey, caught, log_level=log_level, junit=junit)


def drive_in_view(
    orchestrator: ETLOrchestrator, journey: Journey, caught: list[str], *, log_level: str, junit: Path | None = None
) -> int:
    """Drive, show it live, sum up; the exit code of D3."""
    result = asyncio.run(_drive(orchestrator, journey, log_level, caught))
    return _sum_up(orchestrator, result, junit)


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


async def _drive(orchestrator: ETLOrchestrator, journey: Journey, log_level: str, caught: list[str]) -> ExecutionResult:
    level = logging.getLevelNamesMapping()[log_level]
    live = on_terminal(sys.stderr) and level >= logging.INFO
    progress = LiveProgress(journey.plan.order) if live else PlainProgress(level=level, zone=orchestrator.zone)

    def ready(runner: Runner) -> None:
        listen_to_signals(runner, caught, _tell_signal)

    try:
        return await orchestrator.drive(journey, listeners=[progress], log_level=level, on_start=ready)
    finally:
        progress.close()


def _tell_signal(name: str) -> None:
    write_err(_("{signal} received: ending the running tasks (once more kills them at once)").format(signal=name))


def _sum_up(orchestrator: ETLOrchestrator, result: ExecutionResult, junit: Path | None) -> int:
    runs = orchestrator.store.task_runs(result.execution_id)
    sum_up(result.execution_id, result.status, result.duration, runs, code=int(result.exit_code))
    write_out(_("Execution report: {path}").format(path=result.report))
    write_out(_("Log: {path}").format(path=result.log))
    for trouble in result.troubles:
        tell_error(trouble)
    if junit is None and not on_github():
        return result.exit_code
    from orchestrator.commands.outlets import hand_over

    report = orchestrator.report_of(orchestrator.store.get_execution(result.execution_id))
    return hand_over(report, runs, code=result.exit_code, junit=junit, config=orchestrator.settings.config)
