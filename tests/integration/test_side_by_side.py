"""Several executions at once in one home: each minds its own business, or gives way as it was told (R4; F42, F67)."""

import json
import os
import signal
import time
from collections import Counter
from contextlib import ExitStack

from tests.integration.going_on_subjects import Home, chain, two_at_once, wait_for_one

COUNTED = '''
"""Writes down when it began and ended, on a clock that all processes share."""

import os
import time
from pathlib import Path


def count(name, seconds=0.4):
    begun = time.monotonic()
    time.sleep(seconds)
    with open(Path(os.environ["ETL_HOME"]) / "spans", "a") as file:
        file.write(f"{begun} {time.monotonic()}\\n")
    return {"status": "success"}
'''


def counted(home, *names, **fields):
    (home.path / "counting.py").write_text(COUNTED, encoding="utf-8")
    return [{"task_id": name, "module_path": "counting", "function_name": "count", **fields} for name in names]


def most_at_once(home):
    """The most tasks that were under way in one instant, by what they wrote down themselves."""
    spans = [tuple(map(float, line.split())) for line in (home.path / "spans").read_text().splitlines()]
    edges = sorted([(begun, 1) for begun, _ in spans] + [(ended, -1) for _, ended in spans])
    now = most = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most, len(spans)


def executions(home):
    """Status by id, the oldest first."""
    listed = json.loads(home.etl("status", "-o", "json").stdout)
    return {record["execution_id"]: record["status"] for record in reversed(listed)}


# --- 42 --------------------------------------------------------------------------------------------------------------


def test_two_executions_of_different_configurations_in_one_home_do_not_touch_each_other(tmp_path):
    home = Home(tmp_path, *chain("a", "b"))
    other = tmp_path / "other.json"
    home.configure(*chain("x", "b", "z", parameters={"value": "other"}))
    (tmp_path / "config.json").rename(other)
    home.configure(*chain("a", "b", parameters={"value": "first"}))
    home.hold("a")
    home.hold("x")

    with home.begin("run", "--all") as first, home.begin("run", "--all", "-c", str(other)) as second:
        home.wait_for("a")
        home.wait_for("x")
        home.let_go("a")
        home.let_go("x")
        codes = first.wait(40), second.wait(40)

    reports = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "orchestrator_reports").iterdir()]
    assert codes == (0, 0)
    assert sorted(home.started) == ["a", "b", "b", "x", "z"]
    assert {
        tuple(report["results"]): {result["output"]["value"] for result in report["results"].values()}
        for report in reports
    } == {("a", "b"): {"first"}, ("x", "b", "z"): {"other"}}


# --- 67 --------------------------------------------------------------------------------------------------------------

WORKFLOW = {"w": {"tasks": ["all"]}}


def test_two_starts_of_one_workflow_both_run(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), workflows=WORKFLOW)
    home.hold("a")

    with home.begin("run", "-w", "w") as first, home.begin("run", "-w", "w") as second:
        home.wait_for("a", times=2)
        home.let_go("a")
        codes = first.wait(40), second.wait(40)

    assert codes == (0, 0)
    assert Counter(home.started) == {"a": 2, "b": 2}
    assert list(executions(home).values()) == ["completed", "completed"]


def test_of_two_exclusive_starts_in_the_same_instant_one_runs_and_the_other_names_it(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), workflows=WORKFLOW)
    home.hold("a")
    home.etl("status")  # the store is made, so that the two meet in it and not in making it

    with two_at_once(home, "run", "-w", "w", "--exclusive") as both:
        home.wait_for("a")
        loser = wait_for_one(both)
        home.let_go("a")
        said = [one.communicate(timeout=60) for one in both]

    (winner,) = [one for one in both if one is not loser]
    out, _ = said[both.index(winner)]
    assert (winner.returncode, loser.returncode) == (0, 2), said
    assert out.partition("\n")[0] in said[both.index(loser)][1]
    assert home.started == ["a", "b"]
    assert len(executions(home)) == 1


