"""The SQLite store alone: what is durable, how fast it is, who may read its file."""

import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.states import TaskStatus
from orchestrator.stores import open_store
from orchestrator.stores.sqlite import SqliteStore
from tests.integration.sqlite_subjects import (
    ID,
    assert_state_is_the_logs_sum,
    queued,
    start_of,
    started,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as opened:
        yield opened


# --- durability ------------------------------------------------------------------------------------------------------


def test_every_commit_is_flushed_to_the_disk(store):
    settings = [store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]

    assert settings == [2, "wal"]


def test_a_journal_cut_at_any_byte_keeps_exactly_the_moves_flushed_before_it(store, path, tmp_path):
    execution = started(store, tasks=30)
    journal = path.with_name("state.db-wal")
    flushed = [journal.stat().st_size]
    for number in range(30):
        store.record(execution, [start_of(number)])
        flushed.append(journal.stat().st_size)
    whole, main = journal.read_bytes(), path.read_bytes()

    for round_, cut in enumerate(range(flushed[0], len(whole) + 1, 1733)):
        copy = tmp_path / f"cut{round_}" / "state.db"
        copy.parent.mkdir()
        copy.write_bytes(main)
        copy.with_name("state.db-wal").write_bytes(whole[:cut])

        with closing(SqliteStore(copy)) as survivor:
            assert len(survivor.events(ID)) == sum(size <= cut for size in flushed)
            assert_state_is_the_logs_sum(survivor)


def test_what_was_stored_is_there_after_closing_and_opening(path):
    url = f"sqlite:///{path}"
    with closing(open_store(url)) as first:
        execution = started(first, tasks=3)
        first.record(execution, [start_of(1)])
        before = (first.get_execution(ID), first.task_runs(ID), first.attempts(ID), first.events(ID))

    with closing(open_store(url)) as second:
        after = (second.get_execution(ID), second.task_runs(ID), second.attempts(ID), second.events(ID))

    assert after == before


# --- size and speed --------------------------------------------------------------------------------------------------


def test_ten_thousand_task_runs_are_made_moved_and_read_in_seconds(store):
    began = time.perf_counter()

    execution = started(store, tasks=10_000)
    events = store.record(execution, [start_of(number) for number in range(10_000)])
    runs, attempts = store.task_runs(ID), store.attempts(ID)

    assert time.perf_counter() - began < 10
    assert (len(runs), len(attempts), events[-1].seq) == (10_000, 10_000, 10_001)
    assert {run.status for run in runs} == {TaskStatus.RUNNING}
    assert [run.position for run in runs] == list(range(10_000))


def test_a_batch_is_one_commit(store):
    execution = started(store, tasks=100)
    commits = []
    store._connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    store.record(execution, [start_of(number) for number in range(100)])

    assert commits == ["COMMIT"]


def test_recording_a_move_costs_no_more_than_ten_bare_commits(store, tmp_path):
    execution = started(store, tasks=300)
    bare = sqlite3.connect(tmp_path / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE moves (number INTEGER PRIMARY KEY, text TEXT)")
    ours, floor = [], []

    with closing(bare):
        for number in range(300):  # turn by turn, so that whatever else the machine does slows both
            ours.append(time_of(lambda number=number: store.record(execution, [start_of(number)])))
            floor.append(time_of(lambda number=number: commit_bare(bare, number)))

    ratio = statistics.median(ours) / statistics.median(floor)
    assert ratio < 10, f"{statistics.median(ours) * 1e6:.0f} µs against {statistics.median(floor) * 1e6:.0f} µs"


def commit_bare(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO moves VALUES (?, ?)", (number, "x" * 200))
    connection.execute("COMMIT")


def time_of(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


# --- the file itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_only_the_owner_can_read_the_store_whatever_the_umask(tmp_path, umask):
    path = tmp_path / "state" / "state.db"
    before = os.umask(umask)
    try:
        with closing(SqliteStore(path)) as store:
            queued(store, tasks=1)
            modes = {each.name: each.stat().st_mode & 0o777 for each in [path.parent, *path.parent.iterdir()]}
    finally:
        os.umask(before)

    files = ("state.db", "state.db-wal", "state.db-shm", "state.db.head")
    assert modes == {"state": 0o700} | dict.fromkeys(files, 0o600)


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)

    SqliteStore(tmp_path / "state.db").close()

    assert tmp_path.stat().st_mode & 0o777 == 0o755
