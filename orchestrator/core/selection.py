"""Which tasks a request means (semantics D1, D10): a workflow, a list of ids, or all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import bind_parameters
from orchestrator.core.plan import with_dependencies
from orchestrator.core.tasks import ALL, Registry


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Task ids in the order they were named, and the execution parameters that go with them."""

    tasks: tuple[str, ...]
    workflow: str | None = None
    parameters: Mapping[str, JSON]


def select(
    registry: Registry,
    *,
    workflow: str | None = None,
    tasks: Sequence[str] = (),
    all_tasks: bool = False,
    dependencies_too: bool = False,
    parameters: Mapping[str, JSON] | None = None,
) -> Selection:
    """What exactly one of `workflow`, `tasks` and `all_tasks` selects.

    Raises UsageError where none or several are given, UnknownTask, UnknownWorkflow, and UsageError for parameters
    that the workflow does not declare or that do not fit their type.
    """
    if sum((workflow is not None, bool(tasks), all_tasks)) != 1:
        raise UsageError(N_("say what to run, exactly one of: --workflow NAME, --tasks ID [ID …], --all"))
    given = parameters or {}
    if workflow is not None:
        chosen = registry.workflow(workflow)
        ids = registry.tasks_of(chosen)
        bound = bind_parameters(chosen, given)
    else:
        if ALL in tasks and len(tasks) > 1:
            raise UsageError(N_("{name!r} means every task and stands alone"), name=ALL)
        ids = list(registry.tasks) if all_tasks or list(tasks) == [ALL] else list(dict.fromkeys(tasks))
        if given:
            raise UsageError(
                N_("parameter {name!r}: only a workflow declares parameters; run it with --workflow"),
                name=next(iter(given)),
            )
        bound = {}
    if dependencies_too:
        for task_id in ids:
            registry.task(task_id)
        ids = with_dependencies(registry, ids)
    return Selection(tasks=tuple(ids), workflow=workflow, parameters=bound)
