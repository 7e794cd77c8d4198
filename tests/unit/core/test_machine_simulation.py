"""Hundreds of random executions; `ETL_SIMULATIONS=20000` makes it more (see simulation.py for what is checked)."""

import os
from collections import Counter

import pytest

from tests.unit.core.scenarios import make_scenario
from tests.unit.core.simulation import Simulation

EXECUTIONS = int(os.environ.get("ETL_SIMULATIONS", "1200"))
PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_every_random_execution_keeps_every_promise_of_the_machine(part):
    seeds = range(part, EXECUTIONS, PARTS)

    ends = Counter(Simulation(make_scenario(seed), seed).run().execution for seed in seeds)

    assert set(ends) >= {"completed", "completed_with_errors", "failed", "cancelled", "interrupted"}


def test_without_a_halt_neither_the_order_nor_the_number_of_workers_changes_what_becomes_of_any_task():
    different = []

    for seed in range(150):
        walks = [
            Simulation(make_scenario(seed, stop_on_failure=False, max_workers=workers), order, endings=False).run()
            for order, workers in enumerate([1, 2, 1024])
        ]
        if any((walk.status, walk.execution) != (walks[0].status, walks[0].execution) for walk in walks):
            different.append(seed)

    assert different == []


def test_stopping_on_failure_changes_no_verdict_from_failed_to_anything_else_or_back():
    different = []

    for seed in range(150):
        verdicts = {
            Simulation(make_scenario(seed, stop_on_failure=stop, max_workers=workers), order, endings=False)
            .run()
            .execution
            for order, (stop, workers) in enumerate([(True, 1), (True, 3), (True, 1024), (False, 2)])
        }
        if len(verdicts) > 1:
            different.append((seed, verdicts))

    assert different == []
