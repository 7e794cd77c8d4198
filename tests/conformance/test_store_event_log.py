"""The stored state of every store is what its event log adds up to (R2)."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.errors import IllegalMove, StaleOwner
from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.folding import advance_attempt, advance_execution, advance_run, fold
from orchestrator.core.identity import AttemptKey
from orchestrator.core.states import TASK_MOVES, ExecutionStatus, TaskStatus
from orchestrator.core.storing import Store
from orchestrator.stores.chaining import link
from orchestrator.stores.event_records import event_texts
from tests.conformance.store_subjects import (
    AT,
    ID,
    LEASE,
    QUEUED,
    RUNNING,
    attempt_of,
    queued,
)


@pytest.mark.parametrize("seed", range(12))
def test_the_state_is_what_the_event_log_adds_up_to(store, seed):
    walk = RandomWalk(store, random.Random(seed), tasks=["a", "b", "c", "d"])

    for _ in range(120):
        walk.take_a_step()

    events = store.events(ID)
    added_up = fold(events)
    assert added_up.execution is store.get_execution(ID).status
    pending = dict.fromkeys([run.key for run in store.task_runs(ID)], TaskStatus.PENDING)
    assert pending | dict(added_up.runs) == {run.key: run.status for run in store.task_runs(ID)}
    assert replayed(walk.created, walk.runs_at_first, events) == (
        unowned(store.get_execution(ID)),
        store.task_runs(ID),
        store.attempts(ID),
    )
    assert walk.refused > 0, "a walk without a refused step proves little"


def test_each_event_is_chained_to_the_one_before_it(store):
    execution = queued(store)
    execution = store.claim_execution(ID, owner="me", lease=LEASE, at=AT)
    began = ExecutionMoved(before=QUEUED, after=RUNNING, at=AT)
    run = store.task_runs(ID)[0].key
    noted = AttemptNoted(run=run, attempt=attempt_of("a", pid=7), at=AT)
    ran = TaskMoved(run=run, before=TaskStatus.PENDING, after=TaskStatus.RUNNING, at=AT, output={"ñ": [1.5, None]})

    recorded = [*store.record(execution, [began, ran]), *store.record(execution, [noted])]

    assert store.events(ID) == recorded
    chain = ""
    for seq, moved in enumerate([began, ran, noted], start=1):
        at, text = event_texts(moved)
        chain = link(chain, execution_id=ID, seq=seq, at=at, text=text)
        assert recorded[seq - 1].chain == chain
    assert len({event.chain for event in recorded}) == 3


class RandomWalk:
    """Legal and illegal batches, takeovers and stale writers, as chance has it."""

    def __init__(self, store: Store, chance: random.Random, *, tasks: Sequence[str]) -> None:
        self.store, self.chance = store, chance
        self.created = queued(store, tasks=tasks)
        self.runs_at_first = store.task_runs(ID)
        self.now = AT
        self.owners = [store.claim_execution(ID, owner="owner 0", lease=LEASE, at=AT)]
        self.refused = 0

    def take_a_step(self) -> None:
        self.now += timedelta(seconds=self.chance.choice([0, 1, 40]))
        if self.chance.random() < 0.15:
            self._claim()
            return
        writer = self.owners[-1] if self.chance.random() < 0.9 else self.chance.choice(self.owners)
        before = (self.store.get_execution(ID), self.store.task_runs(ID), len(self.store.events(ID)))
        try:
            self.store.record(writer, [self._move() for _ in range(self.chance.randint(1, 3))])
        except (IllegalMove, StaleOwner):
            self.refused += 1
            now = replace(self.store.get_execution(ID), refused_writes=before[0].refused_writes)
            assert (now, self.store.task_runs(ID), len(self.store.events(ID))) == before

    def _claim(self) -> None:
        try:
            owner = f"owner {len(self.owners)}"
            self.owners.append(self.store.claim_execution(ID, owner=owner, lease=LEASE, at=self.now))
        except StaleOwner:
            self.refused += 1

    def _move(self) -> Move:
        if self.chance.random() < 0.12:
            return self._execution_move()
        run = self.chance.choice(self.store.task_runs(ID))
        legal = list(TASK_MOVES.get(run.status, ()))
        after = self.chance.choice(legal if legal and self.chance.random() < 0.9 else list(TaskStatus))
        number = max(1, run.attempts + (after is TaskStatus.RUNNING))
        attempt = attempt_of(run.key.task_id, number, status=str(after), log=self.chance.choice([None, "a.log"]))
        if self.chance.random() < 0.1:
            return AttemptNoted(run=run.key, attempt=replace(attempt, pid=self.chance.randint(2, 9)), at=self.now)
        return TaskMoved(
            run=run.key,
            before=run.status,
            after=after,
            at=self.now,
            attempt=self.chance.choice([None, attempt]),
            output=self.chance.choice([None, {"rows": 3}]),
            error=self.chance.choice([None, "boom"]),
            duration=self.chance.choice([None, 1.25]),
        )

    def _execution_move(self) -> Move:
        now = self.store.get_execution(ID).status
        legal = [QUEUED, ExecutionStatus.INTERRUPTED, RUNNING]  # the others end the walk too early
        after = self.chance.choice(legal)
        return ExecutionMoved(before=now, after=after, at=self.now, exit_code=self.chance.choice([None, 143]))


def replayed(execution: Execution, runs_at_first: Sequence[TaskRun], events: Sequence[Event]):
    runs = {run.key: run for run in runs_at_first}
    attempts: dict[AttemptKey, Attempt] = {}
    for event in events:
        moved = event.move
        if isinstance(moved, ExecutionMoved):
            execution = advance_execution(execution, moved)
            continue
        if isinstance(moved, TaskMoved):
            runs[moved.run] = advance_run(runs[moved.run], moved)
        if moved.attempt is not None:
            attempts[moved.attempt.key] = advance_attempt(attempts.get(moved.attempt.key), moved, moved.attempt)
    return unowned(execution), list(runs.values()), [attempts[key] for key in sorted(attempts)]


def unowned(execution: Execution) -> Execution:
    return replace(execution, owner=None, fencing_token=0, lease_until=None, refused_writes=0)
