"""Each named crash point × {SIGKILL, disk full, delay}: whatever is left, `resume` finishes it and nothing is done twice.

`ETL_CRASH_AT` is obeyed only with `ETL_TESTING=1`.
"""

import os
import sys
import time
from collections import Counter

import pytest

from orchestrator.core.crash_points import POINTS
from orchestrator.core.folding import fold
from orchestrator.stores import open_store
from tests.integration.going_on_subjects import Home

COUNT = int(os.environ.get("ETL_FAULT_COUNT_CRASH_POINTS", "1"))
"""At which passings of a point to strike: the first so many."""
ACTIONS = ["kill", "enospc", "delay"]
WHILE_RUNNING = ACTIONS if COUNT > 1 else ["kill", "enospc"]
"""Of a sample: a pause changes least where nobody else wants the execution."""
BY_CANCEL = [point for point in POINTS if point.endswith("cancel_recorded")]
BY_LEASE = [point for point in POINTS if point.endswith("lease_renew")]
BY_RUNNING = [point for point in POINTS if point not in {*BY_CANCEL, *BY_LEASE}]
TASKS = [
    {"task_id": name, "dependencies": needs}
    for name, needs in {"a": [], "b": [], "c": ["a"], "d": ["b"], "e": ["c", "d"], "f": ["e"]}.items()
]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def strike(home: Home, point: str, nth: int, action: str, *command: str, **environment: str):
    return home.etl(*command, ETL_TESTING="1", ETL_CRASH_AT=f"{point}:{nth}:{action}", **environment)


def stored_events(home: Home):
    """The latest execution's log, or None where nothing was stored."""
    database = home.path / ".orchestrator" / "state.db"
    if not database.exists():
        return None
    store = open_store(f"sqlite:///{database}")
    try:
        found = store.list_executions(limit=1)
        return (found[0], store.events(found[0].execution_id), store.attempts(found[0].execution_id)) if found else None
    finally:
        store.close()


def assert_all_is_well(home: Home, status: str = "completed") -> None:
    found = stored_events(home)
    assert found is not None
    execution, events, attempts = found
    assert execution.status.value == status
    assert fold(events).execution.value == status
    starts = Counter(home.started)
    recorded = Counter(attempt.key.run.task_id for attempt in attempts)
    assert all(starts[name] <= recorded[name] for name in starts), (starts, recorded)
    completed = Counter(attempt.key.run.task_id for attempt in attempts if attempt.status == "completed")
    if status == "completed":
        assert completed == Counter(task["task_id"] for task in TASKS)
    blamed = [attempt for attempt in attempts if attempt.status not in {"completed", "lost", "cancelled"}]
    assert blamed == [], "the user's code was blamed for our crash"


@pytest.mark.parametrize("action", WHILE_RUNNING)
@pytest.mark.parametrize("point", BY_RUNNING)
def test_a_crash_in_an_execution_loses_nothing(tmp_path, figures, point, action):
    for nth in range(1, COUNT + 1):
        path = tmp_path / str(nth)
        path.mkdir()
        home = Home(path, *TASKS)

        struck = strike(home, point, nth, action, "run", "--all", "--parallel", "--max-workers", "3")
        left = stored_events(home)
        resumed = home.etl("resume", "--latest")

        assert struck.returncode in {"kill": {-9, 0}, "enospc": {5, 0}, "delay": {0}}[action], struck.stderr
        assert "Traceback" not in struck.stderr
        if left is None:
            assert resumed.returncode == 4
            assert home.started == []
        else:
            assert resumed.returncode == 0, resumed.stderr
            assert_all_is_well(home)
        figures("crash point", {"point": point, "nth": nth, "action": action, "struck": struck.returncode, "well": 1})


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", BY_LEASE)
def test_a_crash_while_the_lease_is_renewed_loses_nothing(tmp_path, figures, point, action):
    home = Home(tmp_path, *TASKS)
    home.hold("a")

    command = ("run", "--all", "--parallel", "--max-workers", "3")
    with home.begin(*command, ETL_TESTING="1", ETL_LEASE_SECONDS="6", ETL_CRASH_AT=f"{point}:1:{action}") as process:
        home.wait_for("a")
        time.sleep(3.0 if action == "delay" else 0.0)
        if action == "delay":
            home.let_go("a")
        code = process.wait(40)
    if action != "delay":
        home.let_go("a")
    resumed = home.etl("resume", "--latest")

    assert code == {"kill": -9, "enospc": 5, "delay": 0}[action]
    assert resumed.returncode == 0, resumed.stderr
    assert_all_is_well(home)
    figures("crash point", {"point": point, "nth": 1, "action": action, "struck": code, "well": 1})


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("where", ["owner", "canceller"])
@pytest.mark.parametrize("point", BY_CANCEL)
def test_a_crash_around_a_cancel_ends_cancelled_or_as_if_nobody_had_asked(tmp_path, figures, point, where, action):
    home = Home(tmp_path, *TASKS, orchestrator_config={"kill_grace": 0.5})
    home.hold("a")
    crash = {"ETL_TESTING": "1", "ETL_CRASH_AT": f"{point}:1:{action}"}

    with home.begin("run", "--all", "--parallel", **(crash if where == "owner" else {})) as process:
        home.wait_for("a")
        asked = home.etl("cancel", "--latest", **(crash if where == "canceller" else {}))
        acknowledged = asked.returncode == 0 or point == "after_cancel_recorded" or where == "owner"
        if not acknowledged:
            home.let_go("a")
        process.wait(40)
    if acknowledged:
        home.let_go("a")
    resumed = home.etl("resume", "--latest")

    assert "Traceback" not in asked.stderr
    assert resumed.returncode == (130 if acknowledged else 0), (asked.stderr, resumed.stderr)
    assert_all_is_well(home, "cancelled" if acknowledged else "completed")
    figures("crash point", {"point": point, "nth": 1, "action": f"{action} of the {where}", "well": 1})


def test_without_the_word_that_this_is_a_test_no_crash_point_does_anything(tmp_path):
    home = Home(tmp_path, *TASKS)

    ran = home.etl("run", "--all", ETL_CRASH_AT="after_claim:1:kill")
    misspelt = home.etl("run", "--all", ETL_TESTING="1", ETL_CRASH_AT="after_clame")

    assert ran.returncode == 0
    assert misspelt.returncode == 2
    assert "points: before_run_insert" in misspelt.stderr
