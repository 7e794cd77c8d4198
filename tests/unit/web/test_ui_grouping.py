"""Groups of tasks that are too many to draw each, and what a page draws of the tasks that it is asked for."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.translation import speaking
from orchestrator.web.ui.drawing import FIRST, MOST_DRAWN, Asked, drawing_of, name_of
from orchestrator.web.ui.grouping import MOST_GROUPS, PART, edges_between, groups_of, layers_of
from tests.yardstick import yardstick

NAMES = st.lists(st.text("ab1_.- ", min_size=1, max_size=8), unique=True, min_size=1, max_size=150)


def tasks_of(**numbers):
    """Tasks `beginning_0`, `beginning_1`, … so many of each."""
    return [f"{beginning}_{number}" for beginning, count in numbers.items() for number in range(count)]


def shapes(groups):
    return {group.key: len(group.tasks) for group in groups}


def test_tasks_whose_names_begin_alike_are_a_group():
    tasks = tasks_of(extract_contratos=700, extract_obras=300, load=500)

    groups = groups_of(tasks, [])

    assert shapes(groups) == {"extract_contratos": 700, "extract_obras": 300, "load": 500}


def test_a_name_is_parted_where_a_number_begins():
    tasks = [f"{name}{number}" for name in ("extract", "load") for number in range(600)]

    groups = groups_of(tasks, [])

    assert shapes(groups) == {"extract": 600, "load": 600}


def test_names_are_taken_as_far_as_the_groups_stay_few():
    tasks = [f"load_part{part}_{number}" for part in range(MOST_GROUPS + 1) for number in range(20)]
    tasks += [f"extract_{number}" for number in range(400)]

    groups = groups_of(tasks, [])

    assert shapes(groups) == {"load_part": 20 * (MOST_GROUPS + 1), "extract": 400}


def test_where_names_tell_nothing_layers_make_the_groups():
    tasks = [f"t{number}" for number in range(9)]
    edges = [(tasks[number], tasks[number + 3]) for number in range(6)]

    groups = groups_of(tasks, edges)

    assert [(group.by, group.first, group.last, len(group.tasks)) for group in groups] == [
        ("layer", number, number, 3) for number in (1, 2, 3)
    ]


def test_of_many_layers_neighbours_stand_together():
    tasks = [f"t{number}" for number in range(MOST_GROUPS * 3)]

    groups = groups_of(tasks, list(pairwise(tasks)))

    assert len(groups) == MOST_GROUPS
    assert [(group.first, group.last) for group in groups[:2]] == [(1, 3), (4, 6)]
    assert groups[-1].last == len(tasks)


def test_where_nothing_tells_tasks_apart_their_order_does():
    tasks = [f"t{number}" for number in range(2 * PART + 1)]

    groups = groups_of(tasks, [])

    assert [(group.by, group.first, group.last) for group in groups] == [
        ("order", 1, PART),
        ("order", PART + 1, 2 * PART),
        ("order", 2 * PART + 1, 2 * PART + 1),
    ]


@given(NAMES, st.randoms(use_true_random=False))
def test_each_task_stands_in_one_of_a_few_groups(tasks, chance):
    edges = [(chance.choice(tasks), chance.choice(tasks)) for _ in tasks]

    groups = groups_of(tasks, edges)

    assert sorted(task for group in groups for task in group.tasks) == sorted(tasks)
    assert len({group.key for group in groups}) == len(groups) <= MOST_GROUPS


def test_edges_between_groups_are_counted_and_those_within_are_not():
    groups = groups_of(tasks_of(extract=3, load=3), [])
    edges = [("extract_0", "load_0"), ("extract_1", "load_0"), ("extract_0", "extract_1"), ("load_2", "unknown")]

    between = edges_between(groups, edges)

    assert between == {(0, 1): 2}


def test_where_no_task_is_wanted_there_is_no_group():
    drawing = drawing_of(["a", "b"], [("a", "b")], Asked(words="\0", groups=["x"]))

    assert groups_of([], []) == []
    assert (drawing.tasks, drawing.groups, drawing.asked.groups) == ([], (), [])


def test_a_layer_is_the_longest_way_from_a_start_and_circles_end():
    edges = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("x", "y"), ("y", "x")]

    layers = layers_of(list("abcdxy"), edges)

    assert layers == {"a": 0, "b": 1, "c": 2, "d": 3, "x": 0, "y": 0}


@pytest.mark.parametrize("name", ["extract_{}_{}", "t{1}"])
def test_a_hundred_thousand_tasks_are_grouped_at_once(name):
    tasks = [name.format(number % 50, number) for number in range(100_000)]
    edges = list(pairwise(tasks))

    def grouping():
        began = time.process_time()
        edges_between(groups_of(tasks, edges), edges)
        return time.process_time() - began

    assert min(grouping() for _ in range(3)) < 25 * yardstick()


def test_few_tasks_are_drawn_each_by_itself():
    drawing = drawing_of(["a", "b", "c"], [("a", "b"), ("a", "b"), ("b", "c")], Asked())

    assert drawing.data == {"nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "edges": [[0, 1], [1, 2]]}
    assert drawing.rows == ("a", "b", "c")
    assert drawing.states({"a": "completed", "b": "failed", "c": "failed"}) == {"completed": [0], "failed": [1, 2]}


def test_many_tasks_are_drawn_as_groups_with_their_numbers_by_state():
    tasks = tasks_of(extract=MOST_DRAWN, load=400)
    edges = [(f"extract_{number}", f"load_{number}") for number in range(400)]
    states = dict.fromkeys(tasks, "pending") | {"extract_7": "failed"}

    drawing = drawing_of(tasks, edges, Asked())

    assert drawing.data == {
        "nodes": [
            {"id": "extract…", "key": "extract", "count": MOST_DRAWN},
            {"id": "load…", "key": "load", "count": 400},
        ],
        "edges": [[0, 1, 400]],
    }
    assert drawing.states(states) == [{"pending": MOST_DRAWN - 1, "failed": 1}, {"pending": 400}]
    assert len(drawing.rows) == FIRST


def test_a_group_of_a_group_and_words_choose_the_tasks():
    tasks = tasks_of(extract_contratos=900, extract_obras=900, load=400)

    of_a_group = drawing_of(tasks, [], Asked(groups=["extract_obras"]))
    of_words = drawing_of(tasks, [], Asked(words="CONTRATOS_89"))
    of_none = drawing_of(tasks, [], Asked(groups=["no such"]))

    assert (len(of_a_group.tasks), of_a_group.groups) == (900, ())
    assert of_words.tasks == ["extract_contratos_89", *(f"extract_contratos_89{digit}" for digit in range(10))]
    assert (len(of_none.tasks), of_none.asked.query) == (2200, "")


def test_whatever_is_too_large_can_be_parted_until_it_is_drawn():
    tasks = [f"t{number}" for number in range(70_000)]
    asked = Asked()

    while (drawing := drawing_of(tasks, [], asked)).groups:
        asked = Asked(groups=[*asked.groups, drawing.groups[-1].key])

    assert 0 < len(drawing.tasks) <= MOST_DRAWN


def test_the_address_holds_what_is_asked_for():
    asked = Asked(words="a&b", groups=["x y", "z"])

    assert asked.query == "?task=a%26b&group=x+y&group=z"
    assert asked.only(1) == "?task=a%26b&group=x+y"


def test_groups_are_named_in_the_readers_language():
    by_layer = groups_of(["a1", "a2"], [("a1", "a2")])
    by_order = groups_of([f"t{number}" for number in range(PART + 1)], [])
    by_name = groups_of(["load", "extract_1", "extract_2"], [])

    with speaking("en"):
        names = [name_of(group) for group in (*by_layer, *by_order, *by_name)]

    assert names == ["step 1", "step 2", "tasks 1 to 500", "task 501", "load", "extract…"]
