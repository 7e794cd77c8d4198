"""One JSON object against its model: our own words for whatever pydantic finds."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.core.errors import nearest
from orchestrator.core.messages import N_, Message
from orchestrator.documents.fields import MustBe
from orchestrator.documents.names import Fault
from orchestrator.documents.places import JSONPath, shown
from orchestrator.documents.problems import Problems

Model = TypeVar("Model", bound=BaseModel)

_OTHER_WORDS = {
    "id": "task_id",
    "module": "module_path",
    "function": "function_name",
    "callable": "function_name",
    "depends_on": "dependencies",
    "deps": "dependencies",
    "upstream": "dependencies",
    "params": "parameters",
    "args": "parameters",
    "kwargs": "parameters",
    "retries": "retry_count",
    "max_retries": "retry_count",
    "execution_timeout": "timeout",
    "task": "tasks",
    "workers": "max_parallel_workers",
    "max_workers": "max_parallel_workers",
    "tz": "timezone",
    "config": "orchestrator_config",
    "workflow": "workflows",
    "crontab": "cron",
    "schedule": "cron",
    "interval": "every",
    "active": "enabled",
    "calendar": "working_days",
    "start_date": "anchor",
}
"""What other orchestrators call our fields; only those of the object at hand are suggested."""


def read_object(model: type[Model], raw: object, path: JSONPath, problems: Problems) -> Model | None:
    """`raw` as `model`, or None after reporting what is wrong with it, the values inside one by one."""
    if not isinstance(raw, dict):
        problems.with_value(path, must_be_object(raw))
        return None
    known = known_fields(model)
    report_unknown_fields(raw, known, path, problems)
    try:
        return model.model_validate({field: raw[field] for field in known if field in raw})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(model, detail, path, problems)
    return None


def values_given(read: BaseModel) -> dict[str, object]:
    """The fields that stood in the file; for all others the defaults of `core.tasks` hold."""
    return {field: getattr(read, field) for field in read.model_fields_set}


def without(raw: object, *fields: str) -> object:
    """`raw` less the fields that are read on their own."""
    if isinstance(raw, dict) and fields:
        return {name: value for name, value in raw.items() if name not in fields}
    return raw


def check_key(check: Callable[[str], str], path: JSONPath, template: str, problems: Problems) -> None:
    """Report the key that ends `path` where `check` refuses it; `template` names the `{fault}`."""
    try:
        check(str(path[-1]))
    except Fault as fault:
        problems.with_key(path, Message(template=template, facts={"fault": fault.message}))


def known_fields(model: type[BaseModel]) -> list[str]:
    """Names of the model's fields as the file writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def report_unknown_fields(raw: Mapping[str, object], known: list[str], path: JSONPath, problems: Problems) -> None:
    """Report every key of `raw` that is no field, with the one that was probably meant (D11)."""
    for key in raw.keys() - set(known):
        meant = _meant(key, known)
        facts = {"field": shown(key), "near": shown(meant)}
        template = N_("unknown field {field}") if meant is None else N_("unknown field {field} – did you mean {near}?")
        problems.with_key((*path, key), Message(template=template, facts=facts))


def must_be_object(raw: object) -> Message:
    """The fault of a value that stands where an object belongs."""
    return Message(template=N_("must be an object, not {value}"), facts={"value": shown(raw)})


def missing(field: str) -> Message:
    """The fault of an object without a field that it needs."""
    return Message(template=N_("{field} is missing"), facts={"field": shown(field)})


def empty(field: str) -> Message:
    """The fault of a list without entries."""
    return Message(template=N_("{field} is empty"), facts={"field": shown(field)})


def _report(model: type[BaseModel], detail: ErrorDetails, path: JSONPath, problems: Problems) -> None:
    field, *inside = detail["loc"]
    if detail["type"] == "missing":
        problems.with_part(path, missing(str(field)))
    else:
        problems.with_value((*path, field, *inside), _fault(model, str(field), detail, in_list=bool(inside)))


def _fault(model: type[BaseModel], field: str, detail: ErrorDetails, *, in_list: bool) -> Message:
    context = detail.get("ctx", {})
    own = context.get("error")
    if isinstance(own, Fault):
        return own.message
    if detail["type"] == "too_short":
        return empty(field)
    if detail["type"] == "too_long":
        return Message(template=N_("has more than {most} entries"), facts={"most": context["max_length"]})
    asked = next(rule for rule in model.model_fields[field].metadata if isinstance(rule, MustBe))
    return _unmet(asked, detail["input"], in_list=in_list)


def _unmet(asked: MustBe, value: object, *, in_list: bool) -> Message:
    facts = {**asked.facts, "value": shown(value)}
    if in_list:
        return Message(template=asked.items, facts=facts)
    if not asked.choices:
        return Message(template=asked.template, facts=facts)
    facts["choices"] = ", ".join(asked.choices)
    near = nearest(value, asked.choices) if isinstance(value, str) else None
    if near is None:
        return Message(template=asked.template, facts=facts)
    return Message(
        template=N_("must be one of {choices}, not {value} – did you mean {near}?"),
        facts={**facts, "near": shown(near)},
    )


def _meant(key: str, known: list[str]) -> str | None:
    """The field that a wrong `key` was probably meant to be."""
    others = {word: field for word, field in _OTHER_WORDS.items() if field in known}
    near = nearest(key.lower(), [*known, *others])
    return others.get(near, near) if near is not None else None
