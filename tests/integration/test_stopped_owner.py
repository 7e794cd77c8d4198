"""An owner that is stopped, not dead: its attempts end before its lease, another takes over, and the woken one is fenced."""

import os
import signal
import sys
import time

import pytest

from tests.integration.going_on_subjects import Home, chain

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SIGSTOP and the chain of processes")
SHORT = {"ETL_TESTING": "1", "ETL_LEASE_SECONDS": "6"}


def test_a_stopped_owner_is_replaced_and_writes_nothing_when_it_wakes(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    home.hold("a")

    with home.begin("run", "--all", **SHORT) as first:
        home.wait_for("a")
        os.kill(first.pid, signal.SIGSTOP)
        with home.begin("resume", "--latest", **SHORT) as second:
            home.wait_for("a", times=2)
            home.let_go("a")
            taken_over = second.wait(60)
        os.kill(first.pid, signal.SIGCONT)
        _, words = first.communicate(timeout=60)

    assert taken_over == 0
    assert first.returncode == 5
    assert "owned by another process" in words
    execution, runs = home.stored()
    assert execution.status.value == "completed"
    assert {name: run.status.value for name, run in runs.items()} == {"a": "completed", "b": "completed"}
    assert home.started.count("b") == 1


def test_a_stopped_owner_that_nobody_replaced_goes_on(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    home.hold("a")

    with home.begin("run", "--all", **SHORT) as process:
        home.wait_for("a")
        os.kill(process.pid, signal.SIGSTOP)
        home.let_go("a")
        time.sleep(4)
        os.kill(process.pid, signal.SIGCONT)
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert home.statuses() == {"a": "completed", "b": "completed"}
