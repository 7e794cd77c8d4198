"""Inicio: what runs now, what failed last and why, what waits, and how it went of late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.operations.parts import Parts
from orchestrator.operations.telling import why

UNDER_WAY: Final = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)
ENDED: Final = tuple(status for status in ExecutionStatus if status.final)
TROUBLED: Final = (ExecutionStatus.FAILED, ExecutionStatus.COMPLETED_WITH_ERRORS)
MOST: Final = 8
LOOKED_BACK: Final = timedelta(days=30)
JUDGED: Final = 60
"""Executions whose durations make the trend."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """An execution under way, with what is done of it."""

    execution: Execution
    status: ExecutionStatus
    done: int
    failed: int
    total: int
    now: Sequence[TaskRun]
    """Tasks that run at this moment."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An execution that did not go well, and the first line of the first reason."""

    execution: Execution
    task_id: str | None
    reason: str
    others: int
    """Further tasks that failed."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """The last executions that ended within thirty days, the oldest first."""

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


def overview(parts: Parts) -> dict[str, Any]:
    """What the first page shows; raises StoreUnusable."""
    store, now = parts.store, datetime.now(UTC)
    under_way = store.list_executions(limit=MOST, statuses=UNDER_WAY)
    ended = store.list_executions(limit=JUDGED, statuses=ENDED, since=now - LOOKED_BACK)
    failed = store.list_executions(limit=MOST, statuses=TROUBLED, since=now - LOOKED_BACK)
    return {
        "running": [_running(parts, one, now) for one in under_way],
        "queued": store.list_executions(limit=MOST, statuses=(ExecutionStatus.QUEUED,)),
        "interrupted": store.list_executions(limit=MOST, statuses=(ExecutionStatus.INTERRUPTED,)),
        "failures": [_failure(parts, one) for one in failed],
        "trend": Trend(ended=list(reversed(ended))),
        "latest": ended[0] if ended else None,
        "zone": parts.zone,
        "now": now,
    }


def _running(parts: Parts, execution: Execution, now: datetime) -> Running:
    status = stands_at(execution, now)
    runs = runs_stand_at(parts.store.task_runs(execution.execution_id), status)
    return Running(
        execution=execution,
        status=status,
        done=sum(run.status.final for run in runs),
        failed=sum(run.status is TaskStatus.FAILED for run in runs),
        total=len(runs),
        now=[run for run in runs if run.status is TaskStatus.RUNNING],
    )


def _failure(parts: Parts, execution: Execution) -> Failure:
    failed = [run for run in parts.store.task_runs(execution.execution_id) if run.status is TaskStatus.FAILED]
    first = min(failed, key=lambda run: (run.ended_at or execution.created_at, run.position), default=None)
    return Failure(
        execution=execution,
        task_id=first.key.task_id if first is not None else None,
        reason=why(first, parts.zone) if first is not None else "",
        others=max(0, len(failed) - 1),
    )
