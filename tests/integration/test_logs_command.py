"""`logs`: what attempts wrote, afterwards and while they write, from a second terminal."""

import signal
import sqlite3
import subprocess
import sys

import pytest

from tests.integration.command_subjects import ROOT, home_at, mock

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


def texts(out):
    """What the tasks themselves wrote, and headings."""
    return [line for line in out.splitlines() if "==>" in line or "| " in line]


def wait_for_line(stream, text):
    lines = []
    for line in stream:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} never came: {lines}")


# --- afterwards ------------------------------------------------------------------------------------------------------


def test_every_task_has_its_heading_in_plan_order(home):
    home.configure(
        mock("second", "simple_task", dependencies=["first"]),
        mock("first", "mock_load", parameters={"seconds": 0}),
        mock("never", dependencies=["second"], trigger_rule="one_failed"),
    )
    home.execute()

    told = home.etl("logs", "--latest")

    headings = [line for line in told.out.splitlines() if line.startswith("==>")]
    assert told.code == 0
    assert headings == [
        "==> first, attempt 1: it completed <==",
        "==> second, attempt 1: it completed <==",
        "==> never <==",
    ]
    assert told.out.index("loaded 100 rows") < told.out.index("==> second")
    assert "(no attempt: skipped) trigger rule one_failed" in told.out


def test_of_one_task_there_is_nothing_but_its_lines(home):
    home.configure(mock("one", "simple_task"), mock("other", "simple_task"))
    execution_id = home.execute()

    by_id, latest = home.etl("logs", execution_id, "one"), home.etl("logs", "--latest", "one")

    assert "==>" not in by_id.out
    assert by_id.out.count("simple task called with") == 1
    assert latest.out == by_id.out


def test_the_latest_attempt_is_shown_unless_another_is_asked_for(home):
    home.configure(mock("flaky", "failing_task", retry_count=1, retry_delay=0.01))
    home.execute()

    latest, first, third = (
        home.etl("logs", "--latest", "flaky", *more) for more in ([], ["--attempt", "1"], ["--attempt", "3"])
    )

    assert latest.out != first.out
    assert "attempt 2: it failed" in home.etl("logs", "--latest").out
    assert "no attempt 3: it has 2" in third.err
    assert third.code == 2


def test_the_last_lines_are_the_last(home):
    home.configure(mock("long", "long_task", parameters={"steps": 5, "seconds_per_step": 0.01}))
    home.execute()

    told = home.etl("logs", "--latest", "long", "--lines", "3")

    assert len(told.out.splitlines()) == 3
    assert "step 4 of 5" in told.out
    assert "step 5 of 5" in told.out
    assert "ended after" in told.out


def test_nothing_in_a_log_drives_the_terminal(home):
    execution_id = home.execute()
    [log] = (home.path / ".orchestrator/attempts" / execution_id).iterdir()
    log.write_bytes("\x1b[2Jcleared \x9b31m \u202eback\nno end of line \xff".encode() + b"\xff")

    told = home.etl("logs", "--latest", "one")

    assert told.out == "\\x1b[2Jcleared \\x9b31m \\u202eback\nno end of line ÿ\\xff\n"


def test_a_log_that_is_gone_and_a_path_that_leads_elsewhere_show_nothing(home):
    home.execute()
    with sqlite3.connect(home.database) as connection:
        connection.execute("UPDATE attempts SET log = '../../../../../../etc/passwd'")
    connection.close()

    told = home.etl("logs", "--latest", "one")

    assert (told.code, told.out) == (0, "")


def test_what_is_not_there_is_named(home):
    assert home.etl("logs", "--latest").code == 4
    home.execute()

    assert home.etl("logs", "19990101_000000").code == 4
    unknown = home.etl("logs", "--latest", "nobody")
    assert unknown.code == 2
    assert "no task 'nobody'" in unknown.err
    assert home.etl("logs").code == 2


# --- while they write ------------------------------------------------------------------------------------------------


@pytest.fixture
def long_execution(home):
    """One that goes on for minutes, unless `go` is called; its process is ended afterwards."""
    home.configure(
        mock("first", "simple_task"),
        mock("long", "long_task", dependencies=["first"], parameters={"steps": 6000, "seconds_per_step": 0.05}),
    )
    with home.start("run", "--all") as process:
        execution_id = process.stdout.readline().strip()
        wait_for_line(process.stderr, "task long started")
        yield execution_id, process
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_following_shows_lines_as_they_come_and_ends_with_the_execution(home, long_execution):
    execution_id, running = long_execution

    with home.start("logs", execution_id, "-f") as follower:
        first = wait_for_line(follower.stdout, "step 2 of")
        running.send_signal(signal.SIGTERM)
        rest, err = follower.communicate(timeout=60)

    assert follower.returncode == 0, err
    assert any("simple task called" in line for line in first)
    assert [line for line in first if line.startswith("==>")] == [
        "==> first, attempt 1 <==\n",
        "==> long, attempt 1 <==\n",
    ]
    assert "ended after" in rest


def test_a_follower_leaves_quietly_when_it_is_told_to(home, long_execution):
    execution_id, running = long_execution

    with home.start("logs", execution_id, "long", "-f", "--lines", "1") as follower:
        wait_for_line(follower.stdout, "step")
        follower.send_signal(signal.SIGINT)
        _rest, err = follower.communicate(timeout=60)

    assert follower.returncode == 130
    assert err.strip() == ""
    assert running.poll() is None


def test_a_follower_ends_when_nobody_reads_any_more(home, long_execution):
    execution_id, running = long_execution
    command = f"{sys.executable} -m orchestrator logs {execution_id} -f -c {home.config} | head -2"

    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""
    assert running.poll() is None


def test_a_new_attempt_is_followed_too(home):
    home.configure(mock("flaky", "failing_task", retry_count=2, retry_delay=0.5))
    with home.start("run", "--all") as running:
        execution_id = running.stdout.readline().strip()

        with home.start("logs", execution_id, "flaky", "-f") as follower:
            out, err = follower.communicate(timeout=60)
        running.communicate(timeout=60)

    assert follower.returncode == 0, err
    assert "==> flaky, attempt 3 <==" in out
