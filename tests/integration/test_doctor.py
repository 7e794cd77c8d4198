"""`doctor` on homes that are sound, damaged, left alone: what it finds, what it says is to be done, what it ends."""

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Request
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.engine.owners import host_of, owner_name
from orchestrator.operations.findings import Severity
from orchestrator.operations.health_of_place import judged_space
from orchestrator.stores.sqlite import SqliteStore
from tests.integration.command_subjects import home_at, mock

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")
ID = "20260101_000000"
LEASE = timedelta(seconds=30)


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


def found(home, *options, check=None):
    """Records of what is not in order, or of one check; with the exit code."""
    told = home.etl("doctor", "-o", "json", *options)
    records = [one for one in told.records if (one["severity"] != "ok" if check is None else one["check"] == check)]
    return told.code, records


def tamper(home, statement):
    with sqlite3.connect(home.database) as connection:
        connection.execute(statement)
    connection.close()


def store_execution(home, execution_id=ID, *, at=None, ends=True, owner="elsewhere:1:1", pool=None):
    """An execution as somebody would have stored it at that moment: of no task, or of one that runs in `pool`."""
    at = at or datetime.now(UTC)
    home.database.parent.mkdir(mode=0o700, exist_ok=True)
    request = Request(tasks=()) if pool is None else Request(tasks=("one",), pools={"one": pool})
    store = SqliteStore(home.database)
    store.create_execution(execution_id, request, snapshot="", at=at)
    claimed = store.claim_execution(execution_id, owner=owner, lease=LEASE, at=at)
    steps = [ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, *([ExecutionStatus.COMPLETED] if ends else [])]
    moves = [ExecutionMoved(before=one, after=then, at=at) for one, then in pairwise(steps)]
    if pool is not None:
        run = TaskRunKey(execution_id=execution_id, task_id="one")
        attempt = Attempt(key=AttemptKey(run=run, number=1), started_at=at)
        moves.append(TaskMoved(run=run, before=TaskStatus.PENDING, after=TaskStatus.RUNNING, at=at, attempt=attempt))
    store.record(claimed, moves)
    store.close()
    return claimed


# --- what is in order ------------------------------------------------------------------------------------------------


def test_nothing_is_wrong_after_an_execution_that_went_well(home):
    home.execute()

    told = home.etl("doctor")

    assert told.code == 0
    assert {line.split()[0] for line in told.out.splitlines()} == {"ok"}


def test_looking_makes_nothing(home):
    before = sorted(home.path.rglob("*"))

    code, wrong = found(home)

    assert (code, wrong) == (0, [])
    assert sorted(home.path.rglob("*")) == before


def test_a_broken_configuration_keeps_nobody_from_looking(home):
    home.execute()
    home.config.write_text('{"tasks": [{"task_id": 1}]}', encoding="utf-8")

    code, wrong = found(home)

    assert code == 0
    assert [(one["check"], one["severity"]) for one in wrong] == [("configuration", "warning")]
    assert "etl validate" in wrong[0]["advice"]


# --- the store -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at " * 50])
def test_a_store_that_cannot_be_opened_is_the_finding_and_a_backup_the_way_out(home, content):
    home.execute()
    home.database.write_bytes(content)

    code, wrong = found(home)

    assert code == 5
    assert {one["check"] for one in wrong} == {"store"}
    assert all(str(home.database) == one["where"] and "backup" in one["advice"] for one in wrong)


def test_a_lost_journal_is_told_with_its_way_out(home):
    home.execute()
    lost = SqliteStore(home.database)
    lost.close()
    (home.path / "older").write_bytes(home.database.read_bytes())
    home.execute()
    home.database.write_bytes((home.path / "older").read_bytes())

    code, wrong = found(home)

    assert code == 5
    assert "etl db check --accept" in wrong[0]["advice"]


