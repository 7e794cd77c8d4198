"""Who is at work: worker processes, executions under way and their owners, what waits, slots of pools and workflows."""

import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psutil

from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_
from orchestrator.core.results import stands_at
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Queueing
from orchestrator.operations.parts import Parts
from orchestrator.web.workers import WorkerProcesses, WorkerState

UNDER_WAY: Final = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)
MOST_UNDER_WAY: Final = 200
MOST_WAITING: Final = 50
MOST_HOLDERS: Final = 20
STATES: Final[Mapping[str, str]] = {
    "starts": N_("it starts"),
    "runs": N_("it works"),
    "silent": N_("it lives, and gives no sign of life"),
    "gone": N_("it ended; another one starts"),
}


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker process of this server; memory in bytes, processor time in seconds, None where they cannot be told."""

    state: WorkerState
    words: str
    drives: Sequence[Execution]
    memory: int | None = None
    processor: float | None = None


@dataclass(frozen=True, kw_only=True)
class Owned:
    """An execution under way, with whoever drives it."""

    execution: Execution
    status: ExecutionStatus
    """As it stands: interrupted, where the lease ran out."""
    ours: bool
    """Whether a worker of this server drives it."""
    lease: float | None
    """Seconds that its lease still lasts; below 0 it ran out."""


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Places that executions share, and who has them."""

    name: str
    slots: int
    used: int
    holders: Sequence[tuple[Execution, str]]
    """Execution, and the task that holds one; "" where the execution as a whole does."""


def at_work(parts: Parts, workers: WorkerProcesses) -> dict[str, Any]:
    """What the live part of the page shows; raises StoreUnusable. A large store costs no more than a small one."""
    now = datetime.now(UTC)
    under_way = parts.store.list_executions(limit=MOST_UNDER_WAY, statuses=UNDER_WAY)
    states = workers.states
    pids = {one.pid for one in states} - {None}
    owned = [_owned(execution, pids, now) for execution in under_way]
    waiting = parts.store.waiting_for_workers(at=now, limit=MOST_WAITING + 1)
    leased = [one.execution for one in owned if one.status in UNDER_WAY]
    return {
        "workers": [_worker(state, owned) for state in states],
        "slots": workers.slots,
        "owned": owned,
        "more_owned": len(under_way) == MOST_UNDER_WAY,
        "waiting": waiting[:MOST_WAITING],
        "more_waiting": len(waiting) > MOST_WAITING,
        "most_waiting": Queueing().most_waiting,
        "pools": pools(parts, leased),
        "flows": workflows(parts, leased),
        "most_holders": MOST_HOLDERS,
        "zone": parts.zone,
        "now": now,
    }


def pools(parts: Parts, leased: Sequence[Execution]) -> list[Slots]:
    """The configuration's pools, and others that are in use; counted as the store counts before it grants a slot."""
    holders: dict[str, list[tuple[Execution, str]]] = {}
    for execution in leased:
        if execution.request.pools:
            for run in parts.store.task_runs(execution.execution_id):
                pool = execution.request.pools.get(run.key.task_id)
                if pool is not None and run.status is TaskStatus.RUNNING:
                    holders.setdefault(pool, []).append((execution, run.key.task_id))
    return [_slots(name, slots, holders.get(name, ())) for name, slots in parts.registry.pools.items()]


def workflows(parts: Parts, leased: Sequence[Execution]) -> list[Slots]:
    """Workflows of which only so many executions may run at once."""
    running = [one for one in leased if one.status is ExecutionStatus.RUNNING]
    return [
        _slots(name, flow.concurrency.limit, [(one, "") for one in running if one.request.workflow == name])
        for name, flow in parts.registry.workflows.items()
        if flow.concurrency is not None
    ]


def owner_place(owner: str) -> tuple[str, int | None]:
    """Host and pid in an owner's name; a name of another form is all host."""
    host, _colon, rest = owner.partition(":") if owner.count(":") == 2 else (owner, "", "")  # noqa: PLR2004
    pid = rest.partition(":")[0]
    return host, int(pid) if pid.isascii() and pid.isdecimal() else None


def _slots(name: str, slots: int, holders: Sequence[tuple[Execution, str]]) -> Slots:
    return Slots(name=name, slots=slots, used=len(holders), holders=holders[:MOST_HOLDERS])


def _owned(execution: Execution, pids: Collection[int | None], now: datetime) -> Owned:
    host, pid = owner_place(execution.owner or "")
    left = None if execution.lease_until is None else (execution.lease_until - now).total_seconds()
    return Owned(
        execution=execution,
        status=stands_at(execution, now),
        ours=host == socket.gethostname() and pid in pids,
        lease=left,
    )


def _worker(state: WorkerState, owned: Sequence[Owned]) -> Worker:
    drives = [one.execution for one in owned if one.ours and owner_place(one.execution.owner or "")[1] == state.pid]
    words = STATES[state.state]
    if state.pid is None:
        return Worker(state=state, words=words, drives=drives)
    try:
        process = psutil.Process(state.pid)
        with process.oneshot():
            memory, times = process.memory_info().rss, process.cpu_times()
    except psutil.Error:
        return Worker(state=state, words=words, drives=drives)
    return Worker(state=state, words=words, drives=drives, memory=memory, processor=times.user + times.system)
