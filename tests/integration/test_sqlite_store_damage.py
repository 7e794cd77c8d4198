"""What the SQLite store does with a file that cannot serve: it says so, names it, and leaves it as it is."""

import random
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from orchestrator.core.errors import OrchestratorError, StoreUnusable
from orchestrator.core.folding import fold
from orchestrator.core.states import TaskStatus
from orchestrator.stores.migrating import Migration, known_migrations, migrate
from orchestrator.stores.sqlite import SqliteStore
from tests.integration.sqlite_subjects import AT, ID, LEASE, start_of, started


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A sound store of about 50 pages, closed."""
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=200)
        store.record(execution, [start_of(number) for number in range(200)])
    return path


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def truncate(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE executions (x)")


def set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {version}")


def lose_identity(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DELETE FROM identity")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "zero length": (lambda path: truncate(path, 0), "no database .zero length"),
    "zero length beside a journal": (
        lambda path: (truncate(path, 0), path.with_name("state.db-wal").write_bytes(b"x" * 5000)),
        "no database .zero length",
    ),
    "gone, with its journal still there": (
        lambda path: (path.unlink(), path.with_name("state.db-wal").write_bytes(b"x" * 5000)),
        "is gone, but its journal",
    ),
    "ten bytes": (lambda path: truncate(path, 10), "no database|not a state store"),
    "a hundred bytes": (lambda path: truncate(path, 100), "no database|damaged"),
    "half of it": (lambda path: truncate(path, path.stat().st_size // 8192 * 4096), "damaged"),
    "cut within a page": (lambda path: truncate(path, path.stat().st_size - 1000), "damaged"),
    "text": (lambda path: path.write_text("hola\n" * 2000), "no database"),
    "random bytes": (lambda path: path.write_bytes(random.Random(1).randbytes(40960)), "no database"),
    "a header of zeros": (lambda path: overwrite(path, 0, bytes(100)), "no database"),
    "a page of zeros": (lambda path: overwrite(path, 4 * 4096, bytes(4096)), "damaged"),
    "a page of noise": (lambda path: overwrite(path, 6 * 4096, random.Random(2).randbytes(4096)), "damaged"),
    "every tenth page header": (
        lambda path: [overwrite(path, page * 4096, b"\xff" * 8) for page in range(2, 40, 10)],
        "damaged",
    ),
    "the database of another program": (make_foreign, "not a state store"),
    "a folder": (replace_by_folder, "no regular file"),
    "a newer schema": (lambda path: set_version(path, 999), "newer version .schema 999"),
    "no schema": (lambda path: set_version(path, 0), "damaged .no schema version"),
    "no identity": (lose_identity, "damaged .no identity"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_cannot_serve_is_refused_by_name_and_left_as_it_is(filled, damage):
    harm, expected = DAMAGES[damage]
    harm(filled)
    before = filled.read_bytes() if filled.is_file() else None

    with pytest.raises(StoreUnusable, match=expected) as refused:
        SqliteStore(filled)

    assert str(filled) in str(refused.value)
    assert (filled.read_bytes() if filled.is_file() else None) == before


def test_bytes_that_flip_anywhere_give_an_error_of_ours_or_the_truth(filled, tmp_path):
    sound, chance = filled.read_bytes(), random.Random(7)
    with closing(SqliteStore(filled)) as store:
        truth = (store.task_runs(ID), store.events(ID))
    refused = 0

    for round_ in range(200):
        copy = tmp_path / f"flip{round_}.db"
        damaged = bytearray(sound)
        for place in chance.sample(range(len(sound)), 20):
            damaged[place] ^= 1 << chance.randrange(8)
        copy.write_bytes(damaged)
        try:
            with closing(SqliteStore(copy)) as store:
                read = (store.task_runs(ID), store.events(ID))
                fold(read[1])
        except OrchestratorError:
            refused += 1
        else:
            assert [len(part) for part in read] == [len(part) for part in truth]

    assert refused > 50


def test_a_record_that_cannot_be_read_names_the_file(filled):
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("UPDATE events SET move = '{' WHERE seq = 2")

    with closing(SqliteStore(filled)) as store, pytest.raises(StoreUnusable, match=r"state\.db is damaged"):
        store.events(ID)


def test_moves_in_the_journal_survive_the_loss_of_the_shared_memory_file(path, tmp_path):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=5)
        store.record(execution, [start_of(number) for number in range(5)])
        copy = tmp_path / "copy" / "state.db"
        copy.parent.mkdir()
        shutil.copy(path, copy)
        shutil.copy(path.with_name("state.db-wal"), copy.with_name("state.db-wal"))

    with closing(SqliteStore(copy)) as survivor:
        assert len(survivor.events(ID)) == 6


def test_an_event_log_that_lost_an_event_is_not_read_as_if_it_were_whole(filled):
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)")

    with closing(SqliteStore(filled)) as store, pytest.raises(StoreUnusable, match=r"events of .* are missing"):
        store.events(ID, after=5)


# --- in use ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_a_file_that_is_taken_away_in_use_is_noticed_before_anything_is_written_to_it(path, tmp_path, replaced):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=1)
        path.rename(tmp_path / "elsewhere.db")
        if replaced:
            path.write_bytes((tmp_path / "elsewhere.db").read_bytes())

        with pytest.raises(StoreUnusable, match="removed or replaced"):
            store.record(execution, [start_of(0)])
        with pytest.raises(StoreUnusable, match="removed or replaced"):
            store.events(ID)


def test_a_closed_store_says_so(path):
    store = SqliteStore(path)
    store.close()

    with pytest.raises(StoreUnusable, match="is closed"):
        store.list_executions()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnusable, match=r"file/state/state\.db cannot be written"):
        SqliteStore(tmp_path / "file" / "state" / "state.db")


# --- no space --------------------------------------------------------------------------------------------------------


@pytest.fixture
def little_space() -> Iterator[Callable[[int], None]]:
    """Sets how large a file may grow; root is bound by it too, as by no file mode."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_the_writer_loses_nothing_and_can_be_gone_on_from(path, little_space):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=400)
        little_space(300_000)
        acknowledged = 1
        with suppress(StoreUnusable):
            for number in range(400):
                acknowledged = store.record(execution, [start_of(number)])[0].seq
        little_space(resource.RLIM_INFINITY)
        assert acknowledged < 400, "there was space for everything"

    with closing(SqliteStore(path)) as store:
        assert 1 < len(store.events(ID)) == acknowledged
        running = [run.position for run in store.task_runs(ID) if run.status is TaskStatus.RUNNING]
        assert running == list(range(acknowledged - 1))
        again = store.claim_execution(ID, owner="test", lease=LEASE, at=AT)
        assert store.record(again, [start_of(acknowledged - 1)])[0].seq == acknowledged + 1


