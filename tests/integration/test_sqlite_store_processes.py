"""The SQLite store among many writers: processes, kill -9, threads, locks."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreUnusable
from orchestrator.core.states import ExecutionStatus
from orchestrator.stores import connecting
from orchestrator.stores.migrating import new_database_image
from orchestrator.stores.sqlite import SqliteStore
from tests.integration.sqlite_subjects import ID, ROOT, assert_state_is_the_logs_sum, queued, start_of, started

PRELUDE = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from orchestrator.core.errors import OrchestratorError, StaleOwner, StoreUnusable
from orchestrator.core.events import TaskMoved
from orchestrator.core.executions import Request
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.states import TaskStatus
from orchestrator.stores.sqlite import SqliteStore
AT = datetime(2025, 4, 1, tzinfo=UTC)
path, ID = Path(sys.argv[1]), sys.argv[2]
def claim(owner="child"):
    return store.claim_execution(ID, owner=owner, lease=timedelta(seconds=30), at=AT + timedelta(days=int(sys.argv[3])))
def start_of(number):
    run = TaskRunKey(execution_id=ID, task_id=f"t{number}")
    return TaskMoved(run=run, before=TaskStatus.PENDING, after=TaskStatus.RUNNING, at=AT)
"""
CLAIM_AT_ONCE = """
store = SqliteStore(path)
print("ready", flush=True)
sys.stdin.readline()
try:
    print(claim(owner=f"pid {os.getpid()}").fencing_token)
except StaleOwner:
    print("refused")
store.close()
"""
CREATE_AT_ONCE = """
print("ready", flush=True)
sys.stdin.readline()
store = SqliteStore(path)
store.create_execution(f"{ID}_{os.getpid():08x}", Request(tasks=("a",)), snapshot="", at=AT)
store.close()
"""
WRITE_UNTIL_KILLED = """
store = SqliteStore(path)
execution = claim()
for run in store.task_runs(ID):
    if run.status is TaskStatus.PENDING:
        event = store.record(execution, [start_of(run.position)])[0]
        os.write(1, f"{event.seq}\\n".encode())
"""
FORK = """
store = SqliteStore(path)
if os.fork() == 0:
    try:
        store.task_runs(ID)
    except StoreUnusable as refused:
        print(refused, flush=True)
    os._exit(0)
os.wait()
print(len(store.task_runs(ID)))
store.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as opened:
        yield opened


def child(program: str, path: Path, *, day: int = 0, execution_id: str = ID) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PRELUDE + program, str(path), execution_id, str(day)]
    return subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def start_together(children: list[subprocess.Popen[str]]) -> list[str]:
    """Let go all at once when all are ready; what each then says."""
    for each in children:
        assert each.stdout.readline() == "ready\n"
    for each in children:
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=60)[0].strip() for each in children]
    assert [each.returncode for each in children] == [0] * len(children)
    return said


# --- several processes -----------------------------------------------------------------------------------------------


def test_of_two_processes_that_claim_at_once_one_wins(store, path):
    verdicts = []
    for day in range(4):
        queued(store, tasks=1, execution_id=f"{ID}_{day:08x}")

        children = [child(CLAIM_AT_ONCE, path, execution_id=f"{ID}_{day:08x}") for _ in range(2)]

        verdicts.append(sorted(start_together(children)))
    assert verdicts == [["1", "refused"]] * 4


def test_processes_that_make_the_store_at_once_end_up_in_the_same_one(path):
    children = [child(CREATE_AT_ONCE, path) for _ in range(4)]

    start_together(children)

    with closing(SqliteStore(path)) as store:
        assert len(store.list_executions()) == 4
    assert sorted(path.parent.iterdir()) == [path, path.with_name("state.db.head")]


def test_a_store_that_a_rival_made_first_is_left_as_it_is(store, path):
    queued(store, tasks=1)

    connecting._create(path)

    assert len(store.list_executions()) == 1
    assert not list(path.parent.glob("*.new"))


def test_a_new_database_need_not_be_switched_to_wal_by_whoever_opens_it_first(path):
    path.parent.mkdir()
    path.write_bytes(new_database_image())

    with closing(sqlite3.connect(path)) as raw:
        mode = raw.execute("PRAGMA journal_mode").fetchone()

    assert mode == ("wal",), "a switch fails at once with `database is locked` where another process opens the file too"


def test_a_writer_killed_at_any_moment_loses_no_move_that_it_acknowledged(store, path):
    started(store, tasks=4000)
    acknowledged = 1

    for day in range(1, 13):
        writer = child(WRITE_UNTIL_KILLED, path, day=day)
        first = writer.stdout.readline()
        time.sleep(0.005 * day)
        writer.send_signal(signal.SIGKILL)
        said = (first + writer.communicate()[0]).splitlines()

        acknowledged = max(acknowledged, int(said[-1]))
        assert len(store.events(ID)) in {acknowledged, acknowledged + 1}, "stored, and killed before it could say so"

    assert acknowledged > 12
    assert_state_is_the_logs_sum(store)


def test_a_forked_child_cannot_use_the_stores_connection(store, path):
    queued(store, tasks=3)

    said = child(FORK, path).communicate(timeout=60)[0].splitlines()

    assert "opened by the parent process" in said[0]
    assert said[1] == "3"


def test_only_who_asks_for_sqlite_pays_for_it():
    program = "import sys; from orchestrator.stores import open_store; open_store('memory://'); print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "orchestrator.stores.memory" in loaded
    assert not {"sqlite3", "pydantic", "asyncio", "orchestrator.stores.sqlite"} & set(loaded)


# --- several threads -------------------------------------------------------------------------------------------------


def test_threads_share_a_store_and_two_stores_share_a_file(store, path):
    with closing(SqliteStore(path)) as other:

        def drive(number: int) -> int:
            mine = (store, other)[number % 2]
            execution = started(mine, tasks=20, execution_id=f"{ID}_{number:08x}")
            for task in range(20):
                mine.record(execution, [start_of(task, execution.execution_id)])
            return len(mine.events(execution.execution_id))

        with ThreadPoolExecutor(6) as threads:
            counts = list(threads.map(drive, range(6)))

    assert counts == [21] * 6


def test_a_store_that_is_opened_and_closed_beside_another_does_not_free_its_lock(store, path):
    store._connection.execute("BEGIN IMMEDIATE")
    SqliteStore(path).close()

    other = child("store = SqliteStore(path, busy_timeout=timedelta(0)); claim()", path)

    assert other.wait(60) == 1
    store._connection.execute("ROLLBACK")
    other.communicate()


# --- locks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lock(path: Path, store: SqliteStore) -> Iterator[sqlite3.Connection]:
    """Another writer in the middle of its transaction."""
    assert store.find_executions("x") == []
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_lock_that_is_given_back_in_time_is_waited_for(path, lock):
    with closing(SqliteStore(path, busy_timeout=timedelta(seconds=10))) as patient:
        release = threading.Timer(0.3, lambda: lock.execute("COMMIT"))
        release.start()

        queued(patient, tasks=1)

        release.join()
        assert patient.get_execution(ID).status is ExecutionStatus.QUEUED


def test_a_lock_that_lasts_is_an_error_that_names_the_file_and_readers_do_not_wait_for_it(path, lock):
    with closing(SqliteStore(path, busy_timeout=timedelta(seconds=0.2))) as hasty:
        began = time.monotonic()
        with pytest.raises(StoreUnusable, match=r"state\.db stayed locked by another process"):
            queued(hasty, tasks=1)
        waited = time.monotonic() - began

        assert 0.15 < waited < 2
        assert hasty.list_executions() == []
        lock.execute("COMMIT")
        queued(hasty, tasks=1)


def test_the_default_patience_is_ten_seconds(store):
    patience = store._connection.execute("PRAGMA busy_timeout").fetchone()[0]

    assert patience == 10_000
