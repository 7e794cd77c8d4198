"""What the last executions of a workflow cost, task by task: durations, waits, outcomes, rows, CPU and memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.outcomes import JSON
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Workflow
from orchestrator.operations.durations import Figures, figures_of, quantile
from orchestrator.operations.parts import Parts
from orchestrator.operations.telling import rows_of

JUDGED: Final = 100
"""Executions that are looked at where nothing else is said."""
ENDED: Final = tuple(status for status in ExecutionStatus if status.final)
WELL: Final = {
    ExecutionStatus.COMPLETED: True,
    ExecutionStatus.COMPLETED_WITH_ERRORS: False,
    ExecutionStatus.FAILED: False,
}


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Of one task, or of the whole workflow (`task_id` None); times in seconds, memory in bytes."""

    task_id: str | None
    judged: int
    """Runs that completed or failed."""
    completed: int
    durations: Figures | None
    """Of those that completed; a result that was taken over took no time, and counts for nothing here."""
    waited_p50: float | None = None
    """From the moment that the execution began to the first attempt: what it waited for, slots included."""
    rows_p50: float | None = None
    cpu_p50: float | None = None
    memory_p95: float | None = None

    @property
    def success(self) -> float | None:
        """The part of the judged runs that completed, 0 to 1."""
        return self.completed / self.judged if self.judged else None


def statistics_of(parts: Parts, workflow: Workflow, *, executions: int = JUDGED) -> list[Statistics]:
    """The workflow first, then its tasks in the order of the file; raises StoreUnusable."""
    store = parts.store
    newest = store.list_executions(limit=executions, workflow=workflow.workflow_id, statuses=ENDED)
    ended = list(reversed(newest))
    runs = store.task_runs_of([one.execution_id for one in ended])
    attempts = {one.execution_id: store.attempts(one.execution_id) for one in ended}
    by_task = {task_id: _of_task(task_id, ended, runs, attempts) for task_id in parts.registry.tasks_of(workflow)}
    return [_of_workflow(ended), *by_task.values()]


def statistics_description(found: Statistics) -> dict[str, JSON]:
    """One as lists show it."""
    figures = found.durations
    return {
        "task_id": found.task_id,
        "judged": found.judged,
        "success": _rounded(found.success),
        "p50": _rounded(figures.p50 if figures else None),
        "p95": _rounded(figures.p95 if figures else None),
        "last": _rounded(figures.last if figures else None),
        "trend": _rounded(figures.trend if figures else None),
        "regressed": figures.regressed if figures else False,
        "waited_p50": _rounded(found.waited_p50),
        "rows_p50": _rounded(found.rows_p50),
        "cpu_p50": _rounded(found.cpu_p50),
        "memory_p95": _rounded(found.memory_p95),
    }


def _of_workflow(ended: Sequence[Execution]) -> Statistics:
    judged = [one for one in ended if one.status in WELL]
    return Statistics(
        task_id=None,
        judged=len(judged),
        completed=sum(WELL[one.status] for one in judged),
        durations=figures_of([one.duration for one in judged if WELL[one.status] and one.duration is not None]),
    )


def _of_task(
    task_id: str,
    ended: Sequence[Execution],
    runs: Mapping[str, Sequence[TaskRun]],
    attempts: Mapping[str, Sequence[Attempt]],
) -> Statistics:
    own = [
        (one, run)
        for one in ended
        for run in runs[one.execution_id]
        if run.key.task_id == task_id and run.cached_from is None
    ]
    judged = [run for _one, run in own if run.status in {TaskStatus.COMPLETED, TaskStatus.FAILED}]
    well = [run for run in judged if run.status is TaskStatus.COMPLETED]
    usages = [
        attempt.usage
        for one in ended
        for attempt in attempts[one.execution_id]
        if attempt.key.run.task_id == task_id and attempt.status == TaskStatus.COMPLETED
    ]
    return Statistics(
        task_id=task_id,
        judged=len(judged),
        completed=len(well),
        durations=figures_of([run.duration for run in well if run.duration is not None]),
        waited_p50=_part(
            0.5,
            (
                (run.started_at - one.started_at).total_seconds()
                for one, run in own
                if run.started_at is not None and one.started_at is not None
            ),
        ),
        rows_p50=_part(0.5, (rows for run in well if (rows := rows_of(run.output)) is not None)),
        cpu_p50=_part(0.5, (usage.cpu_seconds for usage in usages if usage.cpu_seconds is not None)),
        memory_p95=_part(0.95, (usage.peak_memory_bytes for usage in usages if usage.peak_memory_bytes is not None)),
    )


def _part(part: float, values: Iterable[float]) -> float | None:
    known = list(values)
    return quantile(known, part) if known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
