"""`rehearse`: the same course as a real execution, told as `run` tells one."""

import json
import random
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

import pytest

from orchestrator.executors import open_executor
from orchestrator.operations import driving
from orchestrator.settings import TESTING_CONFIG
from tests.integration.command_subjects import ROOT, home_at, mock
from tests.integration.rehearsal_subjects import rehearsed, states
from tests.yardstick import yardstick

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")
GRAPHS = 25
RULES = ["all_success"] * 6 + ["all_done", "none_failed", "one_success", "one_failed", "all_failed", "always"]
PLAYED = """
def play(*, failing, etl_context):
    if etl_context.attempt in failing:
        raise ValueError("as asked for")
"""


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


@pytest.fixture
def in_threads(monkeypatch):
    """Real attempts in threads of this process: the place where they happen makes no difference to what is attempted."""
    monkeypatch.setattr(
        driving, "open_executor", lambda _name, *, max_workers, **_: open_executor("inline", max_workers=max_workers)
    )


# --- the same course -------------------------------------------------------------------------------------------------


def test_mocks_say_what_tasks_return_and_how_long_they_take(home):
    home.configure(
        mock("a", timeout=9000, mock={"output": {"path": "x.csv", "rows": 3}, "duration": 7200}),
        mock("b", mock={"duration": 1.5}),
        mock(
            "c",
            "simple_task",
            dependencies=["a", "b"],
            parameters={"file": "${tasks.a.output.path}"},
            inputs={"all": "b"},
        ),
    )

    report = rehearsed(home, "--parallel")

    results = report["results"]
    assert [results[name]["duration"] for name in "abc"] == [7200.0, 1.5, 1.0]
    assert [results[name]["output"] for name in "ab"] == [
        {"path": "x.csv", "rows": 3},
        {"status": "success", "rows": 0},
    ]
    assert (states(report)["c"], report["total_duration"], report["rehearsal"]) == ("completed", 7201.0, True)


def test_what_an_output_lacks_is_told_with_its_place_and_the_way_out(home):
    home.configure(
        mock("a"), mock("b", "simple_task", dependencies=["a"], parameters={"file": "${tasks.a.output.path}"})
    )

    told = home.etl("rehearse")

    assert told.code == 1
    assert "tasks[1]: ${tasks.a.output.path}: the output of task a has no 'path'" in told.out
    assert "tasks[0].mock.output" in told.out
    assert "--record" in told.out


def test_a_task_outside_the_selection_is_taken_as_done_with_its_mock(home):
    home.configure(
        mock("a", mock={"output": {"path": "x"}}),
        mock("b", "simple_task", dependencies=["a"], parameters={"file": "${tasks.a.output.path}"}),
    )

    report = rehearsed(home, "-t", "b")

    assert states(report) == {"b": "completed"}
    assert report["assumed_satisfied"] == ["a"]


def test_failures_are_retried_waited_for_and_told_as_real_ones_are(home):
    home.configure(
        mock("a", retry_count=2, retry_delay=10, timeout=60),
        mock("b", retry_count=3, no_retry_on=["ValueError"], critical=False),
        mock("c", dependencies=["b"], critical=False),
        mock("d", retry_count=1, retry_delay=0, critical=False),
    )

    report = rehearsed(
        home, "--fail", "a:1:timeout", "--fail", "a:2", "--fail", "b:ValueError", "--fail", "d:crash", code=3
    )

    results = report["results"]
    assert states(report) == {"a": "completed", "b": "failed", "c": "skipped", "d": "failed"}
    assert [one["status"] for one in results["a"]["attempts"]] == ["timeout", "failed", "completed"]
    assert results["a"]["duration"] == 60 + 10 + 1 + 20 + 1
    assert [len(results[name]["attempts"]) for name in "bd"] == [1, 2]
    assert [results[name]["error_type"] for name in "bd"] == ["ValueError", "crash"]


def test_a_mock_that_takes_longer_than_the_limit_is_ended_there(home):
    home.configure(mock("a", timeout=30, mock={"duration": 31}))

    report = rehearsed(home, code=1)

    assert report["results"]["a"]["error_type"] == "timeout"
    assert report["total_duration"] == 30.0


