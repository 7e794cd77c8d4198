"""An operator's hand on the SQLite file: older files read on, copies, checks, pruning (R25, R32)."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreUnusable, UsageError
from orchestrator.core.events import ExecutionMoved
from orchestrator.core.executions import Request
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.stores.migrating import APPLICATION_ID, known_migrations, migrate
from orchestrator.stores.sqlite import SqliteStore
from orchestrator.stores.upkeep import SqliteUpkeep
from tests.integration.sqlite_subjects import AT, ID, LEASE, assert_state_is_the_logs_sum, queued, start_of, started


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A store with an execution of nine events, closed."""
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=8)
        store.record(execution, [start_of(number) for number in range(8)])
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for statement in statements:
            raw.execute(statement)


# --- older files -----------------------------------------------------------------------------------------------------


@pytest.fixture
def of_schema_1(path: Path) -> Path:
    """A file as the first version left it: one task completed, one running, three events, an execution that ended."""
    at = "2025-04-01T00:00:00.000000+00:00"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(raw, path, known_migrations()[:1])
        raw.execute("INSERT INTO identity VALUES (1, 'b0b0')")
        raw.execute("INSERT INTO snapshots VALUES ('hash', '{}')")
        columns = "(execution_id, workflow, snapshot, request, status, created_at, owner, fencing_token, lease_until, last_seq)"
        request = '{"tasks":["t0","t1"],"workflow":"w","parameters":{},"assumed_satisfied":[],"snapshot":"hash"}'
        values = (ID, "w", "hash", request, "running", at, "old", 4, at, 4)
        raw.execute(f"INSERT INTO executions {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        for position, status in enumerate(["completed", "running"]):
            run = (ID, f"t{position}", position, status)
            raw.execute(
                "INSERT INTO task_runs (execution_id, task_id, item, position, status) VALUES (?, ?, -1, ?, ?)", run
            )
        raw.execute(
            "INSERT INTO attempts (execution_id, task_id, item, number, status) VALUES (?, 't0', -1, 1, 'completed')",
            (ID,),
        )
        moves = [
            '{"before":"queued","after":"running"}',
            '{"task":"t0","before":"pending","after":"running","attempt":{"number":1,"status":"running"}}',
            '{"task":"t0","before":"running","after":"completed","attempt":{"number":1,"status":"completed"}}',
            '{"task":"t1","before":"pending","after":"running"}',
        ]
        for seq, move in enumerate(moves, start=1):
            raw.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (ID, seq, at, move))
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    return path


def test_a_file_of_the_first_schema_is_brought_up_to_date_and_reads_as_before(of_schema_1):
    with closing(SqliteStore(of_schema_1)) as store:
        execution = store.get_execution(ID)
        statuses = [run.status for run in store.task_runs(ID)]

        assert (execution.request.pools, execution.request.rerun_of, execution.request.kept) == ({}, None, ())
        assert (execution.fencing_token, execution.refused_writes) == (4, 0)
        assert statuses == [TaskStatus.COMPLETED, TaskStatus.RUNNING]
        assert [attempt.code_sha256 for attempt in store.attempts(ID)] == [None]
        assert [event.chain for event in store.events(ID)] == [""] * 4
        assert_state_is_the_logs_sum(store)
    assert SqliteUpkeep(of_schema_1).schema_version() == known_migrations()[-1].version
    assert SqliteUpkeep(of_schema_1).check() == []


def test_an_execution_of_the_first_schema_is_driven_on_and_its_new_events_are_chained(of_schema_1):
    with closing(SqliteStore(of_schema_1)) as store:
        execution = store.claim_execution(ID, owner="new", lease=LEASE, at=AT)
        store.record(
            execution, [ExecutionMoved(before=ExecutionStatus.RUNNING, after=ExecutionStatus.INTERRUPTED, at=AT)]
        )
        again = store.claim_execution(ID, owner="new", lease=LEASE, at=AT)
        store.record(again, [ExecutionMoved(before=ExecutionStatus.INTERRUPTED, after=ExecutionStatus.RUNNING, at=AT)])

        chains = [bool(event.chain) for event in store.events(ID)]
        assert chains == [False] * 4 + [True] * 2
        assert_state_is_the_logs_sum(store)
        assert [bool(event.chain) for event in store.events(ID, after=4)] == [True] * 2
    assert SqliteUpkeep(of_schema_1).check() == []


def test_looking_at_a_file_of_another_version_changes_nothing(of_schema_1):
    upkeep = SqliteUpkeep(of_schema_1)

    assert (upkeep.check(), upkeep.schema_version()) == ([], 1)


