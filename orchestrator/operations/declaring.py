"""`@task` and `@workflow`: the same definitions as in the JSON file, written beside the functions (semantics D15)."""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, overload

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.tasks import ParameterType, Task, Workflow, WorkflowParameter

Function = TypeVar("Function", bound=Callable[..., Any])
Named = Task | str | Callable[..., Any]
"""A task, its id, or the function that it was made of."""

MARK = "__etl_task__"
WORKFLOW_MARK = "__etl_workflow__"
TYPES = {
    str: ParameterType.STRING,
    int: ParameterType.INTEGER,
    float: ParameterType.NUMBER,
    bool: ParameterType.BOOLEAN,
}


@overload
def task(function: Function) -> Function: ...
@overload
def task(**given: Any) -> Callable[[Function], Function]: ...
def task(function: Callable[..., Any] | None = None, **given: Any) -> Any:
    """Declare a function as a task; `given` are the fields of `Task`.

    `dependencies`, `after` and `inputs` may name functions instead of ids. The function stays what it was and may be
    called as before. `task_id` is its name, `description` the first line of its docstring. It must lie at the top of a
    module that can be found below ETL_HOME. Raises UsageError.
    """
    if function is None:
        return lambda found: task(found) if not given else _declared(found, given)
    return _declared(function, given)


@overload
def workflow(function: Function) -> Function: ...
@overload
def workflow(**given: Any) -> Callable[[Function], Function]: ...
def workflow(function: Callable[..., Any] | None = None, **given: Any) -> Any:
    """Declare a workflow by a function that returns its tasks (functions, tasks or ids).

    Its parameters are the workflow's: `def daily(year: int = 2025)` declares `${params.year}`; one without a default
    must be given. `given` are the other fields of `Workflow`. The function is called once, when the workflow is
    registered, with `"${params.year}"` for each parameter. Raises UsageError.
    """
    if function is None:
        return lambda found: workflow(found) if not given else _declared_workflow(found, given)
    return _declared_workflow(function, given)


def task_of(named: Task | Callable[..., Any]) -> Task:
    """The task that a decorated function was declared as; raises UsageError for any other function."""
    if isinstance(named, Task):
        return named
    declared = getattr(named, MARK, None)
    if not isinstance(declared, Task):
        raise UsageError(N_("{name} is no task: decorate it with @task"), name=_name_of(named))
    return declared


def workflow_of(function: Callable[..., Any]) -> tuple[Workflow, list[Task]]:
    """The workflow that a function was declared as, and those of its tasks that are named by more than an id."""
    given = getattr(function, WORKFLOW_MARK, None)
    if not isinstance(given, Mapping):
        raise UsageError(N_("{name} is no workflow: decorate it with @workflow"), name=_name_of(function))
    parameters = {name: _parameter(one) for name, one in inspect.signature(function).parameters.items()}
    members = list(function(**{name: f"${{params.{name}}}" for name in parameters}))
    made = Workflow(
        **{
            "workflow_id": function.__name__,
            "description": _first_line(function),
            **given,
            "tasks": [_id_of(one) for one in members],
            "parameters": parameters,
        }
    )
    return made, [task_of(one) for one in members if not isinstance(one, str)]


def _declared(function: Callable[..., Any], given: Mapping[str, Any]) -> Callable[..., Any]:
    known = {one.name for one in fields(Task)}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UsageError(N_("@task: unknown field {name!r}"), name=unknown[0])
    if "." in function.__qualname__:
        raise UsageError(N_("@task: {name} must stand at the top of its module"), name=function.__qualname__)
    references: dict[str, Any] = {
        name: [_id_of(one) for one in given[name]] for name in ("dependencies", "after") if name in given
    }
    if "inputs" in given:
        references["inputs"] = {name: _id_of(one) for name, one in given["inputs"].items()}
    made = Task(
        **{
            "task_id": function.__name__,
            "description": _first_line(function),
            "module_path": _module_of(function),
            "function_name": function.__name__,
            **given,
            **references,
        }
    )
    setattr(function, MARK, made)
    return function


def _declared_workflow(function: Callable[..., Any], given: Mapping[str, Any]) -> Callable[..., Any]:
    unknown = sorted(given.keys() - ({one.name for one in fields(Workflow)} - {"tasks", "parameters"}))
    if unknown:
        raise UsageError(N_("@workflow: unknown field {name!r}"), name=unknown[0])
    setattr(function, WORKFLOW_MARK, dict(given))
    return function


def _module_of(function: Callable[..., Any]) -> str:
    """The module's name; that of the file where it is run as a script."""
    if function.__module__ != "__main__":
        return function.__module__
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if file is None:
        raise UsageError(N_("@task: {name} lies in no file that a task's process could import"), name=function.__name__)
    return Path(file).stem


def _parameter(declared: inspect.Parameter) -> WorkflowParameter:
    required = declared.default is declared.empty
    kind = TYPES.get(declared.annotation, ParameterType.STRING)
    return WorkflowParameter(
        name=declared.name, type=kind, default=None if required else declared.default, required=required
    )


def _id_of(named: Named) -> str:
    return named if isinstance(named, str) else task_of(named).task_id


def _name_of(named: object) -> str:
    return str(getattr(named, "__qualname__", named))[:80]


def _first_line(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]
