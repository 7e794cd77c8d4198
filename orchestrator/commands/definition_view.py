"""How the tasks and workflows of a configuration are shown, and that it can be used."""

from collections.abc import Mapping, Sequence

from orchestrator.commands.printing import printable, write_err, write_out
from orchestrator.commands.tables import write_records
from orchestrator.core.outcomes import JSON
from orchestrator.translation import _


def show_tasks(described: Sequence[Mapping[str, JSON]], category: str | None, form: str) -> None:
    """Those of the category, in their order; where none is of it, the categories that there are."""
    categories = sorted({str(task["category"]) for task in described})
    if category is not None and category not in categories:
        told = _("No task is of category {name!r}; there are: {known}")
        write_err(printable(told.format(name=category, known=", ".join(categories))))
    titles = {
        "task_id": _("task"),
        "category": _("category"),
        "critical": _("critical"),
        "timeout": _("timeout (s)"),
        "retry_count": _("retries"),
        "dependencies": _("depends on"),
        "name": _("name"),
    }
    write_records([task for task in described if category in {None, task["category"]}], form, titles)


def show_workflows(described: Sequence[Mapping[str, JSON]], form: str) -> None:
    """In their order."""
    titles = {"workflow": _("workflow"), "count": _("tasks"), "name": _("name"), "description": _("description")}
    write_records(described, form, titles)


def say_valid(path: str, *, tasks: int, workflows: int) -> None:
    """One line: it can be used."""
    told = _("{path}: valid ({tasks} tasks, {workflows} workflows)")
    write_out(told.format(path=path, tasks=tasks, workflows=workflows))
