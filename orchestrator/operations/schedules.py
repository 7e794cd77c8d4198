"""Schedules as people ask for them: which there are, what comes next, what became of the last slots; pause, trigger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.core.errors import UsageError, nearest
from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.report import iso
from orchestrator.core.schedule_records import Pause, SlotRecord
from orchestrator.core.schedules import Schedule
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.owners import operator_name
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedule_preview import upcoming
from orchestrator.operations.scheduling import wanted_of
from orchestrator.operations.submitting import submit
from orchestrator.translation import _, say

LAST_SLOTS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A schedule, whether it is paused, what comes next and what became of its last slots."""

    schedule: Schedule
    pause: Pause | None
    upcoming: tuple[datetime, ...]
    """The next slots, in its own zone; also of one that is paused or not enabled: they would be these."""
    last: tuple[SlotRecord, ...]

    @property
    def fires(self) -> bool:
        """Whether it will."""
        return self.schedule.enabled and self.pause is None


def coming(
    parts: Parts,
    *,
    count: int = 1,
    last: int = 1,
    only: str | None = None,
    workflow: str | None = None,
    most: int | None = None,
) -> list[Coming]:
    """Schedules in the order of the file: all, `only` one, those of a workflow, `most` of them.

    Each with its next `count` slots and its `last` decided ones. Raises StoreUnusable.
    """
    pauses, now = parts.store.schedule_pauses(), SystemClock().now()
    wanted = (
        (name, schedule)
        for name, schedule in parts.registry.schedules.items()
        if only in {None, name} and workflow in {None, schedule.workflow}
    )
    return [
        Coming(
            schedule=schedule,
            pause=pauses.get(name),
            upcoming=tuple(slot.local for slot in islice(upcoming(schedule, now), count)),
            last=tuple(parts.store.slot_records(name, limit=last)) if last else (),
        )
        for name, schedule in islice(wanted, most)
    ]


def find_schedule(parts: Parts, name: str) -> Schedule:
    """The schedule of that name; raises UsageError."""
    schedules = parts.registry.schedules
    if name in schedules:
        return schedules[name]
    near = nearest(name, schedules)
    if near is not None:
        raise UsageError(N_("no schedule is called {name!r}. Did you mean {near!r}?"), name=name[:80], near=near)
    raise UsageError(
        N_("no schedule is called {name!r}; there are: {known}"), name=name[:80], known=", ".join(schedules) or "–"
    )


def pause(parts: Parts, name: str, *, reason: str = "", by: str = "") -> None:
    """Let it fire no more until it is resumed; raises UsageError for one that is not in the configuration."""
    find_schedule(parts, name)
    parts.store.pause_schedule(name, Pause(at=SystemClock().now(), by=by or operator_name(), reason=reason))


def resume(parts: Parts, name: str) -> None:
    """Let it fire again, from the next slot on; raises UsageError."""
    find_schedule(parts, name)
    parts.store.resume_schedule(name, at=SystemClock().now())


def trigger(parts: Parts, name: str) -> Execution:
    """Queue an execution as a slot of this moment would, paused or not; raises UsageError, QueueFull, WorkflowBusy."""
    schedule, now = find_schedule(parts, name), SystemClock().now()
    return submit(parts, wanted_of(parts, schedule, now.replace(microsecond=0), slot=None))[0]


def schedule_description(found: Coming) -> dict[str, JSON]:
    """One as lists show it."""
    schedule, paused = found.schedule, found.pause
    zone = ZoneInfo(schedule.timezone)
    return {
        "schedule": schedule.name,
        "description": schedule.description,
        "workflow": schedule.workflow,
        "when": when(schedule),
        "cron": schedule.cron,
        "every": schedule.every,
        "timezone": schedule.timezone,
        "working_days": schedule.working_days,
        "catchup": schedule.catchup.value,
        "enabled": schedule.enabled,
        "paused": None if paused is None else {"at": iso(paused.at, zone), "by": paused.by, "reason": paused.reason},
        "next": [slot.isoformat() for slot in found.upcoming] if found.fires else [],
        "last": [slot_description(record, schedule) for record in found.last],
    }


def slot_description(record: SlotRecord, schedule: Schedule) -> dict[str, JSON]:
    """A decided slot as lists show it."""
    zone = ZoneInfo(schedule.timezone)
    return {
        "slot": record.slot.at.astimezone(zone).isoformat(),
        "fate": record.fate.value,
        "execution_id": record.execution_id,
        "decided_at": iso(record.decided_at, zone),
        "reason": say(record.reason) if record.reason is not None else None,
    }


def when(schedule: Schedule) -> str:
    """`0 2 * * * · working days`, `every 15 min`."""
    text = schedule.cron if schedule.cron is not None else _("every {time}").format(time=_length(schedule.every or 0.0))
    return f"{text} · {_('working days')}" if schedule.working_days else text


def _length(seconds: float) -> str:
    rest, parts = timedelta(seconds=seconds), []
    units: Mapping[str, timedelta] = {
        "d": timedelta(days=1),
        "h": timedelta(hours=1),
        "min": timedelta(minutes=1),
        "s": timedelta(seconds=1),
    }
    for unit, length in units.items():
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)
