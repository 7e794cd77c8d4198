"""`rehearse`: what an execution would do, played on a clock that jumps; nothing real is executed, stored or reached."""

from pathlib import Path

import click

from orchestrator.commands.options import (
    config_option,
    log_level_option,
    named_parameters,
    output_option,
    selection_options,
)
from orchestrator.translation import _


@click.command(
    "rehearse",
    help=_(
        "Rehearse a workflow without executing anything: tasks are replaced by their mocks, time is simulated, the "
        "network is blocked. Without WORKFLOW: the only workflow of the file, else every task."
    ),
)
@selection_options
@click.option(
    "--continue-on-failure",
    is_flag=True,
    help=_("Go on with independent tasks even after a critical failure; the verdict stays the same."),
)
@click.option(
    "--fail",
    "failures",
    multiple=True,
    metavar="TASK[:ATTEMPT][:KIND]",
    help=_(
        "Let this task fail, in every attempt or in this one; KIND: error (default), timeout, crash, or the name of an "
        "exception. May be repeated."
    ),
)
@click.option(
    "--record",
    metavar="ID|latest",
    help=_("Take what tasks without `mock.output` return, and how long they take, from this execution."),
)
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Write the result as JUnit XML, too."),
)
@log_level_option
@config_option
@output_option
def rehearse(
    *,
    workflow: str | None,
    tasks: tuple[str, ...],
    more_tasks: tuple[str, ...],
    all_tasks: bool,
    parallel: bool,
    max_workers: int | None,
    continue_on_failure: bool,
    with_dependencies: bool,
    parameters: tuple[str, ...],
    failures: tuple[str, ...],
    record: str | None,
    junit: Path | None,
    log_level: str,
    config: Path | None,
    form: str,
) -> int:
    """Exit code of D3, as the execution's would be."""
    from orchestrator.commands.rehearsing import rehearse_in_view
    from orchestrator.commands.running import Wish

    if more_tasks and not tasks:  # no task is named: it is the workflow's name
        workflow, more_tasks = _only_one(workflow, more_tasks), ()
    wish = Wish(
        workflow=workflow,
        tasks=tasks + more_tasks,
        all_tasks=all_tasks,
        parallel=parallel,
        max_workers=max_workers,
        stop_on_failure=not continue_on_failure,
        with_dependencies=with_dependencies,
        parameters=named_parameters(parameters),
        log_level=log_level.upper(),
        config=config,
    )
    return rehearse_in_view(wish, failures=failures, record=record, junit=junit, form=form)


next(one for one in rehearse.params if one.name == "more_tasks").metavar = "[WORKFLOW]"


def _only_one(workflow: str | None, named: tuple[str, ...]) -> str:
    """The one workflow that is named; raises UsageError for more."""
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_

    if workflow is not None or len(named) > 1:
        raise UsageError(
            N_("{name!r}: one workflow is rehearsed at a time; tasks are named after --tasks"), name=named[-1]
        )
    return named[0]
