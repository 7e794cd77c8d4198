"""`${…}` in a task's parameters: which names there are, checked before anything runs (semantics D15)."""

import re
from collections.abc import Iterator

from orchestrator.core.messages import N_, Message
from orchestrator.core.parameters import TEMPLATE
from orchestrator.documents.places import JSONPath, shown
from orchestrator.documents.problems import Problems
from orchestrator.documents.reading import walk

_OPENING = re.compile(r"\$\$\{|\$\{")
_KNOWN = re.compile(r"env\.[A-Za-z_]\w*|execution\.(id|date)")
_REFERENCE = "$secret"
_PARAMETERS = "params."
_LONGEST_QUOTE = 100
_FORMS = "${params.x}, ${env.NAME}, ${execution.id}, ${execution.date}"


def check_templates(parameters: object, path: JSONPath, problems: Problems) -> None:
    """Report each unknown or unfinished `${…}` in `parameters` and each `$secret`; `$${` is a literal `${`."""
    for here, value in walk(parameters, (str, dict), path):
        if isinstance(value, dict):
            if _REFERENCE in value:
                problems.with_value(here, Message(template=N_('{{"$secret": …}} is not known yet; use ${{env.NAME}}')))
        elif isinstance(value, str) and "${" in value:
            fault = _first_fault(value)
            if fault is not None:
                problems.with_value(here, fault)


def parameters_used(parameters: object) -> set[str]:
    """Names of the execution parameters that `${params.…}` asks for anywhere in `parameters`."""
    used = set()
    for _, value in walk(parameters, (str,)):
        if isinstance(value, str) and "${" in value:
            used |= {name.removeprefix(_PARAMETERS) for name in _names(value) if name.startswith(_PARAMETERS)}
    return used


def _first_fault(text: str) -> Message | None:
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
        if not _is_known(found.group(2).strip()):
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
