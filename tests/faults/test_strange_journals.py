"""A journal that does not belong to the database beside it, or is gone: noticed, and nothing sound is harmed (F32)."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreUnusable
from orchestrator.stores.sqlite import SqliteStore
from tests.integration.sqlite_subjects import ID, assert_state_is_the_logs_sum, start_of, started

OTHER_ID = "20250402_000000"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A sound store of about 50 pages, closed, without a journal."""
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=200)
        store.record(execution, [start_of(number) for number in range(200)])
    return path


def copy_of(database: Path, folder: Path, *suffixes: str) -> Path:
    """The database as it stands now, in a new folder, with those files beside it."""
    folder.mkdir()
    for suffix in ("", *suffixes):
        shutil.copy(f"{database}{suffix}", folder / f"{database.name}{suffix}")
    return folder / database.name


def test_a_lost_journal_is_noticed(path, tmp_path):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=5)
        store.record(execution, [start_of(number) for number in range(5)])
        copy = copy_of(path, tmp_path / "copy", ".head")

    with pytest.raises(StoreUnusable, match=r"state\.db lacks its last \d+ commit") as refused:
        SqliteStore(copy)

    assert str(copy) in str(refused.value)


@pytest.mark.parametrize("content", [b"", bytes(16), b"\xff" * 16, b"nonsense" * 100], ids=repr)
def test_a_count_of_commits_that_a_power_cut_spoilt_refuses_nothing(filled, content):
    filled.with_name("state.db.head").write_bytes(content)

    with closing(SqliteStore(filled)) as store:
        assert len(store.events(ID)) == 201


@pytest.fixture
def foreign_journal(filled: Path, tmp_path: Path) -> Path:
    """Beside the sound store stands the journal of another one; `filled` is closed and has none of its own."""
    other = tmp_path / "other" / "state.db"
    with closing(SqliteStore(other)) as store:
        started(store, tasks=200, execution_id=OTHER_ID)
        return Path(shutil.copy(f"{other}-wal", f"{filled}-wal"))


def test_the_journal_of_another_store_is_not_taken_for_ones_own(filled, foreign_journal):
    with pytest.raises(StoreUnusable, match=r"state\.db is damaged"):
        SqliteStore(filled)


def test_a_store_refused_for_the_journal_beside_it_is_whole_again_without_it(filled, foreign_journal, tmp_path):
    before = filled.read_bytes()

    with pytest.raises(StoreUnusable):
        SqliteStore(filled)

    assert filled.read_bytes() == before
    foreign_journal.rename(tmp_path / "moved away")
    with closing(SqliteStore(filled)) as store:
        assert len(store.events(ID)) == 201


@pytest.mark.parametrize(
    ("kept", "lost", "in_journal"), [(5, 50, 5), (50, 50, 1), (100, 10, 20), (0, 150, 30), (10, 1, 1), (190, 1, 1)]
)
def test_an_older_copy_beside_the_newer_journal_is_whole_or_refused(path, tmp_path, kept, lost, in_journal):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=200)
        for number in range(kept):
            store.record(execution, [start_of(number)])
    older = path.read_bytes()
    with closing(SqliteStore(path)) as store:
        for number in range(kept, kept + lost):
            store.record(execution, [start_of(number)])
    with closing(SqliteStore(path)) as store:
        for number in range(kept + lost, kept + lost + in_journal):
            store.record(execution, [start_of(number)])
        mixed = copy_of(path, tmp_path / "mixed", "-wal")
    mixed.write_bytes(older)

    try:
        with closing(SqliteStore(mixed)) as store:
            found = len(store.events(ID))
            assert_state_is_the_logs_sum(store)
    except StoreUnusable as refused:
        assert str(mixed) in str(refused)  # noqa: PT017 - either of two ends is right
    else:
        assert found == 1 + kept + lost + in_journal
