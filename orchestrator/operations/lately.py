"""How executions went of late: day by day, and which workflows need somebody to look at them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Outcomes

JUDGED: Final = 10
"""Executions that completed, from which it is told how often a workflow does."""
FEWEST: Final = 4
LATE: Final = 1.5
"""Times the longest pause of late; before it, a workflow only takes a little longer than usual."""
GIVEN_UP: Final = 20
"""Times the longest pause after which a workflow counts as not in use any more."""
SHORTEST_PAUSE: Final = timedelta(minutes=10)
"""Workflows that somebody tries out are executed more often than this."""
UNWELL: Final = frozenset({ExecutionStatus.FAILED, ExecutionStatus.COMPLETED_WITH_ERRORS})


@dataclass(frozen=True, kw_only=True)
class Day:
    """Executions that were asked for on one day and have ended."""

    day: date
    counts: Mapping[ExecutionStatus, int]
    seconds: float | None
    """Their mean duration; None where there were none."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class Need:
    """A workflow that fails, or that has not completed for longer than it used to."""

    workflow: str
    latest: Execution
    failing_since: datetime | None
    """When the first of the failures ended that nothing good has followed; None for one that is only late."""
    times: int
    """Failures in a row; 0 for one that is only late."""
    more: bool
    """Whether there may have been failures before those that were looked at."""
    last_good: Execution | None
    usual: timedelta | None
    """The longest pause between two good executions of late; None where too few are known."""


@dataclass(frozen=True, kw_only=True)
class Streak:
    """Failures of one task in a row, up to the execution that is looked at."""

    since: datetime
    """When the first of them ended."""
    times: int
    more: bool
    """Whether there may have been failures before those that were looked at."""
    last_good: str | None
    """The execution in which it completed last."""


def streak_of(runs: Sequence[TaskRun], *, looked_at: int) -> Streak | None:
    """Of the runs of one task (newest first, at most `looked_at`); None where the newest did not fail."""
    judged = [run for run in runs if run.status in {TaskStatus.COMPLETED, TaskStatus.FAILED} and run.ended_at]
    good = next((place for place, run in enumerate(judged) if run.status is TaskStatus.COMPLETED), len(judged))
    first = judged[good - 1].ended_at if good else None
    if first is None:
        return None
    return Streak(
        since=first,
        times=good,
        more=good == len(judged) and len(runs) >= looked_at,
        last_good=judged[good].key.execution_id if good < len(judged) else None,
    )


def days_of(outcomes: Iterable[Outcomes], zone: tzinfo, today: date, count: int) -> list[Day]:
    """The last `count` days in `zone`, the oldest first, days without an execution included."""
    first = today - timedelta(days=count - 1)
    counts: dict[date, dict[ExecutionStatus, int]] = {first + timedelta(days=number): {} for number in range(count)}
    seconds = dict.fromkeys(counts, 0.0)
    for one in outcomes:
        day = one.hour.astimezone(zone).date()
        if day in counts:
            counts[day][one.status] = counts[day].get(one.status, 0) + one.count
            seconds[day] += one.seconds
    return [
        Day(day=day, counts=of_day, seconds=seconds[day] / sum(of_day.values()) if of_day else None)
        for day, of_day in counts.items()
    ]


def in_need(latest: Mapping[str, Sequence[Execution]], now: datetime, *, looked_at: int) -> list[Need]:
    """Of the newest executions of each workflow (newest first, at most `looked_at`): who needs somebody to look."""
    found = (_need(workflow, executions, now, looked_at) for workflow, executions in latest.items())
    return sorted(
        (need for need in found if need is not None),
        key=lambda need: (need.failing_since is None, need.failing_since or need.latest.created_at),
    )


def _need(workflow: str, executions: Sequence[Execution], now: datetime, looked_at: int) -> Need | None:
    ended = [one for one in executions if one.status in UNWELL or one.status is ExecutionStatus.COMPLETED]
    if not ended:
        return None
    good = [one for one in ended if one.status is ExecutionStatus.COMPLETED]
    failures = ended.index(good[0]) if good else len(ended)
    usual = _usual_pause(good)
    if not failures and not _late(now - good[0].created_at, usual):
        return None
    first = ended[failures - 1] if failures else None
    return Need(
        workflow=workflow,
        latest=executions[0],
        failing_since=(first.ended_at or first.created_at) if first is not None else None,
        times=failures,
        more=not good and len(executions) >= looked_at,
        last_good=good[0] if good else None,
        usual=usual,
    )


def _usual_pause(good: Sequence[Execution]) -> timedelta | None:
    times = [one.created_at for one in good[:JUDGED]]
    return max(later - earlier for later, earlier in pairwise(times)) if len(times) >= FEWEST else None


def _late(passed: timedelta, usual: timedelta | None) -> bool:
    return usual is not None and usual >= SHORTEST_PAUSE and LATE * usual < passed < GIVEN_UP * usual
