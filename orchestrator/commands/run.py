"""`run`: submit an execution and drive it to its end, in view."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, log_level_option
from orchestrator.translation import _


@click.command("run", help=_("Execute a workflow, some tasks, or all of them."))
@click.option("-w", "--workflow", metavar="NAME", help=_("The workflow to execute."))
@click.option("-t", "--tasks", multiple=True, metavar="ID [ID …]", help=_("These tasks, only these."))
@click.argument("more_tasks", nargs=-1, metavar="", required=False)
@click.option("--all", "all_tasks", is_flag=True, help=_("Every task of the configuration."))
@click.option("-p", "--parallel", is_flag=True, help=_("Run independent tasks at the same time."))
@click.option(
    "--max-workers",
    type=int,
    metavar="N",
    help=_("With --parallel: at most N tasks at once (1…1024); default: max_parallel_workers of the configuration."),
)
@click.option(
    "--continue-on-failure",
    is_flag=True,
    help=_("Go on with independent tasks even after a critical failure; the verdict stays the same."),
)
@click.option("--with-dependencies", is_flag=True, help=_("Execute everything that the selected tasks depend on, too."))
@click.option(
    "--require-dependencies",
    is_flag=True,
    help=_("Refuse unless each dependency outside the selection completed in its latest execution."),
)
@click.option(
    "--exclusive", is_flag=True, help=_("Refuse while another execution of the workflow is under way (exit 2).")
)
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help=_("A parameter of the workflow."))
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
    log_level: str,
    config: Path | None,
) -> int:
    """Exit code of D3."""
    from orchestrator.commands.running import Wish, run_in_view
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_

    if more_tasks and not tasks:
        raise UsageError(N_("{name!r}: tasks are named after --tasks, a workflow after --workflow"), name=more_tasks[0])
    wish = Wish(
        workflow=workflow,
        tasks=tasks + more_tasks,
        all_tasks=all_tasks,
        parallel=parallel,
        max_workers=max_workers,
        stop_on_failure=not continue_on_failure,
        with_dependencies=with_dependencies,
        require_dependencies=require_dependencies,
        exclusive=exclusive,
        parameters=named_parameters(parameters),
        log_level=log_level.upper(),
        config=config,
    )
    return run_in_view(wish)


def named_parameters(parameters: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` texts by name; raises UsageError."""
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_

    named: dict[str, str] = {}
    for text in parameters:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(N_("--param wants NAME=VALUE, not {text!r}"), text=text[:80])
        if name in named:
            raise UsageError(N_("--param {name} is given twice"), name=name)
        named[name] = value
    return named
