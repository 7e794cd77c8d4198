"""The store that forgets: for tests, rehearsals and executions that nobody will ask about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.core.errors import ExecutionIdTaken, StaleOwner, UsageError, WorkflowBusy
from orchestrator.core.events import Event, Move
from orchestrator.core.executions import Execution, Request, TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.messages import N_
from orchestrator.core.schedule_records import Slot
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Delivery, Order, OrderKind, Placed, Queueing, Room
from orchestrator.stores.event_records import move_text, read_move
from orchestrator.stores.memory_reading import Kept, lease_runs
from orchestrator.stores.memory_schedules import MemorySchedules
from orchestrator.stores.memory_waiting import MemoryWaiting
from orchestrator.stores.order_records import as_stored
from orchestrator.stores.pruning import Age, prunable
from orchestrator.stores.recording import Recorded, Stored, apply_moves, check_owner, deliveries_of
from orchestrator.stores.records import in_utc, read_request, request_text
from orchestrator.stores.slots import UNCLAIMED, begins, check_pools, check_workflow

UNDER_WAY = frozenset({ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING})


class MemoryStore(MemorySchedules, MemoryWaiting):
    """Keeps everything in this process; see `Store` and `Upkeep` for what each method promises. Nothing lasts.

    Any thread may call it.
    """

    def create_execution(
        self,
        execution_id: str,
        request: Request,
        *,
        snapshot: str,
        at: datetime,
        only_one: bool = False,
        queueing: Queueing | None = None,
        slot: Slot | None = None,
    ) -> Execution:
        """Reserve the id; raises AskedBefore, SlotTaken, QueueFull, WorkflowBusy, ExecutionIdTaken.

        A request with no `snapshot` hash keeps no text.
        """
        request = read_request(request_text(request))  # a copy: what the caller does to its own later changes nothing
        execution = Execution(
            execution_id=execution_id, request=request, status=ExecutionStatus.QUEUED, created_at=in_utc(at)
        )
        keys = [TaskRunKey(execution_id=execution_id, task_id=task_id) for task_id in request.tasks]
        with self._lock:
            if slot is not None:
                self._check_free(slot)
            if queueing is not None:
                self._check_queueing(queueing, execution.created_at)
            if only_one and request.workflow is not None:
                self._check_not_busy(request.workflow, execution.created_at)
            if execution_id in self._kept:
                raise ExecutionIdTaken(execution_id)
            if request.snapshot:
                self._snapshots.setdefault(request.snapshot, snapshot)
            runs = {key: TaskRun(key=key, position=position) for position, key in enumerate(keys)}
            self._kept[execution_id] = Kept(execution=execution, runs=runs)
            if queueing is not None:
                self._get_in_line(execution, queueing)
            if slot is not None:
                self._fire(slot, execution)
        self._changes.note()
        return execution

    def claim_execution(
        self, execution_id: str, *, owner: str, lease: timedelta, at: datetime, proven_dead: str | None = None
    ) -> Execution:
        """Become the owner; raises NoSuchExecution, StaleOwner."""
        now = in_utc(at)
        with self._lock:
            kept = self._find(execution_id)
            stored = kept.execution
            held = stored.owner not in {None, owner, proven_dead} and lease_runs(stored, now)
            if stored.status.final or held:
                raise StaleOwner(execution_id)
            claimed = replace(stored, owner=owner, fencing_token=stored.fencing_token + 1, lease_until=now + lease)
            kept.execution, self._told = claimed, now
        self._changes.note()
        return claimed

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        """Extend the lease; raises StaleOwner."""
        now = in_utc(at)
        with self._lock:
            kept = self._claimed(execution)
            kept.execution, self._told = replace(kept.execution, lease_until=now + lease), now
        self._changes.note()

    def record(
        self,
        execution: Execution,
        moves: Sequence[Move],
        *,
        room: Room | None = None,
        obeyed: int = 0,
        outbox: Sequence[str] = (),
    ) -> list[Event]:
        """Apply all moves or none; raises StaleOwner, IllegalMove, OrdersWaiting, NoRoom."""
        # as a database would keep them: later changes by the caller, and types that JSON lacks, do not get in
        copies = [read_move(execution.execution_id, in_utc(moved.at), move_text(moved)) for moved in moves]
        with self._lock:
            try:
                kept = self._claimed(execution)
            except StaleOwner:
                self._count_refused(execution.execution_id)
                raise
            recorded = apply_moves(_stored(kept), copies, obeyed=obeyed)
            if room is not None and copies:
                self._check_room(room, kept.execution, recorded, copies[-1].at)
            self._keep(kept, recorded, obeyed)
            self._outbox.extend(deliveries_of(recorded.events, outbox))
        self._changes.note()
        return list(recorded.events)

    def give_order(self, execution_id: str, order: Order) -> Execution:
        """Store the order unless the execution has ended or a cancel waits already; raises NoSuchExecution."""
        with self._lock:
            kept = self._find(execution_id)
            cancel = order.kind is OrderKind.CANCEL
            if not kept.execution.status.final and not (cancel and kept.waiting_cancel):
                number = len(kept.orders) + 1
                kept.orders.append(as_stored(order, number))
                kept.waiting_cancel = number if cancel else kept.waiting_cancel
                self._changes.note()
            return kept.execution

    def delivered(self, delivery: Delivery) -> None:
        """`delivery` is done with; unknown ones are ignored."""
        done = _address(delivery)
        with self._lock:
            self._outbox = [each for each in self._outbox if _address(each) != done]
        self._changes.note()

    def wait_for_change(self, timeout: float) -> bool:
        """Wait until something was stored since this was last true, at most `timeout` seconds; `close` ends it."""
        return self._changes.wait(timeout)

    def close(self) -> None:
        """Nothing is held open; whoever waits is woken."""
        self._changes.close()

    def forget_execution(self, execution_id: str) -> bool:
        """Forget one that has ended, and that no other was made from; raises NoSuchExecution."""
        with self._lock:
            if not self._find(execution_id).execution.status.final:
                return False
            others = [_age(kept) for key, kept in self._kept.items() if key != execution_id]
            if any(execution_id in other.sources for other in others):
                return False
            self._drop([execution_id])
        self._changes.note()
        return True

    # --- upkeep ------------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """Nothing: there is no file that could be damaged."""
        return []

    def backup(self, path: str) -> None:
        """Always refused: raises UsageError."""
        raise UsageError(
            N_("{path}: what is kept in memory only has no backup; use a state store in a file"), path=path
        )

    def prune(self, *, before: datetime, keep: int) -> list[str]:
        """Forget what ended before `before`, save the newest `keep` of all; returns their ids, the newest first."""
        with self._lock:
            forgotten = prunable([_age(kept) for kept in self._kept.values()], before=in_utc(before), keep=keep)
            self._drop(forgotten)
        self._changes.note()
        return forgotten

    def schema_version(self) -> int:
        """0: there is no schema."""
        return 0

    # --- within the lock ---------------------------------------------------------------------------------------------

    def _drop(self, execution_ids: Sequence[str]) -> None:
        for execution_id in execution_ids:
            del self._kept[execution_id]
        self._forget(set(execution_ids))
        self._outbox = [each for each in self._outbox if each.event.execution_id in self._kept]
        used = {kept.execution.request.snapshot for kept in self._kept.values()}
        self._snapshots = {sha256: text for sha256, text in self._snapshots.items() if sha256 in used}

    def _claimed(self, execution: Execution) -> Kept:
        kept = self._kept.get(execution.execution_id)
        if kept is None:
            raise StaleOwner(execution.execution_id)
        check_owner(kept.execution, execution)
        return kept

    def _count_refused(self, execution_id: str) -> None:
        kept = self._kept.get(execution_id)
        if kept is not None:
            kept.execution = replace(kept.execution, refused_writes=kept.execution.refused_writes + 1)
            self._changes.note()

    def _check_not_busy(self, workflow: str, now: datetime) -> None:
        for other in self._newest_first():
            unclaimed = (
                other.status is ExecutionStatus.QUEUED and other.owner is None and other.created_at > now - UNCLAIMED
            )
            driven = other.status in UNDER_WAY | {ExecutionStatus.QUEUED} and lease_runs(other, now)
            if other.request.workflow == workflow and (unclaimed or driven):
                raise WorkflowBusy(workflow, other.execution_id)

    def _check_room(self, room: Room, before: Execution, recorded: Recorded, now: datetime) -> None:
        key = before.execution_id
        check_pools(room, {pool: self._taken(pool, key, recorded.runs, now) for pool in room.pools})
        if begins(before, recorded.execution):
            running = [
                kept.execution
                for kept in self._kept.values()
                if kept.execution.request.workflow == room.workflow
                and kept.execution.execution_id != key
                and kept.execution.status in UNDER_WAY
                and lease_runs(kept.execution, now)
            ]
            check_workflow(room, len(running))

    def _keep(self, kept: Kept, recorded: Recorded, obeyed: int) -> None:
        kept.execution = recorded.execution
        kept.runs.update(recorded.runs)
        kept.attempts.update(recorded.attempts)
        kept.events.extend(recorded.events)
        for event in recorded.events:
            self._position += 1
            self._placed.append(Placed(position=self._position, event=event))
        kept.waiting_cancel = recorded.waiting_cancel
        kept.obeyed.update(range(1, min(obeyed, len(kept.orders)) + 1))
        if recorded.events:
            self._told = recorded.events[-1].move.at


def _stored(kept: Kept) -> Stored:
    return Stored(
        execution=kept.execution,
        runs=kept.runs,
        attempts=kept.attempts,
        last_seq=len(kept.events),
        last_chain=kept.events[-1].chain if kept.events else "",
        waiting_cancel=kept.waiting_cancel,
    )


def _address(delivery: Delivery) -> tuple[str, str, int]:
    return delivery.listener, delivery.event.execution_id, delivery.event.seq


def _age(kept: Kept) -> Age:
    request = kept.execution.request
    sources = {run.cached_from for run in kept.runs.values()} | {request.rerun_of}
    if not kept.execution.status.final:
        sources |= set(request.outputs_from.values())
    return Age(
        execution_id=kept.execution.execution_id,
        created_at=kept.execution.created_at,
        ended_at=kept.execution.ended_at if kept.execution.status.final else None,
        sources=frozenset(source for source in sources if source is not None),
    )