def test_an_event_log_that_lost_an_event_is_an_error_that_names_the_execution(home):
    execution_id = home.execute()
    tamper(home, "DELETE FROM events WHERE seq = 2")

    code, wrong = found(home)

    assert code == 5
    assert any(execution_id in one["what"] for one in wrong)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE task_runs SET status = 'failed'", "one is stored as failed, its event log says completed"),
        ("UPDATE executions SET status = 'failed'", "is stored as failed, its event log says completed"),
        ("UPDATE attempts SET status = 'crashed'", "one #1 is stored as crashed, its event log says completed"),
        ("DELETE FROM attempts", "one #1 is stored as –, its event log says completed"),
        ("UPDATE task_runs SET attempts = 2", "task one counts 2 attempt(s), stored are: 1"),
    ],
)
def test_what_is_stored_must_be_what_the_event_log_adds_up_to(home, statement, told):
    execution_id = home.execute()
    tamper(home, statement)

    code, wrong = found(home)

    assert code == 5
    assert any(told in one["what"] and one["where"] == execution_id for one in wrong)


def test_executions_of_long_ago_are_looked_at_only_when_all_are_asked_for(home):
    store_execution(home, at=datetime.now(UTC) - timedelta(days=40))
    tamper(home, "UPDATE executions SET status = 'failed'")

    usually, everything = found(home, check="event_log"), found(home, "--all", check="event_log")

    assert usually == (0, [])
    assert (everything[0], [one["where"] for one in everything[1]]) == (5, [ID])


def test_refused_writes_are_counted(home):
    stale = store_execution(home, ends=False)
    store = SqliteStore(home.database)
    store.claim_execution(ID, owner="other:1:1", lease=LEASE, at=datetime.now(UTC) + timedelta(minutes=1))
    with pytest.raises(Exception, match="another process"):
        store.record(stale, [ExecutionMoved(before="running", after="completed", at=datetime.now(UTC))])
    store.close()

    code, [refused] = found(home, check="refused_writes")

    assert (code, refused["severity"]) == (0, "warning")
    assert refused["what"].startswith("1 write(s)")
    assert ID in refused["what"]


def test_events_from_the_future_mean_that_the_clock_was_set_back(home):
    store_execution(home, at=datetime.now(UTC) + timedelta(hours=2))

    _code, [clock] = found(home, check="clock")

    assert clock["severity"] == "warning"


# --- executions that nobody drives -----------------------------------------------------------------------------------


def test_after_the_death_of_its_owner_an_execution_is_interrupted(home):
    home.configure(mock("long", "long_task", parameters={"steps": 600}))
    with home.start("run", "--all") as process:
        execution_id = process.stdout.readline().strip()
        while "started (attempt 1)" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()

    deadline = time.monotonic() + 60  # while guard or supervisor clear up, it still counts as driven
    while not (told := found(home))[1] and time.monotonic() < deadline:
        time.sleep(0.1)

    code, [interrupted] = told
    assert (code, interrupted["check"], interrupted["where"]) == (0, "interrupted", execution_id)
    assert f"`etl resume {execution_id}` or `etl cancel {execution_id}`" in interrupted["advice"]


def test_the_slot_of_a_task_whose_owner_died_is_told_with_the_moment_from_which_it_is_free(home):
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    store_execution(home, ends=False, at=in_an_hour, owner=f"{host_of(owner_name())}:4194304:1", pool="db")

    _code, [slot] = found(home, check="slot")

    free_at = (in_an_hour + LEASE).isoformat(timespec="seconds")
    assert slot["severity"] == "warning"
    assert slot["what"].startswith("task one still holds a slot of pool db; it is free from ")
    assert datetime.fromisoformat(slot["what"].split()[-2]) == datetime.fromisoformat(free_at)


def test_a_slot_whose_lease_is_over_counts_no_more(home):
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    store_execution(home, ends=False, at=long_ago, owner=owner_name(), pool="db")

    _code, [slot] = found(home, check="slot")

    assert (slot["severity"], slot["what"]) == ("ok", "task one holds no slot of pool db any more")


def test_an_execution_that_another_machine_drives_is_left_in_peace(home):
    store_execution(home, ends=False)

    assert found(home) == (0, [])


def test_an_execution_whose_lease_ran_out_is_interrupted_whoever_drove_it(home):
    store_execution(home, ends=False, at=datetime.now(UTC) - timedelta(minutes=5))

    code, wrong = found(home)

    assert (code, [one["check"] for one in wrong]) == (0, ["interrupted"])


