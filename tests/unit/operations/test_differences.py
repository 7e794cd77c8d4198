"""What differs between two values and between the tasks of two executions."""

import json
import time
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.executions import TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.states import TaskStatus
from orchestrator.operations.differences import Change, beyond_noise, by_key, json_differences, task_differences
from tests.yardstick import yardstick

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4),
    max_leaves=15,
)


def told(before, after, **limits):
    return [(one.path, one.change, one.before, one.after) for one in json_differences(before, after, **limits).listed]


def nested(depth, inside):
    for _ in range(depth):
        inside = [inside]
    return inside


def run(task_id, status=TaskStatus.COMPLETED, **facts):
    return TaskRun(key=TaskRunKey(execution_id="e", task_id=task_id), position=0, status=status, attempts=1, **facts)


def test_what_was_added_removed_and_changed_is_told_by_its_path():
    before = {"rows": 3, "tables": [{"name": "a"}, 2], "gone": [1]}
    after = {"rows": 4, "tables": [{"name": "b"}, 2, "new"], "come": {}}

    found = told(before, after)

    assert found == [
        ("rows", Change.CHANGED, "3", "4"),
        ("tables[0].name", Change.CHANGED, '"a"', '"b"'),
        ("tables[2]", Change.ADDED, "", '"new"'),
        ("gone", Change.REMOVED, "[…]", ""),
        ("come", Change.ADDED, "", "{}"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "differ"),
    [(1, 1.0, False), (1, True, True), (0, False, True), (None, 0, True), ([], {}, True), ("1", 1, True)],
)
def test_numbers_differ_by_value_and_all_else_by_kind_too(before, after, differ):
    assert bool(json_differences(before, after)) is differ


def test_a_null_is_not_the_same_as_nothing():
    assert told({"a": None}, {}) == [("a", Change.REMOVED, "null", "")]


@given(VALUES)
def test_a_value_does_not_differ_from_itself(value):
    found = json_differences(value, deepcopy(value))

    assert not found


@given(VALUES, VALUES)
def test_values_differ_just_where_their_canonical_texts_do(before, after):
    found = json_differences(before, after)

    assert bool(found) == (canonical(before) != canonical(after))


@given(VALUES, VALUES)
def test_the_other_way_round_what_was_added_is_removed(before, after):
    there = {(one.path, one.before, one.after) for one in json_differences(before, after, most=10_000).listed}
    back = {(one.path, one.after, one.before) for one in json_differences(after, before, most=10_000).listed}

    assert there == back


def test_the_first_are_listed_and_all_are_counted():
    found = json_differences(list(range(200)), list(range(1, 201)), most=50)

    assert (len(found.listed), found.unlisted, found.whole) == (50, 150, True)


def test_a_deep_value_is_compared_and_the_end_of_its_path_is_told():
    found = json_differences(nested(20_000, 1), nested(20_000, 2))

    assert found.listed[0].path == "…" + "[0]" * 30


def test_a_huge_value_is_left_after_a_bounded_look():
    limit = 20 * yardstick()
    before, after = ({"rows": [{"n": n + more} for n in range(400_000)]} for more in (0, 1))

    began = time.process_time()
    found = json_differences(before, after)

    assert (found.whole, found.looked_at) == (False, 200_000)
    assert found
    assert time.process_time() - began < limit


def test_of_a_long_text_only_the_beginning_is_shown():
    ((_path, _change, before, after),) = told("x" * 100_000, "<script>" * 10_000)

    assert max(len(before), len(after)) <= 120


def test_tasks_come_in_the_order_of_what_matters():
    before = [run(name, duration=10.0, output={"rows": 1}) for name in ("same", "rows", "slow", "slower", "broken")]
    after = [
        run("same", duration=10.0, output={"rows": 1}),
        run("rows", duration=10.0, output={"rows": 2}),
        run("slow", duration=15.0, output={"rows": 1}),
        run("slower", duration=30.0, output={"rows": 1}),
        run("broken", TaskStatus.FAILED, duration=1.0),
        run("new", TaskStatus.SKIPPED),
    ]

    found = task_differences(before, after)

    assert [task.task_id for task in found] == ["broken", "new", "slower", "slow", "rows", "same"]
    assert [task.equal for task in found] == [False] * 5 + [True]


def test_a_task_tells_seconds_factor_and_rows():
    (task,) = task_differences(
        [run("a", duration=10.0, output={"rows": 100})], [run("a", duration=25.0, output={"rows": 40})]
    )

    assert (task.seconds, task.factor, task.took_otherwise) == (15.0, 2.5, True)
    assert (task.rows, task.rows_more) == ((100, 40), -60)
    assert [one.path for one in task.output.listed] == ["rows"]


@pytest.mark.parametrize(
    ("before", "after", "telling"),
    [
        (0.1, 0.9, False),  # less than a second
        (100.0, 119.0, False),  # less than a fifth
        (119.0, 100.0, False),
        (100.0, 121.0, True),
        (3.0, 1.5, True),
        (0.0, 1.0, True),
    ],
)
def test_small_differences_of_durations_are_chance(before, after, telling):
    assert beyond_noise(after - before, before) is telling


@pytest.mark.parametrize("kept_first", [False, True])
def test_the_duration_of_a_kept_result_is_compared_with_nothing(kept_first):
    executed, kept = [run("a", duration=60.0)], [run("a", duration=0.0, cached_from="e0")]

    (task,) = task_differences(*((kept, executed) if kept_first else (executed, kept)))

    assert (task.seconds, task.factor, task.equal) == (None, None, True)


def test_all_outputs_together_are_looked_at_within_one_limit(monkeypatch):
    monkeypatch.setattr("orchestrator.operations.differences.MOST_LOOKED_AT", 10)
    before = [run(name, output=list(range(8))) for name in "abc"]

    found = {task.task_id: task.output.whole for task in task_differences(before, before)}

    assert found == {"a": True, "b": False, "c": False}


def test_all_outputs_together_list_no_more_than_one_limit():
    before = [run(f"t{number}", output=list(range(60))) for number in range(150)]
    after = [run(f"t{number}", output=list(range(1, 61))) for number in range(150)]

    found = task_differences(before, after)

    assert sum(len(task.output.listed) for task in found) == 5000
    assert {task.output.count for task in found} == {60}


def test_objects_with_a_name_are_compared_by_it_and_not_by_their_place():
    tasks = [{"task_id": "a", "timeout": 1}, {"task_id": "b", "timeout": 2}]
    moved = [{"task_id": "b", "timeout": 3}, {"task_id": "a", "timeout": 1}]

    found = told(by_key(tasks, "task_id"), by_key(moved, "task_id"))

    assert found == [("b.timeout", Change.CHANGED, "2", "3")]


def canonical(value):
    """A text that is the same for values that do not differ: whole numbers without a point, keys in order."""

    def plain(one):
        if isinstance(one, dict):
            return {key: plain(item) for key, item in one.items()}
        if isinstance(one, list):
            return [plain(item) for item in one]
        return int(one) if isinstance(one, float) and one.is_integer() else one

    return json.dumps(plain(value), sort_keys=True)
