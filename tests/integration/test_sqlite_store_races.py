"""Two processes that want the same thing of one SQLite store at the same moment (R4, D7, fault 41)."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.events import ExecutionMoved
from orchestrator.core.executions import Request
from orchestrator.core.folding import fold
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.stores.sqlite import SqliteStore
from orchestrator.stores.sqlite_file import LOOK
from tests.integration.sqlite_subjects import AT, ID, LEASE, ROOT, queued, started

PRELUDE = """
import os, sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from orchestrator.core.errors import NoRoom, OrdersWaiting, StaleOwner
from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Order, OrderKind, Room
from orchestrator.stores.sqlite import SqliteStore
AT = datetime(2025, 4, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
store = SqliteStore(Path(sys.argv[1]))
print("ready", flush=True)
def rounds():
    # each line: an id, and the instant to act at
    for line in sys.stdin:
        execution_id, moment = line.split()
        while time.time() < float(moment):
            pass
        yield execution_id
"""
CLAIM = """
for execution_id in rounds():
    try:
        print(store.claim_execution(execution_id, owner=f"pid {os.getpid()}", lease=LEASE, at=AT).fencing_token, flush=True)
    except StaleOwner:
        print("refused", flush=True)
store.close()
"""
CANCEL = """
for execution_id in rounds():
    print(store.give_order(execution_id, Order(kind=OrderKind.CANCEL, at=AT)).status, flush=True)
store.close()
"""
COMPLETE = """
end = ExecutionMoved(before=ExecutionStatus.RUNNING, after=ExecutionStatus.COMPLETED, at=AT)
for execution_id in rounds():
    try:
        store.record(store.get_execution(execution_id), [end])
        print("completed", flush=True)
    except OrdersWaiting:
        print("waiting", flush=True)
store.close()
"""
WORK = """
import random
room = Room(pools={"db": 3})
execution_id = next(rounds())
execution = store.claim_execution(execution_id, owner=f"pid {os.getpid()}", lease=LEASE, at=AT)
def moved(number, before, after):
    run = TaskRunKey(execution_id=execution_id, task_id=f"t{number}")
    return TaskMoved(run=run, before=before, after=after, at=AT)
waiting, running, refused, most = list(range(60)), [], 0, 0
while waiting or running:
    try:
        if waiting:
            store.record(execution, [moved(waiting[0], TaskStatus.PENDING, TaskStatus.RUNNING)], room=room)
            running.append(waiting.pop(0))
            most = max(most, len(running) + store.pools_in_use(["db"], besides=execution_id)["db"])
            continue
    except NoRoom as full:
        refused += 1
        if not running:  # the other holds all: it gives one back in a moment
            assert full.in_use == {"db": 3}
            time.sleep(0.001)
    while running and random.random() < 0.7:
        store.record(execution, [moved(running.pop(), TaskStatus.RUNNING, TaskStatus.COMPLETED)])
print(refused, most)
store.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as opened:
        yield opened


@pytest.fixture
def pair(path: Path, store: SqliteStore) -> Iterator["Pair"]:
    with closing(Pair(path)) as both:
        yield both


class Pair:
    """Two processes that act at the same moment, round after round."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.children: list[subprocess.Popen[str]] = []

    def start(self, *programs: str) -> None:
        for program in programs:
            arguments = [sys.executable, "-c", PRELUDE + program, str(self.path)]
            child = subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.children.append(child)
        for child in self.children:
            assert child.stdout.readline() == "ready\n"

    def go(self, *execution_ids: str, late: tuple[float, float] = (0.0, 0.0)) -> list[str]:
        """Both act now, each for its id (or both for the one), `late` seconds after; what each then says."""
        moment = time.time() + 0.002
        for child, execution_id, after in zip(self.children, execution_ids * 2, late, strict=False):
            child.stdin.write(f"{execution_id} {moment + after}\n")
            child.stdin.flush()
        return [child.stdout.readline().strip() for child in self.children]

    def close(self) -> None:
        for child in self.children:
            child.stdin.close()
            assert child.wait(60) == 0
            child.stdout.close()


def test_of_two_processes_that_claim_at_the_same_moment_one_wins_a_hundred_times(store, pair):
    ids = [f"{ID}_{number:08x}" for number in range(100)]
    for execution_id in ids:
        queued(store, tasks=1, execution_id=execution_id)
    pair.start(CLAIM, CLAIM)

    verdicts = [pair.go(execution_id) for execution_id in ids]

    assert {tuple(sorted(verdict)) for verdict in verdicts} == {("1", "refused")}
    owners = Counter(store.get_execution(execution_id).owner for execution_id in ids)
    assert sum(owners.values()) == 100
    assert None not in owners


def test_a_cancel_and_a_completion_at_the_same_moment_never_both_hold(store, pair):
    """Whichever is acknowledged first wins: the other is told."""
    pair.start(CANCEL, COMPLETE)
    outcomes: Counter[tuple[str, str]] = Counter()

    for number in range(200):
        execution_id = f"{ID}_{number:08x}"
        started(store, tasks=1, execution_id=execution_id)
        late = {0: (0.02, 0.0), 1: (0.0, 0.02)}.get(number % 10, (number % 7 * 1e-4, 3e-4))
        seen, ended = pair.go(execution_id, late=late)
        outcomes[seen, ended] += 1
        expected = (1, ExecutionStatus.RUNNING) if ended == "waiting" else (0, ExecutionStatus.COMPLETED)
        assert (len(store.orders(execution_id)), store.get_execution(execution_id).status) == expected

    assert set(outcomes) == {("running", "waiting"), ("completed", "completed")}, outcomes


def test_two_processes_never_hold_more_slots_of_a_pool_than_there_are(store, pair):
    names = tuple(f"t{number}" for number in range(60))
    ids = [f"{ID}_0000000a", f"{ID}_0000000b"]
    for execution_id in ids:
        request = Request(tasks=names, pools=dict.fromkeys(names, "db"))
        store.create_execution(execution_id, request, snapshot="", at=AT)
        execution = store.claim_execution(execution_id, owner="parent", lease=LEASE, at=AT - LEASE)
        store.record(
            execution,
            [ExecutionMoved(before=ExecutionStatus.QUEUED, after=ExecutionStatus.RUNNING, at=AT - LEASE)],
        )
    pair.start(WORK, WORK)

    said = [line.split() for line in pair.go(*ids)]

    assert sum(int(refused) for refused, _ in said) > 0, "nobody ever wanted a slot that was taken"
    assert max(int(most) for _, most in said) == 3
    for execution_id in ids:
        assert {run.status for run in store.task_runs(execution_id)} == {TaskStatus.COMPLETED}
        assert set(fold(store.events(execution_id)).runs.values()) == {TaskStatus.COMPLETED}


def test_who_waits_hears_at_once_of_what_another_thread_of_the_process_stored(store, path):
    heard = []
    with closing(SqliteStore(path)) as other:
        while store.wait_for_change(0):
            pass
        waiting = threading.Thread(target=lambda: heard.append((store.wait_for_change(30), time.monotonic())))
        waiting.start()
        time.sleep(0.2)  # it is in the middle of its wait for the next look
        began = time.monotonic()
        started(other, tasks=1)
        waiting.join(30)

    ((news, at),) = heard
    assert news is True
    assert at - began < LOOK / 2


def test_who_waits_hears_within_seconds_of_what_another_process_stored(store, pair):
    started(store, tasks=1)
    pair.start(CANCEL)
    while store.wait_for_change(0):
        pass

    pair.go(ID, late=(0.2, 0.0))
    began = time.monotonic()
    news = store.wait_for_change(60)

    assert news is True
    assert time.monotonic() - began < 30
    assert len(store.orders(ID)) == 1
