"""A cancel that meets a claim, a spawn or a completion on its way: once it is acknowledged, it stands (R14, D8; F65)."""

import time

import pytest

from orchestrator.core.folding import fold
from orchestrator.core.states import ExecutionStatus
from orchestrator.stores import open_store
from tests.integration.going_on_subjects import Home, chain

MEETINGS = [
    "before_claim",
    "after_claim",
    "before_spawn",
    "after_spawn",
    "before_completion_written",
    "after_completion_written",
]
DELAY = 2.0
"""Seconds that an owner stands at its point (`ETL_CRASH_AT=…:delay`)."""


@pytest.mark.parametrize("wait", [0.0, 0.5])
@pytest.mark.parametrize("point", MEETINGS)
def test_an_acknowledged_cancel_stands_whatever_it_meets(tmp_path, point, wait):
    home = Home(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    delay = {"ETL_TESTING": "1", "ETL_CRASH_AT": f"{point}:1:delay"}

    with home.begin("run", "--all", **delay) as process:
        execution_id = process.stdout.readline().strip()
        time.sleep(wait)
        cancelled = home.etl("cancel", execution_id)
        ended = process.wait(40)
        words = process.stderr.read()
    later = [home.stored()[0].status.value]
    resumed = home.etl("resume", "--latest")
    later.append(home.stored()[0].status.value)

    assert cancelled.returncode == 0, cancelled.stderr
    assert "Traceback" not in cancelled.stderr + words
    acknowledged = "cancelled" in cancelled.stdout
    expected = ("cancelled", 130) if acknowledged else ("completed", 0)
    assert later == [expected[0]] * 2
    assert (ended, resumed.returncode) == (expected[1], expected[1]), words
    assert_legal(home, execution_id)
    assert home.started.count("a") <= 1


def assert_legal(home, execution_id):
    """The log is a path of D8, adds up to what is stored, and the report says the same."""
    store = open_store(f"sqlite:///{home.path / '.orchestrator' / 'state.db'}")
    try:
        folded = fold(store.events(execution_id))
        stored = {run.key: run.status for run in store.task_runs(execution_id)}
        live = [attempt for attempt in store.attempts(execution_id) if attempt.status == "running"]
    finally:
        store.close()
    assert dict(folded.runs) == stored
    assert folded.execution in {ExecutionStatus.CANCELLED, ExecutionStatus.COMPLETED}
    assert live == []
    assert home.report()["status"] == folded.execution.value
    assert home.etl("verify", execution_id).returncode == 0


def test_a_cancel_in_the_instant_of_the_last_completion_leaves_one_truth(tmp_path):
    home = Home(tmp_path, *chain("a"), orchestrator_config={"kill_grace": 0.5})

    answers = []
    for number in range(6):
        home.hold("a")
        with home.begin("run", "--all") as process:
            execution_id = process.stdout.readline().strip()
            home.wait_for("a", times=number + 1)
            with home.begin("cancel", execution_id) as cancel:
                time.sleep(0.1 * number)  # around the time that a command takes to come so far
                home.let_go("a")
                out, _ = cancel.communicate(timeout=40)
            ended = process.wait(40)
        status = home.stored()[0].status.value
        answers.append((cancel.returncode, "cancelled" in out, status, ended))
        assert_legal(home, execution_id)

    good = {(0, True, "cancelled", 130), (0, False, "completed", 0)}
    assert set(answers) <= good, answers
