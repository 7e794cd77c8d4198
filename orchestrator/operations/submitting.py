"""Stores what is to be executed, once everything that can be checked beforehand was checked: nothing starts here."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from orchestrator.core.crash_points import passing
from orchestrator.core.errors import ExecutionIdTaken, UsageError, WorkflowBusy
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import execution_id_at
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.plan import Plan, make_plan
from orchestrator.core.results import stands_at
from orchestrator.core.schedule_records import Slot
from orchestrator.core.snapshot import snapshot_of
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Order, OrderKind, Queueing
from orchestrator.core.tasks import OnConflict
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.owners import operator_name
from orchestrator.operations.parts import Parts
from orchestrator.settings import VERSION

MOST_WORKERS = 1024
API = "api"
"""The door whose executions have ids of their own form (D6)."""
UNDER_WAY = (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be executed, and how."""

    tasks: Sequence[str]
    workflow: str | None = None
    parameters: Mapping[str, JSON]
    parallel: bool = False
    max_workers: int | None = None
    stop_on_failure: bool = True
    require_dependencies: bool = False
    exclusive: bool = False
    """Refuse while another execution of the workflow is under way."""
    source: str = "cli"
    rerun_of: Execution | None = None
    kept: Sequence[str] = ()
    queueing: Queueing | None = None
    """It waits for a worker; None: whoever asks drives it."""
    schedule: str | None = None
    scheduled_for: str | None = None
    """The slot, in ISO 8601 with the schedule's offset: its logical date."""
    slot: Slot | None = None
    """It is fired by this execution, unless it has its fate already."""


def submit(parts: Parts, wanted: Wanted) -> tuple[Execution, Plan]:
    """Check everything that can be checked, then store the execution as queued; it is durable when this returns.

    Raises UsageError, and then nothing was stored; with `wanted.queueing` AskedBefore and QueueFull, too, with
    `wanted.slot` SlotTaken; StoreUnusable, HomeUnusable.
    """
    plan = make_plan(parts.registry, wanted.tasks)
    workers = workers_of(parts, parallel=wanted.parallel, max_workers=wanted.max_workers)
    text = snapshot_of(parts.registry)
    calls = parts.call_maker(plan)
    request = Request(
        tasks=plan.order,
        workflow=wanted.workflow,
        parameters=wanted.parameters,
        parallel=wanted.parallel,
        max_workers=workers,
        stop_on_failure=wanted.stop_on_failure,
        source=wanted.source,
        data_source=parts.settings.data_source if uses_city_data(plan) else None,
        assumed_satisfied=plan.assumed_satisfied,
        pools={task_id: pool for task_id in plan.order if (pool := plan.tasks[task_id].task.pool) is not None},
        rerun_of=wanted.rerun_of.execution_id if wanted.rerun_of else None,
        kept=tuple(wanted.kept),
        outputs_from=sources_of_outputs(parts, calls.outputs_asked() - plan.tasks.keys(), wanted.rerun_of),
        snapshot=sha256(text.encode()).hexdigest(),
        version=VERSION,
        schedule=wanted.schedule,
        scheduled_for=wanted.scheduled_for,
    )
    calls.check(request, SystemClock().now())
    if wanted.require_dependencies:
        _require(parts, plan)
    rivals = _rivals(parts, wanted)
    execution = _reserve(parts, request, text, wanted, only_one=rivals.refused)
    for rival in rivals.cancelled:
        order = Order(kind=OrderKind.CANCEL, at=SystemClock().now(), by=operator_name(), reason=execution.execution_id)
        parts.store.give_order(rival, order)
    return execution, plan


def workers_of(parts: Parts, *, parallel: bool, max_workers: int | None) -> int:
    """How many attempts may run at once; raises UsageError outside 1…1024 (R12)."""
    workers = parts.registry.limits.max_parallel_workers if max_workers is None else max_workers
    if not 1 <= workers <= MOST_WORKERS:
        raise UsageError(N_("max-workers must lie between 1 and {most}, not {given}"), most=MOST_WORKERS, given=workers)
    return workers if parallel else 1


