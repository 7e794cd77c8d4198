"""`resume` and `rerun` through the command line: real kills, real stops, real files (D9, D13, D16, R1, R15)."""

import json
import os
import signal

from tests.integration.going_on_subjects import Home, chain


def test_a_killed_execution_is_resumed_and_what_had_completed_is_not_executed_again(tmp_path):
    home = Home(tmp_path, *chain("a", "b", "c"))
    home.hold("b")

    with home.begin("run", "--all") as process:
        home.wait_for("b")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    home.let_go("b")
    resumed = home.etl("resume", "--latest")

    assert resumed.returncode == 0, resumed.stderr
    assert home.started == ["a", "b", "b", "c"]
    execution, runs = home.stored()
    assert resumed.stdout.splitlines()[0] == execution.execution_id
    assert {name: run.attempts for name, run in runs.items()} == {"a": 1, "b": 2, "c": 1}
    assert [attempt["status"] for attempt in home.report()["results"]["b"]["attempts"]] == ["lost", "completed"]


def test_a_stopped_execution_is_interrupted_and_a_resume_finishes_it(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    home.hold("b")

    with home.begin("run", "--all") as process:
        home.wait_for("b")
        process.send_signal(signal.SIGTERM)
        stopped = process.wait(30)
    before = home.report()["status"]
    home.let_go("b")
    resumed = home.etl("resume", "--latest")

    assert (stopped, before) == (143, "interrupted")
    assert resumed.returncode == 0
    assert home.started == ["a", "b", "b"]
    assert home.report()["status"] == "completed"


def test_a_resume_uses_the_configuration_that_the_execution_was_started_with(tmp_path):
    home = Home(tmp_path, *chain("a", "b", parameters={"value": "old"}))
    home.hold("a")
    with home.begin("run", "--all") as process:
        home.wait_for("a")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    home.let_go("a")

    home.configure(*chain("x", "b", parameters={"value": "new"}))
    resumed = home.etl("resume", "--latest")
    (tmp_path / "config.json").write_text("{broken")
    again = home.etl("resume", "--latest")

    assert resumed.returncode == 0, resumed.stderr
    assert home.report()["results"]["b"]["output"]["value"] == "old"
    assert again.returncode == 0
    assert "has ended" in again.stderr


def test_of_two_resumes_at_once_one_wins_and_the_other_says_who_runs_it(tmp_path):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("a")
    with home.begin("run", "--all") as process:
        home.wait_for("a")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)

    with home.begin("resume", "--latest") as first:
        home.wait_for("a", times=2)
        second = home.etl("resume", "--latest")
        home.let_go("a")
        won = first.wait(40)

    assert (won, second.returncode) == (0, 2)
    assert f":{first.pid}:" in second.stderr
    assert "is being run by" in second.stderr
    assert home.started == ["a", "a", "b"]


def test_a_task_that_must_not_run_twice_fails_when_its_execution_is_resumed(tmp_path):
    home = Home(tmp_path, *chain("a", "b", on_interrupt="fail", critical=False))
    home.hold("a")
    with home.begin("run", "--all") as process:
        home.wait_for("a")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)

    resumed = home.etl("resume", "--latest")

    assert resumed.returncode == 3
    assert home.started == ["a"]
    assert home.statuses() == {"a": "failed", "b": "skipped"}


def test_a_report_that_was_never_written_is_written_by_the_next_command(tmp_path):
    home = Home(tmp_path, *chain("a"))

    home.etl("run", "--all", ETL_TESTING="1", ETL_CRASH_AT="before_report_tmp_written")
    missing = not list((tmp_path / "orchestrator_reports").glob("*.json"))
    home.etl("resume", "--latest")

    assert missing
    assert home.report()["status"] == "completed"


def test_rerun_of_what_failed_keeps_what_completed_and_says_so(tmp_path):
    home = Home(tmp_path, *chain("a", "b", "c"))
    home.fail("b")
    first = home.etl("run", "--all")
    home.mend("b")

    second = home.etl("rerun", "--latest", "--failed")

    assert (first.returncode, second.returncode) == (1, 0)
    assert home.started == ["a", "b", "b", "c"]
    report = home.report()
    first_id = first.stdout.splitlines()[0]
    assert report["rerun_of"] == first_id
    assert report["results_kept"] == ["a"]
    assert report["results"]["a"]["cached_from"] == first_id
    assert report["results"]["a"]["output"]["name"] == "a"
    assert report["results"]["a"]["attempts"] == []


def test_rerun_from_a_task_repeats_it_and_what_depends_on_it(tmp_path):
    home = Home(tmp_path, *chain("a", "b", "c"), {"task_id": "z"})
    home.etl("run", "--all")

    again = home.etl("rerun", "--latest", "--from", "b")

    assert again.returncode == 0, again.stderr
    assert sorted(home.started) == ["a", "b", "b", "c", "c", "z"]


def test_rerun_of_one_task_takes_its_inputs_from_the_first_execution(tmp_path):
    reader = {"task_id": "b", "dependencies": ["a"], "inputs": {"value": "a"}}
    home = Home(tmp_path, {"task_id": "a"}, reader)
    home.etl("run", "--all")

    again = home.etl("rerun", "--latest", "--only", "b")

    assert again.returncode == 0, again.stderr
    assert home.started == ["a", "b", "b"]
    assert home.report()["results"]["b"]["output"]["value"]["name"] == "a"


def test_a_rerun_of_what_has_not_ended_or_of_nothing_is_refused(tmp_path):
    home = Home(tmp_path, *chain("a"))
    home.etl("run", "--all")

    nothing = home.etl("rerun", "--latest", "--failed")
    unknown = home.etl("rerun", "--latest", "--from", "ghost")
    both = home.etl("rerun", "--latest", "--failed", "--only", "a")

    assert [one.returncode for one in (nothing, unknown, both)] == [2, 2, 2]
    assert "every task of" in nothing.stderr
    assert home.started == ["a"]


def test_status_shows_when_a_waiting_task_is_tried_again(tmp_path):
    home = Home(tmp_path, *chain("a", retry_count=1, retry_delay=20))
    home.fail("a")

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        while home.statuses()["a"] != "retry_wait":
            pass
        shown = home.etl("status", "--latest")
        data = json.loads(home.etl("status", "--latest", "-o", "json").stdout)
        process.send_signal(signal.SIGINT)
        process.wait(30)

    assert "next attempt at" in shown.stdout
    assert "told to fail" in shown.stdout
    assert data["results"]["a"]["next_attempt_at"] > data["results"]["a"]["start_time"]
