"""The power fails at any moment: the SQLite store has lost no move that it acknowledged (R3, R25; F29, F30).

`ETL_FAULT_COUNT_POWER_CUTS` says how many cuts are tried; a failure names the seed of its cut.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreUnusable
from orchestrator.core.events import ExecutionMoved
from orchestrator.core.states import ExecutionStatus
from orchestrator.stores import open_store
from orchestrator.stores.sqlite import SqliteStore
from tests.faults.power_cut import Created, Deleted, DiskLog, Image, Operation, after_cut, image_of, write_image
from tests.faults.sqlite_vfs import VfsUnavailable, library, version, watched
from tests.faults.store_workload import AT, LEASE, Acknowledged, Workload, assert_logs_add_up, standings_of

CUTS = int(os.environ.get("ETL_FAULT_COUNT_POWER_CUTS", "60"))
MOVES = 500
OFTEN = (
    "wal_autocheckpoint = 25"  # pages: a checkpoint every ten commits or so, where the product has one in some hundred
)


@pytest.fixture(scope="module", autouse=True)
def _sqlite_can_be_watched() -> None:
    try:
        library()
    except VfsUnavailable as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A workload, as the disk saw it and as the store acknowledged it."""

    beginning: Image
    operations: Sequence[Operation]
    ledger: Sequence[Acknowledged]
    end: Image
    """What the files held when all was closed."""

    def acknowledged_at(self, cut: int) -> int:
        """Index of the last call that had returned when `cut` operations were done."""
        return max(index for index, entry in enumerate(self.ledger) if entry.operations <= cut)

    def moment(self, chance: random.Random) -> int:
        """A number of operations to be done before the power fails; one in five is near a name's coming or going."""
        names = [index for index, each in enumerate(self.operations) if isinstance(each, Created | Deleted)]
        if chance.random() < 0.2:
            return min(len(self.operations), max(0, chance.choice(names) + chance.randint(-5, 15)))
        return chance.randrange(len(self.operations) + 1)


@dataclass(kw_only=True)
class Tally:
    """What the cuts came to."""

    lost: list[str] = field(default_factory=list)
    not_opened: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)


def record_workload(path: Path, *pragmas: str) -> Recording:
    SqliteStore(path).close()
    beginning = image_of(path.parent)
    log = DiskLog(beginning)
    workload = Workload(path, log, pragmas=(OFTEN, *pragmas))
    with watched(path.parent, log):
        workload.run(MOVES)
    return Recording(beginning=beginning, operations=log.operations, ledger=workload.ledger, end=image_of(path.parent))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record_workload(tmp_path_factory.mktemp("recorded") / "state" / "state.db")


@pytest.fixture
def revive(tmp_path: Path) -> Callable[[Image], Path]:
    """Puts an image on the disk, in place of the one before, and says where its database is."""

    def revived(image: Image) -> Path:
        folder = tmp_path / "revived"
        shutil.rmtree(folder, ignore_errors=True)
        write_image(image, folder)
        return folder / "state.db"

    return revived


def cut_and_open(recording: Recording, revive: Callable[[Image], Path], seed: int, tally: Tally) -> None:
    """One cut: the store opens, and holds what was acknowledged, with or without the call that was under way."""
    chance = random.Random(seed)
    cut = recording.moment(chance)
    image = after_cut(recording.beginning, recording.operations[:cut], chance)
    acknowledged = recording.acknowledged_at(cut)
    expected = [entry.standings for entry in recording.ledger[acknowledged : acknowledged + 2]]
    path = revive(image)
    tally.ends["no journal" if "state.db-wal" not in image else "journal"] += 1
    recovery = DiskLog(image)
    try:
        with watched(path.parent, recovery), closing(open_store(f"sqlite:///{path}")) as store:
            found = standings_of(store)
            assert_logs_add_up(store)
    except StoreUnusable as refused:
        tally.not_opened.append(f"seed {seed}: {refused}")
        return
    if found not in expected:
        tally.lost.append(f"seed {seed}: cut at {cut}, after call {acknowledged}")
        return
    tally.ends["call under way lost" if found == expected[0] else "call under way kept"] += 1

    # the power fails again while the store recovers or is closed
    again = chance.randrange(len(recovery.operations) + 1)
    path = revive(after_cut(image, recovery.operations[:again], chance))
    with closing(open_store(f"sqlite:///{path}")) as store:
        if standings_of(store) != found:
            tally.lost.append(f"seed {seed}: cut at {cut}, then in the recovery at {again}")
            return
        use(store)


