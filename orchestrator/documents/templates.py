"""`${…}` in a task's parameters: which names there are, checked before anything runs (semantics D15)."""

import re
from collections.abc import Iterator, Mapping

from orchestrator.core.inputs import ROOT, SECRET
from orchestrator.core.messages import N_, Message
from orchestrator.core.parameters import TEMPLATE
from orchestrator.core.redaction import OWN_SECRETS
from orchestrator.documents.outputs import TaskFault
from orchestrator.documents.places import JSONPath, shown
from orchestrator.documents.problems import Problems
from orchestrator.documents.reading import walk

_OPENING = re.compile(r"\$\$\{|\$\{")
_KNOWN = re.compile(r"env\.[A-Za-z_]\w*|execution\.(id|date)")
_SECRET_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_PARAMETERS = "params."
_LONGEST_QUOTE = 100
_FORMS = "${params.x}, ${env.NAME}, ${execution.id}, ${execution.date}, ${tasks.ID.output.x}"


def check_templates(parameters: object, path: JSONPath, problems: Problems, task_fault: TaskFault) -> set[str]:
    """Report each unknown or unfinished `${…}` in `parameters` and each `$secret` that names none.

    `$${` is a literal `${`. `task_fault` judges a name that begins with `tasks.` at its place. Gives the names of the
    execution parameters that `${params.…}` asks for.
    """
    used: set[str] = set()
    for here, value in walk(parameters, (str, dict), path):
        if isinstance(value, dict):
            if SECRET in value:
                _check_secret(value, here, problems, alone=here != path)
        elif isinstance(value, str) and "${" in value:
            fault = _first_fault(value, here, task_fault)
            if fault is not None:
                problems.with_value(here, fault)
            names = {name for name in _names(value) if name.startswith(_PARAMETERS)}
            used |= {name.removeprefix(_PARAMETERS) for name in names}
    return used


def _check_secret(value: Mapping[str, object], path: JSONPath, problems: Problems, *, alone: bool) -> None:
    """Report a `$secret` that is no whole value of a parameter, or whose name is none."""
    if not alone or len(value) > 1:
        problems.with_value(
            path, Message(template=N_('"$secret" stands alone in its object: {{"x": {{"$secret": "NAME"}}}}'))
        )
    name = value[SECRET]
    if not isinstance(name, str) or _SECRET_NAME.fullmatch(name) is None:
        fault = Message(
            template=N_("must be the name of a secret such as DB_PASSWORD, not {value}"), facts={"value": shown(name)}
        )
        problems.with_value((*path, SECRET), fault)


def _first_fault(text: str, path: JSONPath, task_fault: TaskFault) -> Message | None:
    for opening in _OPENING.finditer(text):
        if opening.group() == "$${":
            continue
        found = TEMPLATE.match(text, opening.start())
        if found is None:
            start = opening.start()
            return Message(
                template=N_("{template} is not closed; write $${{ for a literal ${{"),
                facts={"template": shown(text[start : start + _LONGEST_QUOTE])},
            )
        name = found.group(2).strip()
        if name.startswith(ROOT):
            fault = task_fault(name, path)
            if fault is not None:
                return fault
        elif name.removeprefix("env.") in OWN_SECRETS:
            return Message(
                template=N_("{template} is a secret of the orchestrator's own: no task gets it"),
                facts={"template": shown(found.group())},
            )
        elif not _is_known(name):
            return Message(
                template=N_("{template} is not known here; there are {forms}"),
                facts={"template": shown(found.group()), "forms": _FORMS},
            )
    return None


def _is_known(name: str) -> bool:
    if name.startswith(_PARAMETERS):
        return name.removeprefix(_PARAMETERS).isidentifier()
    return _KNOWN.fullmatch(name) is not None


def _names(text: str) -> Iterator[str]:
    for found in TEMPLATE.finditer(text):
        if found.group(2) is not None:
            yield found.group(2).strip()
