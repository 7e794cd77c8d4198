"""What a valid configuration should better not hold: it runs, but hardly as it is meant."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import SECRET_NAME, url_passwords
from orchestrator.core.tasks import Registry, Task, TriggerRule, Workflow
from orchestrator.documents.configuration import Document
from orchestrator.documents.places import JSONPath, Places, shown
from orchestrator.documents.problems import Enough, Problems

FindFault = Callable[[Task], tuple[str, Message] | None]
"""The field of a task that names no function to be found, and why; None where there is one."""


def advise(document: Document, find_fault: FindFault) -> list[Message]:
    """Every piece of advice with its place, in the order of the text.

    Tasks that no workflow executes; critical tasks behind one that is not; secrets written down; functions that
    `find_fault` does not find. Imports no module that the configuration names.
    """
    problems = Problems(Places(document.text))
    with suppress(Enough):
        _advise_on_tasks(document.registry, find_fault, problems)
        _advise_on_secrets(document.registry, problems)
    return problems.listed()


def _advise_on_tasks(registry: Registry, find_fault: FindFault, problems: Problems) -> None:
    executed = _executed(registry)
    for index, task in enumerate(registry.tasks.values()):
        place: JSONPath = ("tasks", index)
        if registry.workflows and task.task_id not in executed:
            problems.with_value(
                (*place, "task_id"),
                Message(
                    template=N_("no workflow executes {task}, nor a task that needs it"),
                    facts={"task": shown(task.task_id)},
                ),
            )
        fault = find_fault(task)
        if fault is not None:
            problems.with_value((*place, fault[0]), fault[1])
        if task.critical and task.trigger_rule is TriggerRule.ALL_SUCCESS:
            for position, needed in enumerate(task.dependencies):
                if not registry.tasks[needed].critical:
                    problems.with_value((*place, "dependencies", position), _fails_all_the_same(task.task_id, needed))


def _executed(registry: Registry) -> set[str]:
    """Tasks of workflows, and all that these need."""
    found: set[str] = set()
    waiting = [task_id for workflow in registry.workflows.values() for task_id in registry.tasks_of(workflow)]
    while waiting:
        task_id = waiting.pop()
        if task_id not in found:
            found.add(task_id)
            waiting += registry.tasks[task_id].dependencies
    return found


def _fails_all_the_same(task_id: str, needed: str) -> Message:
    return Message(
        template=N_(
            "{needed} is not critical, but {task}, which needs it, is: its failure fails the execution all the same; "
            'make {needed} critical, or wait for it with "after"'
        ),
        facts={"needed": shown(needed), "task": shown(task_id)},
    )


def _advise_on_secrets(registry: Registry, problems: Problems) -> None:
    sections: list[tuple[JSONPath, Mapping[str, JSON]]] = [
        *((("tasks", index, "parameters"), task.parameters) for index, task in enumerate(registry.tasks.values())),
        *((("workflows", name, "parameters"), _defaults(workflow)) for name, workflow in registry.workflows.items()),
        *((("schedules", name, "parameters"), schedule.parameters) for name, schedule in registry.schedules.items()),
    ]
    for place, parameters in sections:
        for path, name, text in _texts(parameters, place):
            if "${" not in text and ((text and SECRET_NAME.search(name)) or url_passwords(text)):
                declared = (*path, "default") if path[0] == "workflows" else path
                problems.with_value(declared, Message(template=SECRET_WRITTEN_DOWN))


def _defaults(workflow: Workflow) -> dict[str, JSON]:
    return {name: declared.default for name, declared in workflow.parameters.items()}


def _texts(value: object, path: JSONPath, name: str = "") -> Iterator[tuple[JSONPath, str, str]]:
    """Every text in `value` with its path and the nearest key above it; what stands under `$secret` is only a name."""
    if isinstance(value, str):
        yield path, name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key != "$secret":
                yield from _texts(item, (*path, key), key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index), name)


SECRET_WRITTEN_DOWN = N_('looks like a secret that is written down; give it as {{"$secret": "NAME"}}')
