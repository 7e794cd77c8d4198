"""`cancel` and `mark` from a second terminal, and where nobody drives the execution (D7, R14)."""

import os
import signal

from tests.integration.going_on_subjects import Home, chain


def test_a_cancel_from_a_second_terminal_ends_a_running_execution(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    home.hold("a")

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        cancelled = home.etl("cancel", "--latest", "--reason", "wrong month")
        ended = process.wait(30)

    assert (cancelled.returncode, ended) == (0, 130)
    assert "cancelled" in cancelled.stdout
    assert home.statuses() == {"a": "cancelled", "b": "cancelled"}
    assert home.report()["status"] == "cancelled"


def test_a_cancel_of_an_execution_that_nobody_drives_is_carried_out_here(tmp_path):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("a")
    with home.begin("run", "--all") as process:
        home.wait_for("a")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)

    cancelled = home.etl("cancel", "--latest")
    resumed = home.etl("resume", "--latest")

    assert cancelled.returncode == 0, cancelled.stderr
    assert home.statuses() == {"a": "cancelled", "b": "cancelled"}
    assert home.report()["status"] == "cancelled"
    assert resumed.returncode == 130


def test_a_cancel_of_what_has_ended_changes_nothing_and_may_be_repeated(tmp_path):
    home = Home(tmp_path, *chain("a"))
    home.etl("run", "--all")

    answers = [home.etl("cancel", "--latest") for _ in range(2)]

    assert [answer.returncode for answer in answers] == [0, 0]
    assert home.statuses() == {"a": "completed"}
    assert home.report()["status"] == "completed"


def test_a_cancel_while_a_task_waits_for_its_next_attempt_leaves_nothing_waiting(tmp_path):
    home = Home(tmp_path, *chain("a", "b", retry_count=3, retry_delay=60))
    home.fail("a")

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        while home.statuses()["a"] != "retry_wait":
            pass
        home.etl("cancel", "--latest")
        ended = process.wait(30)

    assert ended == 130
    assert home.started == ["a"]
    assert home.statuses() == {"a": "cancelled", "b": "cancelled"}


def test_a_mark_lets_an_interrupted_execution_go_on_past_a_task(tmp_path):
    home = Home(tmp_path, *chain("a", "b", "c"), orchestrator_config={"kill_grace": 0.5})
    home.hold("b")
    with home.begin("run", "--all") as process:
        home.wait_for("b")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    execution, _ = home.stored()

    marked = home.etl("mark", execution.execution_id, "b", "--as", "completed", "--reason", "loaded by hand")
    resumed = home.etl("resume", "--latest")

    assert (marked.returncode, resumed.returncode) == (0, 0), marked.stderr + resumed.stderr
    assert home.started == ["a", "b", "c"]
    result = home.report()["results"]["b"]
    assert (result["status"], result["attempts"][-1]["status"]) == ("completed", "marked")
    assert "loaded by hand" in result["reason"]


def test_a_running_execution_takes_a_mark_of_a_task_that_has_not_begun(tmp_path):
    home = Home(tmp_path, *chain("a", "b", "c"))
    home.hold("a")

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        execution, _ = home.stored()
        marked = home.etl("mark", execution.execution_id, "b", "--as", "skipped", "--reason", "not this month")
        refused = home.etl("mark", execution.execution_id, "a", "--as", "completed", "--reason", "no")
        home.let_go("a")
        process.wait(30)

    assert marked.returncode == 0, marked.stderr
    assert refused.returncode == 2
    assert "is running and cannot be marked" in refused.stderr
    assert home.statuses() == {"a": "completed", "b": "skipped", "c": "skipped"}


def test_unknown_executions_and_tasks_are_named(tmp_path):
    home = Home(tmp_path, *chain("a"))
    home.etl("run", "--all")
    execution, _ = home.stored()

    nobody = home.etl("cancel", "20200101_000000")
    ghost = home.etl("mark", execution.execution_id, "ghost", "--as", "completed", "--reason", "x")
    which = home.etl("cancel")

    assert [nobody.returncode, ghost.returncode, which.returncode] == [4, 2, 2]
    assert "has no task 'ghost'" in ghost.stderr
