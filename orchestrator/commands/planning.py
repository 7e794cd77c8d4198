"""`plan`: what a run would do, in which order and why; nothing starts and nothing is stored."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.command("plan", help=_("Show what `run` would do, in which order and why."))
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
@click.option("--with-dependencies", is_flag=True, help=_("Execute everything that the selected tasks depend on, too."))
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help=_("A parameter of the workflow."))
@config_option
@output_option
def plan(
    *,
    workflow: str | None,
    tasks: tuple[str, ...],
    more_tasks: tuple[str, ...],
    all_tasks: bool,
    parallel: bool,
    max_workers: int | None,
    with_dependencies: bool,
    parameters: tuple[str, ...],
    config: Path | None,
    form: str,
) -> int:
    """0 where such a run would be accepted, else as `run` refuses it."""
    from contextlib import closing

    from orchestrator.commands.plan_view import show_ahead
    from orchestrator.commands.run import named_parameters
    from orchestrator.commands.running import Wish, open_for
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_
    from orchestrator.core.outcomes import JSON
    from orchestrator.core.selection import select
    from orchestrator.operations.ahead import look_ahead

    if more_tasks and not tasks:
        raise UsageError(N_("{name!r}: tasks are named after --tasks, a workflow after --workflow"), name=more_tasks[0])
    given: dict[str, JSON] = dict(named_parameters(parameters))
    with closing(open_for(Wish(workflow=workflow, config=config))) as orchestrator:
        selection = select(
            orchestrator.registry,
            workflow=workflow,
            tasks=tasks + more_tasks,
            all_tasks=all_tasks,
            dependencies_too=with_dependencies,
            parameters=given,
        )
        ahead = look_ahead(orchestrator.parts, selection, parallel=parallel, max_workers=max_workers)
    show_ahead(ahead, form, parallel=parallel)
    return 0
