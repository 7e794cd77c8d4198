"""Recording moves in SQLite: reading what they name, writing what they change, counting slots, in one transaction."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from orchestrator.core.errors import StaleOwner
from orchestrator.core.events import ExecutionMoved, Move
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.storing import Delivery, Room
from orchestrator.stores import sql
from orchestrator.stores.event_records import event_values
from orchestrator.stores.recording import Recorded, Stored
from orchestrator.stores.records import (
    attempt_values,
    execution_values,
    read_attempt,
    read_execution,
    read_task_run,
    run_key_values,
    task_run_values,
    time_text,
)
from orchestrator.stores.slots import Taken, begins, check_pools, check_workflow


def stored_before(connection: sqlite3.Connection, execution: Execution, moves: Sequence[Move]) -> Stored:
    """What the moves start from; the request is taken from `execution`. Raises StaleOwner where it is not there."""
    row = connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (execution.execution_id,)).fetchone()
    if row is None:
        raise StaleOwner(execution.execution_id)
    return Stored(
        execution=read_execution(row, execution.request),
        runs=_named_runs(connection, moves),
        attempts=_named_attempts(connection, moves),
        last_seq=row["last_seq"],
        last_chain=row["last_chain"],
        waiting_cancel=row["cancel_number"],
    )


def write_recorded(connection: sqlite3.Connection, stored: Stored, recorded: Recorded) -> None:
    """Write all that changed; every update names the state it expects, and the execution's its owner and token."""
    before = stored.execution
    key = before.execution_id
    last_seq = stored.last_seq + len(recorded.events)
    log = (last_seq, recorded.last_chain, recorded.waiting_cancel)
    fence = (key, before.owner, before.fencing_token, before.status, stored.last_seq)
    if recorded.execution is before:
        changed = connection.execute(sql.LENGTHEN_LOG, (*log, *fence)).rowcount
    else:
        values = (*execution_values(recorded.execution), *log)
        changed = connection.execute(sql.MOVE_EXECUTION, (*values, *fence)).rowcount
    runs = [
        (*task_run_values(run), *run_key_values(run.key), stored.runs[run.key].status) for run in recorded.runs.values()
    ]
    changed += connection.executemany(sql.MOVE_TASK_RUN, runs).rowcount if runs else 0
    if changed != 1 + len(runs):  # cannot happen under the write lock; if it does, somebody else writes
        raise StaleOwner(key)
    connection.executemany(sql.KEEP_ATTEMPT, map(attempt_values, recorded.attempts.values()))
    connection.executemany(sql.APPEND_EVENT, map(event_values, recorded.events, recorded.texts))
    if recorded.events:
        position = connection.execute(sql.COUNT_EVENTS, (len(recorded.events),)).fetchall()[0]["events"]
        connection.execute(sql.PLACE_EVENTS, (position, key, stored.last_seq + 1, last_seq))


def keep_deliveries(connection: sqlite3.Connection, deliveries: Sequence[Delivery]) -> None:
    """Remember who has to be told of what."""
    rows = [(each.listener, each.event.execution_id, each.event.seq) for each in deliveries]
    connection.executemany(sql.KEEP_DELIVERY, rows)


def check_room(connection: sqlite3.Connection, room: Room, stored: Stored, recorded: Recorded, *, at: datetime) -> None:
    """Count what is taken now that the moves are written; raises NoRoom, and the transaction takes them back."""
    key, now = stored.execution.execution_id, time_text(at)
    check_pools(room, {pool: slots_taken(connection, pool, by=key, now=now) for pool in room.pools})
    if room.concurrency is not None and begins(stored.execution, recorded.execution):
        others = connection.execute(sql.OTHERS_RUNNING, (room.workflow, key, now)).fetchone()["taken"]
        check_workflow(room, others)


def slots_taken(connection: sqlite3.Connection, pool: str, *, by: str, now: str) -> Taken:
    """Slots of `pool` that the execution `by` holds, and those of all others whose lease runs at `now`."""
    row = connection.execute(sql.SLOTS_TAKEN, (by, pool, by, now)).fetchone()
    return Taken(mine=row["mine"], others=row["taken"] - row["mine"])


def _named_runs(connection: sqlite3.Connection, moves: Sequence[Move]) -> dict[TaskRunKey, TaskRun]:
    """The stored task runs that the moves name, as far as they exist."""
    found = {}
    for key in {moved.run: None for moved in moves if not isinstance(moved, ExecutionMoved)}:
        row = connection.execute(sql.TASK_RUN, run_key_values(key)).fetchone()
        if row is not None:
            found[key] = read_task_run(row)
    return found


def _named_attempts(connection: sqlite3.Connection, moves: Sequence[Move]) -> dict[AttemptKey, Attempt]:
    """The stored attempts that the moves bring news of, as far as they exist."""
    found = {}
    named = (moved.attempt for moved in moves if not isinstance(moved, ExecutionMoved))
    for key in {attempt.key: None for attempt in named if attempt is not None}:
        row = connection.execute(sql.ATTEMPT, (*run_key_values(key.run), key.number)).fetchone()
        if row is not None:
            found[key] = read_attempt(row)
    return found
