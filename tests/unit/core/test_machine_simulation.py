"""Random executions of the machine alone: what neither order, nor workers, nor stopping early may change.

With faults, resuming and all features they are simulated in tests/faults/test_simulation.py.
"""

from collections import Counter

from tests.unit.core.scenarios import make_scenario
from tests.unit.core.simulation import Simulation

GRAPHS = 60


def test_every_random_execution_keeps_every_promise_of_the_machine():
    seeds = range(200)

    ends = Counter(Simulation(make_scenario(seed), seed).run().execution for seed in seeds)

    assert set(ends) >= {"completed", "completed_with_errors", "failed", "cancelled", "interrupted"}


def test_without_a_halt_neither_the_order_nor_the_number_of_workers_changes_what_becomes_of_any_task():
    different = []

    for seed in range(GRAPHS):
        walks = [
            Simulation(make_scenario(seed, stop_on_failure=False, max_workers=workers), order, endings=False).run()
            for order, workers in enumerate([1, 2, 1024])
        ]
        if any((walk.status, walk.execution) != (walks[0].status, walks[0].execution) for walk in walks):
            different.append(seed)

    assert different == []


def test_stopping_on_failure_changes_no_verdict_from_failed_to_anything_else_or_back():
    different = []

    for seed in range(GRAPHS):
        verdicts = {
            Simulation(make_scenario(seed, stop_on_failure=stop, max_workers=workers), order, endings=False)
            .run()
            .execution
            for order, (stop, workers) in enumerate([(True, 1), (True, 3), (True, 1024), (False, 2)])
        }
        if len(verdicts) > 1:
            different.append((seed, verdicts))

    assert different == []