def test_a_month_is_rehearsed_as_fast_as_a_minute(home):
    month = 30 * 86_400
    home.configure(mock("a", timeout=month, mock={"duration": month - 1}))
    began = time.process_time()

    report = rehearsed(home)

    assert report["total_duration"] == month - 1
    assert time.process_time() - began < 20 * yardstick()


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_a_rehearsal_ends_as_a_real_execution_of_the_same_shape(home, in_threads, seed):
    chance = random.Random(seed)
    halting = (
        seed % 2 == 0
    )  # whether a retry comes before a critical failure hangs on real time: one of the two at once
    (home.path / f"played_{seed}.py").write_text(PLAYED, encoding="utf-8")
    failing = {f"t{n}": chance.choice([[], [], [], [1], [1, 2], [1, 2, 3]]) for n in range(8)}
    home.configure(
        *(
            {
                "task_id": task_id,
                "module_path": f"played_{seed}",  # threads of this process keep what they imported
                "function_name": "play",
                "parameters": {"failing": failing[task_id]},
                "dependencies": [f"t{m}" for m in range(n) if chance.random() < 0.3],
                "trigger_rule": chance.choice(RULES),
                "critical": chance.random() < 0.4,
                "retry_count": 0 if halting else chance.randint(0, 2),
                "retry_delay": 0,
                "priority": chance.randint(-1, 1),
            }
            for n, task_id in enumerate(failing)
        )
    )
    flags = [f"--fail={task_id}:{number}" for task_id, numbers in failing.items() for number in numbers]

    told = home.etl("rehearse", "-o", "json", *flags, *([] if halting else ["--continue-on-failure"]))
    execution_id = home.execute(all_tasks=True, stop_on_failure=halting)

    real = json.loads(home.report_of(execution_id).read_text("utf-8"))

    played = told.records
    assert states(played) == states(real)
    assert (played["status"], told.code) == (real["status"], real["exit_code"])
    for task_id in failing:
        tries = [[one["status"] for one in report["results"][task_id]["attempts"]] for report in (played, real)]
        assert tries[0] == tries[1]


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_table_says_that_it_is_a_rehearsal_and_that_times_are_simulated(home):
    task = mock("a", retry_count=1, retry_delay=0, mock={"duration": 90})
    home.configure(task, workflows={"daily": {"tasks": ["a"]}})

    told = home.etl("rehearse", "daily", "--fail", "a:1", "--fail", "a:3")

    first, second, *_rest, last = told.out.splitlines()
    assert first.startswith("REHEARSAL: nothing is executed or stored")
    assert second.startswith("workflow daily: 1 tasks")
    assert "simulated" in told.out
    assert last.startswith("Rehearsal: completed in 180.00 simulated seconds (exit code 0)")
    assert "--fail a:3 did not happen" in told.err
    assert "--fail a:1 did not happen" not in told.err


@pytest.mark.parametrize(
    ("workflows", "named", "tasks"),
    [
        ({"one": ["b"]}, [], {"b"}),
        ({"one": ["b"], "two": ["a"]}, [], {"a", "b"}),
        ({}, [], {"a", "b"}),
        ({"one": ["b"], "two": ["a"]}, ["two"], {"a"}),
        ({"one": ["b"], "two": ["a"]}, ["-w", "one"], {"b"}),
        ({"one": ["b"]}, ["--all"], {"a", "b"}),
        ({"one": ["b"]}, ["-t", "a", "b"], {"a", "b"}),
    ],
)
def test_what_is_not_named_is_the_only_workflow_or_everything(home, workflows, named, tasks):
    home.configure(mock("a"), mock("b"), workflows={name: {"tasks": ids} for name, ids in workflows.items()})

    report = rehearsed(home, *named)

    assert set(states(report)) == tasks


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dialy"], "did you mean 'daily'"),
        (["daily", "-w", "daily"], "one workflow is rehearsed at a time"),
        (["daily", "daily"], "one workflow is rehearsed at a time"),
        (["daily", "--fail", "one:0"], "TASK[:ATTEMPT][:KIND]"),
        (["daily", "--fail", "two"], "no task is called 'two'"),
        (["daily", "--param", "x=1"], "x"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused_with_exit_2(home, arguments, says):
    home.configure(mock("one"), workflows={"daily": {"tasks": ["one"]}})

    told = home.etl("rehearse", *arguments)

    assert told.code == 2
    assert says in told.err


def test_the_testing_workflows_are_rehearsed_by_name_and_each_task_is_a_line(home):
    told = home.etl("rehearse", "test_dependencies", "-o", "jsonl", "-c", str(TESTING_CONFIG))

    lines = [json.loads(line) for line in told.out.splitlines()]
    assert told.code == 0
    assert [one["task_id"] for one in lines] == ["dep_root", "dep_left", "dep_right", "dep_join", "dep_cleanup"]


def test_it_is_told_as_junit(home, tmp_path):
    home.configure(mock("a"), mock("b", dependencies=["a"], mock={"duration": 90}))

    told = home.etl("rehearse", "--fail", "a", "--junit", tmp_path / "rehearsal.xml")

    cases = {one.get("name"): one for one in ET.parse(tmp_path / "rehearsal.xml").iter("testcase")}
    assert told.code == 1
    assert cases["a"].find("failure") is not None
    assert cases["b"].find("skipped") is not None


def test_it_is_for_no_server(home):
    told = home.etl("--server", "http://127.0.0.1:9", "rehearse")

    assert told.code == 2
    assert "does not work for a server" in told.err


def test_the_command_line_knows_it():
    done = subprocess.run(
        [sys.executable, "orchestrator/cli.py", "rehearse", "--help"], cwd=ROOT, capture_output=True, check=True
    )

    assert b"[WORKFLOW]" in done.stdout