def use(store: SqliteStore) -> None:
    """Whoever survived goes on: every execution that had begun is taken over and ended."""
    for execution in store.list_executions(limit=10_000):
        if execution.status is ExecutionStatus.RUNNING:
            mine = store.claim_execution(execution.execution_id, owner="b", lease=LEASE, at=AT + 1000 * LEASE)
            end = ExecutionMoved(before=execution.status, after=ExecutionStatus.INTERRUPTED, at=AT, exit_code=143)
            store.record(mine, [end])
    assert_logs_add_up(store)


# --- the instrument --------------------------------------------------------------------------------------------------


def test_what_was_logged_adds_up_to_what_is_on_the_disk(recording):
    chance = random.Random(0)
    chance.choice = max  # every change is kept

    replayed = after_cut(recording.beginning, recording.operations, chance)

    assert replayed == recording.end
    kinds = Counter(type(operation).__name__ for operation in recording.operations)
    assert kinds["Synced"] > len(recording.ledger) / 2, "each call that changed something was synced"
    assert kinds["Created"] == kinds["Deleted"] > 1, "the store was closed and opened again on the way"


def test_checkpoints_happened_while_the_store_was_in_use(recording):
    of_database = [index for index, each in enumerate(recording.operations) if getattr(each, "file", None) == 0]
    within = {recording.acknowledged_at(index) for index in of_database}

    assert len(within) > 20


# --- the beginning ---------------------------------------------------------------------------------------------------


def test_a_new_store_is_durable_before_its_name_and_its_name_before_anything_is_acknowledged(tmp_path, monkeypatch):
    path, done, kept = tmp_path / "state" / "state.db", [], (os.fsync, os.link)

    def fsync(descriptor):
        kept[0](descriptor)
        synced = os.fstat(descriptor)
        done.append(next(each for each in [tmp_path, *tmp_path.rglob("*")] if os.path.samestat(each.stat(), synced)))

    def link(source, target):
        kept[1](source, target)
        done.append(("named", source, target))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    SqliteStore(path).close()

    draft = done[1]
    assert draft.name.endswith(".new")
    assert done == [tmp_path, draft, ("named", draft, path), path.parent]


def test_a_draft_that_a_power_cut_left_behind_is_in_nobodys_way(tmp_path):
    (tmp_path / "state.db.0011223344556677.new").write_bytes(bytes(700))

    SqliteStore(tmp_path / "state.db").close()

    with closing(SqliteStore(tmp_path / "state.db")) as store:
        assert store.list_executions() == []


# --- power cuts ------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(max(120, CUTS))
def test_a_power_cut_at_any_moment_loses_no_acknowledged_move(recording, revive, figures):
    tally = Tally()

    for seed in range(CUTS):
        cut_and_open(recording, revive, seed, tally)

    figures(
        "power cuts",
        {
            "cuts": CUTS,
            "moves": MOVES,
            "operations": len(recording.operations),
            "lost_acknowledged": len(tally.lost),
            "not_opened": len(tally.not_opened),
            **dict(tally.ends),
            "sqlite": version(),
        },
    )
    assert tally.not_opened == []
    assert tally.lost == []


def test_with_synchronous_normal_the_same_cuts_lose_acknowledged_moves(tmp_path, revive, figures):
    careless = record_workload(tmp_path / "state" / "state.db", "synchronous = NORMAL")
    tally = Tally()

    for seed in range(min(CUTS, 60)):
        cut_and_open(careless, revive, seed, tally)

    lost = len(tally.lost) + len(tally.not_opened)  # a store may notice by itself that moves are missing
    figures("power cuts, synchronous = NORMAL", {"cuts": min(CUTS, 60), "lost_acknowledged": lost})
    assert lost > 5, "the cuts do not bite: what the other test says of FULL is worth nothing"
