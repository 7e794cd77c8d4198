"""`db` and `verify`: the store checked, copied, cleared of what is old, and executions held against what is promised."""

import json
import os
import pty
import sqlite3
import subprocess
import sys

import pytest

from tests.integration.command_subjects import ROOT, home_at, mock

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")


TASK_STATUS = '"task_id": "one",\n      "status": "completed"'
TASK_STATUS_LIE = '"task_id": "one",\n      "status": "skipped"'


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


def tamper(home, statement):
    with sqlite3.connect(home.database) as connection:
        connection.execute(statement)
    connection.close()


def ids(home):
    return {one["execution_id"] for one in home.etl("status", "-o", "json").records}


# --- check -----------------------------------------------------------------------------------------------------------


def test_a_sound_store_has_no_fault(home):
    home.execute()

    told = home.etl("db", "check")

    assert (told.code, told.out) == (0, "No fault was found\n")
    assert home.etl("db", "check", "-o", "json").records == []


def test_a_store_whose_log_lost_an_event_has_one(home):
    execution_id = home.execute()
    tamper(home, "DELETE FROM events WHERE seq = 2")

    told = home.etl("db", "check", "-o", "jsonl")

    assert told.code == 5
    assert execution_id in json.loads(told.out)["fault"]


def test_where_no_store_is_there_is_nothing_to_check_and_none_is_made(home):
    told = home.etl("db", "check")

    assert told.code == 2
    assert not home.database.exists()


def test_lost_commits_are_refused_until_they_are_accepted(home):
    kept = home.execute()
    older = home.database.read_bytes()
    home.execute()
    home.database.write_bytes(older)

    refused, accepted, again = home.etl("db", "check"), home.etl("db", "check", "--accept"), home.etl("db", "check")

    assert (refused.code, accepted.code, again.code) == (5, 0, 0)
    assert "commit(s) are lost" in accepted.err
    assert ids(home) == {kept}


@pytest.mark.parametrize("command", [["check"], ["check", "--accept"], ["backup", "x"], ["prune", "--older-than", "1"]])
def test_a_store_that_keeps_no_file_has_no_upkeep(home, monkeypatch, command):
    monkeypatch.setenv("ETL_DATABASE_URL", "memory://")

    told = home.etl("db", *command)

    assert told.code == 2
    assert "memory://" in told.err


# --- backup and migrate ----------------------------------------------------------------------------------------------


def test_a_backup_put_in_the_place_of_a_damaged_store_brings_everything_back(home, tmp_path):
    execution_id = home.execute()
    copy = tmp_path / "copy.db"
    assert home.etl("db", "backup", copy).out == f"{copy}\n"
    home.database.write_bytes(b"nothing but rubbish" * 1000)
    assert home.etl("status").code == 5

    for name in ("", "-wal", "-shm", ".head"):
        home.database.with_name(f"state.db{name}").unlink(missing_ok=True)
    copy.rename(home.database)

    assert ids(home) == {execution_id}
    assert home.etl("doctor").code == 0


def test_a_backup_never_overwrites_anything(home, tmp_path):
    home.execute()
    (tmp_path / "copy.db").write_text("precious", encoding="utf-8")

    told = home.etl("db", "backup", tmp_path / "copy.db")

    assert told.code == 2
    assert (tmp_path / "copy.db").read_text("utf-8") == "precious"


def test_migrating_a_store_that_is_up_to_date_changes_nothing(home):
    execution_id = home.execute()

    told = home.etl("db", "migrate")

    assert told.code == 0
    assert "schema" in told.out
    assert ids(home) == {execution_id}


# --- prune -----------------------------------------------------------------------------------------------------------


def test_pruning_takes_attempt_logs_along_and_leaves_logs_and_reports(home):
    execution_id = home.execute()
    attempts = home.path / ".orchestrator/attempts" / execution_id
    assert attempts.is_dir()

    told = home.etl("db", "prune", "--older-than", "0", "--yes")

    assert (told.code, told.out) == (0, f"{execution_id}\n")
    assert ids(home) == set()
    assert not attempts.exists()
    assert home.report_of(execution_id).exists()
    assert list((home.path / "orchestrator_logs").iterdir())


