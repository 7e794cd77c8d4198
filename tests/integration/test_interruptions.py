"""What the place loses is not the user's fault: lost supervisors cost interruptions, never retries (D4, row 3)."""

import sys
import time

import psutil
import pytest

from orchestrator.stores import open_store
from tests.integration.going_on_subjects import Home, chain

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the supervisor is a process of its own there")


def kill_the_supervisor_of(task_pid: int) -> None:
    psutil.Process(task_pid).parent().kill()


def pid_of_attempt(home: Home, number: int) -> int:
    give_up_at = time.monotonic() + 40
    while time.monotonic() < give_up_at:
        store = open_store(f"sqlite:///{home.path / '.orchestrator' / 'state.db'}")
        try:
            (execution,) = store.list_executions(limit=1)
            found = [one.pid for one in store.attempts(execution.execution_id) if one.key.number == number and one.pid]
        finally:
            store.close()
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"attempt {number} did not begin")


def test_a_supervisor_killed_three_times_costs_interruptions_and_no_retry(tmp_path):
    home = Home(tmp_path, *chain("a", "b", retry_count=0))
    home.hold("a")

    with home.begin("run", "--all") as process:
        for number in (1, 2, 3):
            home.wait_for("a", times=number)
            kill_the_supervisor_of(pid_of_attempt(home, number))
        home.wait_for("a", times=4)
        home.let_go("a")
        code = process.wait(60)

    assert code == 0
    attempts = home.report()["results"]["a"]["attempts"]
    assert [attempt["status"] for attempt in attempts] == ["lost", "lost", "lost", "completed"]
    assert home.report()["status"] == "completed"


def test_a_supervisor_killed_once_more_than_it_may_fails_the_task_by_name(tmp_path):
    home = Home(tmp_path, *chain("a", max_interruptions=1))
    home.hold("a")

    with home.begin("run", "--all") as process:
        for number in (1, 2):
            home.wait_for("a", times=number)
            kill_the_supervisor_of(pid_of_attempt(home, number))
        code = process.wait(60)

    assert code == 1
    result = home.report()["results"]["a"]
    assert (result["status"], result["error_type"]) == ("failed", "lost")
    assert len(result["attempts"]) == 2
