"""`plan`: what it foretells is what an execution then does, and it leaves nothing behind."""

import asyncio
import json
import random
from collections import Counter
from contextlib import closing

import pytest

from orchestrator.core.errors import UsageError
from orchestrator.core.selection import select
from orchestrator.etl_orchestrator import create_orchestrator
from orchestrator.executors import open_executor
from orchestrator.operations import driving
from orchestrator.operations.ahead import Fate, look_ahead
from tests.integration.command_subjects import home_at, mock

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")
CONFIGURATIONS = 30
CACHES = [None, {}, {"parameters": False}, {"inputs": ["in-*.txt"]}, {"code": False, "inputs": ["in-1.txt"]}]
RULES = ["all_success"] * 6 + ["all_done", "none_failed", "one_success", "one_failed", "all_failed", "always"]


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


@pytest.fixture
def in_threads(monkeypatch):
    """Attempts in threads of this process: the place where they happen makes no difference to what is attempted."""
    monkeypatch.setattr(
        driving, "open_executor", lambda _name, *, max_workers, **_: open_executor("inline", max_workers=max_workers)
    )


def planned(home, *options):
    told = home.etl("plan", *options, "-o", "json")
    assert told.code == 0, told.err
    return {one["task_id"]: one for one in told.records["tasks"]}


# --- single cases ----------------------------------------------------------------------------------------------------


def test_looking_ahead_makes_nothing(home):
    before = sorted(home.path.rglob("*"))

    told = home.etl("plan", "--all")

    assert told.code == 0
    assert sorted(home.path.rglob("*")) == before


def test_a_plan_tells_how_and_in_which_order(home):
    home.configure(
        mock("late", priority=-1),
        mock("load", dependencies=["extract"], after=["check"], pool="db"),
        mock("extract"),
        mock("check", priority=5),
        pools={"db": 2},
        workflows={"daily": {"tasks": ["all"], "parameters": {"year": {"type": "integer", "default": 2025}}}},
    )

    told = home.etl("plan", "-w", "daily", "--parallel", "--max-workers", "4", "--param", "year=2024", "-o", "json")

    document = told.records
    order = [one["task_id"] for one in document["tasks"]]
    assert order == ["check", "extract", "load", "late"]
    assert [one["number"] for one in document["tasks"]] == [1, 2, 3, 4]
    load = document["tasks"][2]
    assert (load["waits_for"], load["after"], load["pool"]) == (["extract"], ["check"], "db")
    assert load["why"] == "after extract, check"
    del document["tasks"]
    assert document == {
        "workflow": "daily",
        "parameters": {"year": 2024},
        "parallel": True,
        "max_workers": 4,
        "execution_order": ["late", "extract", "check", "load"],
        "assumed_satisfied": [],
        "pools": {"db": 2},
        "longest_path": {"tasks": [], "seconds": 0.0},
    }


def test_one_after_the_other_tasks_start_in_the_foretold_order(home):
    home.configure(
        mock("a", dependencies=["d"]), mock("b", priority=3), mock("c", priority=-2), mock("d"), mock("e", after=["b"])
    )
    told = home.etl("plan", "--all", "-o", "json").records

    execution_id = home.execute()

    report = json.loads(home.report_of(execution_id).read_text("utf-8"))
    started = sorted(report["results"].values(), key=lambda one: one["attempts"][0]["start_time"])
    assert [one["task_id"] for one in started] == [one["task_id"] for one in told["tasks"]]


def test_tasks_that_are_not_selected_are_seen_through_and_told(home):
    home.configure(mock("a"), mock("b", dependencies=["a"]), mock("c", dependencies=["b"]))

    before = planned(home, "-t", "a", "c")
    home.execute(tasks=["a", "b"])
    after = planned(home, "-t", "a", "c")

    assert (before["b"]["fate"], before["b"]["number"]) == ("assumed_satisfied", None)
    assert before["b"]["why"] == "not selected, and it did not complete in its latest execution"
    assert after["b"]["why"].startswith("not selected; it completed in 20")
    assert (after["c"]["waits_for"], after["c"]["unselected"]) == (["a"], ["b"])


def test_a_kept_result_is_told_with_its_execution_until_what_it_is_made_of_changes(home):
    task = mock("a", "simple_task", cache={}, parameters={"x": 1})
    home.configure(task)
    first = planned(home, "--all")
    execution_id = home.execute()

    kept = planned(home, "--all")
    home.configure({**task, "parameters": {"x": 2}})
    changed = planned(home, "--all")

    assert (first["a"]["fate"], first["a"]["why"]) == ("runs", "no kept result fits")
    assert (kept["a"]["fate"], kept["a"]["cached_from"]) == ("cached", execution_id)
    assert (changed["a"]["fate"], changed["a"]["cached_from"]) == ("runs", None)


def test_what_hangs_on_a_task_that_runs_is_decided_after_it(home):
    home.configure(
        mock("a", "simple_task"),
        mock("b", "simple_task", dependencies=["a"], cache={}),
        mock("rescue", dependencies=["a"], trigger_rule="one_failed"),
        mock("rescued", dependencies=["rescue"]),
        mock("end", dependencies=["b", "rescue"], trigger_rule="all_done"),
    )
    home.execute()

    told = planned(home, "--all")

    assert {name: one["fate"] for name, one in told.items()} == {
        "a": "runs",
        "b": "decided_later",
        "rescue": "decided_later",
        "rescued": "decided_later",
        "end": "runs",
    }
    assert told["b"]["decided_by"] == told["rescue"]["decided_by"] == ["a"]