def test_a_report_that_was_never_written_can_be_made_and_then_nothing_is_missing(home):
    home.configure(mock("one"))
    with home.start("run", "--all", ETL_TESTING="1", ETL_CRASH_AT="before_report_tmp_written") as process:
        execution_id = process.stdout.readline().strip()
        process.communicate()
    assert not home.report_of(execution_id).exists()

    _code, [missing] = found(home, check="report")
    home.etl("report", execution_id)

    assert missing["severity"] == "warning"
    assert missing["advice"] == f"`etl report {execution_id}`"
    assert home.report_of(execution_id).exists()
    assert found(home) == (0, [])


def test_a_report_that_was_not_brought_up_to_date_is_told(home):
    execution_id = home.execute()
    report = home.report_of(execution_id)
    report.write_text(report.read_text("utf-8").replace('"completed"', '"interrupted"'), encoding="utf-8")
    tamper(
        home, "INSERT INTO outbox (listener, execution_id, seq) SELECT 'report', execution_id, last_seq FROM executions"
    )

    code, [old] = found(home)

    assert (code, old["check"], old["where"]) == (0, "report", execution_id)
    assert old["what"] == "its latest report was not written"


# --- what is left lying about ----------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="the marks are found in /proc")
def test_processes_without_an_orchestrator_are_an_error_until_they_are_reaped(home):
    own_id = f"20260101_000000_{secrets.token_hex(4)}"  # nobody else's: what bears this mark is killed
    locks = home.path / ".orchestrator/locks"
    locks.mkdir(parents=True, mode=0o700)
    (home.path / ".orchestrator").chmod(0o700)
    (locks / f"{own_id}.lock").write_text("host:1:1\n", encoding="utf-8")
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"],
        env={"PATH": "/usr/bin:/bin", "ETL_EXECUTION_ID": own_id},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        orphan.stdout.readline()

        looked, reaped = found(home, check="orphans"), found(home, "--reap", check="orphans")
        ended = orphan.wait(timeout=20)
    finally:
        orphan.kill()
        orphan.stdout.close()

    assert (looked[0], looked[1][0]["severity"], looked[1][0]["where"]) == (5, "error", own_id)
    assert "--reap" in looked[1][0]["advice"]
    assert (reaped[0], reaped[1][0]["what"]) == (0, f"ended what was left of its tasks: {orphan.pid}")
    assert ended == -signal.SIGKILL
    assert found(home)[0] == 0


def test_drafts_of_killed_writers_are_told_but_not_those_that_may_be_at_work(home):
    home.execute()
    reports = home.path / "orchestrator_reports"
    old, young = (reports / f".execution_report_{ID}.json.{pid}.tmp" for pid in (1, 2))
    beside = home.path / ".orchestrator/state.db.0011223344556677.new"
    for path in (old, young, beside):
        path.touch()
    for path in (old, beside):
        os.utime(path, (0, 0))

    code, drafts = found(home)

    assert code == 0
    assert {one["where"] for one in drafts} == {str(old), str(beside)}


def test_attempt_logs_of_executions_that_nobody_knows_are_told(home):
    home.execute()
    (home.path / ".orchestrator/attempts" / ID).mkdir()

    code, [strays] = found(home)

    assert (code, strays["check"]) == (0, "attempt_logs")
    assert ID in strays["what"]


# --- the place -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_a_folder_that_others_may_read_is_told_with_the_command_that_closes_it(home):
    home.execute()
    logs = home.path / "orchestrator_logs"
    logs.chmod(0o755)

    code, [folder] = found(home)
    subprocess.run(folder["advice"].split(), check=True)

    assert (code, folder["where"]) == (0, str(logs))
    assert found(home) == (0, [])


def test_a_file_in_the_place_of_a_folder_is_an_error_and_all_else_is_still_looked_at(home):
    execution_id = home.execute()
    reports = home.path / "orchestrator_reports"
    reports.rename(home.path / "elsewhere")
    reports.touch()

    code, wrong = found(home)

    assert code == 5
    assert [(one["check"], one["where"]) for one in wrong] == [("folder", str(reports)), ("report", execution_id)]


@pytest.mark.parametrize(
    ("free", "severity"),
    [(5 << 30, Severity.OK), (500 << 20, Severity.WARNING), (10 << 20, Severity.ERROR)],
)
def test_free_space_is_judged_before_it_is_gone(free, severity):
    assert judged_space(free, "/").severity is severity
