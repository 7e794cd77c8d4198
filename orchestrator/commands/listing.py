"""`list-tasks`, `list-workflows`, `version`: what the configuration holds."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.command("list-tasks", help=_("List the tasks of the configuration."))
@click.option("--category", metavar="NAME", help=_("Only tasks of this category."))
@config_option
@output_option
def list_tasks(category: str | None, config: Path | None, form: str) -> int:
    """Tasks in the file's order."""
    from orchestrator.commands.printing import write_err
    from orchestrator.commands.tables import write_records
    from orchestrator.core.outcomes import JSON
    from orchestrator.etl_orchestrator import create_orchestrator

    registry = create_orchestrator(config).registry
    categories = sorted({task.category for task in registry.tasks.values()})
    if category is not None and category not in categories:
        write_err(
            _("No task is of category {name!r}; there are: {known}").format(name=category, known=", ".join(categories))
        )
    records: list[dict[str, JSON]] = [
        {
            "task_id": task.task_id,
            "name": task.title,
            "category": task.category,
            "critical": task.critical,
            "timeout": task.timeout or registry.limits.default_timeout,
            "retry_count": task.retry_count,
            "dependencies": list(task.dependencies),
            "after": list(task.after),
            "description": task.description,
            "function": f"{task.module_path}:{task.function_name}",
        }
        for task in registry.tasks.values()
        if category is None or task.category == category
    ]
    titles = {
        "task_id": _("task"),
        "category": _("category"),
        "critical": _("critical"),
        "timeout": _("timeout (s)"),
        "retry_count": _("retries"),
        "dependencies": _("depends on"),
        "name": _("name"),
    }
    write_records(records, form, titles)
    return 0


@click.command("list-workflows", help=_("List the workflows of the configuration."))
@config_option
@output_option
def list_workflows(config: Path | None, form: str) -> int:
    """Workflows in the file's order."""
    from orchestrator.commands.tables import write_records
    from orchestrator.core.outcomes import JSON
    from orchestrator.etl_orchestrator import create_orchestrator

    registry = create_orchestrator(config).registry
    records: list[dict[str, JSON]] = [
        {
            "workflow": workflow.workflow_id,
            "name": workflow.title,
            "description": workflow.description,
            "tasks": list(registry.tasks_of(workflow)),
            "count": len(registry.tasks_of(workflow)),
            "parameters": {name: declared.type.value for name, declared in workflow.parameters.items()},
        }
        for workflow in registry.workflows.values()
    ]
    titles = {"workflow": _("workflow"), "count": _("tasks"), "name": _("name"), "description": _("description")}
    write_records(records, form, titles)
    return 0


@click.command("version", help=_("Show the version."))
def show_version() -> int:
    """One line: the version."""
    from orchestrator.commands.printing import write_out
    from orchestrator.settings import VERSION

    write_out(VERSION)
    return 0
