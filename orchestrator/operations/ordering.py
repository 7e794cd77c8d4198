"""What may be asked of an execution from elsewhere: cancel it, mark a task. Its owner obeys; without one, we do."""

import time
from collections.abc import Callable

from orchestrator.core.crash_points import passing
from orchestrator.core.errors import BeingDriven, OrdersWaiting, UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.machine_state import GiveUp, MachineEvent, OwnerLost
from orchestrator.core.messages import N_
from orchestrator.core.plan import make_plan
from orchestrator.core.results import stands_at
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Order, OrderKind
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.drafts import Draft
from orchestrator.engine.heard_orders import events_of
from orchestrator.engine.owners import operator_name
from orchestrator.listeners.outbox import Lasting
from orchestrator.operations.driving import left_alone, state_of, taking_over
from orchestrator.operations.parts import REPORT, Parts, registry_as_started

PATIENCE = 15.0
"""Seconds beyond the kill grace in which an owner is expected to obey."""
LOOK = 0.5
MARKABLE = frozenset({TaskStatus.PENDING, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED})


def cancel(parts: Parts, execution: Execution, *, reason: str = "") -> Execution:
    """Have `execution` end as `cancelled`, and wait for it; one that has ended is left as it is (D7).

    Once the order is stored it wins over whatever ends later. Returns the execution as it stands in the end, not yet
    `cancelled` only where its owner did not obey within the kill grace and a while.
    """
    order = Order(kind=OrderKind.CANCEL, at=SystemClock().now(), by=operator_name(), reason=reason)
    passing("before_cancel_recorded")
    known = parts.store.give_order(execution.execution_id, order)
    passing("after_cancel_recorded")
    if known.status.final:
        return known
    return _see_to_it(parts, known, lambda now: now.status.final)


def mark(parts: Parts, execution: Execution, task_id: str, mark_as: TaskStatus, *, reason: str) -> Execution:
    """Declare a task run that is not under way completed or skipped; kept in the event log with who and why.

    Raises UsageError where the execution has ended, the task is none of it, or it runs or has ended.
    """
    _check_markable(parts, execution, task_id)
    by = operator_name()
    order = Order(kind=OrderKind.MARK, at=SystemClock().now(), by=by, reason=reason, task_id=task_id, mark_as=mark_as)
    known = parts.store.give_order(execution.execution_id, order)
    done = _see_to_it(parts, known, lambda now: now.status.final or _status_of(parts, now, task_id) not in MARKABLE)
    status = _status_of(parts, done, task_id)
    if status is not mark_as:
        raise UsageError(
            N_("task {task_id} could not be marked: it is {status} by now"),
            task_id=task_id,
            status=(status or TaskStatus.PENDING).value,
        )
    return done


def give_up(parts: Parts, execution: Execution) -> Execution:
    """End an execution that its owner left, and that is not to be resumed, as `failed`.

    Raises BeingDriven where it has an owner after all, ExecutionEnded.
    """
    _settle(parts, execution, GiveUp())
    return parts.store.get_execution(execution.execution_id)


def _check_markable(parts: Parts, execution: Execution, task_id: str) -> None:
    status = _status_of(parts, execution, task_id)
    if status is None:
        raise UsageError(
            N_("execution {execution_id} has no task {task_id!r}"),
            execution_id=execution.execution_id,
            task_id=task_id,
        )
    running_alone = stands_at(execution, SystemClock().now()) is ExecutionStatus.INTERRUPTED
    if execution.status.final or not (status in MARKABLE or (status is TaskStatus.RUNNING and running_alone)):
        raise UsageError(
            N_("task {task_id} is {status} and cannot be marked; `etl rerun {execution_id}` repeats what has ended"),
            task_id=task_id,
            status=status.value,
            execution_id=execution.execution_id,
        )


def _status_of(parts: Parts, execution: Execution, task_id: str) -> TaskStatus | None:
    runs = parts.store.task_runs(execution.execution_id)
    return next((run.status for run in runs if run.key.task_id == task_id), None)


def _see_to_it(parts: Parts, execution: Execution, done: Callable[[Execution], bool]) -> Execution:
    """Wait until the owner has obeyed; where there is none, do what the stored orders ask in its place."""
    give_up_at = time.monotonic() + parts.registry.limits.kill_grace + PATIENCE
    now = parts.store.get_execution(execution.execution_id)
    while not done(now) and time.monotonic() < give_up_at:
        if left_alone(parts, now):
            try:
                _settle(parts, now)
            except (BeingDriven, OrdersWaiting):  # somebody took it just now, or asked for more: look again
                parts.store.wait_for_change(LOOK)
        else:
            parts.store.wait_for_change(LOOK)
        now = parts.store.get_execution(execution.execution_id)
    return now


def _settle(parts: Parts, execution: Execution, *besides: MachineEvent) -> None:
    """Own the execution for a moment and record what the stored orders mean for it; no task is started.

    `besides` is heard after them.
    """
    with taking_over(parts, execution, patience=0.0) as taken:
        claimed = taken.execution
        then = parts.with_registry(registry_as_started(parts, claimed))
        plan = make_plan(then.registry, claimed.request.tasks)
        state = state_of(then, claimed, plan)
        left = state.status in {ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING}
        calls = then.call_maker(plan)
        draft = Draft(
            state,
            SystemClock(),
            lambda: 0.5,
            hidden=calls.hidden(claimed.request),
            log_of=lambda attempt: f"{parts.settings.state.name}/{calls.log_name(attempt)}",
            show=lambda _: None,
        )
        orders = parts.store.orders(claimed.execution_id)
        draft.take_all([*([OwnerLost()] if left else []), *events_of(orders), *besides])
        obeyed = max((order.number for order in orders), default=0)
        recorded = parts.store.record(claimed, draft.moves, obeyed=obeyed, outbox=(REPORT,))
    reports = Lasting(parts.report_file(calls.hidden(claimed.request)), REPORT, parts.store)
    for event in recorded:
        reports.on_event(event)
