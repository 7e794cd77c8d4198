"""`list-tasks`, `list-workflows`, `version`: what the configuration holds."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("list-tasks", help=_("List the tasks of the configuration."))
@click.option("--category", metavar="NAME", help=_("Only tasks of this category."))
@config_option
@output_option
def list_tasks(category: str | None, config: Path | None, form: str) -> int:
    """Tasks in the file's order."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import list_tasks_there

        return list_tasks_there(url, category, config=config, form=form)
    from orchestrator.commands.definition_view import show_tasks
    from orchestrator.etl_orchestrator import create_orchestrator
    from orchestrator.operations.describing import task_description

    registry = create_orchestrator(config).registry
    show_tasks([task_description(registry, task) for task in registry.tasks.values()], category, form)
    return 0


@click.command("list-workflows", help=_("List the workflows of the configuration."))
@config_option
@output_option
def list_workflows(config: Path | None, form: str) -> int:
    """Workflows in the file's order."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import list_workflows_there

        return list_workflows_there(url, config=config, form=form)
    from orchestrator.commands.definition_view import show_workflows
    from orchestrator.etl_orchestrator import create_orchestrator
    from orchestrator.operations.describing import workflow_description

    registry = create_orchestrator(config).registry
    show_workflows([workflow_description(registry, workflow) for workflow in registry.workflows.values()], form)
    return 0


@click.command("version", help=_("Show the version."))
def show_version() -> int:
    """One line: the version."""
    from orchestrator.commands.printing import write_out
    from orchestrator.settings import VERSION

    write_out(VERSION)
    return 0
