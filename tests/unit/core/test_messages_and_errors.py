import json

import pytest

from orchestrator.core import errors
from orchestrator.core.snapshot import snapshot_of
from orchestrator.core.tasks import Limits, ParameterType, Registry, TriggerRule, Workflow, WorkflowParameter
from tests.unit.core.subjects import task_of

# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_error_keeps_its_facts_apart_from_its_words():
    error = errors.CycleFound(["a", "b", "a"])

    assert str(error) == "cycle: a → b → a"
    assert error.message.facts == {"path": "a → b → a"}
    assert error.cycle == ("a", "b", "a")


def test_a_long_cycle_is_told_by_its_ends():
    cycle = [f"t{n}" for n in range(20)] + ["t0"]

    assert str(errors.CycleFound(cycle)) == "cycle: t0 → t1 → t2 → t3 → … (13) … → t17 → t18 → t19 → t0"


def test_the_nearest_name_is_offered_only_where_one_is_near():
    assert errors.nearest("extrct", ["load", "extract"]) == "extract"
    assert errors.nearest("zzz", ["load", "extract"]) is None


def test_what_was_given_is_quoted_no_longer_than_a_line():
    text = str(errors.NoSuchExecution("x" * 1000))

    assert len(text) < 200
    assert "…" in text


def test_an_ambiguous_part_of_an_id_names_some_that_it_fits():
    error = errors.AmbiguousExecution("2024", ["2024_1", "2024_2", "2024_3", "2024_4"])

    assert str(error) == "'2024' fits several executions (2024_1, 2024_2, 2024_3 …); give more of the id"


# --- the snapshot (D13) ----------------------------------------------------------------------------------------------


def test_a_snapshot_is_a_document_in_the_form_of_the_json_file():
    registry = Registry(
        [task_of("a", trigger_rule=TriggerRule.ALL_DONE, parameters={"x": "ñ"}), task_of("b", ["a"], timeout=5)],
        [
            Workflow(
                workflow_id="w",
                tasks=["all"],
                parameters={
                    "must": WorkflowParameter(name="must", required=True),
                    "may": WorkflowParameter(name="may", type=ParameterType.INTEGER, default=3),
                },
            )
        ],
        Limits(default_timeout=60, allowed_modules=("city",)),
    )

    document = json.loads(snapshot_of(registry))

    assert document["orchestrator_config"]["allowed_modules"] == ["city"]
    assert [task["task_id"] for task in document["tasks"]] == ["a", "b"]
    assert document["tasks"][0]["trigger_rule"] == "all_done"
    assert document["tasks"][0]["parameters"] == {"x": "ñ"}
    assert "timeout" not in document["tasks"][0]
    assert document["workflows"]["w"]["parameters"] == {
        "must": {"type": "string"},
        "may": {"type": "integer", "default": 3},
    }


@pytest.mark.parametrize("changed", [{"timeout": 6}, {"parameters": {"x": 1}}, {"critical": False}])
def test_the_same_configuration_gives_the_same_text_and_any_other_gives_another(changed):
    one, same, other = (snapshot_of(Registry([task_of("a", **fields)])) for fields in ({}, {}, changed))

    assert one == same != other
