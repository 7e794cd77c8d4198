"""What the SQLite store proves of its own file: no event changed, no commit lost (R25, fault 32)."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreUnusable
from orchestrator.core.states import ExecutionStatus
from orchestrator.stores import sqlite_file
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


# --- the chain of events ---------------------------------------------------------------------------------------------

HARM = {
    "a changed move": ("UPDATE events SET move = replace(move, 't3', 't7') WHERE seq = 5", 5),
    "a changed time": ("UPDATE events SET at = '2025-04-01T00:00:00.000001+00:00' WHERE seq = 5", 5),
    "a changed hash": ("UPDATE events SET chain = replace(chain, substr(chain, 1, 1), 'g') WHERE seq = 5", 5),
    "a hash taken away": ("UPDATE events SET chain = '' WHERE seq = 5", 5),
    "all hashes but the last taken away": ("UPDATE events SET chain = '' WHERE seq < 9", 9),
    "an event that is missing": ("DELETE FROM events WHERE seq = 5", 5),
    "the first one missing": ("DELETE FROM events WHERE seq = 1", 1),
    "the last one missing": ("DELETE FROM events WHERE seq = 9", 9),
    "one too many": (f"INSERT INTO events VALUES ('{ID}', 10, '', '{{}}', '')", 10),
    "an end that nobody knows of": ("UPDATE executions SET last_chain = ''", 9),
    "a last event of another chain": ("UPDATE executions SET last_chain = replace(last_chain, 'a', 'b') || 'c'", 9),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_log_that_is_not_as_it_was_stored_is_refused_by_execution_and_event(filled, harm):
    statement, seq = HARM[harm]
    change(filled, statement)

    with closing(SqliteStore(filled)) as store:
        with pytest.raises(StoreUnusable, match=rf"events of {ID} are missing or .* from number {seq} on"):
            store.events(ID)
        assert store.get_execution(ID).status is ExecutionStatus.RUNNING

    assert SqliteUpkeep(filled).check() == [
        f"events of {ID} are missing or not as they were stored, from number {seq} on"
    ]


@pytest.mark.parametrize("after", [0, 1, 4, 5, 8])
def test_reading_from_the_middle_on_tests_what_is_read(filled, after):
    change(filled, "UPDATE events SET move = replace(move, 't3', 't7') WHERE seq = 5")

    with closing(SqliteStore(filled)) as store:
        if after < 5:
            with pytest.raises(StoreUnusable, match="from number 5 on"):
                store.events(ID, after=after)
        else:
            assert [event.seq for event in store.events(ID, after=after)] == list(range(after + 1, 10))


def test_logs_that_changed_places_are_not_taken_for_each_other(filled):
    other = f"{ID}_0000000a"
    with closing(SqliteStore(filled)) as store:
        execution = started(store, tasks=8, execution_id=other)
        store.record(execution, [start_of(number, other) for number in range(8)])
    change(
        filled,
        "PRAGMA foreign_keys = OFF",
        f"UPDATE events SET execution_id = 'x' WHERE execution_id = '{ID}'",
        f"UPDATE events SET execution_id = '{ID}' WHERE execution_id = '{other}'",
        f"UPDATE events SET execution_id = '{other}' WHERE execution_id = 'x'",
        f"UPDATE executions SET last_chain = (SELECT chain FROM events WHERE execution_id = '{ID}' AND seq = 9)"
        f" WHERE execution_id = '{ID}'",
    )

    with closing(SqliteStore(filled)) as store, pytest.raises(StoreUnusable, match="from number 1 on"):
        store.events(ID)


# --- lost commits ----------------------------------------------------------------------------------------------------


@pytest.fixture
def without_journal(path: Path, tmp_path: Path) -> Path:
    """What is left of a store whose last three commits were in its journal, which is lost."""
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=5)
    with closing(SqliteStore(path)) as store:
        for number in range(3):
            store.record(execution, [start_of(number)])
        left = tmp_path / "left"
        left.mkdir()
        for name in ("state.db", "state.db.head"):
            shutil.copy(path.with_name(name), left / name)
    return left / "state.db"


def test_a_lost_journal_is_noticed_and_the_loss_is_counted(without_journal):
    before = without_journal.read_bytes()

    with pytest.raises(StoreUnusable, match=r"lacks its last 3 commit.*etl db check --accept") as refused:
        SqliteStore(without_journal)

    assert str(without_journal) in str(refused.value)
    assert f"{without_journal}-wal" in str(refused.value)
    assert without_journal.read_bytes() == before
    assert "lacks its last 3 commit" in SqliteUpkeep(without_journal).check()[0]


def test_a_journal_that_is_put_back_makes_the_store_whole(path, without_journal, tmp_path):
    with closing(SqliteStore(path)) as store:
        whole = store.events(ID)
        shutil.copy(path, without_journal)

    with closing(SqliteStore(without_journal)) as store:
        assert store.events(ID) == whole


def test_a_loss_that_is_accepted_is_no_loss_any_more(without_journal):
    lost = SqliteStore.accept_loss(without_journal)

    assert lost == 3
    with closing(SqliteStore(without_journal)) as store:
        assert len(store.events(ID)) == 1
        assert_state_is_the_logs_sum(store)
        store.record(store.claim_execution(ID, owner="b", lease=LEASE, at=AT + LEASE), [start_of(0)])
    SqliteStore(without_journal).close()
    assert SqliteStore.accept_loss(without_journal) == 0


def test_an_older_copy_in_the_place_of_the_database_is_noticed(filled, tmp_path):
    shutil.copy(filled, tmp_path / "older.db")
    with closing(SqliteStore(filled)) as store:
        queued(store, tasks=1, execution_id=f"{ID}_0000000a")

    shutil.copy(tmp_path / "older.db", filled)

    with pytest.raises(StoreUnusable, match="lacks its last 1 commit"):
        SqliteStore(filled)


NO_PROOF: dict[str, Callable[[Path], object]] = {
    "missing": lambda head: head.unlink(),
    "empty": lambda head: head.write_bytes(b""),
    "cut": lambda head: head.write_bytes(head.read_bytes()[:9]),
    "noise": lambda head: head.write_bytes(b"\xff" * 16),
    "a folder": lambda head: (head.unlink(), head.mkdir()),
    "of another database": lambda head: (head.unlink(), take_head_of_another(head)),
}


def take_head_of_another(head: Path) -> None:
    other = head.parent / "other" / "state.db"
    with closing(SqliteStore(other)) as store:
        for number in range(50):
            queued(store, tasks=1, execution_id=f"{ID}_{number:08x}")
    shutil.copy(other.with_name("state.db.head"), head)


@pytest.mark.parametrize("state", NO_PROOF)
def test_a_count_that_cannot_be_read_proves_nothing_and_hinders_nobody(filled, state):
    NO_PROOF[state](filled.with_name("state.db.head"))

    with closing(SqliteStore(filled)) as store:
        assert store.record(store.claim_execution(ID, owner="b", lease=LEASE, at=AT + LEASE), []) == []
        assert len(store.events(ID)) == 9

    SqliteStore(filled).close()


def test_each_commit_that_changed_something_is_counted_once_it_has_returned(path):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=3)
        told = [store._head.read()]
        commits = []
        store._connection.set_trace_callback(
            lambda text: commits.append(store._head.read()) if text == "COMMIT" else None
        )

        store.record(execution, [start_of(0)])
        told.append(store._head.read())
        with store._writing():
            pass
        told.append(store._head.read())

    assert told == [3, 4, 4]
    assert commits[0] == 3, "the count claimed a commit that had not returned"


def test_of_two_stores_on_one_file_the_slower_one_does_not_lower_the_count(path, monkeypatch):
    with closing(SqliteStore(path)) as slow, closing(SqliteStore(path)) as quick:
        execution = started(slow, tasks=5)
        raise_to = slow._head.raise_to

        def late(commits: int) -> None:
            quick.renew_lease(execution, lease=LEASE, at=AT)
            raise_to(commits)

        monkeypatch.setattr(slow._head, "raise_to", late)
        slow.record(execution, [start_of(0)])

        assert quick._head.read() == quick._read("SELECT commits FROM identity")[0]["commits"] == 5


def test_a_count_that_cannot_be_written_does_not_undo_the_commit(path, monkeypatch):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=1)

        def no_space(*_: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(sqlite_file.HeadFile, "_content", no_space)

        assert len(store.record(execution, [start_of(0)])) == 1
        assert len(store.events(ID)) == 2
