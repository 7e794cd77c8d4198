"""Takes an execution over and drives it to its end: lock, lease, machine, executor and listeners joined."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.core.crash_points import passing
from orchestrator.core.errors import BeingDriven, ExecutionEnded, HomeUnusable, OrchestratorError, StaleOwner
from orchestrator.core.executions import Execution
from orchestrator.core.machine import initial_state
from orchestrator.core.machine_state import Kept, MachineState
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.plan import Plan
from orchestrator.core.ports import Listener
from orchestrator.core.results import ExecutionResult, results_of
from orchestrator.core.resuming import state_after
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Room
from orchestrator.engine.caching import Cache
from orchestrator.engine.clocks import SystemClock, moment
from orchestrator.engine.owners import host_of, owner_acts, owner_name
from orchestrator.engine.runner import Runner
from orchestrator.executors import open_executor
from orchestrator.executors.execution_lock import CLEARING_UP, ExecutionLock, Held, held, take
from orchestrator.executors.orphans import clear_up
from orchestrator.listeners.log_file import LogFile, log_file_name
from orchestrator.listeners.outbox import Lasting
from orchestrator.listeners.report_file import report_file_name
from orchestrator.operations.parts import REPORT, Parts
from orchestrator.translation import say

REAP_PATIENCE = 5.0
"""Seconds for processes of a dead owner to end."""


def proven_dead(execution: Execution) -> str | None:
    """The execution's owner where it is of this machine, holds no lock and cannot act any more; else None.

    A free lock alone is no proof: somebody may have removed the file from under an owner that lives.
    """
    owner = execution.owner
    if owner is None or host_of(owner) != host_of(owner_name()) or owner_acts(owner):
        return None
    return owner


def left_alone(parts: Parts, execution: Execution) -> bool:
    """Whether no process of this machine drives it; whether one of another does, the claim will tell."""
    if held(parts.lock_path(execution.execution_id)) is not None:
        return False
    return execution.owner is None or execution.owner == owner_name() or not owner_acts(execution.owner)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An execution that this process owns: by lease in the store, by lock on this machine."""

    execution: Execution
    lock: ExecutionLock


@contextmanager
def taking_over(parts: Parts, execution: Execution, *, patience: float = CLEARING_UP) -> Iterator[Taken]:
    """Own `execution` inside the block; its earlier owner and all that it had started are known to be dead (D9).

    Raises BeingDriven where another process drives it, ExecutionEnded, NoSuchExecution, StoreUnusable.
    """
    execution_id = execution.execution_id
    owner = owner_name()
    path = parts.lock_path(execution_id)
    try:
        lock = take(path, holder=owner, patience=patience)
    except Held as other:
        raise BeingDriven(execution_id, other.holder) from other
    except OSError as why:
        raise HomeUnusable(N_("lock {path} cannot be taken: {why}"), path=str(path), why=why) from why
    ended = False
    try:
        known = parts.store.get_execution(execution_id)
        if known.status.final:
            ended = True
            raise ExecutionEnded(execution_id, known.status.value)
        if known.status is not ExecutionStatus.QUEUED:
            left = clear_up(path, execution_id, REAP_PATIENCE)
            if left:  # the kernel holds them: nothing may run beside them
                raise BeingDriven(execution_id, f"pid {left[0].pid}")
        passing("before_claim")
        try:
            claimed = parts.store.claim_execution(
                execution_id,
                owner=owner,
                lease=parts.settings.lease,
                at=SystemClock().now(),
                proven_dead=proven_dead(known),
            )
        except StaleOwner as stale:
            raise BeingDriven(execution_id, known.owner or "?") from stale
        passing("after_claim")
        yield Taken(execution=claimed, lock=lock)
        ended = parts.store.get_execution(execution_id).status.final
    finally:
        lock.remove() if ended else lock.release()


