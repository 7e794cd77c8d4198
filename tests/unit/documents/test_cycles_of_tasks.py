"""Which cycles are found in a graph of names, and how fast."""

import time
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import cycles as cycles_module
from orchestrator.core.cycles import find_cycles
from tests.yardstick import yardstick

NAMES = st.sampled_from("abcdefg")
GRAPHS = st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=7)


def test_a_graph_without_cycles_has_none_to_report():
    edges = {"a": ["b", "c"], "b": ["c"], "c": []}

    cycles = find_cycles(edges)

    assert cycles == []


def test_a_cycle_starts_with_the_name_registered_first_and_is_closed():
    edges = {"first": ["third"], "second": ["first"], "third": ["second"]}

    cycles = find_cycles(edges)

    assert cycles == [["first", "third", "second", "first"]]


def test_of_a_knot_only_the_shortest_cycle_is_reported():
    edges = {"a": ["b"], "b": ["c"], "c": ["d"], "d": ["a", "c"]}

    cycles = find_cycles(edges)

    assert cycles == [["c", "d", "c"]]


def test_a_longer_cycle_found_later_does_not_replace_a_shorter_one():
    edges = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": ["e"], "e": ["f"], "f": ["c"]}

    cycles = find_cycles(edges)

    assert cycles == [["a", "b", "c", "a"]]


def test_a_search_that_takes_too_long_settles_for_a_cycle_that_exists(monkeypatch):
    edges = {"a": ["b"], "b": ["c"], "c": ["d"], "d": ["a", "c"]}
    monkeypatch.setattr(cycles_module, "MOST_STEPS", 1)

    cycles = find_cycles(edges)

    assert cycles == [["a", "b", "c", "d", "a"]]


def test_independent_cycles_are_reported_once_each_in_order_of_registration():
    edges = {"x": ["y"], "y": ["x", "a"], "a": ["b"], "b": ["c"], "c": ["a"]}

    cycles = find_cycles(edges)

    assert cycles == [["x", "y", "x"], ["a", "b", "c", "a"]]


def test_a_name_that_points_at_itself_is_a_cycle_of_one():
    edges = {"a": ["b"], "b": ["b"]}

    cycles = find_cycles(edges)

    assert cycles == [["b", "b"]]


def test_targets_that_nobody_bears_are_ignored():
    edges = {"a": ["ghost"], "b": ["a"]}

    cycles = find_cycles(edges)

    assert cycles == []


def test_a_ring_of_ten_thousand_needs_neither_recursion_nor_seconds():
    count = 10_000
    edges = {str(i): [str((i + 1) % count), str((i + 2) % count)] for i in range(count)}
    found, took = [], []

    for _ in range(3):
        began = time.process_time()
        found.append(find_cycles(edges))
        took.append(time.process_time() - began)

    assert [[len(cycle) for cycle in cycles] for cycles in found] == [[count // 2 + 1]] * 3
    assert min(took) < 8 * yardstick()


def test_a_dense_knot_is_searched_within_its_bound():
    layers, width = 60, 60
    edges = {
        f"{layer}.{i}": [f"{(layer + 1) % layers}.{j}" for j in range(width)]
        for layer in range(layers)
        for i in range(width)
    }
    began = time.process_time()

    cycles = find_cycles(edges)

    took = time.process_time() - began
    assert [len(cycle) for cycle in cycles] == [layers + 1]
    assert took < 15 * yardstick()


@given(GRAPHS)
@settings(max_examples=400, database=None)
def test_every_reported_cycle_exists_and_is_as_short_as_its_knot_allows(edges):
    shortest = shortest_cycle_through(edges)

    cycles = find_cycles(edges)

    assert bool(cycles) == bool(shortest)
    for cycle in cycles:
        knot = [name for name in edges if reaches(edges, cycle[0], name) and reaches(edges, name, cycle[0])]
        assert all(then in edges[now] for now, then in pairwise(cycle))
        assert cycle[0] == cycle[-1]
        assert len(cycle) - 1 == min(shortest[name] for name in knot)
    for one, other in combinations(cycles, 2):
        assert not (reaches(edges, one[0], other[0]) and reaches(edges, other[0], one[0]))


def steps_to(edges, start):
    """Name → fewest edges from `start`, by plain relaxation."""
    distance = {}
    frontier, steps = {start}, 0
    while frontier:
        steps += 1
        frontier = {to for name in frontier for to in edges[name] if to in edges and to not in distance}
        distance |= dict.fromkeys(frontier, steps)
    return distance


def shortest_cycle_through(edges):
    return {name: found[name] for name in edges if name in (found := steps_to(edges, name))}


def reaches(edges, start, end):
    return end in steps_to(edges, start)
