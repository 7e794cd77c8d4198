"""An execution ready to be driven, with the definitions it was started with."""

from dataclasses import dataclass

from orchestrator.core.errors import ExecutionEnded
from orchestrator.core.executions import Execution
from orchestrator.core.plan import Plan, make_plan
from orchestrator.operations.parts import Parts, registry_as_started


@dataclass(frozen=True, kw_only=True)
class Journey:
    """A stored execution that can be driven: itself, its plan, and the parts with the definitions it started with."""

    execution: Execution
    plan: Plan
    parts: Parts


def take_up(parts: Parts, execution: Execution) -> Journey:
    """An execution that was interrupted, or never begun, with the definitions it was started with (D13, D16).

    Raises ExecutionEnded, and UsageError where a variable or a secret that is still needed has no value here.
    """
    if execution.status.final:
        raise ExecutionEnded(execution.execution_id, execution.status.value)
    then = parts.with_registry(registry_as_started(parts, execution))
    plan = make_plan(then.registry, execution.request.tasks)
    runs = parts.store.task_runs(execution.execution_id)
    ended = {run.key.task_id for run in runs if run.status.final}
    then.call_maker(plan).check(execution.request, execution.created_at, without=ended)
    return Journey(execution=execution, plan=plan, parts=then)