def limited(tmp_path, on_conflict):
    concurrency = {"limit": 1, "on_conflict": on_conflict}
    return Home(
        tmp_path,
        *chain("a", "b"),
        workflows={"w": {"tasks": ["all"], "concurrency": concurrency}},
        orchestrator_config={"kill_grace": 0.5},
    )


def test_an_execution_without_room_waits_in_the_queue_and_runs_after_the_first(tmp_path):
    home = limited(tmp_path, "queue")
    home.hold("a")

    with home.begin("run", "-w", "w") as first:
        home.wait_for("a")
        with home.begin("run", "-w", "w") as second:
            second_id = second.stdout.readline().strip()
            time.sleep(1.5)
            while_held = executions(home)
            home.let_go("a")
            codes = first.wait(40), second.wait(40)

    assert list(while_held.values()) == ["running", "queued"]
    assert codes == (0, 0)
    assert home.started == ["a", "b", "a", "b"]
    assert executions(home)[second_id] == "completed"


def test_an_execution_without_room_is_refused_by_name_where_it_is_to_be_skipped(tmp_path):
    home = limited(tmp_path, "skip")
    home.hold("a")

    with home.begin("run", "-w", "w") as first:
        first_id = first.stdout.readline().strip()
        home.wait_for("a")
        second = home.etl("run", "-w", "w")
        home.let_go("a")
        code = first.wait(40)

    assert (code, second.returncode) == (0, 2)
    assert first_id in second.stderr
    assert home.started == ["a", "b"]
    assert executions(home) == {first_id: "completed"}


def test_an_execution_without_room_cancels_the_one_that_runs_where_it_is_to(tmp_path):
    home = limited(tmp_path, "cancel_running")
    home.hold("a")

    with home.begin("run", "-w", "w") as first:
        home.wait_for("a")
        with home.begin("run", "-w", "w") as second:
            cancelled = first.wait(40)
            home.wait_for("a", times=2)
            home.let_go("a")
            code = second.wait(40)

    assert (cancelled, code) == (130, 0)
    assert home.started == ["a", "a", "b"]
    assert list(executions(home).values()) == ["cancelled", "completed"]


def test_a_queued_execution_whose_process_was_killed_takes_no_room_from_others(tmp_path):
    home = limited(tmp_path, "queue")
    home.hold("a")

    with home.begin("run", "-w", "w") as first:
        home.wait_for("a")
        with home.begin("run", "-w", "w") as second:
            second.stdout.readline()
            second.kill()
        home.let_go("a")
        first.wait(40)
    third = home.etl("run", "-w", "w")

    assert third.returncode == 0, third.stderr
    assert list(executions(home).values()) == ["completed", "queued", "completed"]


def test_a_pool_is_shared_by_executions_that_run_at_once(tmp_path):
    home = Home(tmp_path)
    home.configure(*counted(home, *"abcd", pool="licences"), pools={"licences": 2})

    with ExitStack() as stack:
        three = [stack.enter_context(home.begin("run", "--all", "--parallel", "--max-workers", "4")) for _ in range(3)]
        codes = [one.wait(60) for one in three]

    assert codes == [0, 0, 0]
    assert most_at_once(home) == (2, 12)


def test_slots_of_a_killed_execution_come_back(tmp_path):
    home = Home(tmp_path)
    home.configure(*counted(home, *"ab", pool="licences", parameters={"seconds": 30}), pools={"licences": 2})
    fast = tmp_path / "fast.json"
    short = ("run", "--all", "--parallel")
    surroundings = {"ETL_TESTING": "1", "ETL_LEASE_SECONDS": "6"}

    with home.begin(*short, **surroundings) as process:
        while list(home.statuses().values() if process.stdout.readline() else []) != ["running", "running"]:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    home.configure(*counted(home, *"cd", pool="licences"), pools={"licences": 2})
    (tmp_path / "config.json").rename(fast)
    after = home.etl(*short, "-c", str(fast), timeout=60, **surroundings)

    assert after.returncode == 0, after.stderr
    assert most_at_once(home) == (2, 2)
