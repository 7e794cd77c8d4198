"""A registry as a document in the JSON file's own form: what is stored with each execution (semantics D13)."""

import json
from dataclasses import asdict

from orchestrator.core.outcomes import JSON
from orchestrator.core.tasks import Limits, Registry, Task, Workflow, WorkflowParameter


def snapshot_of(registry: Registry) -> str:
    """The configuration as canonical JSON text; reading it again gives the same registry."""
    document = {
        "orchestrator_config": _limits(registry.limits),
        "tasks": [_task(task) for task in registry.tasks.values()],
        "workflows": {name: _workflow(workflow) for name, workflow in registry.workflows.items()},
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _limits(limits: Limits) -> dict[str, JSON]:
    fields = asdict(limits)
    fields["allowed_modules"] = list(limits.allowed_modules)
    return {name: value for name, value in fields.items() if value is not None}


def _task(task: Task) -> dict[str, JSON]:
    fields = asdict(task)
    fields["trigger_rule"] = task.trigger_rule.value
    if fields["name"] == "":
        fields["name"] = task.task_id
    return {name: value for name, value in fields.items() if value is not None}


def _workflow(workflow: Workflow) -> dict[str, JSON]:
    return {
        "name": workflow.title,
        "description": workflow.description,
        "tasks": list(workflow.tasks),
        "parameters": {name: _parameter(declared) for name, declared in workflow.parameters.items()},
    }


def _parameter(declared: WorkflowParameter) -> dict[str, JSON]:
    written: dict[str, JSON] = {"type": declared.type.value}
    return written if declared.required else {**written, "default": declared.default}
