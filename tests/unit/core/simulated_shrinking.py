"""Cases for the simulation, and how a failing one is made smaller: fewer tasks, fewer kinds of faults, fewer of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.unit.core.scenarios import any_features, make_scenario
from tests.unit.core.simulated_faults import ALL
from tests.unit.core.simulation import Simulation

SIZES = (1, 2, 3, 4, 5, 6, 8, 12, 20)
WALKS = 30
"""Orders of events that are tried before something is kept as needed."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that chance decides about one simulation; its repr makes it again."""

    seed: int
    """Of the graph, and of how each attempt ends."""
    walk: int
    """Of the order in which things happen."""
    size: int
    faults: tuple[str, ...] = ALL
    most_faults: int
    features: tuple[str, ...]

    def run(self) -> Simulation:
        """Raises AssertionError, or whatever the core does."""
        scenario = make_scenario(self.seed, size=self.size, features=self.features)
        return Simulation(scenario, self.walk, faults=self.faults, most_faults=self.most_faults).run()

    def error(self) -> Exception | None:
        """What is not as it must be."""
        try:
            self.run()
        except Exception as error:  # noqa: BLE001 - a core that breaks in any way is what is looked for
            return error
        return None


def case_of(seed: int) -> Case:
    """The case of that seed."""
    chance = Random(f"{seed} case")
    size, most = chance.choice(SIZES), chance.choice([0, 1, 2, 4, 8, 16])
    return Case(seed=seed, walk=seed, size=size, most_faults=most, features=any_features(seed))


def shrunk(case: Case, fails: Callable[[Case], bool] = lambda case: case.error() is not None) -> Case:
    """A smaller case that fails too; `case` itself where there is none."""
    while smaller := next((found for one in _smaller(case) if (found := _failing(one, fails))), None):
        case = smaller
    return case


def _failing(case: Case, fails: Callable[[Case], bool]) -> Case | None:
    """The case with the first walk that fails, if any does."""
    walks = (replace(case, walk=walk) for walk in (case.walk, *range(WALKS)))
    return next((one for one in walks if fails(one)), None)


def _smaller(case: Case) -> Iterator[Case]:
    """One thing less each, the largest steps first."""
    for size in SIZES:
        if size < case.size:
            yield replace(case, size=size)
    for most in (0, 1, 2, 4, 8):
        if most < case.most_faults:
            yield replace(case, most_faults=most)
    for kind in case.faults:
        yield replace(case, faults=tuple(other for other in case.faults if other != kind))
    for feature in case.features:
        yield replace(case, features=tuple(other for other in case.features if other != feature))
