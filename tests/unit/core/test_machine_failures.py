"""What a failure, a skip and a rule mean for the rest of an execution (D1, D2, D2c, D2d, D3)."""

import pytest

from orchestrator.core.outcomes import Returned
from orchestrator.core.tasks import TriggerRule
from tests.unit.core.subjects import BROKEN, DONE, SKIP, begun, plan_of, settled, task_of


def verdict_of(journey) -> tuple[str, int]:
    return journey.status.value, int(journey.end_move.exit_code)


# --- success ---------------------------------------------------------------------------------------------------------


def test_an_execution_whose_tasks_all_complete_is_completed_with_exit_0():
    journey = settled(plan_of(extract=[], load=["extract"]))

    assert journey.statuses == {"extract": "completed", "load": "completed"}
    assert verdict_of(journey) == ("completed", 0)


def test_a_task_starts_when_the_last_of_its_dependencies_completed():
    journey = begun(plan_of(a=[], b=[], c=["a", "b"]))

    after_one, after_both = journey.end("b").started, journey.end("a").started

    assert (after_one, after_both) == ([], ["c"])


# --- D2 i: a critical failure ----------------------------------------------------------------------------------------


def test_after_a_critical_failure_nothing_starts_running_tasks_finish_and_the_rest_is_skipped_with_the_reason():
    plan = plan_of(bad=[], slow=[], after_slow=["slow"], after_bad=["bad"])
    journey = begun(plan).end("bad", BROKEN)

    journey.end("slow")

    assert journey.statuses == {
        "bad": "failed",
        "slow": "completed",
        "after_slow": "skipped",
        "after_bad": "skipped",
    }
    assert str(journey.last_move("after_slow").reason) == "not started: the critical task bad did not complete"
    assert verdict_of(journey) == ("failed", 1)


def test_a_critical_failure_keeps_back_what_is_ready_but_has_no_slot():
    journey = begun(plan_of(bad=[], ready=[]), max_workers=1)

    journey.end("bad", BROKEN)

    assert journey.statuses == {"bad": "failed", "ready": "skipped"}
    assert journey.status.value == "failed"


def test_the_execution_stays_open_until_the_last_running_task_ended():
    journey = begun(plan_of(bad=[], slow=[]))

    journey.end("bad", BROKEN)

    assert journey.status.value == "running"
    assert journey.stopped == []


# --- D2 ii: a failure that is not critical ---------------------------------------------------------------------------


def test_a_failure_that_is_not_critical_skips_what_depends_on_it_and_nothing_else():
    plan = plan_of(
        task_of("bad", critical=False),
        task_of("child", ["bad"], critical=False),
        task_of("grandchild", ["child"], critical=False),
        other=[],
        after_other=["other"],
    )

    journey = settled(plan, {"bad": BROKEN})

    assert journey.statuses == {
        "bad": "failed",
        "child": "skipped",
        "grandchild": "skipped",
        "other": "completed",
        "after_other": "completed",
    }
    assert str(journey.last_move("child").reason) == "bad did not complete"
    assert str(journey.last_move("grandchild").reason) == "child did not complete"
    assert verdict_of(journey) == ("completed_with_errors", 3)


# --- D2 iii: a critical task that must be skipped ---------------------------------------------------------------------


def test_a_critical_task_that_must_be_skipped_counts_as_a_critical_failure():
    plan = plan_of(task_of("bad", critical=False), load=["bad"], other=[], after_other=["other"])
    journey = begun(plan).end("bad", BROKEN)

    journey.end("other")

    assert journey.statuses == {"bad": "failed", "load": "skipped", "other": "completed", "after_other": "skipped"}
    assert verdict_of(journey) == ("failed", 1)


def test_a_critical_failure_through_an_unselected_task_counts_as_well():
    plan = plan_of(task_of("a", critical=False), b=["a"], c=["b"], select=["a", "c"])

    journey = settled(plan, {"a": BROKEN})

    assert journey.statuses == {"a": "failed", "c": "skipped"}
    assert journey.status.value == "failed"