def test_the_chain_that_takes_longest_is_told_by_what_its_tasks_took_last(home):
    home.configure(
        mock("a", "mock_load", parameters={"seconds": 0.5}, cache={}),
        mock("b", "mock_load", parameters={"seconds": 0.5}, dependencies=["a"]),
        mock("c", dependencies=["a"]),
    )
    home.execute(all_tasks=True, parallel=True)

    told = home.etl("plan", "--all", "-o", "json").records

    usual = {one["task_id"]: one["usual_duration"] for one in told["tasks"]}
    assert min(usual["a"], usual["b"]) >= 0.5
    assert told["longest_path"]["tasks"] == ["b"]  # the result of a is kept: it takes no time
    assert told["longest_path"]["seconds"] == pytest.approx(usual["b"], abs=0.01)
    assert "Longest path: b; about " in home.etl("plan", "--all").out


def test_a_selection_that_run_would_refuse_is_refused_alike(home):
    home.configure(mock("a"), mock("b", "simple_task", dependencies=["a"], inputs={"x": "a"}))

    for options in (["-t", "b"], ["-t", "nobody"], [], ["--all", "--max-workers", "0"], ["--all", "--param", "x=1"]):
        foretold, done = home.etl("plan", *options), home.etl("run", *options)

        assert (foretold.code, foretold.err) == (done.code, done.err)
        assert foretold.code == 2


def test_the_table_says_what_happens_and_why(home):
    told = home.etl("plan", "--all")

    assert told.out.splitlines()[0] == "selected tasks: 1 tasks, one task after the other"
    assert "one   runs          nothing comes before it" in told.out
    assert "nothing was started" in told.err


# --- what is foretold is what happens --------------------------------------------------------------------------------


def some_tasks(chance):
    """Three to eight tasks with edges upwards, caches, rules, and values handed on."""
    tasks = []
    for number in range(chance.randint(3, 8)):
        earlier = [task["task_id"] for task in tasks]
        needed = chance.sample(earlier, min(len(earlier), chance.choice([0, 1, 1, 2])))
        weaker = [
            one for one in chance.sample(earlier, min(len(earlier), chance.choice([0, 0, 1]))) if one not in needed
        ]
        fields = {"dependencies": needed, "after": weaker, "priority": chance.randint(-1, 1)}
        fields["trigger_rule"] = chance.choice(RULES) if needed else "all_success"
        fields["parameters"] = {"x": chance.randint(0, 1)}
        if needed and fields["trigger_rule"] == "all_success" and chance.random() < 0.4:
            fields["inputs"] = {"given": needed[0]}
        cache = chance.choice(CACHES)
        tasks.append(mock(f"t{number}", "simple_task", **fields, **({"cache": cache} if cache is not None else {})))
    return tasks


def some_change(chance, home, tasks):
    """Something that results may be made of is another afterwards, or nothing is."""
    match chance.randint(0, 3):
        case 0:
            chance.choice(tasks)["parameters"] = {"x": 2}
            home.configure(*tasks)
        case 1:
            (home.path / f"in-{chance.randint(1, 2)}.txt").write_text(str(chance.random()), encoding="utf-8")
        case 2:
            chance.choice(tasks).pop("cache", None)
            home.configure(*tasks)


def foretold(orchestrator, chosen, *, parallel):
    """What would happen, or why it would be refused."""
    try:
        return look_ahead(orchestrator.parts, select(orchestrator.registry, tasks=chosen), parallel=parallel)
    except UsageError as why:
        return str(why)


def done(orchestrator, chosen, *, parallel):
    """The id of the execution, or why it was refused."""
    try:
        return asyncio.run(orchestrator.execute(tasks=chosen, parallel=parallel)).execution_id, ""
    except UsageError as why:
        return None, str(why)


def differences(ahead, attempted, taken):
    """Outlooks that did not come true; `taken` are all task runs, with the execution that a result was taken from."""
    true = {
        Fate.RUNS: lambda one: one.task_id in attempted,
        Fate.CACHED: lambda one: one.task_id not in attempted and taken[one.task_id] == one.cached_from,
        Fate.LATER: lambda one: one.task_id in taken,
        Fate.ASSUMED: lambda one: one.task_id not in taken,
    }
    return [one for one in ahead.outlooks if not true[one.fate](one)]


@pytest.mark.usefixtures("in_threads")
def test_what_is_foretold_is_what_an_execution_then_does(home):
    met = Counter()
    for seed in range(CONFIGURATIONS):
        chance = random.Random(seed)
        tasks = some_tasks(chance)
        home.configure(*tasks)
        home.execute(all_tasks=True)  # so that there is something to be kept
        some_change(chance, home, tasks)
        chosen = chance.sample([task["task_id"] for task in tasks], chance.randint(1, len(tasks)))
        parallel = chance.random() < 0.5

        with closing(create_orchestrator(home.config)) as orchestrator:
            ahead = foretold(orchestrator, chosen, parallel=parallel)
            execution_id, refusal = done(orchestrator, chosen, parallel=parallel)
            attempts = orchestrator.store.attempts(execution_id or "")
            runs = orchestrator.store.task_runs(execution_id or "")

        if execution_id is None:
            assert ahead == refusal, f"seed {seed}"
            met["refused"] += 1
        else:
            attempted = {attempt.key.run.task_id for attempt in attempts}
            taken = {run.key.task_id: run.cached_from for run in runs}
            assert differences(ahead, attempted, taken) == [], f"seed {seed}"
            assert {one.task_id for one in ahead.outlooks if one.fate is not Fate.ASSUMED} == taken.keys()
            met.update(outlook.fate for outlook in ahead.outlooks)
    assert all(met[fate] >= CONFIGURATIONS / 5 for fate in Fate), met