def test_pruning_with_files_leaves_nothing(home):
    execution_id = home.execute()

    home.etl("db", "prune", "--older-than", "0", "--yes", "--with-files")

    assert not home.report_of(execution_id).exists()
    assert list((home.path / "orchestrator_logs").iterdir()) == []


def test_pruning_keeps_what_is_young_and_the_newest(home):
    older, newer = home.execute(), home.execute()

    young = home.etl("db", "prune", "--older-than", "1", "--yes")
    all_but_one = home.etl("db", "prune", "--older-than", "0", "--keep", "1", "--yes")

    assert (young.out, all_but_one.out) == ("", f"{older}\n")
    assert ids(home) == {newer}


def test_without_a_terminal_pruning_wants_to_be_sure(home):
    execution_id = home.execute()

    told = home.etl("db", "prune", "--older-than", "0")

    assert told.code == 2
    assert "--yes" in told.err
    assert ids(home) == {execution_id}


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_pruning_asks(home, answer, left):
    home.execute()
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "orchestrator", "db", "prune", "--older-than", "0", "-c", str(home.config)]

    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.write(ours, answer.encode())
        _out, asked = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0
    assert b"Forget up to 1 execution(s)" in asked
    assert len(ids(home)) == left


# --- verify ----------------------------------------------------------------------------------------------------------


def verified(home, *arguments):
    told = home.etl("verify", *(arguments or ["--latest"]), "-o", "json")
    return told.code, {one["promise"]: one for one in told.records}


def test_an_execution_that_went_well_kept_every_promise(home):
    home.configure(mock("a", cache={}), mock("b", dependencies=["a"]), mock("c", "failing_task", critical=False))
    home.execute()

    code, promises = verified(home)

    assert code == 0
    assert {name for name, one in promises.items() if one["held"]} >= {"R1", "R2", "R4", "R6", "R10", "R16", "report"}
    assert all(one["held"] and one["meaning"] for one in promises.values())


def test_an_execution_that_ran_out_of_its_order_is_found_out(home):
    home.configure(mock("a"), mock("b"))
    execution_id = home.execute()
    text = json.loads(read_snapshot(home))
    text["tasks"][0]["dependencies"] = ["b"]
    write_snapshot(home, json.dumps(text))

    code, promises = verified(home, execution_id)

    assert (code, promises["R6"]["held"]) == (1, False)
    assert promises["R6"]["detail"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "is not there"),
        (lambda path: path.write_text("{", encoding="utf-8"), "cannot be read"),
        (lambda path: path.write_text("[]", encoding="utf-8"), "is no report"),
        (
            lambda path: path.write_text(path.read_text("utf-8").replace('"exit_code": 0', '"exit_code": 1'), "utf-8"),
            "exit_code is 1 in the report and 0 in the store",
        ),
        (
            lambda path: path.write_text(path.read_text("utf-8").replace('"completed"', '"failed"'), "utf-8"),
            'status is "failed" in the report and "completed" in the store; and',
        ),
        (
            lambda path: path.write_text(path.read_text("utf-8").replace(TASK_STATUS, TASK_STATUS_LIE), "utf-8"),
            'results.one.status is "skipped" in the report and "completed" in the store',
        ),
    ],
)
def test_a_report_that_does_not_say_what_is_stored_is_a_broken_promise(home, spoil, told):
    execution_id = home.execute()
    spoil(home.report_of(execution_id))

    code, promises = verified(home, execution_id)

    assert code == 1
    assert [name for name, one in promises.items() if not one["held"]] == ["report"]
    assert told in promises["report"]["detail"]


def test_the_table_says_in_full_what_was_broken(home):
    execution_id = home.execute()
    home.report_of(execution_id).unlink()

    told = home.etl("verify", "--latest")

    assert told.code == 1
    assert f"report: {home.report_of(execution_id)} is not there" in told.out
    assert told.err == f"{execution_id}: broken: report\n"


def test_of_no_execution_nothing_can_be_verified(home):
    assert home.etl("verify", "--latest").code == 4
    assert home.etl("verify").code == 2


def read_snapshot(home):
    with sqlite3.connect(home.database) as connection:
        text = connection.execute("SELECT text FROM snapshots").fetchone()[0]
    connection.close()
    return text


def write_snapshot(home, text):
    with sqlite3.connect(home.database) as connection:
        connection.execute("UPDATE snapshots SET text = ?", (text,))
    connection.close()
