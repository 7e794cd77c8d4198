"""Inicio: what runs now, what failed last and why, what waits, which workflows need a look, how it went of late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.core.schedules import Schedule
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.operations.lately import Day, Need, days_of, in_need
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedules import coming
from orchestrator.operations.telling import why
from orchestrator.web.remembering import Remembered
from orchestrator.web.ui.loads import Memory, Reported, latest_loads, points

UNDER_WAY: Final = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)
ENDED: Final = tuple(status for status in ExecutionStatus if status.final)
TROUBLED: Final = (ExecutionStatus.FAILED, ExecutionStatus.COMPLETED_WITH_ERRORS)
MOST: Final = 8
DAYS: Final = 30
LOOKED_AT: Final = 30
"""Executions of each workflow, from which it is told whether it needs a look."""
MOST_NAMED: Final = 6
"""Tasks of an execution that are named as running."""
BAR: Final = 20
"""Width of a day in the charts, in their own units; they are a hundred high."""
STACKED: Final = (
    ExecutionStatus.COMPLETED,
    ExecutionStatus.COMPLETED_WITH_ERRORS,
    ExecutionStatus.FAILED,
    ExecutionStatus.CANCELLED,
)


@dataclass(frozen=True, kw_only=True)
class Running:
    """An execution under way, with what is done of it."""

    execution: Execution
    status: ExecutionStatus
    done: int
    failed: int
    total: int
    now: Sequence[TaskRun]
    """Tasks that run at this moment, the first of them."""
    more: int
    """Further ones."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An execution that did not go well, and the first line of the first reason."""

    execution: Execution
    task_id: str | None
    reason: str
    others: int
    """Further tasks that failed."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Part of a bar of a chart: what of a day is in one state; in the chart's units."""

    status: ExecutionStatus
    count: int
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Column:
    """A day in both charts."""

    day: Day
    x: int
    pieces: Sequence[Piece]
    duration: float
    """Height of its mean duration."""


@dataclass(frozen=True, kw_only=True)
class Lately:
    """What only changes slowly, and costs more than the rest."""

    days: Sequence[Day]
    needs: Sequence[Need]
    next: Sequence[tuple[Schedule, datetime]]
    """Slots to come, the soonest first."""
    loaded: Reported | None
    """The last load that told up to which day its data are true."""
    judged: Reported | None
    """The last judgement of their quality."""

    @property
    def total(self) -> int:
        """Executions that have ended."""
        return sum(day.total for day in self.days)

    @property
    def completed(self) -> int:
        """Those that completed without an error."""
        return sum(day.counts.get(ExecutionStatus.COMPLETED, 0) for day in self.days)

    @property
    def seconds(self) -> float | None:
        """Their mean duration."""
        return sum((day.seconds or 0.0) * day.total for day in self.days) / self.total if self.total else None

    @property
    def columns(self) -> list[Column]:
        """The charts, day by day."""
        most = max((day.total for day in self.days), default=0) or 1
        longest = max((day.seconds or 0.0 for day in self.days), default=0.0) or 1.0
        return [
            Column(
                day=day,
                x=number * BAR,
                pieces=_pieces(day, most),
                duration=round(max(2.0, 100 * day.seconds / longest), 1) if day.seconds is not None else 0.0,
            )
            for number, day in enumerate(self.days)
        ]


def overview(parts: Parts, remembered: Remembered[Lately], memory: Memory) -> dict[str, Any]:
    """What the first page shows; raises StoreUnusable."""
    store, now = parts.store, datetime.now(UTC)
    under_way = store.list_executions(limit=MOST, statuses=UNDER_WAY)
    failed = store.list_executions(limit=MOST, statuses=TROUBLED, since=now - timedelta(days=DAYS))
    latest = store.list_executions(limit=1, statuses=ENDED)
    runs = store.task_runs_of([one.execution_id for one in (*under_way, *failed)])
    return {
        "running": [_running(one, runs[one.execution_id], now) for one in under_way],
        "queued": store.list_executions(limit=MOST, statuses=(ExecutionStatus.QUEUED,)),
        "interrupted": store.list_executions(limit=MOST, statuses=(ExecutionStatus.INTERRUPTED,)),
        "failures": [_failure(parts, one, runs[one.execution_id]) for one in failed],
        "lately": remembered.fresh(lambda: _lately(parts, memory, now)),
        "latest": latest[0] if latest else None,
        "points": points,
        "zone": parts.zone,
        "now": now,
    }


def _lately(parts: Parts, memory: Memory, now: datetime) -> Lately:
    today = now.astimezone(parts.zone).date()
    outcomes = parts.store.outcomes(since=now - timedelta(days=DAYS + 1))
    latest = parts.store.latest_executions(parts.registry.workflows, each=LOOKED_AT)
    slots = [(one.schedule, one.upcoming[0]) for one in coming(parts, last=0) if one.fires and one.upcoming]
    reported, _older = latest_loads(parts, memory)
    return Lately(
        days=days_of(outcomes, parts.zone, today, DAYS),
        needs=in_need(latest, now, looked_at=LOOKED_AT),
        next=sorted(slots, key=lambda slot: slot[1].astimezone(UTC))[:MOST],
        loaded=next((one for one in reported if one.cut is not None), None),
        judged=next((one for one in reported if one.quality is not None and one.quality.score is not None), None),
    )


def _pieces(day: Day, most: int) -> list[Piece]:
    pieces, y = [], 100.0
    for status in STACKED:
        count = day.counts.get(status, 0)
        if count:
            height = round(max(2.0, 100 * count / most), 1)
            y = round(y - height, 1)
            pieces.append(Piece(status=status, count=count, y=y, height=height))
    return pieces


def _running(execution: Execution, stored: Sequence[TaskRun], now: datetime) -> Running:
    status = stands_at(execution, now)
    runs = runs_stand_at(stored, status)
    at_work = [run for run in runs if run.status is TaskStatus.RUNNING]
    return Running(
        execution=execution,
        status=status,
        done=sum(run.status.final for run in runs),
        failed=sum(run.status is TaskStatus.FAILED for run in runs),
        total=len(runs),
        now=at_work[:MOST_NAMED],
        more=max(0, len(at_work) - MOST_NAMED),
    )


def _failure(parts: Parts, execution: Execution, runs: Sequence[TaskRun]) -> Failure:
    failed = [run for run in runs if run.status is TaskStatus.FAILED]
    first = min(failed, key=lambda run: (run.ended_at or execution.created_at, run.position), default=None)
    return Failure(
        execution=execution,
        task_id=first.key.task_id if first is not None else None,
        reason=why(first, parts.zone) if first is not None else "",
        others=max(0, len(failed) - 1),
    )
