"""`plan`: what a run would do, in which order and why; nothing starts and nothing is stored."""

from pathlib import Path

import click

from orchestrator.commands.options import (
    config_option,
    named_parameters,
    output_option,
    selection_options,
    tasks_named,
)
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("plan", help=_("Show what `run` would do, in which order and why."))
@selection_options
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

    from orchestrator.commands.plan_view import show_plan
    from orchestrator.commands.running import Wish, open_for
    from orchestrator.core.outcomes import JSON
    from orchestrator.core.selection import select
    from orchestrator.operations.ahead import look_ahead
    from orchestrator.operations.describing import plan_description

    wish = Wish(
        workflow=workflow,
        tasks=tasks_named(tasks, more_tasks),
        all_tasks=all_tasks,
        parallel=parallel,
        max_workers=max_workers,
        with_dependencies=with_dependencies,
        parameters=named_parameters(parameters),
        config=config,
    )
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import plan_there

        return plan_there(url, wish, form=form)
    given: dict[str, JSON] = dict(wish.parameters)
    with closing(open_for(wish)) as orchestrator:
        selection = select(
            orchestrator.registry,
            workflow=workflow,
            tasks=wish.tasks,
            all_tasks=all_tasks,
            dependencies_too=with_dependencies,
            parameters=given,
        )
        ahead = look_ahead(orchestrator.parts, selection, parallel=parallel, max_workers=max_workers)
    show_plan(plan_description(ahead, parallel=parallel), form)
    return 0
