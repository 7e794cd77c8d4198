"""Which tasks a rerun executes again, and which results it keeps (semantics D16)."""

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.core.errors import UnknownTask, UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_
from orchestrator.core.plan import Plan, make_plan
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Queueing
from orchestrator.operations.parts import Parts
from orchestrator.operations.submitting import Wanted


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of an execution is to be repeated; nothing set: all of it."""

    failed: bool = False
    """What did not complete, and what depends on it."""
    from_task: str | None = None
    """This task, and what depends on it."""
    only_task: str | None = None
    """This task alone."""


def wanted_again(
    parts: Parts, first: Execution, part: Part, *, source: str = "cli", queueing: Queueing | None = None
) -> Wanted:
    """A new execution like `first`, by today's definitions; raises UsageError where there is nothing to repeat."""
    if not (first.status.final or first.status is ExecutionStatus.INTERRUPTED):
        raise UsageError(
            N_("execution {execution_id} has not ended: it is {status}; `etl resume` or `etl cancel` it first"),
            execution_id=first.execution_id,
            status=first.status.value,
        )
    request = first.request
    for task_id in filter(None, (part.from_task, part.only_task)):
        if task_id not in request.tasks:
            raise UnknownTask(task_id, request.tasks)
    tasks = [part.only_task] if part.only_task is not None else list(request.tasks)
    plan = make_plan(parts.registry, tasks)
    completed = {
        run.key.task_id
        for run in parts.store.task_runs(first.execution_id)
        if run.status is TaskStatus.COMPLETED and run.key.task_id in plan.tasks
    }
    again = _again(plan, part, completed)
    if not again:
        raise UsageError(
            N_("every task of {execution_id} completed: nothing is to be repeated; without --failed all is done again"),
            execution_id=first.execution_id,
        )
    return Wanted(
        tasks=tasks,
        workflow=request.workflow,
        parameters=request.parameters,
        parallel=request.parallel,
        max_workers=request.max_workers if request.parallel else None,
        stop_on_failure=request.stop_on_failure,
        rerun_of=first,
        kept=[task_id for task_id in plan.order if task_id not in again],
        source=source,
        queueing=queueing,
        schedule=request.schedule,
        scheduled_for=request.scheduled_for,  # the logical date of what is repeated stays what it was
    )


def _again(plan: Plan, part: Part, completed: set[str]) -> set[str]:
    if part.failed:
        return _downstream(plan, set(plan.order) - completed)
    if part.from_task is not None:
        return _downstream(plan, {part.from_task} | (set(plan.order) - completed))
    return set(plan.order)


def _downstream(plan: Plan, start: Iterable[str]) -> set[str]:
    """`start` and all that waits for it, however far."""
    found: set[str] = set()
    open_ids = list(start)
    while open_ids:
        task_id = open_ids.pop()
        if task_id not in found:
            found.add(task_id)
            open_ids.extend(plan.dependents[task_id])
    return found
