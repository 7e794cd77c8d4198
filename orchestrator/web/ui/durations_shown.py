"""How long the last executions of a workflow took, whole and task by task: points for a drawing, figures to read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Store
from orchestrator.core.tasks import Workflow
from orchestrator.operations.durations import Figures, figures_of
from orchestrator.operations.parts import Parts
from orchestrator.web.ui.flows import MOST_CELLS

MOST_EXECUTIONS: Final = 100
LEAST_EXECUTIONS: Final = 5
MOST_TASKS: Final = 500
WENT_WELL: Final = frozenset({ExecutionStatus.COMPLETED, TaskStatus.COMPLETED})
ENDED: Final = tuple(status for status in ExecutionStatus if status.final)


@dataclass(frozen=True, kw_only=True)
class Line:
    """The whole execution (no `task_id`), or one task of it."""

    task_id: str
    figures: Figures | None
    points: Sequence[tuple[int, float, bool]]
    """Which execution, seconds, whether it went well."""


def durations_of(parts: Parts, workflow: Workflow) -> dict[str, Any]:
    """What the section shows; raises StoreUnusable."""
    tasks = list(parts.registry.tasks_of(workflow))[:MOST_TASKS]
    most = max(LEAST_EXECUTIONS, min(MOST_EXECUTIONS, MOST_CELLS // max(1, len(tasks))))
    found = parts.store.list_executions(limit=most, workflow=workflow.workflow_id, statuses=ENDED)
    executions = list(reversed(found))
    runs = _runs_of(parts.store, executions, tasks)
    lines = [_line("", ((number, one.duration, one.status) for number, one in enumerate(executions)))]
    lines += [_line(task_id, _of_task(executions, runs, task_id)) for task_id in tasks]
    return {
        "lines": lines,
        "history": {
            "executions": [
                {"id": one.execution_id, "at": (one.started_at or one.created_at).timestamp()} for one in executions
            ],
            "lines": {line.task_id: line.points for line in lines},
            "medians": {line.task_id: line.figures.p50 for line in lines if line.figures is not None},
        },
    }


def _runs_of(
    store: Store, executions: Sequence[Execution], tasks: Sequence[str]
) -> Mapping[str, Mapping[str, TaskRun]]:
    """Execution → task → its run."""
    found = store.task_runs_of([one.execution_id for one in executions], task_ids=tasks)
    return {execution_id: {run.key.task_id: run for run in runs} for execution_id, runs in found.items()}


def _of_task(
    executions: Sequence[Execution], runs: Mapping[str, Mapping[str, TaskRun]], task_id: str
) -> Iterable[tuple[int, float | None, TaskStatus]]:
    """A kept result took no time: it is no duration of the task."""
    for number, one in enumerate(executions):
        run = runs[one.execution_id].get(task_id)
        if run is not None and run.cached_from is None:
            yield number, run.duration, run.status


def _line(task_id: str, measured: Iterable[tuple[int, float | None, ExecutionStatus | TaskStatus]]) -> Line:
    points = [
        (number, round(seconds, 3), status in WENT_WELL) for number, seconds, status in measured if seconds is not None
    ]
    return Line(task_id=task_id, figures=figures_of([seconds for _n, seconds, well in points if well]), points=points)
