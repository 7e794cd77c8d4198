"""`run`: submit an execution and drive it to its end, in view."""

from pathlib import Path

import click

from orchestrator.commands.options import (
    config_option,
    junit_option,
    log_level_option,
    named_parameters,
    selection_options,
    tasks_named,
)
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("run", help=_("Execute a workflow, some tasks, or all of them."))
@selection_options
@click.option(
    "--continue-on-failure",
    is_flag=True,
    help=_("Go on with independent tasks even after a critical failure; the verdict stays the same."),
)
@click.option(
    "--require-dependencies",
    is_flag=True,
    help=_("Refuse unless each dependency outside the selection completed in its latest execution."),
)
@click.option(
    "--exclusive", is_flag=True, help=_("Refuse while another execution of the workflow is under way (exit 2).")
)
@junit_option
@log_level_option
@config_option
def run(
    *,
    workflow: str | None,
    tasks: tuple[str, ...],
    more_tasks: tuple[str, ...],
    all_tasks: bool,
    parallel: bool,
    max_workers: int | None,
    continue_on_failure: bool,
    with_dependencies: bool,
    require_dependencies: bool,
    exclusive: bool,
    parameters: tuple[str, ...],
    junit: Path | None,
    log_level: str,
    config: Path | None,
) -> int:
    """Exit code of D3."""
    from orchestrator.commands.running import Wish, run_in_view

    wish = Wish(
        workflow=workflow,
        tasks=tasks_named(tasks, more_tasks),
        all_tasks=all_tasks,
        parallel=parallel,
        max_workers=max_workers,
        stop_on_failure=not continue_on_failure,
        with_dependencies=with_dependencies,
        require_dependencies=require_dependencies,
        exclusive=exclusive,
        parameters=named_parameters(parameters),
        log_level=log_level.upper(),
        junit=junit,
        config=config,
    )
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_running import run_there

        return run_there(url, wish)
    return run_in_view(wish)
