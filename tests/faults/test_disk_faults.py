"""Disks that are full, read-only, locked, taken away or failing, under the real command line (R24, R25; F22, F26-F33)."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.core.states import ExecutionStatus, TaskStatus
from tests.faults.disk_subjects import Home, Mounts, assert_loud, fill, make_room
from tests.faults.sqlite_vfs import VfsUnavailable, library

SMALL = 3 * 1024 * 1024
COMMAND_WHOSE_SYNC_FAILS = """
import sys
from pathlib import Path
from orchestrator.commands.main import run_command_line
from tests.faults.power_cut import DiskLog
from tests.faults.sqlite_vfs import watched

class FailingOnce(DiskLog):
    syncs = 0
    def syncing(self, path):
        self.syncs += path.name.endswith("-wal")
        if self.syncs == 9:
            self.failing_syncs.add("-wal")
        return super().syncing(path)

folder = Path(sys.argv[1])
with watched(folder, FailingOnce({"state.db": b""})):
    run_command_line(["run", "--all", "-c", sys.argv[2]])
"""


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    mounted = Mounts()
    yield mounted
    mounted.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    made = Home(path=tmp_path / "home", evidence=tmp_path / "evidence")
    made.write()
    return made


@pytest.fixture
def small_home(tmp_path: Path, mounts: Mounts) -> Home:
    """A home on a disk of its own, of three megabytes."""
    mounts.small_disk(tmp_path / "home", SMALL)
    made = Home(path=tmp_path / "home", evidence=tmp_path / "evidence")
    made.write()
    return made


def assert_finishes(home: Home) -> None:
    """`resume` takes what is left to its end; what had completed does not begin again."""
    execution, runs = home.stored()
    completed = [run.key.task_id for run in runs if run.status is TaskStatus.COMPLETED]
    began = len(home.begun())

    resumed = home.resume()

    assert resumed.returncode == 0, resumed.stderr
    assert set(home.begun()[began:]).isdisjoint(completed)
    ended, runs = home.stored()
    assert ended.status is ExecutionStatus.COMPLETED
    assert {run.status for run in runs} == {TaskStatus.COMPLETED}
    assert home.report_of(execution.execution_id)["status"] == "completed"


# --- full (F26, F27) -------------------------------------------------------------------------------------------------


def test_nothing_starts_on_a_full_disk_and_everything_when_there_is_room(small_home):
    exec(fill(small_home.path))

    refused = small_home.run()

    assert_loud(refused, names=[small_home.path])
    assert small_home.begun() == []
    make_room(small_home.path)
    assert small_home.run().returncode == 0
    assert small_home.begun() == ["a", "b", "harm", "d", "e", "f"]


@pytest.mark.parametrize("left", [0, 4096, 16_384, 40_960, 65_536, 98_304])
def test_a_disk_that_fills_up_meanwhile_stops_the_execution_and_loses_nothing_that_was_recorded(small_home, left):
    done = small_home.run(harm=fill(small_home.path, left=left))

    began = small_home.begun()
    if left == 0:
        assert_loud(done)
    if done.returncode == 0:
        assert began == ["a", "b", "harm", "d", "e", "f"]
        return
    assert_loud(done, names=[small_home.path])
    make_room(small_home.path)
    _execution, runs = small_home.stored()
    assert {run.key.task_id for run in runs if run.status is TaskStatus.COMPLETED} <= set(began)
    assert {"a", "b"} <= {run.key.task_id for run in runs if run.status is TaskStatus.COMPLETED}
    assert_finishes(small_home)


@pytest.mark.parametrize("limit", [40_960, 61_440, 81_920, 131_072, 262_144])
def test_a_limit_on_the_size_of_files_is_a_full_disk(home, limit):
    assert home.etl("status").returncode == 0  # the store is there

    done = home.run(limit=limit)

    if done.returncode == 0:
        assert home.begun() == ["a", "b", "harm", "d", "e", "f"]
        return
    assert_loud(done, names=[home.path])
    if not home.begun():
        return
    assert_finishes(home)


def test_a_full_disk_for_logs_costs_lines_and_no_task(home, mounts):
    logs = home.path / "orchestrator_logs"
    mounts.small_disk(logs, 64 * 1024)

    done = home.run(harm=fill(logs))

    assert_loud(done, names=[logs])
    execution, runs = home.stored()
    assert execution.status is ExecutionStatus.COMPLETED
    assert {run.status for run in runs} == {TaskStatus.COMPLETED}
    assert home.report_of(execution.execution_id)["status"] == "completed"


def test_a_full_disk_for_what_tasks_write_costs_lines_and_no_task_and_is_told(home, mounts):
    attempts = home.path / ".orchestrator" / "attempts"
    assert home.etl("status").returncode == 0
    mounts.small_disk(attempts, 64 * 1024)

    done = home.run(harm=fill(attempts))

    execution, runs = home.stored()
    assert execution.status is ExecutionStatus.COMPLETED
    assert {run.status for run in runs} == {TaskStatus.COMPLETED}
    assert_loud(done, names=[attempts])
    assert "No space left on device" in done.stderr


# --- reports (F28) ---------------------------------------------------------------------------------------------------


def test_a_report_that_cannot_be_written_is_told_and_made_again_once_it_can(home, mounts):
    mounts.small_disk(home.reports, 1 << 20)
    mounts.set_read_only(home.reports, read_only=True)

    done = home.run()

    assert_loud(done, names=[home.reports])
    execution, runs = home.stored()
    assert execution.status is ExecutionStatus.COMPLETED
    assert {run.status for run in runs} == {TaskStatus.COMPLETED}
    mounts.set_read_only(home.reports, read_only=False)
    assert home.etl("report", execution.execution_id).returncode == 0
    assert home.report_of(execution.execution_id)["status"] == "completed"


def test_a_full_disk_for_reports_leaves_none_half_written(home, mounts):
    mounts.small_disk(home.reports, 64 * 1024)

    done = home.run(harm=fill(home.reports))

    assert_loud(done, names=[home.reports])
    assert [path.name for path in home.reports.iterdir()] == ["filler"]
    make_room(home.reports)
    execution, _runs = home.stored()
    assert home.etl("report", execution.execution_id).returncode == 0
    assert home.report_of(execution.execution_id)["status"] == "completed"


def test_a_file_in_the_place_of_the_reports_folder_is_told_before_anything_starts(home):
    home.reports.write_text("in the way")

    done = home.run()

    assert_loud(done, names=[home.reports])
    assert home.begun() == []
    assert home.reports.read_text() == "in the way"


def test_a_file_that_takes_the_place_of_the_reports_folder_meanwhile_costs_the_report_alone(home):
    harm = f"import shutil; shutil.rmtree({str(home.reports)!r}); Path({str(home.reports)!r}).write_text('mine')"

    done = home.run(harm=harm)

    assert_loud(done, names=[home.reports])
    execution, _runs = home.stored()
    assert execution.status is ExecutionStatus.COMPLETED
    home.reports.unlink()
    assert home.etl("report", execution.execution_id).returncode == 0
    assert home.report_of(execution.execution_id)["status"] == "completed"


def test_a_reports_folder_that_is_removed_meanwhile_is_made_again(home):
    done = home.run(harm=f"import shutil; shutil.rmtree({str(home.reports)!r})")

    assert done.returncode == 0, done.stderr
    execution, _runs = home.stored()
    assert home.report_of(execution.execution_id)["status"] == "completed"


# --- the project's files (F22) ---------------------------------------------------------------------------------------


def test_a_state_store_that_a_task_moves_away_stops_the_execution_before_another_task_begins(home, tmp_path):
    aside = tmp_path / "aside.db"

    done = home.run(harm=f"os.rename({str(home.database)!r}, {str(aside)!r})")

    assert_loud(done, names=[home.database])
    assert home.begun() == ["a", "b", "harm"]
    assert_loud(home.etl("status"), names=[home.database, f"{home.database}-wal"])
    assert not home.database.exists(), "no new and empty one is made beside a journal"
    aside.rename(home.database)
    assert_finishes(home)


def test_a_state_store_that_a_task_replaces_by_a_copy_is_not_written_by_the_execution(home):
    copy = f"{home.database}.copy"
    harm = f"import shutil; shutil.copy({str(home.database)!r}, {copy!r}); os.replace({copy!r}, {str(home.database)!r})"

    done = home.run(harm=harm)

    assert_loud(done, names=[home.database])
    assert home.begun() == ["a", "b", "harm"]
    assert_finishes(home)


def test_a_configuration_that_a_task_removes_changes_nothing(home):
    done = home.run(harm=f"os.remove({str(home.path / 'config.json')!r})")

    assert done.returncode == 0, done.stderr
    assert home.begun() == ["a", "b", "harm", "d", "e", "f"]


# --- locked (F31) ----------------------------------------------------------------------------------------------------


def test_a_lock_of_three_seconds_is_waited_for(home):
    assert home.etl("status").returncode == 0
    with closing(sqlite3.connect(home.database, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(3, lambda: other.execute("COMMIT"))
        release.start()

        done = home.run()

        release.join()
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_lock_that_lasts_longer_than_the_patience_stops_the_command(home):
    assert home.etl("status").returncode == 0
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        refused = home.run()

        other.execute("COMMIT")
    assert_loud(refused, names=[home.database, "locked"])
    assert home.begun() == []
    assert home.run().returncode == 0


# --- read-only (F33) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_home_on_a_read_only_disk_is_refused_at_the_start(small_home, mounts, command):
    assert small_home.run().returncode == 0
    began = small_home.begun()
    mounts.set_read_only(small_home.path, read_only=True)

    done = small_home.run() if command == "run" else small_home.etl("status")

    assert_loud(done, names=[small_home.path])
    assert small_home.begun() == began
    mounts.set_read_only(small_home.path, read_only=False)
    assert small_home.stored()[0].status is ExecutionStatus.COMPLETED


# --- a sync that fails (F29) -----------------------------------------------------------------------------------------


def test_a_sync_that_fails_once_ends_the_process_and_a_new_one_goes_on(home):
    try:
        library()
    except VfsUnavailable as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))
    assert home.etl("status").returncode == 0

    arguments = (str(home.database.parent), str(home.path / "config.json"))
    done = home.python("-c", COMMAND_WHOSE_SYNC_FAILS, *arguments)

    assert_loud(done, names=[home.database, "disk I/O error"])
    execution, _runs = home.stored()
    assert not execution.status.final
    assert_finishes(home)
