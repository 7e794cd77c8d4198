"""The store in one SQLite file: WAL, each acknowledged change durable, any number of threads and processes."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from orchestrator.core.errors import ExecutionIdTaken, NoSuchExecution, StaleOwner, StoreUnusable, WorkflowBusy
from orchestrator.core.events import Event, Move
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.schedule_records import Slot
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Delivery, Order, OrderKind, Queueing, Room
from orchestrator.stores import sql
from orchestrator.stores.connecting import BUSY_TIMEOUT
from orchestrator.stores.damage import readable
from orchestrator.stores.event_records import read_event
from orchestrator.stores.order_records import order_values, read_order
from orchestrator.stores.recording import apply_moves, check_owner, deliveries_of
from orchestrator.stores.records import (
    NO_ITEM,
    read_attempt,
    read_request,
    read_task_run,
    request_text,
    time_or_none,
    time_text,
)
from orchestrator.stores.slots import UNCLAIMED
from orchestrator.stores.sqlite_file import accept_loss
from orchestrator.stores.sqlite_listing import SqliteListing, execution_from
from orchestrator.stores.sqlite_news import SqliteNews
from orchestrator.stores.sqlite_reading import sound_events
from orchestrator.stores.sqlite_recording import (
    check_room,
    keep_deliveries,
    slots_taken,
    stored_before,
    write_recorded,
)
from orchestrator.stores.sqlite_schedules import SqliteSchedules, check_free, fire
from orchestrator.stores.sqlite_waiting import SqliteWaiting, get_in_line


class SqliteStore(SqliteListing, SqliteNews, SqliteSchedules, SqliteWaiting):
    """Keeps executions in one file; see `Store` for what each method promises.

    Any thread may call it (they take turns), and any number of processes may have the same file open. A forked child
    must open its own: the parent's is refused there.
    """

    def __init__(self, path: Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> None:
        """Open the file, made where it is missing; `busy_timeout` is the patience with others. Raises StoreUnusable."""
        super().__init__(path, busy_timeout=busy_timeout)
        self._told: datetime | None = None
        """The time that the latest claim, renewal or batch of moves came with."""

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
        created_at = time_text(at)
        text = request_text(request)
        new = (execution_id, request.workflow, request.snapshot or None, text, ExecutionStatus.QUEUED, created_at)
        runs = [
            (execution_id, task_id, NO_ITEM, position, TaskStatus.PENDING, request.pools.get(task_id))
            for position, task_id in enumerate(request.tasks)
        ]
        with self._writing() as connection:
            if slot is not None:
                check_free(connection, slot)
            keep_key = get_in_line(connection, queueing, at) if queueing is not None else None
            if only_one and request.workflow is not None:
                _check_not_busy(connection, request.workflow, at)
            if request.snapshot:
                connection.execute(sql.KEEP_SNAPSHOT, (request.snapshot, snapshot))
            last = (request.rerun_of, int(queueing is not None))
            if not connection.execute(sql.RESERVE_EXECUTION, (*new, *last)).fetchall():
                raise ExecutionIdTaken(execution_id)
            connection.executemany(sql.ADD_TASK_RUN, runs)
            if keep_key is not None:
                keep_key(execution_id)
            if slot is not None:
                fire(connection, slot, execution_id, at)
        return Execution(
            execution_id=execution_id,
            request=read_request(text),
            status=ExecutionStatus.QUEUED,
            created_at=datetime.fromisoformat(created_at),
        )

    def claim_execution(
        self, execution_id: str, *, owner: str, lease: timedelta, at: datetime, proven_dead: str | None = None
    ) -> Execution:
        """Become the owner; raises NoSuchExecution, StaleOwner."""
        claim = (owner, time_text(at + lease), execution_id, owner, proven_dead, time_text(at))
        with self._writing() as connection:
            rows = connection.execute(sql.CLAIM_EXECUTION, claim).fetchall()
            if not rows and not connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (execution_id,)).fetchall():
                raise NoSuchExecution(execution_id)
            if not rows:
                raise StaleOwner(execution_id)
        self._told = at
        return self._records(execution_from, rows)[0]

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        """Extend the lease; raises StaleOwner."""
        renewal = (time_text(at + lease), execution.execution_id, execution.owner, execution.fencing_token)
        with self._writing() as connection:
            if not connection.execute(sql.RENEW_LEASE, renewal).fetchall():
                raise StaleOwner(execution.execution_id)
        self._told = at

    def record(
        self,
        execution: Execution,
        moves: Sequence[Move],
        *,
        room: Room | None = None,
        obeyed: int = 0,
        outbox: Sequence[str] = (),
    ) -> list[Event]:
        """Apply all moves in one commit, or none; raises StaleOwner, IllegalMove, OrdersWaiting, NoRoom."""
        key = execution.execution_id
        try:
            with self._writing() as connection:
                with readable(self._path):
                    stored = stored_before(connection, execution, moves)
                check_owner(stored.execution, execution)
                recorded = apply_moves(stored, moves, obeyed=obeyed)
                write_recorded(connection, stored, recorded)
                if obeyed:
                    connection.execute(sql.OBEY_ORDERS, (key, obeyed))
                if room is not None and moves:
                    check_room(connection, room, stored, recorded, at=moves[-1].at)
                if outbox:
                    keep_deliveries(connection, deliveries_of(recorded.events, outbox))
        except StaleOwner:
            self._count_refused(key)
            raise
        if moves:
            self._told = moves[-1].at
        return list(recorded.events)

    def give_order(self, execution_id: str, order: Order) -> Execution:
        """Store the order unless the execution has ended or a cancel waits already; raises NoSuchExecution."""
        with self._writing() as connection:
            rows = connection.execute(sql.EXECUTION, (execution_id,)).fetchall()
            if not rows:
                raise NoSuchExecution(execution_id)
            execution = self._records(execution_from, rows)[0]
            cancel = order.kind is OrderKind.CANCEL
            if not execution.status.final and not (cancel and rows[0]["cancel_number"]):
                values = order_values(execution_id, order)
                number = connection.execute(sql.ADD_ORDER, values).fetchall()[0]["number"]
                if cancel:
                    connection.execute(sql.REMEMBER_CANCEL, (number, execution_id))
        return execution

    def orders(self, execution_id: str, *, after: int = 0) -> list[Order]:
        """Orders with a number above `after` that nobody has obeyed, in order."""
        return self._records(read_order, self._read(sql.WAITING_ORDERS, execution_id, after))

    def pools_in_use(self, pools: Iterable[str], *, besides: str) -> dict[str, int]:
        """Slots that others hold; whose lease runs is judged by the time that this object was last told."""
        now = time_or_none(self._told) or ""  # before the first, every lease counts as running
        with self._reading() as connection:
            return {pool: slots_taken(connection, pool, by=besides, now=now).others for pool in pools}

    def deliveries(self, listener: str) -> list[Delivery]:
        """What `listener` has still to take, oldest first."""
        events = self._records(read_event, self._read(sql.DELIVERIES, listener))
        return [Delivery(listener=listener, event=event) for event in events]

    def delivered(self, delivery: Delivery) -> None:
        """`delivery` is done with; unknown ones are ignored."""
        with self._writing() as connection:
            values = (delivery.listener, delivery.event.execution_id, delivery.event.seq)
            connection.execute(sql.DELIVERED, values)

    def attempts(self, execution_id: str) -> list[Attempt]:
        """By task run's position, then number; empty for an unknown execution."""
        return self._records(read_attempt, self._read(sql.ATTEMPTS, execution_id))

    def events(self, execution_id: str, *, after: int = 0) -> list[Event]:
        """The event log from `after` on, exclusive; empty for an unknown execution.

        A log that is not as it was stored is StoreUnusable: it names the execution and the first event in question.
        """
        with self._reading() as connection:
            return sound_events(connection, execution_id, path=self._path, after=after)

    def snapshot(self, sha256: str) -> str:
        """The configuration's text; raises KeyError."""
        rows = self._read(sql.SNAPSHOT, sha256)
        if not rows:
            raise KeyError(sha256)
        return str(rows[0]["text"])

    def find_cached(self, task_id: str, cache_key: str, *, since: datetime | None = None) -> TaskRun | None:
        """The latest run of the task that completed with that key (not before `since`), itself no cached one."""
        earliest = time_or_none(since)
        found = self._records(read_task_run, self._read(sql.FIND_CACHED, task_id, cache_key, earliest, earliest))
        return found[0] if found else None

    def forget_execution(self, execution_id: str) -> bool:
        """Forget one that has ended, and that no other was made from; raises NoSuchExecution."""
        with self._writing() as connection:
            if not connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (execution_id,)).fetchall():
                raise NoSuchExecution(execution_id)
            forgotten = bool(connection.execute(sql.FORGET_EXECUTION, (execution_id,) * 4).rowcount)
            if forgotten:
                connection.execute(sql.FORGET_UNUSED_SNAPSHOTS)
        return forgotten

    @staticmethod
    def accept_loss(path: Path) -> int:
        """Let a database whose last commits were lost be used as it is; returns how many. Raises StoreUnusable."""
        return accept_loss(path)

    def _count_refused(self, execution_id: str) -> None:
        """In a transaction of its own, since the refused one is undone."""
        with suppress(StoreUnusable), self._writing() as connection:  # the refusal is the news, whatever comes of this
            connection.execute(sql.COUNT_REFUSED_WRITE, (execution_id,))


def _check_not_busy(connection: sqlite3.Connection, workflow: str, at: datetime) -> None:
    border = (time_text(at), time_text(at - UNCLAIMED))
    others = connection.execute(sql.BUSY_WITH_WORKFLOW, (workflow, *border)).fetchall()
    if others:
        raise WorkflowBusy(workflow, others[0]["execution_id"])
