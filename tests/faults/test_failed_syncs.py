"""A sync fails once with EIO, as after a bad sector or a lost mount: what was to be durable is treated as lost (F29).

After such a failure Linux takes the pages for clean: they can still be read, and are never written again. A process that
reads them as truth and builds on them loses all of it with the power.
"""

import os
import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreUnusable
from orchestrator.stores.sqlite import SqliteStore
from tests.faults.power_cut import DiskLog, SyncFailed, after_cut, image_of, write_image
from tests.faults.sqlite_vfs import VfsUnavailable, library, watched
from tests.integration.sqlite_subjects import AT, ID, LEASE, assert_state_is_the_logs_sum, start_of, started

CUTS = 40


@pytest.fixture(scope="module", autouse=True)
def _sqlite_can_be_watched() -> None:
    try:
        library()
    except VfsUnavailable as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "state.db"
    SqliteStore(path).close()
    return path


@pytest.fixture
def log(path: Path) -> DiskLog:
    return DiskLog(image_of(path.parent))


def fail_a_sync(path: Path, log: DiskLog, *, meanwhile: Callable[[], object] = lambda: None) -> int:
    """Six moves are acknowledged, the seventh is refused; returns six. `meanwhile`: before the store is closed."""
    with watched(path.parent, log), closing(SqliteStore(path)) as store:
        execution = started(store, tasks=60)
        acknowledged = [store.record(execution, [start_of(number)])[-1].seq for number in range(5)][-1]
        log.failing_syncs.add("-wal")
        with pytest.raises(StoreUnusable, match="disk I/O error"):
            store.record(execution, [start_of(5)])
        with pytest.raises(StoreUnusable, match="failed before"):
            store.record(execution, [start_of(5)])
        meanwhile()
    return acknowledged


def go_on(path: Path, log: DiskLog) -> tuple[int, int]:
    """A new start records ten more moves: how many are acknowledged then, and after how many operations."""
    with watched(path.parent, log), closing(SqliteStore(path)) as store:
        known = len(store.events(ID))
        execution = store.claim_execution(ID, owner="test", lease=LEASE, at=AT)
        for number in range(known - 1, known + 9):
            last = store.record(execution, [start_of(number)])[-1].seq
        return last, len(log.operations)


def events_after_cut(log: DiskLog, operations: int, folder: Path, seed: int) -> int | str:
    """How many events a store finds after one cut, or why it does not open."""
    write_image(after_cut(log.beginning, log.operations[:operations], random.Random(seed)), folder)
    try:
        with closing(SqliteStore(folder / "state.db")) as store:
            assert_state_is_the_logs_sum(store)
            return len(store.events(ID))
    except StoreUnusable as refused:
        return str(refused)


def test_the_store_is_not_used_again_and_a_new_start_finds_what_was_acknowledged(path, log):
    acknowledged = fail_a_sync(path, log)

    with closing(SqliteStore(path)) as store:
        found = len(store.events(ID))
        assert_state_is_the_logs_sum(store)

    assert found in {acknowledged, acknowledged + 1}


def test_what_a_new_start_records_after_a_clean_end_survives_a_power_cut(path, log, tmp_path):
    fail_a_sync(path, log)

    acknowledged, operations = go_on(path, log)

    found = {events_after_cut(log, operations, tmp_path / f"cut{seed}", seed) for seed in range(CUTS)}
    assert found == {acknowledged}


def test_what_a_new_start_records_after_the_process_was_killed_survives_a_power_cut(path, log, tmp_path):
    as_left = tmp_path / "as left" / "state.db"  # the same disk, as a process sees it that starts after the death
    after = []

    def die():
        write_image(image_of(path.parent), as_left.parent)
        after.append(log.continued())

    fail_a_sync(path, log, meanwhile=die)
    acknowledged, operations = go_on(as_left, after[0])

    found = {events_after_cut(after[0], operations, tmp_path / f"cut{seed}", seed) for seed in range(CUTS)}
    assert found == {acknowledged}


def test_a_checkpoint_whose_sync_fails_loses_nothing_and_is_done_again(path, log, tmp_path):
    points = []
    with watched(path.parent, log), closing(SqliteStore(path)) as store:
        store._connection.execute("PRAGMA wal_autocheckpoint = 20")
        execution = started(store, tasks=60)
        for number in range(60):
            if number % 3 == 0:
                log.failing_syncs.add(".db")
            acknowledged = store.record(execution, [start_of(number)])[-1].seq
            points.append((acknowledged, len(log.operations)))
    failed = sum(isinstance(each, SyncFailed) for each in log.operations)

    found = [
        (acknowledged, events_after_cut(log, operations, tmp_path / f"cut{seed}", seed))
        for seed, (acknowledged, operations) in enumerate(points)
    ]

    assert failed > 3
    assert [pair for pair in found if pair[0] != pair[1]] == []