def uses_city_data(plan: Plan) -> bool:
    """Whether any task is one of the shipped pipeline, whose data has a source worth naming."""
    return any(planned.task.module_path.partition(".")[0].endswith("_app") for planned in plan.tasks.values())


@dataclass(frozen=True, kw_only=True)
class _Rivals:
    """What the executions of the same workflow mean for a new one."""

    refused: bool = False
    """The new one may only be where there is none."""
    cancelled: tuple[str, ...] = ()
    """These make room for it."""


def _rivals(parts: Parts, wanted: Wanted) -> _Rivals:
    """Raises WorkflowBusy where as many are under way as may be and the new one gives way."""
    workflow = parts.registry.workflows.get(wanted.workflow or "")
    if workflow is None:
        if wanted.exclusive:
            raise UsageError(N_("--exclusive is for workflows: name one with --workflow"))
        return _Rivals()
    concurrency = workflow.concurrency
    if wanted.exclusive:
        return _Rivals(refused=True)
    if concurrency is None or concurrency.on_conflict is OnConflict.QUEUE:
        return _Rivals()
    found = parts.store.list_executions(statuses=UNDER_WAY, workflow=workflow.workflow_id, limit=1000)
    now = SystemClock().now()
    alive = [one.execution_id for one in found if stands_at(one, now) is not ExecutionStatus.INTERRUPTED]
    if concurrency.on_conflict is OnConflict.CANCEL_RUNNING:
        return _Rivals(cancelled=tuple(alive))
    if len(alive) >= concurrency.limit:
        raise WorkflowBusy(workflow.workflow_id, alive[0])
    return _Rivals(refused=concurrency.limit == 1)


def sources_of_outputs(parts: Parts, task_ids: frozenset[str], rerun_of: Execution | None = None) -> dict[str, str]:
    """Where the outputs of tasks outside the selection are taken from; raises UsageError where one never completed."""
    if not task_ids:
        return {}
    found = dict(parts.store.latest_completed(task_ids))
    if rerun_of is not None:
        done = parts.store.task_runs(rerun_of.execution_id)
        found |= {
            run.key.task_id: rerun_of.execution_id
            for run in done
            if run.key.task_id in task_ids and run.status is TaskStatus.COMPLETED
        }
    missing = sorted(task_ids - found.keys())
    if missing:
        raise UsageError(
            N_(
                "the selected tasks take outputs of {missing}, which did not complete in their latest execution; "
                "run them first, or add --with-dependencies"
            ),
            missing=", ".join(missing),
        )
    return {task_id: found[task_id] for task_id in sorted(task_ids)}


def _require(parts: Parts, plan: Plan) -> None:
    done = parts.store.latest_completed(plan.assumed_satisfied)
    missing = [task_id for task_id in plan.assumed_satisfied if task_id not in done]
    if missing:
        raise UsageError(
            N_("not completed in their latest execution: {missing}; run them first, or add --with-dependencies"),
            missing=", ".join(missing),
        )


def _reserve(parts: Parts, request: Request, snapshot: str, wanted: Wanted, *, only_one: bool) -> Execution:
    now = SystemClock().now()
    stem = execution_id_at(now.astimezone(parts.zone))
    prefix = "exec_" if request.source == API else ""
    execution_id = f"{prefix}{stem}_{secrets.token_hex(4)}" if prefix else stem
    passing("before_run_insert")
    while True:
        try:
            execution = parts.store.create_execution(
                execution_id,
                request,
                snapshot=snapshot,
                at=now,
                only_one=only_one,
                queueing=wanted.queueing,
                slot=wanted.slot,
            )
        except ExecutionIdTaken:
            execution_id = f"{prefix}{stem}_{secrets.token_hex(4)}"
        else:
            passing("after_run_insert")
            return execution
