"""Small makers for what the tests of the SQLite store work on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Execution, Request
from orchestrator.core.folding import fold
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.stores.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
AT = datetime(2025, 4, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
ID = "20250401_000000"


def queued(store: SqliteStore, *, tasks: int, execution_id: str = ID) -> Execution:
    request = Request(tasks=tuple(f"t{number}" for number in range(tasks)), snapshot="hash")
    return store.create_execution(execution_id, request, snapshot="{}", at=AT)


def started(store: SqliteStore, *, tasks: int, execution_id: str = ID) -> Execution:
    queued(store, tasks=tasks, execution_id=execution_id)
    execution = store.claim_execution(execution_id, owner="test", lease=LEASE, at=AT)
    store.record(execution, [ExecutionMoved(before=ExecutionStatus.QUEUED, after=ExecutionStatus.RUNNING, at=AT)])
    return execution


def start_of(number: int, execution_id: str = ID) -> TaskMoved:
    run = TaskRunKey(execution_id=execution_id, task_id=f"t{number}")
    attempt = Attempt(key=AttemptKey(run=run, number=1), started_at=AT, log=f"attempts/{execution_id}/{number}-1.log")
    return TaskMoved(run=run, before=TaskStatus.PENDING, after=TaskStatus.RUNNING, at=AT, attempt=attempt)


def assert_state_is_the_logs_sum(store: SqliteStore) -> None:
    statuses = fold(store.events(ID))
    runs = {run.key: run.status for run in store.task_runs(ID)}
    assert dict.fromkeys(runs, TaskStatus.PENDING) | dict(statuses.runs) == runs
    assert statuses.execution is store.get_execution(ID).status
