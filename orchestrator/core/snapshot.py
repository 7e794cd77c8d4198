"""A registry as a document in the JSON file's own form: what is stored with each execution (semantics D13)."""

import json
from dataclasses import asdict

from orchestrator.core.outcomes import JSON
from orchestrator.core.tasks import (
    Limits,
    ParameterType,
    Registry,
    Task,
    TriggerRule,
    Workflow,
    WorkflowParameter,
)


def snapshot_of(registry: Registry) -> str:
    """The configuration as canonical JSON text; reading it again gives the same registry."""
    document = {
        "orchestrator_config": _limits(registry.limits),
        "tasks": [_task(task) for task in registry.tasks.values()],
        "workflows": {name: _workflow(workflow) for name, workflow in registry.workflows.items()},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def registry_of(text: str) -> Registry:
    """The registry that `snapshot_of` wrote; only for texts that came from there: nothing is checked again."""
    document = json.loads(text)
    limits = document["orchestrator_config"]
    return Registry(
        tasks=[Task(**{**fields, "trigger_rule": TriggerRule(fields["trigger_rule"])}) for fields in document["tasks"]],
        workflows=[
            Workflow(
                **{
                    **fields,
                    "workflow_id": name,
                    "parameters": {key: _declared(key, declared) for key, declared in fields["parameters"].items()},
                }
            )
            for name, fields in document["workflows"].items()
        ],
        limits=Limits(**{**limits, "allowed_modules": tuple(limits["allowed_modules"])}),
    )


def _limits(limits: Limits) -> dict[str, JSON]:
    fields = asdict(limits)
    fields["allowed_modules"] = list(limits.allowed_modules)
    return {name: value for name, value in fields.items() if value is not None}


def _task(task: Task) -> dict[str, JSON]:
    fields = asdict(task)
    fields["trigger_rule"] = task.trigger_rule.value
    return {name: value for name, value in fields.items() if value is not None and (name, value) != ("name", "")}


def _workflow(workflow: Workflow) -> dict[str, JSON]:
    return {
        **({"name": workflow.name} if workflow.name else {}),
        "description": workflow.description,
        "tasks": list(workflow.tasks),
        "parameters": {name: _parameter(declared) for name, declared in workflow.parameters.items()},
    }


def _parameter(declared: WorkflowParameter) -> dict[str, JSON]:
    written: dict[str, JSON] = {"type": declared.type.value}
    return written if declared.required else {**written, "default": declared.default}


def _declared(name: str, written: dict[str, JSON]) -> WorkflowParameter:
    return WorkflowParameter(
        name=name,
        type=ParameterType(str(written["type"])),
        default=written.get("default"),
        required="default" not in written,
    )
