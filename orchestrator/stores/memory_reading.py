"""What the store in memory holds, and all the ways to look something up in it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock

from orchestrator.core.errors import NoSuchExecution
from orchestrator.core.events import Event
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Delivery, Order, Outcomes
from orchestrator.stores.changes import Changes
from orchestrator.stores.slots import Taken


@dataclass(kw_only=True)
class Kept:
    """One execution with all that belongs to it."""

    execution: Execution
    runs: dict[TaskRunKey, TaskRun]
    attempts: dict[AttemptKey, Attempt] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    """All that were ever given, in order."""
    obeyed: set[int] = field(default_factory=set)
    """Numbers of those that are done with."""
    waiting_cancel: int = 0
    """Number of the cancel that nobody has obeyed; 0 for none."""


class MemoryReading:
    """The part of the store in memory that changes nothing."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._snapshots: dict[str, str] = {}
        self._outbox: list[Delivery] = []
        self._lock = RLock()
        self._changes = Changes()
        self._told: datetime | None = None
        """The time that the latest claim, renewal or batch of moves came with."""

    def get_execution(self, execution_id: str) -> Execution:
        """The execution; raises NoSuchExecution."""
        with self._lock:
            return self._find(execution_id).execution

    def find_executions(self, part: str, *, limit: int = 10) -> list[str]:
        """Ids that contain `part`, newest first."""
        found = (execution.execution_id for execution in self._newest_first())
        return [execution_id for execution_id in found if part in execution_id][:limit]

    def list_executions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        statuses: Iterable[ExecutionStatus] = (),
        workflow: str | None = None,
        since: datetime | None = None,
        part: str | None = None,
    ) -> list[Execution]:
        """Newest first; raises NoSuchExecution where `before` is unknown."""
        wanted = frozenset(statuses)
        with self._lock:
            border = None if before is None else age(self._find(before).execution)
            return [
                execution
                for execution in self._newest_first()
                if (border is None or age(execution) < border)
                and (since is None or execution.created_at >= since)
                and (not wanted or execution.status in wanted)
                and workflow in {None, execution.request.workflow}
                and (part or "") in execution.execution_id
            ][:limit]

    def task_runs(self, execution_id: str) -> list[TaskRun]:
        """By position, then index; empty for an unknown execution."""
        with self._lock:
            kept = self._kept.get(execution_id)
            return [] if kept is None else sorted(kept.runs.values(), key=_place)

    def task_runs_of(
        self, execution_ids: Iterable[str], *, task_ids: Iterable[str] = ()
    ) -> Mapping[str, list[TaskRun]]:
        """Task runs of several executions at once; an unknown one has none."""
        wanted = frozenset(task_ids)
        with self._lock:
            return {
                execution_id: [run for run in self.task_runs(execution_id) if not wanted or run.key.task_id in wanted]
                for execution_id in execution_ids
            }

    def latest_executions(self, workflows: Iterable[str], *, each: int) -> Mapping[str, list[Execution]]:
        """The newest of each workflow, newest first."""
        with self._lock:
            return {workflow: self.list_executions(limit=each, workflow=workflow) for workflow in workflows}

    def outcomes(self, *, since: datetime) -> list[Outcomes]:
        """How executions that were asked for since then ended, by hour and state."""
        with self._lock:
            ended = [one for one in self._newest_first() if one.status.final and one.created_at >= since]
        counted: dict[tuple[datetime, ExecutionStatus], list[float]] = {}
        for one in ended:
            hour = one.created_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            counted.setdefault((hour, one.status), []).append(one.duration or 0.0)
        return [
            Outcomes(hour=hour, status=status, count=len(took), seconds=math.fsum(took))
            for (hour, status), took in sorted(counted.items())
        ]

    def attempts(self, execution_id: str) -> list[Attempt]:
        """By task run's position, then number; empty for an unknown execution."""
        with self._lock:
            kept = self._kept.get(execution_id)
            if kept is None:
                return []
            return sorted(kept.attempts.values(), key=lambda a: (_place(kept.runs[a.key.run]), a.key.number))

    def events(self, execution_id: str, *, after: int = 0) -> list[Event]:
        """The event log from `after` on, exclusive; empty for an unknown execution."""
        with self._lock:
            kept = self._kept.get(execution_id)
            return [] if kept is None else kept.events[max(after, 0) :]

    def orders(self, execution_id: str, *, after: int = 0) -> list[Order]:
        """Orders with a number above `after` that nobody has obeyed, in order."""
        with self._lock:
            kept = self._kept.get(execution_id)
            if kept is None:
                return []
            return [order for order in kept.orders if order.number > after and order.number not in kept.obeyed]

    def pools_in_use(self, pools: Iterable[str], *, besides: str) -> dict[str, int]:
        """Slots that others hold; whose lease runs is judged by the time that this object was last told."""
        with self._lock:
            return {pool: self._taken(pool, besides, {}, self._told).others for pool in pools}

    def deliveries(self, listener: str) -> list[Delivery]:
        """What `listener` has still to take, oldest first."""
        with self._lock:
            return [delivery for delivery in self._outbox if delivery.listener == listener]

    def snapshot(self, sha256: str) -> str:
        """The configuration's text; raises KeyError."""
        with self._lock:
            return self._snapshots[sha256]

    def latest_completed(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Task id → id of the latest execution that held it, where it completed there."""
        with self._lock:
            newest_first = [self._kept[execution.execution_id] for execution in self._newest_first()]
            found = {}
            for task_id in task_ids:
                kept, runs = next(((k, r) for k in newest_first if (r := _runs_of(k, task_id))), (None, []))
                if kept is not None and all(run.status is TaskStatus.COMPLETED for run in runs):
                    found[task_id] = kept.execution.execution_id
            return found

    def find_cached(self, task_id: str, cache_key: str, *, since: datetime | None = None) -> TaskRun | None:
        """The latest run of the task that completed with that key (not before `since`), itself no cached one."""
        with self._lock:
            found = [
                (run.ended_at, run.key.execution_id, run)
                for kept in self._kept.values()
                for run in _runs_of(kept, task_id)
                if run.status is TaskStatus.COMPLETED
                and (run.cache_key, run.cached_from) == (cache_key, None)
                and run.ended_at is not None
                and (since is None or run.ended_at >= since)
            ]
        return max(found, key=lambda one: one[:2])[2] if found else None

    def _find(self, execution_id: str) -> Kept:
        try:
            return self._kept[execution_id]
        except KeyError:
            raise NoSuchExecution(execution_id) from None

    def _newest_first(self) -> list[Execution]:
        with self._lock:
            return sorted((kept.execution for kept in self._kept.values()), key=age, reverse=True)

    def _taken(self, pool: str, by: str, moved: Mapping[TaskRunKey, TaskRun], now: datetime | None) -> Taken:
        """Slots of `pool` that the execution `by` holds once `moved` is stored, and all others whose lease runs."""
        mine = others = 0
        for kept in self._kept.values():
            own = kept.execution.execution_id == by
            if own or lease_runs(kept.execution, now):
                pools = kept.execution.request.pools
                runs = (moved.get(key, run) if own else run for key, run in kept.runs.items())
                held = sum(run.status is TaskStatus.RUNNING and pools.get(run.key.task_id) == pool for run in runs)
                mine, others = (mine + held, others) if own else (mine, others + held)
        return Taken(mine=mine, others=others)


def age(execution: Execution) -> tuple[datetime, str]:
    """By this executions are ordered, the oldest first."""
    return execution.created_at, execution.execution_id


def lease_runs(execution: Execution, now: datetime | None) -> bool:
    """Whether somebody owns the execution at `now`; whatever the time, where nobody knows it."""
    return execution.lease_until is not None and (now is None or execution.lease_until > now)


def _place(run: TaskRun) -> tuple[int, int, str]:
    return run.position, -1 if run.key.index is None else run.key.index, run.key.task_id


def _runs_of(kept: Kept, task_id: str) -> list[TaskRun]:
    return [run for key, run in kept.runs.items() if key.task_id == task_id]