def test_a_database_without_room_for_a_page_says_so_and_goes_on_when_there_is_room(path):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=400)
        store._connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size where that is more

        with pytest.raises(StoreUnusable, match=r"no space is left .*what is recorded is kept"):
            store.record(execution, [start_of(number) for number in range(400)])
        assert len(store.events(ID)) == 1

        store._connection.execute("PRAGMA max_page_count = 100000")
        assert len(store.record(execution, [start_of(number) for number in range(400)])) == 400


def test_a_store_whose_write_failed_is_not_trusted_again_by_the_same_process(path, little_space):
    with closing(SqliteStore(path)) as store:
        execution = started(store, tasks=1)
        little_space(4096)
        with pytest.raises(StoreUnusable):
            store.record(execution, [start_of(0)])
        little_space(resource.RLIM_INFINITY)

        with pytest.raises(StoreUnusable, match="failed before"):
            store.record(execution, [start_of(0)])


def test_a_store_that_does_not_fit_is_not_half_made(path, little_space):
    little_space(4096)

    with pytest.raises(StoreUnusable, match="no space is left"):
        SqliteStore(path)

    assert list(path.parent.iterdir()) == []


# --- schema ----------------------------------------------------------------------------------------------------------


def test_a_database_of_an_older_schema_gets_what_it_lacks_in_order(filled, tmp_path):
    latest = known_migrations()[-1].version
    (tmp_path / f"{latest + 1:04d}_next.sql").write_text("ALTER TABLE identity ADD COLUMN a TEXT;\n-- why; and so on\n")
    (tmp_path / f"{latest + 2:04d}_then.sql").write_text("UPDATE identity SET a = 'x;y';\nCREATE TABLE z (a);\n")
    later = [*known_migrations(), *known_migrations(tmp_path)]

    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        migrate(connection, filled, later)

        assert connection.execute("PRAGMA user_version").fetchone() == (latest + 2,)
        assert connection.execute("SELECT a FROM identity").fetchone() == ("x;y",)


def test_a_migration_that_fails_leaves_the_schema_as_it_was(filled, tmp_path):
    latest = known_migrations()[-1].version
    (tmp_path / "next.sql").write_text("CREATE TABLE z (a);\nINSERT INTO nowhere VALUES (1);\n")
    later = [*known_migrations(), Migration(version=latest + 1, path=tmp_path / "next.sql")]

    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, filled, later)

        assert connection.execute("PRAGMA user_version").fetchone() == (latest,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'z'").fetchone() == (0,)