# --- continue on failure ---------------------------------------------------------------------------------------------


def test_continuing_on_failure_runs_independent_branches_and_never_changes_the_verdict():
    plan = plan_of(bad=[], child=["bad"], other=[], after_other=["other"])

    journey = settled(plan, {"bad": BROKEN}, max_workers=1, stop_on_failure=False)

    assert journey.statuses == {
        "bad": "failed",
        "child": "skipped",
        "other": "completed",
        "after_other": "completed",
    }
    assert verdict_of(journey) == ("failed", 1)


# --- what a function says --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["failed", "error"])
def test_a_returned_status_of_failed_or_error_is_a_failure_in_the_functions_own_words(said):
    outcome = Returned(output={"status": said, "message": "the portal is empty"})

    journey = settled(plan_of(a=[]), {"a": outcome})

    moved = journey.last_move("a")
    assert (moved.after.value, moved.error, moved.error_type) == ("failed", "the portal is empty", "reported_failure")
    assert moved.output == outcome.output


def test_a_returned_status_of_skipped_skips_the_task_and_what_depends_on_it_neutrally():
    plan = plan_of(a=[], b=["a"], c=["b"], other=[])

    journey = settled(plan, {"a": SKIP})

    assert journey.statuses == {"a": "skipped", "b": "skipped", "c": "skipped", "other": "completed"}
    assert str(journey.last_move("a").reason) == "the function returned status skipped"
    assert str(journey.last_move("b").reason) == "a was skipped"
    assert verdict_of(journey) == ("completed", 0)


@pytest.mark.parametrize("output", [None, [], {"status": ["failed"]}, {"status": {"a": 1}}, {"status": 1}, "failed"])
def test_anything_else_that_a_function_returns_is_success(output):
    journey = settled(plan_of(a=[]), {"a": Returned(output=output)})

    assert journey.statuses == {"a": "completed"}
    assert journey.last_move("a").output == output


@pytest.mark.parametrize("first", ["skips", "fails"])
def test_a_skip_beside_a_failure_is_no_neutral_one_whichever_comes_first(first):
    plan = plan_of(task_of("skips", critical=False), task_of("fails", critical=False), load=["skips", "fails"])
    second = {"skips": "fails", "fails": "skips"}[first]
    outcomes = {"skips": SKIP, "fails": BROKEN}

    journey = begun(plan).end(first, outcomes[first]).end(second, outcomes[second])

    assert str(journey.last_move("load").reason) == "fails did not complete"
    assert verdict_of(journey) == ("failed", 1)


def test_a_neutral_skip_names_the_dependency_that_was_skipped_not_the_one_that_ended_last():
    journey = begun(plan_of(skips=[], works=[], load=["skips", "works"])).end("skips", SKIP)
    waiting = journey.statuses["load"]

    journey.end("works")

    assert waiting == "pending"
    assert str(journey.last_move("load").reason) == "skips was skipped"
    assert journey.status.value == "completed"


# --- D2c: order only -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [DONE, BROKEN, SKIP])
def test_a_task_that_comes_after_another_waits_for_its_end_whatever_that_is(outcome):
    plan = plan_of(task_of("first", critical=False), task_of("load", after=["first"]))
    journey = begun(plan)
    before = journey.statuses["load"]

    journey.end("first", outcome)

    assert before == "pending"
    assert journey.started == ["load"]


def test_a_task_waits_for_all_that_it_comes_after_and_for_its_dependencies():
    journey = begun(plan_of(task_of("load", ["clean"], after=["one", "two"]), clean=[], one=[], two=[]))

    started = [journey.end(task_id).started for task_id in ("one", "clean", "two")]

    assert started == [[], [], ["load"]]


