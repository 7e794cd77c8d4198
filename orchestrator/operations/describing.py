"""Definitions and plans as plain data: what the command line prints as JSON and the server answers."""

from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import shown_parameters
from orchestrator.core.tasks import Registry, Task, Workflow
from orchestrator.operations.ahead import Ahead, Outlook
from orchestrator.translation import say


def task_description(registry: Registry, task: Task) -> dict[str, JSON]:
    """A task as lists show it; `timeout` in seconds."""
    return {
        "task_id": task.task_id,
        "name": task.title,
        "category": task.category,
        "critical": task.critical,
        "timeout": task.timeout or registry.limits.default_timeout,
        "retry_count": task.retry_count,
        "dependencies": list(task.dependencies),
        "after": list(task.after),
        "description": task.description,
        "function": f"{task.module_path}:{task.function_name}",
    }


def workflow_description(registry: Registry, workflow: Workflow) -> dict[str, JSON]:
    """A workflow as lists show it, with the ids that it selects."""
    tasks = registry.tasks_of(workflow)
    return {
        "workflow": workflow.workflow_id,
        "name": workflow.title,
        "description": workflow.description,
        "tasks": list(tasks),
        "count": len(tasks),
        "parameters": {name: declared.type.value for name, declared in workflow.parameters.items()},
    }


def plan_description(ahead: Ahead, *, parallel: bool) -> dict[str, JSON]:
    """What an execution would do, whole."""
    return {
        "workflow": ahead.workflow,
        "parameters": shown_parameters(ahead.parameters),
        "parallel": parallel,
        "max_workers": ahead.max_workers,
        "execution_order": list(ahead.plan.order),
        "assumed_satisfied": list(ahead.plan.assumed_satisfied),
        "pools": dict(ahead.pools),
        "longest_path": {"tasks": list(ahead.longest.tasks), "seconds": round(ahead.longest.seconds, 3)},
        "tasks": [outlook_description(outlook) for outlook in ahead.outlooks],
    }


def outlook_description(outlook: Outlook) -> dict[str, JSON]:
    """What becomes of one task, and why; durations in seconds."""
    return {
        "number": outlook.number,
        "task_id": outlook.task_id,
        "fate": outlook.fate.value,
        "why": say(outlook.why),
        "waits_for": list(outlook.waits_for),
        "after": list(outlook.after),
        "unselected": list(outlook.unselected),
        "cached_from": outlook.cached_from,
        "decided_by": list(outlook.decided_by),
        "pool": outlook.pool,
        "priority": outlook.priority,
        "critical": outlook.critical,
        "usual_duration": None if outlook.usual_duration is None else round(outlook.usual_duration, 3),
    }