# --- copies ----------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_store_of_its_own(filled, tmp_path):
    target = tmp_path / "backup ñ" / "copy.db"
    target.parent.mkdir()
    with closing(SqliteStore(filled)) as store:
        SqliteUpkeep(filled).backup(str(target))
        queued(store, tasks=1, execution_id=f"{ID}_0000000a")
        with closing(SqliteStore(target)) as copy:
            assert copy.events(ID) == store.events(ID)
            assert len(copy.list_executions()) == 1
            assert copy._head.read() == 4

    assert {each.name: each.stat().st_mode & 0o777 for each in target.parent.iterdir()} == {
        "copy.db": 0o600,
        "copy.db.head": 0o600,
    }
    assert SqliteUpkeep(target).check() == []


def test_a_backup_that_is_put_in_place_with_its_count_opens_at_once(filled, tmp_path):
    SqliteUpkeep(filled).backup(str(tmp_path / "copy.db"))
    with closing(SqliteStore(filled)) as store:
        queued(store, tasks=1, execution_id=f"{ID}_0000000a")

    shutil.copy(tmp_path / "copy.db", filled)
    shutil.copy(tmp_path / "copy.db.head", filled.with_name("state.db.head"))

    with closing(SqliteStore(filled)) as store:
        assert [execution.execution_id for execution in store.list_executions()] == [ID]


def test_a_backup_is_made_in_the_middle_of_anothers_transaction(filled, tmp_path):
    with closing(SqliteStore(filled)) as writer:
        writer._connection.execute("BEGIN IMMEDIATE")
        writer._connection.execute("DELETE FROM events")

        SqliteUpkeep(filled).backup(str(tmp_path / "copy.db"))

        writer._connection.execute("ROLLBACK")
    with closing(SqliteStore(tmp_path / "copy.db")) as copy:
        assert len(copy.events(ID)) == 9


def test_a_backup_of_a_file_that_is_not_there_makes_nothing(path, tmp_path):
    with pytest.raises(StoreUnusable, match=r"state\.db cannot be written"):
        SqliteUpkeep(path).backup(str(tmp_path / "copy.db"))

    assert list(tmp_path.iterdir()) == []


def test_a_backup_never_replaces_what_is_there(filled, tmp_path):
    (tmp_path / "copy.db").write_text("mine")

    with pytest.raises(UsageError, match=r"copy\.db exists already"):
        SqliteUpkeep(filled).backup(str(tmp_path / "copy.db"))

    assert (tmp_path / "copy.db").read_text() == "mine"
    assert not list(tmp_path.glob("*.new"))


def test_a_check_names_what_is_wrong_with_a_file_that_no_store_opens(filled, tmp_path):
    foreign, text, gone = tmp_path / "foreign.db", tmp_path / "text.db", tmp_path / "gone.db"
    change(foreign, "CREATE TABLE executions (x)")
    text.write_text("hola\n" * 2000)
    with filled.open("r+b") as file:
        file.seek(6 * 4096)
        file.write(b"\xff" * 4096)

    said = [SqliteUpkeep(each).check() for each in (foreign, text, gone, filled)]

    assert "not a state store" in said[0][0]
    assert said[1] == ["file is not a database"]
    assert said[2] == ["unable to open database file"]
    assert said[3]
    assert not gone.exists()


# --- pruning ---------------------------------------------------------------------------------------------------------


def test_each_execution_is_forgotten_in_a_transaction_of_its_own(path):
    with closing(SqliteStore(path)) as store:
        for number in range(5):
            execution = started(store, tasks=2, execution_id=f"{ID}_{number:08x}")
            store.record(
                execution, [ExecutionMoved(before=ExecutionStatus.RUNNING, after=ExecutionStatus.FAILED, at=AT)]
            )
        before = store._head.read()

        forgotten = SqliteUpkeep(path).prune(before=AT + LEASE, keep=1)

        assert len(forgotten) == 4
        assert store._head.read() == before + 4


def test_what_somebody_begins_to_repeat_meanwhile_is_not_forgotten(path, monkeypatch):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=2)
        store.record(execution, [ExecutionMoved(before=ExecutionStatus.RUNNING, after=ExecutionStatus.FAILED, at=AT)])
        decide = SqliteUpkeep.prune.__globals__["prunable"]

        def slow(*args: object, **facts: object) -> list[str]:
            decided = decide(*args, **facts)
            store.create_execution(f"{ID}_0000000a", Request(tasks=("t0",), rerun_of=ID), snapshot="", at=AT)
            return decided

        monkeypatch.setitem(SqliteUpkeep.prune.__globals__, "prunable", slow)
        forgotten = SqliteUpkeep(path).prune(before=AT + LEASE, keep=0)

        assert forgotten == []
        assert len(store.events(ID)) == 2
