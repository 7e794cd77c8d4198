"""What one may say when a workflow is executed: a field for each parameter that it declares."""

from dataclasses import dataclass
from typing import Final

from orchestrator.core.redaction import shown_parameters
from orchestrator.core.tasks import ParameterType, Workflow

INPUTS: Final = {
    ParameterType.STRING: "text",
    ParameterType.INTEGER: "number",
    ParameterType.NUMBER: "number",
    ParameterType.BOOLEAN: "choice",
    ParameterType.DATE: "date",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One of them; `default` as text, and the words true and false for a truth."""

    name: str
    type: str
    input: str
    required: bool
    default: str


def fields_of(workflow: Workflow) -> list[Field]:
    """In the order of the file."""
    defaults = shown_parameters({name: declared.default for name, declared in workflow.parameters.items()})
    return [
        Field(
            name=name,
            type=declared.type.value,
            input=INPUTS[declared.type],
            required=declared.required,
            default=_text(defaults[name]),
        )
        for name, declared in workflow.parameters.items()
    ]


def _text(default: object) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return "" if default is None else str(default)
