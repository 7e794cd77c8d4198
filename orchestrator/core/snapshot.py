"""A registry as a document in the JSON file's own form: what is stored with each execution (semantics D13).

A text that an older version wrote lacks the fields that came later: they take their defaults (R32). A field that this
version does not know was written by a newer one, and what it asks for would not be done: such a text is refused.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any, TypeVar

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.tasks import (
    CachePolicy,
    Concurrency,
    Isolation,
    Limits,
    Mock,
    OnConflict,
    OnInterrupt,
    OnRestart,
    ParameterType,
    Registry,
    Task,
    TriggerRule,
    Workflow,
    WorkflowParameter,
)

_SECTIONS = frozenset({"orchestrator_config", "pools", "tasks", "workflows"})
_OF_TASK, _OF_WORKFLOW, _OF_LIMITS, _OF_CACHE, _OF_CONCURRENCY = (
    frozenset(field.name for field in fields(kind)) for kind in (Task, Workflow, Limits, CachePolicy, Concurrency)
)
_OF_PARAMETER = frozenset({"type", "default"})
_OF_MOCK = frozenset({"output", "duration"})

Word = TypeVar("Word", bound=StrEnum)


def snapshot_of(registry: Registry) -> str:
    """The configuration as canonical JSON text; reading it again gives the same registry."""
    document = {
        "orchestrator_config": _written(registry.limits),
        "pools": dict(registry.pools),
        "tasks": [_task(task) for task in registry.tasks.values()],
        "workflows": {name: _workflow(workflow) for name, workflow in registry.workflows.items()},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def registry_of(text: str) -> Registry:
    """The registry that `snapshot_of` wrote, in this version or an older one; values are not checked again.

    Raises UsageError for a field that this version does not know.
    """
    document = json.loads(text)
    _refuse_unknown("", document, _SECTIONS)
    return Registry(
        tasks=[_read_task(written) for written in document["tasks"]],
        workflows=[_read_workflow(name, written) for name, written in document["workflows"].items()],
        limits=_read_limits(document["orchestrator_config"]),
        pools=document.get("pools"),
    )


def _written(definition: Task | Limits) -> dict[str, JSON]:
    """The fields that say something: none that is None, no empty name. Enumerations and tuples write themselves."""
    given: dict[str, JSON] = asdict(definition)
    return {name: value for name, value in given.items() if value is not None and (name, value) != ("name", "")}


def _task(task: Task) -> dict[str, JSON]:
    written = _written(task)
    return written if task.mock is None else {**written, "mock": _mock(task.mock)}


def _mock(mock: Mock) -> dict[str, JSON]:
    """As the file writes it: no `output` where none was declared, and null where that is one."""
    written: dict[str, JSON] = {"output": mock.output} if mock.declares_output else {}
    return written if mock.duration is None else {**written, "duration": mock.duration}


def _workflow(workflow: Workflow) -> dict[str, Any]:
    written: dict[str, Any] = {
        **({"name": workflow.name} if workflow.name else {}),
        "description": workflow.description,
        "tasks": list(workflow.tasks),
        "parameters": {name: _parameter(declared) for name, declared in workflow.parameters.items()},
    }
    if workflow.max_duration is not None:
        written["max_duration"] = workflow.max_duration
    if workflow.concurrency is not None:
        written["concurrency"] = asdict(workflow.concurrency)
    if workflow.on_restart is not OnRestart.RESUME:
        written["on_restart"] = workflow.on_restart
    return written


def _parameter(declared: WorkflowParameter) -> dict[str, JSON]:
    written: dict[str, JSON] = {"type": declared.type.value}
    return written if declared.required else {**written, "default": declared.default}


def _read_task(written: Mapping[str, Any]) -> Task:
    _refuse_unknown("tasks", written, _OF_TASK)
    given = dict(written)
    for name, kind in (("trigger_rule", TriggerRule), ("on_interrupt", OnInterrupt), ("isolation", Isolation)):
        if name in given:
            given[name] = _known_word(kind, name, given[name])
    if "cache" in given:
        given["cache"] = _read_cache(given["cache"])
    if "mock" in given:
        given["mock"] = _read_mock(given["mock"])
    return Task(**given)


def _known_word(kind: type[Word], name: str, written: object) -> Word:
    """`written` as one of the words of `kind`; raises UsageError for one that a newer version must have written."""
    try:
        return kind(str(written))
    except ValueError:
        raise UsageError(
            N_("the stored configuration says {value!r} for {field!r}, which this version does not know"),
            value=str(written)[:80],
            field=name,
        ) from None


def _read_cache(written: Mapping[str, Any]) -> CachePolicy:
    _refuse_unknown("cache", written, _OF_CACHE)
    return CachePolicy(**{**written, "inputs": tuple(written.get("inputs", ()))})


def _read_mock(written: Mapping[str, Any]) -> Mock:
    _refuse_unknown("mock", written, _OF_MOCK)
    return Mock(**written, declares_output="output" in written)


def _read_workflow(name: str, written: Mapping[str, Any]) -> Workflow:
    _refuse_unknown("workflows", written, _OF_WORKFLOW)
    given = {**written, "parameters": {key: _declared(key, one) for key, one in written["parameters"].items()}}
    if "concurrency" in given:
        given["concurrency"] = _read_concurrency(given["concurrency"])
    if "on_restart" in given:
        given["on_restart"] = _known_word(OnRestart, "on_restart", given["on_restart"])
    return Workflow(**{**given, "workflow_id": name})


def _read_concurrency(written: Mapping[str, Any]) -> Concurrency:
    _refuse_unknown("concurrency", written, _OF_CONCURRENCY)
    conflict = _known_word(OnConflict, "on_conflict", written.get("on_conflict", OnConflict.QUEUE))
    return Concurrency(limit=written["limit"], on_conflict=conflict)


def _declared(name: str, written: Mapping[str, Any]) -> WorkflowParameter:
    _refuse_unknown("parameters", written, _OF_PARAMETER)
    return WorkflowParameter(
        name=name,
        type=_known_word(ParameterType, "type", written["type"]),
        default=written.get("default"),
        required="default" not in written,
    )


def _read_limits(written: Mapping[str, Any]) -> Limits:
    _refuse_unknown("orchestrator_config", written, _OF_LIMITS)
    return Limits(**{**written, "allowed_modules": tuple(written.get("allowed_modules", ()))})


def _refuse_unknown(section: str, written: Iterable[str], known: frozenset[str]) -> None:
    unknown = sorted(set(written) - known)
    if unknown:
        raise UsageError(
            N_(
                "the stored configuration holds the field {field!r}, which this version does not know: a newer one "
                "wrote it; go on with that version"
            ),
            field=f"{section}.{unknown[0]}" if section else unknown[0],
        )