async def drive(
    parts: Parts,
    taken: Taken,
    plan: Plan,
    *,
    listeners: Sequence[Listener] = (),
    log_level: int = logging.INFO,
    on_start: Callable[[Runner], None] = lambda _: None,
) -> ExecutionResult:
    """Take an owned execution from where it stands to its end; `on_start` gets the runner, to cancel or stop it."""
    execution = taken.execution
    store, settings = parts.store, parts.settings
    calls = parts.call_maker(plan)
    hidden = calls.hidden(execution.request)
    cache = Cache(calls=calls, store=store, home=settings.home)
    clock = SystemClock()
    asked = calls.outputs_asked()
    log = LogFile(settings.logs, execution.execution_id, level=log_level, zone=parts.zone)
    runner = Runner(
        store=store,
        executor=open_executor(
            "processes",
            max_workers=execution.request.max_workers,
            lock=taken.lock.descriptor,
            heartbeat_limit=settings.lease.total_seconds() / 3,
        ),
        make_call=lambda start, outputs: calls.call(start, execution, outputs),
        look_up=lambda task_id, outputs: cache.look_up(parts.registry.task(task_id), execution, outputs, clock.now()),
        outputs=standing_outputs(parts, execution, asked),
        outputs_asked=asked,
        room=room_of(parts, execution),
        listeners=[log, Lasting(parts.report_file(hidden), REPORT, store), *listeners],
        outbox=(REPORT,),
        clock=clock,
        lease=settings.lease,
        log_of=lambda attempt: f"{settings.state.name}/{calls.log_name(attempt)}",
        hidden=hidden,
    )
    on_start(runner)
    driven = await runner.drive(execution, state_of(parts, execution, plan))
    return result_of(parts, driven.execution, driven.troubles)


def result_of(parts: Parts, execution: Execution, troubles: tuple[OrchestratorError, ...] = ()) -> ExecutionResult:
    """How a stored execution stands, as `execute_all()` hands it back."""
    return ExecutionResult(
        execution_id=execution.execution_id,
        status=execution.status,
        results=results_of(parts.store.task_runs(execution.execution_id), say),
        duration=execution.duration,
        report=str(parts.settings.reports / report_file_name(execution.execution_id)),
        log=str(parts.settings.logs / log_file_name(execution.execution_id)),
        troubles=troubles,
    )


def state_of(parts: Parts, execution: Execution, plan: Plan) -> MachineState:
    """The machine's state of a stored execution: fresh where it is queued, else what its event log adds up to."""
    request = execution.request
    workflow = parts.registry.workflows.get(request.workflow or "")
    state = initial_state(
        execution.execution_id,
        plan,
        max_workers=request.max_workers,
        stop_on_failure=request.stop_on_failure,
        max_duration=workflow.max_duration if workflow else None,
        pools={
            pool: parts.registry.pools[pool] for pool in set(request.pools.values()) if pool in parts.registry.pools
        },
        kept=kept_results(parts, execution),
    )
    events = parts.store.events(execution.execution_id)
    return state_after(state, events, moment(SystemClock())) if events else state


def room_of(parts: Parts, execution: Execution) -> Room:
    """What must be free for its tasks to start, and for itself."""
    request = execution.request
    workflow = parts.registry.workflows.get(request.workflow or "")
    concurrency = workflow.concurrency if workflow else None
    pools = {pool: parts.registry.pools[pool] for pool in set(request.pools.values()) if pool in parts.registry.pools}
    return Room(
        pools=pools, workflow=request.workflow, concurrency=concurrency.limit if concurrency is not None else None
    )


def kept_results(parts: Parts, execution: Execution) -> Mapping[str, Kept]:
    """Results that a rerun takes over from the execution that it repeats (D16)."""
    request = execution.request
    if request.rerun_of is None or not request.kept:
        return {}
    first = {run.key.task_id: run for run in parts.store.task_runs(request.rerun_of)}
    return {
        task_id: Kept(execution_id=first[task_id].cached_from or request.rerun_of, output=first[task_id].output)
        for task_id in request.kept
        if task_id in first
    }


def standing_outputs(parts: Parts, execution: Execution, asked: frozenset[str]) -> dict[str, JSON]:
    """Outputs that stand before anything runs: of tasks that completed already, and of those outside the plan."""
    if not asked:
        return {}
    outputs: dict[str, JSON] = {}
    for task_id, source in execution.request.outputs_from.items():
        outputs |= {run.key.task_id: run.output for run in parts.store.task_runs(source) if run.key.task_id == task_id}
    for run in parts.store.task_runs(execution.execution_id):
        if run.status is TaskStatus.COMPLETED and run.key.task_id in asked:
            outputs[run.key.task_id] = run.output
    return outputs
