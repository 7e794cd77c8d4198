"""Pools limit tasks across executions: never more than there are slots, and nobody else has to wait (§4)."""

import pytest

from orchestrator.core.machine_state import OwnerLost, PoolsSeen
from tests.unit.core.resumed_journeys import resumed, told
from tests.unit.core.subjects import BROKEN, Journey, begun, plan_of, task_of

POOLS = {"db": 2}


def in_pool(*names: str, **fields) -> list:
    return [task_of(name, pool="db", **fields) for name in names]


def test_no_more_start_than_the_pool_has_slots():
    journey = begun(plan_of(*in_pool("a", "b", "c")), pools=POOLS)

    started = journey.started

    assert started == ["a", "b"]
    assert journey.end("b").started == ["c"]


def test_a_task_outside_the_pool_passes_those_that_wait_for_it():
    journey = begun(plan_of(*in_pool("a", "b", "c"), task_of("free")), pools=POOLS)

    started = journey.started

    assert started == ["a", "b", "free"]


def test_slots_of_other_executions_count():
    journey = Journey(plan_of(*in_pool("a", "b")), pools=POOLS).hear(PoolsSeen(others={"db": 1})).begin()

    first = journey.started
    journey.hear(PoolsSeen(others={"db": 0}))

    assert (first, journey.started) == (["a"], ["b"])


def test_an_execution_says_that_only_others_keep_it_from_going_on():
    journey = Journey(plan_of(*in_pool("a")), pools=POOLS).hear(PoolsSeen(others={"db": 2})).begin()

    waits = journey.state.waits_for_pools
    journey.hear(PoolsSeen(others={}))

    assert (waits, journey.state.waits_for_pools) == (True, False)


@pytest.mark.parametrize("outcome", [BROKEN])
def test_a_task_that_waits_for_another_attempt_holds_no_slot(outcome):
    journey = begun(plan_of(*in_pool("a", retry_count=1), *in_pool("b")), pools={"db": 1})

    journey.end("a", outcome)

    assert journey.started == ["b"]
    assert journey.state.pools_held == {"db": 1}


def test_what_died_with_its_owner_holds_no_slot():
    journey = begun(plan_of(*in_pool("a", "b", "c")), pools=POOLS)

    held = told(journey).state.pools_held
    after = told(journey).hear(OwnerLost()).state.pools_held

    assert (held, after) == ({"db": 2}, {})
    assert resumed(journey).started == ["a", "b"]
