"""The store in one SQLite file: WAL, each acknowledged change durable, any number of threads and processes."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import TypeVar

from orchestrator.core.errors import ExecutionIdTaken, NoSuchExecution, StaleOwner, StoreUnusable
from orchestrator.core.events import Event, ExecutionMoved, Move
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.stores import sql
from orchestrator.stores.connecting import BUSY_TIMEOUT, file_identity, open_database
from orchestrator.stores.damage import (
    CLOSED,
    DAMAGED,
    FAILED_BEFORE,
    INHERITED,
    MOVED_AWAY,
    primary_code,
    readable,
    translated,
)
from orchestrator.stores.event_records import event_values, read_event
from orchestrator.stores.recording import Recorded, Stored, apply_moves, check_owner
from orchestrator.stores.records import (
    NO_ITEM,
    attempt_values,
    execution_values,
    read_attempt,
    read_execution,
    read_request,
    read_task_run,
    request_text,
    run_key_values,
    task_run_values,
    time_text,
)

R = TypeVar("R")


class SqliteStore:
    """Keeps executions in one file; see `Store` for what each method promises.

    Any thread may call it (they take turns), and any number of processes may have the same file open. A forked child
    must open its own: the parent's is refused there.
    """

    def __init__(self, path: Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> None:
        """Open the file, made where it is missing; `busy_timeout` is the patience with others. Raises StoreUnusable."""
        self._path = Path(os.path.realpath(path))
        self._lock = RLock()
        self._process = os.getpid()
        self._failed = False
        self._connection: sqlite3.Connection | None
        self._connection, self._identity = open_database(self._path, busy_timeout=busy_timeout)

    def create_execution(self, execution_id: str, request: Request, *, snapshot: str, at: datetime) -> Execution:
        """Reserve the id; raises ExecutionIdTaken. A request with no `snapshot` hash keeps no text."""
        created_at = time_text(at)
        text = request_text(request)
        new = (execution_id, request.workflow, request.snapshot or None, text, ExecutionStatus.QUEUED, created_at)
        runs = [
            (execution_id, task_id, NO_ITEM, position, TaskStatus.PENDING)
            for position, task_id in enumerate(request.tasks)
        ]
        with self._writing() as connection:
            if request.snapshot:
                connection.execute(sql.KEEP_SNAPSHOT, (request.snapshot, snapshot))
            if not connection.execute(sql.RESERVE_EXECUTION, new).fetchall():
                raise ExecutionIdTaken(execution_id)
            connection.executemany(sql.ADD_TASK_RUN, runs)
        return Execution(
            execution_id=execution_id,
            request=read_request(text),
            status=ExecutionStatus.QUEUED,
            created_at=datetime.fromisoformat(created_at),
        )

    def claim_execution(self, execution_id: str, *, owner: str, lease: timedelta, at: datetime) -> Execution:
        """Become the owner; raises NoSuchExecution, StaleOwner."""
        claim = (owner, time_text(at + lease), execution_id, owner, time_text(at))
        with self._writing() as connection:
            rows = connection.execute(sql.CLAIM_EXECUTION, claim).fetchall()
            if not rows and not connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (execution_id,)).fetchall():
                raise NoSuchExecution(execution_id)
            if not rows:
                raise StaleOwner(execution_id)
        return self._records(_execution, rows)[0]

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        """Extend the lease; raises StaleOwner."""
        renewal = (time_text(at + lease), execution.execution_id, execution.owner, execution.fencing_token)
        with self._writing() as connection:
            if not connection.execute(sql.RENEW_LEASE, renewal).fetchall():
                raise StaleOwner(execution.execution_id)

    def record(self, execution: Execution, moves: Sequence[Move]) -> list[Event]:
        """Apply all moves in one commit, or none; raises StaleOwner, IllegalMove."""
        with self._writing() as connection:
            row = connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (execution.execution_id,)).fetchone()
            if row is None:
                raise StaleOwner(execution.execution_id)
            with readable(self._path):
                stored = Stored(
                    execution=read_execution(row, execution.request),
                    runs=_named_runs(connection, moves),
                    attempts=_named_attempts(connection, moves),
                    last_seq=row["last_seq"],
                )
            check_owner(stored.execution, execution)
            recorded = apply_moves(stored, moves)
            _write(connection, stored, recorded)
        return list(recorded.events)

    def get_execution(self, execution_id: str) -> Execution:
        """The execution; raises NoSuchExecution."""
        rows = self._read(sql.EXECUTION, execution_id)
        if not rows:
            raise NoSuchExecution(execution_id)
        return self._records(_execution, rows)[0]

    def find_executions(self, part: str, *, limit: int = 10) -> list[str]:
        """Ids that contain `part`, newest first."""
        escaped = part.replace("!", "!!").replace("_", "!_").replace("%", "!%")
        return [row["execution_id"] for row in self._read(sql.FIND_EXECUTIONS, f"%{escaped}%", limit)]

    def list_executions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        statuses: Iterable[ExecutionStatus] = (),
        workflow: str | None = None,
    ) -> list[Execution]:
        """Newest first; raises NoSuchExecution where `before` is unknown."""
        wanted = ",".join(statuses)
        filters = (f",{wanted},",) * 2 if wanted else (None, None)
        with self._reading() as connection:
            if before is None:
                rows = connection.execute(sql.LIST_EXECUTIONS, (*filters, workflow, workflow, limit)).fetchall()
            else:
                border = connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (before,)).fetchone()
                if border is None:
                    raise NoSuchExecution(before)
                page = (border["created_at"], before, *filters, workflow, workflow, limit)
                rows = connection.execute(sql.LIST_EXECUTIONS_BEFORE, page).fetchall()
        return self._records(_execution, rows)

    def task_runs(self, execution_id: str) -> list[TaskRun]:
        """By position, then index; empty for an unknown execution."""
        return self._records(read_task_run, self._read(sql.TASK_RUNS, execution_id))

    def attempts(self, execution_id: str) -> list[Attempt]:
        """By task run's position, then number; empty for an unknown execution."""
        return self._records(read_attempt, self._read(sql.ATTEMPTS, execution_id))

    def events(self, execution_id: str, *, after: int = 0) -> list[Event]:
        """The event log from `after` on, exclusive; empty for an unknown execution. A log with a gap is damage."""
        with self._reading() as connection:
            last = connection.execute(sql.LAST_SEQ, (execution_id,)).fetchone()
            rows = connection.execute(sql.EVENTS, (execution_id, after)).fetchall()
        expected = range(max(after, 0) + 1, 1 + (0 if last is None else last["last_seq"]))
        if [row["seq"] for row in rows] != list(expected):
            raise StoreUnusable(DAMAGED, path=str(self._path), detail=f"events of {execution_id} are missing")
        return self._records(read_event, rows)

    def snapshot(self, sha256: str) -> str:
        """The configuration's text; raises KeyError."""
        rows = self._read(sql.SNAPSHOT, sha256)
        if not rows:
            raise KeyError(sha256)
        return str(rows[0]["text"])

    def latest_completed(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Task id → id of the latest execution that held it, where it completed there."""
        found = {}
        with self._reading() as connection:
            for task_id in task_ids:
                for (execution_id,) in connection.execute(sql.LATEST_EXECUTION_WITH, (task_id,)).fetchall():
                    statuses = connection.execute(sql.STATUSES_OF_TASK, (execution_id, task_id)).fetchall()
                    if all(status == TaskStatus.COMPLETED for (status,) in statuses):
                        found[task_id] = execution_id
        return found

    def close(self) -> None:
        """Let go of the file; a running call of another thread ends first. Calling it twice does no harm."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with translated(self._path):
                    connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        # take the write lock before reading, or two processes decide on the same row
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN") as connection:  # several statements see one instant
            yield connection

    def _read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """All rows of one statement, which is a transaction by itself."""
        with self._lock, translated(self._path):
            return self._usable().execute(statement, values).fetchall()

    def _records(self, reader: Callable[[sqlite3.Row], R], rows: Iterable[sqlite3.Row]) -> list[R]:
        with readable(self._path):
            return [reader(row) for row in rows]

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self._path):
            connection = self._usable()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                # after a failed write or fsync nobody knows what is on the disk: only a fresh start reads it anew (F29)
                self._failed |= isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_IOERR
                _roll_back(connection)
                raise

    def _usable(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreUnusable(CLOSED, path=str(self._path))
        if self._process != os.getpid():
            raise StoreUnusable(INHERITED, path=str(self._path))
        if self._failed:
            raise StoreUnusable(FAILED_BEFORE, path=str(self._path))
        if file_identity(self._path) != self._identity:
            raise StoreUnusable(MOVED_AWAY, path=str(self._path))
        return self._connection


def _execution(row: sqlite3.Row) -> Execution:
    return read_execution(row, read_request(row["request"]))


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


def _write(connection: sqlite3.Connection, stored: Stored, recorded: Recorded) -> None:
    """Write all that changed; every update names the state it expects, and the execution's its owner and token."""
    before = stored.execution
    key = before.execution_id
    values = (*execution_values(recorded.execution), stored.last_seq + len(recorded.events))
    fence = (key, before.owner, before.fencing_token, before.status, stored.last_seq)
    changed = connection.execute(sql.MOVE_EXECUTION, (*values, *fence)).rowcount
    runs = [
        (*task_run_values(run), *run_key_values(run.key), stored.runs[run.key].status) for run in recorded.runs.values()
    ]
    changed += connection.executemany(sql.MOVE_TASK_RUN, runs).rowcount if runs else 0
    if changed != 1 + len(runs):  # cannot happen under the write lock; if it does, somebody else writes
        raise StaleOwner(key)
    connection.executemany(sql.KEEP_ATTEMPT, map(attempt_values, recorded.attempts.values()))
    connection.executemany(sql.APPEND_EVENT, map(event_values, recorded.events))


def _roll_back(connection: sqlite3.Connection) -> None:
    """Undo; SQLite has done so itself after some errors, and a failing rollback must not hide the first error."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return
