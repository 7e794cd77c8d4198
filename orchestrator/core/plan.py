"""The plan of an execution: which tasks, in which order, waiting for whom (semantics D1, D2c, R6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from orchestrator.core.cycles import find_cycles
from orchestrator.core.errors import CycleFound, UsageError
from orchestrator.core.messages import N_
from orchestrator.core.tasks import Registry, Task


@dataclass(frozen=True, kw_only=True)
class PlannedTask:
    """A task of the plan with the edges that hold inside this selection, unselected tasks seen through."""

    task: Task
    position: int
    dependencies: tuple[str, ...]
    """Selected tasks whose result counts for the trigger rule."""
    after: tuple[str, ...]
    """Selected tasks that must have ended, whatever their outcome."""
    strong: frozenset[str] = frozenset()
    """`dependencies` as a set."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Tasks in an order their edges allow; `order[i]` has position i."""

    order: tuple[str, ...]
    tasks: Mapping[str, PlannedTask]
    dependents: Mapping[str, tuple[str, ...]]
    """For each task those that wait for it by either kind of edge."""
    assumed_satisfied: tuple[str, ...] = ()
    """Direct dependencies of selected tasks that are not selected (D1)."""


def make_plan(registry: Registry, selected: Iterable[str]) -> Plan:
    """The plan for the tasks `selected` (ids, any order).

    Raises UnknownTask, CycleFound (a cycle among what the selection can see upstream), UsageError for an empty
    selection or an id given twice.
    """
    chosen = list(selected)
    if not chosen:
        raise UsageError(N_("no task was selected"))
    picked = set(chosen)
    if len(picked) != len(chosen):
        twice = next(task_id for task_id in chosen if chosen.count(task_id) > 1)
        raise UsageError(N_("task {name!r} was selected twice"), name=twice)
    for task_id in chosen:
        registry.task(task_id)
    seen = _upstream_of(registry, chosen)
    order = _sorted_by_edges(registry, seen)
    strong, weak = _edges_through(registry, order, picked)
    selected_order = tuple(task_id for task_id in order if task_id in picked)
    tasks = {
        task_id: PlannedTask(
            task=registry.task(task_id),
            position=position,
            dependencies=strong[task_id],
            after=weak[task_id],
            strong=frozenset(strong[task_id]),
        )
        for position, task_id in enumerate(selected_order)
    }
    outside = {
        needed for task_id in selected_order for needed in registry.task(task_id).dependencies if needed not in picked
    }
    return Plan(
        order=selected_order,
        tasks=tasks,
        dependents=_turned(tasks),
        assumed_satisfied=tuple(task_id for task_id in order if task_id in outside),
    )


def with_dependencies(registry: Registry, selected: Iterable[str]) -> list[str]:
    """`selected` and all they depend on, however far up (`--with-dependencies`), in registration order."""
    wanted: set[str] = set()
    open_ids = list(selected)
    while open_ids:
        task_id = open_ids.pop()
        if task_id not in wanted:
            wanted.add(task_id)
            open_ids.extend(registry.task(task_id).dependencies)
    return [task_id for task_id in registry.tasks if task_id in wanted]


def _edges_of(task: Task) -> list[str]:
    return [*task.dependencies, *task.after]


def _upstream_of(registry: Registry, chosen: Sequence[str]) -> list[str]:
    """Everything the selection can see upstream, itself included, in registration order."""
    seen: set[str] = set()
    open_ids = list(chosen)
    while open_ids:
        task_id = open_ids.pop()
        if task_id not in seen:
            seen.add(task_id)
            open_ids.extend(_edges_of(registry.task(task_id)))
    return [task_id for task_id in registry.tasks if task_id in seen]


def _sorted_by_edges(registry: Registry, task_ids: Sequence[str]) -> list[str]:
    """Kahn's order; among those that are free, the one registered first."""
    rank = {task_id: n for n, task_id in enumerate(task_ids)}
    missing = {task_id: len(set(_edges_of(registry.task(task_id)))) for task_id in task_ids}
    waiting: dict[str, list[str]] = {task_id: [] for task_id in task_ids}
    for task_id in task_ids:
        for upstream in set(_edges_of(registry.task(task_id))):
            waiting[upstream].append(task_id)
    free = [rank[task_id] for task_id in task_ids if missing[task_id] == 0]
    heapify(free)
    order: list[str] = []
    while free:
        task_id = task_ids[heappop(free)]
        order.append(task_id)
        for dependent in waiting[task_id]:
            missing[dependent] -= 1
            if missing[dependent] == 0:
                heappush(free, rank[dependent])
    if len(order) < len(task_ids):
        cycles = find_cycles({task_id: _edges_of(registry.task(task_id)) for task_id in task_ids})
        raise CycleFound(cycles[0])
    return order


def _edges_through(
    registry: Registry, order: Sequence[str], picked: set[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """For each task the selected ones it waits for: strongly (dependencies all the way) and only for order.

    A path through unselected tasks that holds one `after` edge is an order-only edge.
    """
    strong: dict[str, dict[str, None]] = {}
    weak: dict[str, dict[str, None]] = {}
    for task_id in order:
        task = registry.task(task_id)
        firmly: dict[str, None] = {}
        loosely: dict[str, None] = {}
        for upstream in task.dependencies:
            if upstream in picked:
                firmly[upstream] = None
            else:
                firmly.update(strong[upstream])
                loosely.update(weak[upstream])
        for upstream in task.after:
            if upstream in picked:
                loosely[upstream] = None
            else:
                loosely.update(strong[upstream])
                loosely.update(weak[upstream])
        strong[task_id] = firmly
        weak[task_id] = {upstream: None for upstream in loosely if upstream not in firmly}
    return (
        {task_id: tuple(strong[task_id]) for task_id in order if task_id in picked},
        {task_id: tuple(weak[task_id]) for task_id in order if task_id in picked},
    )


def _turned(tasks: Mapping[str, PlannedTask]) -> dict[str, tuple[str, ...]]:
    dependents: dict[str, list[str]] = {task_id: [] for task_id in tasks}
    for task_id, planned in tasks.items():
        for upstream in (*planned.dependencies, *planned.after):
            dependents[upstream].append(task_id)
    return {task_id: tuple(waiting) for task_id, waiting in dependents.items()}
