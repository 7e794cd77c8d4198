"""The simulation's own tools: that it can fail, that a case makes itself again, that a failing one gets smaller."""

import pytest

from orchestrator.core import turn
from tests.unit.core.scenarios import FEATURES
from tests.unit.core.simulated_faults import ALL
from tests.unit.core.simulated_shrinking import Case, case_of, shrunk


def test_the_same_case_walks_the_same_way():
    case = case_of(25)

    walks = [case.run() for _ in range(2)]

    assert walks[0].events == walks[1].events
    assert walks[0].faults.injected == walks[1].faults.injected


def test_the_repr_of_a_case_makes_it_again():
    case = case_of(7)

    again = eval(repr(case), {"Case": Case})

    assert again == case


def test_a_machine_that_breaks_a_promise_is_found_out(monkeypatch):
    monkeypatch.setattr(turn.Turn, "end", lambda *_: None)

    errors = [error for seed in range(60) if (error := case_of(seed).error()) is not None]

    assert errors != []


def test_a_failing_case_is_shrunk_to_what_it_needs():
    case = Case(seed=3, walk=3, size=12, most_faults=16, features=FEATURES)

    small = shrunk(case, lambda one: one.size >= 3 and "frozen" in one.faults and "pools" in one.features)

    assert (small.size, small.most_faults, small.faults, small.features) == (3, 0, ("frozen",), ("pools",))


@pytest.mark.parametrize("seed", range(3))
def test_a_case_that_fails_whatever_is_taken_away_loses_everything(seed):
    small = shrunk(case_of(seed), lambda _: True)

    assert (small.size, small.faults, small.features) == (1, (), ())
    assert set(small.faults) <= set(ALL)
