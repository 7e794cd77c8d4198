"""Who may start as soon as there is room, in which order, and how much room there is (semantics R12)."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Mapping

from orchestrator.core.machine_state import MachineState
from orchestrator.core.plan import Plan, PlannedTask

Rank = tuple[int, int]
"""Priority, turned so that the first comes first, then the place in the plan."""


class Slots:
    """The line of ready task runs, the attempts under way, and the pools that some of them need a slot of."""

    def __init__(self, state: MachineState) -> None:
        self._plan: Plan = state.plan
        self._most = state.max_workers
        self._pools = state.pools
        self._ready: list[Rank] = list(state.ready)
        self._mine: Counter[str] = Counter(state.pools_held)
        self.others: Mapping[str, int] = state.pools_of_others
        self.live = state.live

    @property
    def ready(self) -> tuple[Rank, ...]:
        """Ranks in line, the first first."""
        return tuple(self._ready)

    @property
    def pools_held(self) -> dict[str, int]:
        """Slots of pools that this execution's attempts hold."""
        return {pool: count for pool, count in self._mine.items() if count}

    def line_up(self, task_id: str) -> None:
        """Put a task run in line."""
        insort(self._ready, rank_of(self._plan.tasks[task_id]))

    def in_line(self, task_id: str) -> bool:
        """Whether it stands in line."""
        rank = rank_of(self._plan.tasks[task_id])
        place = bisect_left(self._ready, rank)
        return place < len(self._ready) and self._ready[place] == rank

    def send_home(self, leaves: Callable[[str], bool] = lambda _: True) -> None:
        """Take out of the line those that `leaves` says."""
        self._ready = [rank for rank in self._ready if not leaves(self._plan.order[rank[1]])]

    def next_one(self) -> str | None:
        """Take the first in line that there is room for; None where there is none."""
        if self.live >= self._most:
            return None
        for place, rank in enumerate(self._ready):
            task_id = self._plan.order[rank[1]]
            pool = self._plan.tasks[task_id].task.pool
            if pool is None or self._mine[pool] + self.others.get(pool, 0) < self._pools.get(pool, self._most):
                del self._ready[place]
                return task_id
        return None

    def take(self, task_id: str) -> None:
        """An attempt of it starts."""
        self.live += 1
        pool = self._plan.tasks[task_id].task.pool
        if pool is not None:
            self._mine[pool] += 1

    def give_back(self, task_id: str) -> None:
        """Its attempt has ended."""
        self.live -= 1
        pool = self._plan.tasks[task_id].task.pool
        if pool is not None:
            self._mine[pool] -= 1


def rank_of(planned: PlannedTask) -> Rank:
    """Where it stands in line."""
    return (-planned.task.priority, planned.position)
