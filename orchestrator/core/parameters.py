"""Execution parameters and the templates that use them (semantics D15)."""

import re
from collections.abc import Mapping
from datetime import date

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.tasks import ParameterType, Workflow, WorkflowParameter

TEMPLATE = re.compile(r"\$(\$\{)|\$\{([^{}]*)\}")
"""`${root.name}`; `$${` stands for a literal `${`."""


def bind_parameters(workflow: Workflow, given: Mapping[str, JSON]) -> dict[str, JSON]:
    """Declared parameters of `workflow` with the values `given`, else their defaults.

    A text is read as the declared type (the command line knows only texts). Raises UsageError for a name that is not
    declared, a value that does not fit, or a missing value without a default.
    """
    for name in given:
        if name not in workflow.parameters:
            known = ", ".join(workflow.parameters) or "–"
            raise UsageError(
                N_("workflow {workflow!r} has no parameter {name!r}; it declares: {known}"),
                workflow=workflow.workflow_id,
                name=name,
                known=known,
            )
    bound: dict[str, JSON] = {}
    for name, declared in workflow.parameters.items():
        if name in given:
            bound[name] = parse_parameter(declared, given[name])
        elif declared.required:
            raise UsageError(
                N_("workflow {workflow!r} needs parameter {name!r}: --param {name}=VALUE"),
                workflow=workflow.workflow_id,
                name=name,
            )
        else:
            bound[name] = declared.default
    return bound


def parse_parameter(declared: WorkflowParameter, value: JSON) -> JSON:
    """`value` as the declared type; raises UsageError where it does not fit."""
    parsed = _parsed(declared.type, value)
    if parsed is None:
        raise UsageError(
            N_("parameter {name!r} must be of type {type}, not {value!r}"),
            name=declared.name,
            type=declared.type.value,
            value=str(value)[:80],
        )
    return parsed


def fits(kind: ParameterType, value: JSON) -> bool:
    """Whether a JSON value already is of the declared type (defaults in the file are checked so)."""
    return _parsed(kind, value) is not None and (isinstance(value, str) == (kind in _TEXTUAL))


def fill_templates(value: JSON, facts: Mapping[str, JSON]) -> JSON:
    """`value` with every `${…}` replaced from `facts` (`"params.x"`, `"env.NAME"`, `"execution.id"` …).

    A text that is one template takes the fact as it is, type included; inside a longer text it becomes text. Raises
    UsageError for a name without a fact.
    """
    if isinstance(value, str):
        return _filled(value, facts)
    if isinstance(value, list):
        return [fill_templates(item, facts) for item in value]
    if isinstance(value, dict):
        return {key: fill_templates(item, facts) for key, item in value.items()}
    return value


def names_used(value: JSON) -> set[str]:
    """Names inside `${…}` anywhere in `value`."""
    if isinstance(value, str):
        return {found.group(2).strip() for found in TEMPLATE.finditer(value) if found.group(2) is not None}
    if isinstance(value, list):
        return {name for item in value for name in names_used(item)}
    if isinstance(value, dict):
        return {name for item in value.values() for name in names_used(item)}
    return set()


_TEXTUAL = frozenset({ParameterType.STRING, ParameterType.DATE})
_TRUTHS = {"true": True, "false": False, "sí": True, "si": True, "no": False}


def _parsed(kind: ParameterType, value: JSON) -> JSON:  # noqa: PLR0911 - one return per declared type
    match kind, value:
        case ParameterType.STRING, str():
            return value
        case ParameterType.DATE, str():
            return value if _is_date(value) else None
        case ParameterType.BOOLEAN, bool():
            return value
        case ParameterType.BOOLEAN, str():
            return _TRUTHS.get(value.strip().lower())
        case ((ParameterType.INTEGER | ParameterType.NUMBER), bool()):
            return None
        case ParameterType.INTEGER, int():
            return value
        case ParameterType.NUMBER, (int() | float()):
            return value
        case ((ParameterType.INTEGER | ParameterType.NUMBER), str()):
            return _number(value, whole=kind is ParameterType.INTEGER)
    return None


def _number(text: str, *, whole: bool) -> int | float | None:
    if re.fullmatch(r"[+-]?\d{1,18}", text.strip()):
        return int(text)
    if not whole and re.fullmatch(r"[+-]?\d{1,15}\.\d{1,15}", text.strip()):
        return float(text)
    return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _filled(text: str, facts: Mapping[str, JSON]) -> JSON:
    whole = TEMPLATE.fullmatch(text)
    if whole is not None and whole.group(2) is not None:
        return _fact(whole.group(2), facts)

    def put(found: re.Match[str]) -> str:
        return "${" if found.group(1) is not None else str(_fact(found.group(2), facts))

    return TEMPLATE.sub(put, text)


def _fact(name: str, facts: Mapping[str, JSON]) -> JSON:
    try:
        return facts[name.strip()]
    except KeyError:
        raise UsageError(
            N_("${{{name}}} has no value here; known: {known}"),
            name=name,
            known=", ".join(sorted(key for key in facts if not key.startswith("env.")))[:200],
        ) from None