def test_a_task_that_was_skipped_releases_what_comes_after_it():
    plan = plan_of(
        task_of("bad", critical=False),
        task_of("child", ["bad"], critical=False),
        task_of("load", after=["child"], critical=False),
    )

    journey = settled(plan, {"bad": BROKEN})

    assert journey.statuses == {"bad": "failed", "child": "skipped", "load": "completed"}


# --- D2d: trigger rules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "all_well", "one_failed", "all_failed", "one_skipped"),
    [
        ("all_success", "completed", "skipped", "skipped", "skipped"),
        ("all_done", "completed", "completed", "completed", "completed"),
        ("always", "completed", "completed", "completed", "completed"),
        ("none_failed", "completed", "skipped", "skipped", "completed"),
        ("one_success", "completed", "completed", "skipped", "completed"),
        ("one_failed", "skipped", "completed", "completed", "skipped"),
        ("all_failed", "skipped", "skipped", "completed", "skipped"),
    ],
)
def test_each_rule_over_two_dependencies(rule, all_well, one_failed, all_failed, one_skipped):
    def became(**outcomes):
        plan = plan_of(
            task_of("a", critical=False),
            task_of("b", critical=False),
            task_of("end", ["a", "b"], trigger_rule=TriggerRule(rule), critical=False),
        )
        return settled(plan, outcomes).statuses["end"]

    results = (became(), became(b=BROKEN), became(a=BROKEN, b=BROKEN), became(a=SKIP))

    assert results == (all_well, one_failed, all_failed, one_skipped)


@pytest.mark.parametrize(("rule", "outcome"), [("one_success", DONE), ("one_failed", BROKEN)])
def test_the_rules_that_ask_for_one_start_without_waiting_for_the_others(rule, outcome):
    plan = plan_of(
        task_of("a", critical=False), task_of("b"), task_of("end", ["a", "b"], trigger_rule=TriggerRule(rule))
    )

    journey = begun(plan).end("a", outcome)

    assert journey.started == ["end"]
    assert journey.running == ["b", "end"]


def test_a_rule_that_was_not_met_is_no_failure_and_its_skip_spreads_neutrally():
    plan = plan_of(task_of("alarm", ["work"], trigger_rule=TriggerRule.ONE_FAILED), work=[], after_alarm=["alarm"])

    journey = settled(plan)

    assert journey.statuses == {"work": "completed", "alarm": "skipped", "after_alarm": "skipped"}
    assert str(journey.last_move("alarm").reason) == "trigger rule one_failed cannot be met any more"
    assert verdict_of(journey) == ("completed", 0)


@pytest.mark.parametrize("rule", ["always", "all_done", "one_failed", "all_failed"])
def test_clean_up_still_starts_after_a_critical_failure(rule):
    plan = plan_of(task_of("tidy", ["bad"], trigger_rule=TriggerRule(rule)), bad=[], other=["tidy"])

    journey = settled(plan, {"bad": BROKEN})

    assert journey.statuses == {"bad": "failed", "tidy": "completed", "other": "skipped"}
    assert verdict_of(journey) == ("failed", 1)


def test_clean_up_waits_for_running_tasks_that_it_depends_on_even_after_a_critical_failure():
    plan = plan_of(task_of("tidy", ["bad", "slow"], trigger_rule=TriggerRule.ALL_DONE), bad=[], slow=[])
    journey = begun(plan).end("bad", BROKEN)
    at_the_failure = journey.started

    journey.end("slow")

    assert at_the_failure == []
    assert journey.started == ["tidy"]


@pytest.mark.parametrize("rule", ["one_success", "none_failed"])
def test_rules_that_are_no_clean_up_do_not_start_after_a_critical_failure(rule):
    plan = plan_of(task_of("next", ["fine"], trigger_rule=TriggerRule(rule)), bad=[], fine=[])

    journey = settled(plan, {"bad": BROKEN})

    assert journey.statuses["next"] == "skipped"
