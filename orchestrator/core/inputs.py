"""What tasks hand on to each other, and secrets that only the function itself may see (semantics D15)."""

import re
from collections.abc import Callable, Collection, Mapping

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import fill_templates, names_used
from orchestrator.core.tasks import Task

SECRET = "$secret"  # noqa: S105 - the word that marks a reference to one
ROOT = "tasks."
CUT = re.compile(r"\[cut: \d+ bytes in all\]$")
"""How an output ends that was too large for the store (D18)."""
LONGEST_ID = 200


def tasks_asked(task: Task, known: Collection[str]) -> set[str]:
    """Tasks whose outputs `task` takes, by `inputs` or by `${tasks.X…}`."""
    named = {task_of(name, known) for name in names_used(task.parameters) if name.startswith(ROOT)}
    return set(task.inputs.values()) | (named - {""})


def task_of(name: str, known: Collection[str]) -> str:
    """The task that `tasks.ID.output.a.b` names: the longest known id that fits, since ids may hold dots; else ""."""
    parts = name.removeprefix(ROOT)[: LONGEST_ID + 1].split(".")
    return next((found for n in range(len(parts), 0, -1) if (found := ".".join(parts[:n])) in known), "")


def facts_of_outputs(task: Task, outputs: Mapping[str, JSON], known: Collection[str]) -> dict[str, JSON]:
    """What each `${tasks.X.output…}` of the task's parameters stands for.

    Raises UsageError where a task has no output here, or its output lacks what is asked for.
    """
    for source in task.inputs.values():
        _output_of(source, outputs)
    names = [name for name in names_used(task.parameters) if name.startswith(ROOT)]
    return {name: _value(name, task_of(name, known), outputs) for name in names}


def check_inputs(task: Task, facts: Mapping[str, JSON], known: Collection[str]) -> None:
    """Raise UsageError where a template has no value, outputs of other tasks aside: those come later."""
    later: dict[str, JSON] = {name: None for name in names_used(task.parameters) if name.startswith(ROOT)}
    for name in later:
        if not task_of(name, known):
            raise UsageError(N_("${{{name}}}: there is no such task"), name=name)
    fill_templates(task.parameters, {**facts, **later})


def secrets_filled(parameters: Mapping[str, JSON], secret: Callable[[str], str]) -> tuple[dict[str, JSON], set[str]]:
    """`parameters` with each `{"$secret": "NAME"}` replaced, and the secrets that are in them now."""
    found: set[str] = set()

    def fill(value: JSON) -> JSON:
        if isinstance(value, list):
            return [fill(item) for item in value]
        if not isinstance(value, dict):
            return value
        name = value.get(SECRET)
        if len(value) == 1 and isinstance(name, str):
            text = secret(name)
            found.add(text)
            return text
        return {key: fill(item) for key, item in value.items()}

    return {name: fill(value) for name, value in parameters.items()}, found


def _output_of(task_id: str, outputs: Mapping[str, JSON]) -> JSON:
    if task_id not in outputs:
        raise UsageError(N_("task {task_id} has no output that could be used here"), task_id=task_id)
    output = outputs[task_id]
    if isinstance(output, str) and CUT.search(output):
        raise UsageError(
            N_("the output of task {task_id} was cut, too large to be kept; let it hand on the path of a file instead"),
            task_id=task_id,
        )
    return output


def _value(name: str, task_id: str, outputs: Mapping[str, JSON]) -> JSON:
    """What `tasks.ID.output.a.0` stands for; `tasks.ID` and `tasks.ID.output` are the whole output."""
    value = _output_of(task_id, outputs)
    path = name.removeprefix(f"{ROOT}{task_id}").removeprefix(".").split(".")
    for part in path[1:]:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise UsageError(
                N_("${{{name}}}: the output of task {task_id} has no {part!r}"), name=name, task_id=task_id, part=part
            )
    return value
