"""Small makers for what the store suites work on: executions, moves, attempts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Store

AT = datetime(2025, 4, 1, 12, 0, 0, 250, tzinfo=UTC)
LEASE = timedelta(seconds=30)
ID = "20250401_120000"
QUEUED, RUNNING, CANCELLING = ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING
WAY_TO = {
    TaskStatus.PENDING: (),
    TaskStatus.RUNNING: (TaskStatus.RUNNING,),
    TaskStatus.RETRY_WAIT: (TaskStatus.RUNNING, TaskStatus.RETRY_WAIT),
    TaskStatus.INTERRUPTED: (TaskStatus.RUNNING, TaskStatus.INTERRUPTED),
    TaskStatus.COMPLETED: (TaskStatus.RUNNING, TaskStatus.COMPLETED),
    TaskStatus.FAILED: (TaskStatus.RUNNING, TaskStatus.FAILED),
    TaskStatus.SKIPPED: (TaskStatus.SKIPPED,),
    TaskStatus.CANCELLED: (TaskStatus.CANCELLED,),
}


def queued(
    store: Store,
    execution_id: str = ID,
    *,
    tasks: Sequence[str] = ("a", "b"),
    at: datetime = AT,
    only_one: bool = False,
    **request,
):
    asked = Request(tasks=tuple(tasks), **{"snapshot": "5ca1ab1e", **request})
    return store.create_execution(execution_id, asked, snapshot='{"tasks": []}', at=at, only_one=only_one)


def claimed(store: Store, execution_id: str = ID, *, tasks: Sequence[str] = ("a", "b"), at: datetime = AT, **request):
    queued(store, execution_id, tasks=tasks, at=at, **request)
    return store.claim_execution(execution_id, owner="host:1:1", lease=LEASE, at=at)


def started(store: Store, execution_id: str = ID, *, tasks: Sequence[str] = ("a", "b"), at: datetime = AT, **request):
    execution = claimed(store, execution_id, tasks=tasks, at=at, **request)
    store.record(execution, [execution_to(RUNNING, before=QUEUED)])
    return execution


def execution_to(after: ExecutionStatus, *, before: ExecutionStatus = RUNNING, **facts) -> ExecutionMoved:
    return ExecutionMoved(**{"before": before, "after": after, "at": AT, **facts})


def task_to(
    after: TaskStatus, *, before: TaskStatus = TaskStatus.RUNNING, task: str = "a", of: str = ID, **facts
) -> TaskMoved:
    run = TaskRunKey(execution_id=of, task_id=task)
    return TaskMoved(**{"run": run, "before": before, "after": after, "at": AT, **facts})


def start_of(task: str = "a", *, of: str = ID, **facts) -> TaskMoved:
    return task_to(TaskStatus.RUNNING, before=TaskStatus.PENDING, task=task, of=of, **facts)


def attempt_of(task: str = "a", number: int = 1, *, of: str = ID, **facts) -> Attempt:
    return Attempt(key=AttemptKey(run=TaskRunKey(execution_id=of, task_id=task), number=number), **facts)


def run_of(store: Store, task: str = "a", execution_id: str = ID) -> TaskRun:
    return next(run for run in store.task_runs(execution_id) if run.key.task_id == task)
