"""Work for a store, as an orchestrator gives it, and a ledger of what the store acknowledged."""

import random
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestrator.core.events import ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.folding import fold
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Store
from orchestrator.stores.sqlite import SqliteStore
from tests.faults.power_cut import DiskLog

AT = datetime(2025, 4, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
TASKS = ("extract", "transform", "load", "validate", "report")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """All that a store says of one execution, its event log included as a count."""

    execution: Execution
    runs: tuple[TaskRun, ...]
    attempts: tuple[Attempt, ...]
    events: int


Standings = Mapping[str, Standing]


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """A call returned when so many operations had been logged, and this is what the store holds since then."""

    operations: int
    standings: Standings


def standing_of(store: Store, execution_id: str) -> Standing:
    return Standing(
        execution=store.get_execution(execution_id),
        runs=tuple(store.task_runs(execution_id)),
        attempts=tuple(store.attempts(execution_id)),
        events=len(store.events(execution_id)),
    )


def standings_of(store: Store) -> dict[str, Standing]:
    listed = store.list_executions(limit=10_000)
    return {each.execution_id: standing_of(store, each.execution_id) for each in listed}


def assert_logs_add_up(store: Store) -> None:
    """Every event log is whole and leads to the statuses that are stored."""
    for execution in store.list_executions(limit=10_000):
        runs = {run.key: run.status for run in store.task_runs(execution.execution_id)}
        added_up = fold(store.events(execution.execution_id))
        assert added_up.execution is execution.status
        assert dict.fromkeys(runs, TaskStatus.PENDING) | dict(added_up.runs) == runs


class Workload:
    """Drives a few executions at a time to their end; the same seed does the same."""

    def __init__(self, path: Path, log: DiskLog, *, seed: int = 0, pragmas: tuple[str, ...] = ()) -> None:
        """`log` is that of the folder of `path`; `pragmas` are set on each connection of the store."""
        self.path, self.log, self.chance, self.pragmas = path, log, random.Random(seed), pragmas
        self.ledger = [Acknowledged(operations=0, standings={})]
        self.driven: list[Execution] = []
        self.moves = 0
        self.made = 0

    def run(self, moves: int) -> None:
        """At least so many moves; the store is closed and opened again on the way."""
        while self.moves < moves:
            with closing(SqliteStore(self.path)) as store:
                for pragma in self.pragmas:
                    store._connection.execute(f"PRAGMA {pragma}")
                for _ in range(self.chance.randint(40, 160)):
                    self._step(store)

    def _step(self, store: SqliteStore) -> None:
        if len(self.driven) < 3:
            self._begin(store)
            return
        execution = self.chance.choice(self.driven)
        if self.chance.random() < 0.1:
            store.renew_lease(execution, lease=LEASE, at=AT + timedelta(seconds=len(self.ledger)))
        else:
            batch = self._batch(store.task_runs(execution.execution_id))
            self.moves += len(store.record(execution, batch))
            if isinstance(batch[-1], ExecutionMoved):
                self.driven.remove(execution)
        self._acknowledge(store, execution.execution_id)

    def _begin(self, store: SqliteStore) -> None:
        self.made += 1
        execution_id = f"20250401_{self.made:06d}"
        request = Request(tasks=TASKS, snapshot=f"hash {self.made % 7}")
        store.create_execution(execution_id, request, snapshot="{}" * self.chance.randint(1, 2000), at=AT)
        self._acknowledge(store, execution_id)
        execution = store.claim_execution(execution_id, owner="host:1:1", lease=LEASE, at=AT)
        self._acknowledge(store, execution_id)
        begin = ExecutionMoved(before=ExecutionStatus.QUEUED, after=ExecutionStatus.RUNNING, at=AT)
        self.moves += len(store.record(execution, [begin]))
        self._acknowledge(store, execution_id)
        self.driven.append(execution)

    def _batch(self, runs: list[TaskRun]) -> list[Move]:
        """One to three steps of different task runs; the execution's end when none is left."""
        open_runs = [run for run in runs if not run.status.final]
        if not open_runs:
            return [ExecutionMoved(before=ExecutionStatus.RUNNING, after=ExecutionStatus.COMPLETED, at=AT, exit_code=0)]
        chosen = self.chance.sample(open_runs, min(len(open_runs), self.chance.randint(1, 3)))
        return [self._next_move(run) for run in chosen]

    def _next_move(self, run: TaskRun) -> TaskMoved:
        attempt = AttemptKey(run=run.key, number=max(1, run.attempts))
        if run.status is TaskStatus.PENDING:
            return _moved(
                run.key, run.status, TaskStatus.RUNNING, attempt=Attempt(key=attempt, started_at=AT, log="a.log")
            )
        output = {"rows": self.chance.randint(0, 10**6), "text": "x" * self.chance.choice([0, 20, 300, 9000])}
        done = Attempt(key=attempt, status="completed", ended_at=AT, duration=1.5)
        return _moved(run.key, run.status, TaskStatus.COMPLETED, attempt=done, output=output)

    def _acknowledge(self, store: SqliteStore, execution_id: str) -> None:
        operations = len(self.log.operations)  # first: what is read below is not part of the call
        self.log.look_around(self.path.parent)
        now = {**self.ledger[-1].standings, execution_id: standing_of(store, execution_id)}
        self.ledger.append(Acknowledged(operations=operations, standings=now))


def _moved(run: TaskRunKey, before: TaskStatus, after: TaskStatus, **facts) -> TaskMoved:
    return TaskMoved(run=run, before=before, after=after, at=AT, **facts)
