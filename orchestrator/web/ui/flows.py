"""Workflows as pages show them: how the last executions went, task by task, and what an execution would need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.core.executions import Execution
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.tasks import Registry, Workflow
from orchestrator.operations.describing import task_description, workflow_description
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedules import coming, when
from orchestrator.web.ui.drawing import Asked, drawing_of

COLUMNS: Final = 30
"""Executions that a grid shows at most."""
MOST_CELLS: Final = 6000
MOST_SCHEDULES: Final = 20
"""Of one workflow that its page tells."""
CELL: Final = 20
"""Width and height of a cell, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A task in one execution; `height` of its bar, 0 to `CELL`."""

    execution_id: str
    task_id: str
    status: str
    duration: float | None
    x: int
    y: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The last executions (columns, the oldest first) by tasks (rows, in the order of the file)."""

    tasks: Sequence[str]
    executions: Sequence[tuple[Execution, ExecutionStatus]]
    cells: Sequence[Cell]

    @property
    def width(self) -> int:
        """Of the drawing."""
        return CELL * len(self.executions)

    @property
    def height(self) -> int:
        """Of the drawing."""
        return CELL * len(self.tasks)


@dataclass(frozen=True, kw_only=True)
class Trend:
    """The last executions that ended, the oldest first."""

    ended: Sequence[Execution]

    @property
    def completed(self) -> int:
        """Those that completed without an error."""
        return sum(one.status is ExecutionStatus.COMPLETED for one in self.ended)

    @property
    def bars(self) -> list[dict[str, Any]]:
        """A bar each: its height in percent of the longest."""
        longest = max((one.duration or 0.0 for one in self.ended), default=0.0)
        return [
            {
                "execution": one,
                "height": max(4, round(100 * (one.duration or 0.0) / longest)) if longest else 4,
            }
            for one in self.ended
        ]


def flows(parts: Parts) -> dict[str, Any]:
    """What the list shows; raises StoreUnusable."""
    registry, now = parts.registry, datetime.now(UTC)
    latest = parts.store.latest_executions(registry.workflows, each=COLUMNS)
    return {
        "flows": [_flow(registry, workflow, latest[name], now) for name, workflow in registry.workflows.items()],
        "zone": parts.zone,
        "now": now,
    }


def flow(parts: Parts, workflow: Workflow, asked: Asked) -> dict[str, Any]:
    """What the page of one shows besides its grid, with rows for the tasks that are asked for."""
    registry = parts.registry
    tasks = registry.tasks_of(workflow)
    drawing = drawing_of(tasks, edges_of(registry, tasks), asked)
    shown = drawing.rows
    return {
        "flow": workflow_description(registry, workflow),
        "tasks": [task_description(registry, registry.tasks[task_id]) for task_id in shown],
        "hidden": len(drawing.tasks) - len(shown),
        "schedules": [
            (one, when(one.schedule))
            for one in coming(parts, last=0, workflow=workflow.workflow_id, most=MOST_SCHEDULES)
        ],
        "drawing": drawing,
    }


def grid_of(parts: Parts, workflow: Workflow, asked: Asked) -> dict[str, Any]:
    """The last executions by the tasks that are asked for; raises StoreUnusable."""
    registry = parts.registry
    every = list(registry.tasks_of(workflow))
    tasks = drawing_of(every, edges_of(registry, every), asked).rows
    columns = max(5, min(COLUMNS, MOST_CELLS // max(1, len(tasks))))
    found = parts.store.list_executions(limit=columns, workflow=workflow.workflow_id)
    now = datetime.now(UTC)
    executions = [(one, stands_at(one, now)) for one in reversed(found)]
    stored = parts.store.task_runs_of([one.execution_id for one in found])
    runs = {
        one.execution_id: {run.key.task_id: run for run in runs_stand_at(stored[one.execution_id], status)}
        for one, status in executions
    }
    longest = {
        task_id: max((run[task_id].duration or 0.0 for run in runs.values() if task_id in run), default=0.0)
        for task_id in tasks
    }
    cells = [
        Cell(
            execution_id=one.execution_id,
            task_id=task_id,
            status=run.status.value,
            duration=run.duration,
            x=column * CELL,
            y=row * CELL,
            height=_height(run.duration, longest[task_id]),
        )
        for column, (one, _status) in enumerate(executions)
        for row, task_id in enumerate(tasks)
        if (run := runs[one.execution_id].get(task_id)) is not None
    ]
    grid = Grid(tasks=tasks, executions=executions, cells=cells)
    return {"grid": grid, "zone": parts.zone, "workflow_id": workflow.workflow_id}


def edges_of(registry: Registry, tasks: Sequence[str]) -> list[tuple[str, str]]:
    """What waits for what among `tasks`."""
    here = frozenset(tasks)
    return [
        (first, task_id)
        for task_id in tasks
        if task_id in registry.tasks
        for first in (*registry.tasks[task_id].dependencies, *registry.tasks[task_id].after)
        if first in here
    ]


def _flow(registry: Registry, workflow: Workflow, found: Sequence[Execution], now: datetime) -> Mapping[str, Any]:
    return {
        "about": workflow_description(registry, workflow),
        "last": found[0] if found else None,
        "status": stands_at(found[0], now).value if found else "",
        "trend": Trend(ended=[one for one in reversed(found) if one.status.final]),
    }


def _height(duration: float | None, longest: float) -> int:
    """Of a bar: at least a fifth, so that its colour is seen."""
    least, most = CELL // 5, CELL - 3
    if duration is None or longest <= 0:
        return least
    return least + round((most - least) * min(1.0, duration / longest))
