"""How long tasks took when they completed last, and which chain of a plan takes longest by that."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.core.plan import Plan
from orchestrator.operations.parts import Parts


@dataclass(frozen=True, kw_only=True)
class LongestPath:
    """Tasks that wait for each other, one after the other, and together take longest: no run can be shorter."""

    tasks: tuple[str, ...] = ()
    seconds: float = 0.0


def usual_durations(parts: Parts, plan: Plan) -> dict[str, float]:
    """Seconds of each task in the latest execution that held it, where it completed there by itself."""
    latest = parts.store.latest_completed(plan.order)
    return {
        run.key.task_id: run.duration
        for execution_id in set(latest.values())
        for run in parts.store.task_runs(execution_id)
        if run.duration is not None and run.cached_from is None and latest.get(run.key.task_id) == execution_id
    }


def longest_path(plan: Plan, durations: Mapping[str, float]) -> LongestPath:
    """The chain that takes longest; what is not in `durations` (or is not to be executed) takes no time."""
    best: dict[str, tuple[float, str | None]] = {}
    for task_id in plan.order:
        planned = plan.tasks[task_id]
        before = max(((best[one][0], one) for one in (*planned.dependencies, *planned.after)), default=(0.0, None))
        best[task_id] = (before[0] + durations.get(task_id, 0.0), before[1])
    end = max(plan.order, key=lambda task_id: best[task_id][0])
    path: list[str] = []
    last: str | None = end
    while last is not None and best[last][0] > 0:
        path.append(last)
        last = best[last][1]
    return LongestPath(tasks=tuple(reversed(path)), seconds=best[end][0])
