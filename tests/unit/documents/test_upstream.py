"""Which tasks stand upstream of which, against a search that is too simple to be wrong."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.documents import upstream
from orchestrator.documents.upstream import not_upstream


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    node = st.integers(0, count - 1)
    needs = draw(st.lists(st.frozensets(node, max_size=3), min_size=count, max_size=count))
    return needs, draw(st.sets(st.tuples(node, node), max_size=20))


def reached_from(task, needs):
    reached, waiting = set(), list(needs[task])
    while waiting:
        other = waiting.pop()
        if other not in reached:
            reached.add(other)
            waiting.extend(needs[other])
    return reached


@given(graphs())
@settings(max_examples=500, deadline=None, database=None)
def test_a_pair_is_absent_where_no_way_up_leads_to_the_other(graph):
    needs, asked = graph
    behind_a_cycle = {
        t for t in range(len(needs)) if any(o in reached_from(o, needs) for o in {t, *reached_from(t, needs)})
    }

    absent = not_upstream(asked, needs)

    expected = {(task, other) for task, other in asked if other not in reached_from(task, needs) and task != other}
    assert {(task, other) for task, other in absent if task != other} == {
        (task, other) for task, other in expected if task not in behind_a_cycle
    }


def test_more_others_than_fit_into_one_walk_are_answered_all_the_same(monkeypatch):
    monkeypatch.setattr(upstream, "_AT_ONCE", 3)
    needs = [{task - 1} if task else set() for task in range(20)] + [set()]
    asked = {(19, other) for other in range(19)} | {(20, other) for other in range(19)}

    absent = not_upstream(asked, needs)

    assert absent == {(20, other) for other in range(19)}
