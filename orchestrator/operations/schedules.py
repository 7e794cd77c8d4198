"""Schedules as people ask for them: which there are, what comes next, what became of the last slots; pause, trigger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.core.errors import UsageError, nearest
from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.report import iso
from orchestrator.core.schedule_records import Pause, ScheduleState, SlotRecord
from orchestrator.core.schedules import Schedule
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.owners import operator_name
from orchestrator.operations.parts import Parts
from orchestrator.operations.scheduling import begin, wanted_of
from orchestrator.operations.submitting import submit
from orchestrator.timetable.times import times_of
from orchestrator.translation import _, say

MOST_PREVIEWED: Final = 1000
LAST_SLOTS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A schedule, how far it is, what comes next and what became of its last slots."""

    schedule: Schedule
    state: ScheduleState | None
    """None where no scheduler has seen it yet."""
    upcoming: tuple[datetime, ...]
    """The next slots, in its own zone; also of one that is paused or not enabled: they would be these."""
    last: tuple[SlotRecord, ...]

    @property
    def fires(self) -> bool:
        """Whether it will."""
        return self.schedule.enabled and (self.state is None or self.state.pause is None)


def coming(
    parts: Parts, *, count: int = 1, last: int = 1, only: str | None = None, workflow: str | None = None
) -> list[Coming]:
    """Schedules in the order of the file: all, `only` one, or those of a workflow; raises StoreUnusable."""
    states = {state.name: state for state in parts.store.schedule_states()}
    now = SystemClock().now()
    return [
        Coming(
            schedule=schedule,
            state=states.get(name),
            upcoming=upcoming(schedule, now, count),
            last=tuple(parts.store.slot_records(name, limit=last)) if last else (),
        )
        for name, schedule in parts.registry.schedules.items()
        if only in {None, name} and workflow in {None, schedule.workflow}
    ]


def upcoming(schedule: Schedule, after: datetime, count: int) -> tuple[datetime, ...]:
    """The next slots after an instant, at most `MOST_PREVIEWED`, in the schedule's zone."""
    times, zone = times_of(schedule), ZoneInfo(schedule.timezone)
    slots: list[datetime] = []
    slot = times.after(after)
    while slot is not None and len(slots) < min(count, MOST_PREVIEWED):
        slots.append(slot.astimezone(zone))
        slot = times.after(slot)
    return tuple(slots)


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
    schedule, now = find_schedule(parts, name), SystemClock().now()
    begin(parts, schedule, now)
    parts.store.pause_schedule(name, Pause(at=now, by=by or operator_name(), reason=reason))


def resume(parts: Parts, name: str) -> None:
    """Let it fire again, from the next slot on; raises UsageError."""
    schedule, now = find_schedule(parts, name), SystemClock().now()
    begin(parts, schedule, now)
    parts.store.resume_schedule(name, at=now)


def trigger(parts: Parts, name: str) -> Execution:
    """Queue an execution as a slot of this moment would, paused or not; raises UsageError, QueueFull, WorkflowBusy."""
    schedule, now = find_schedule(parts, name), SystemClock().now()
    return submit(parts, wanted_of(parts, schedule, now.replace(microsecond=0), slot=None))[0]


def schedule_description(found: Coming) -> dict[str, JSON]:
    """One as lists show it."""
    schedule, state = found.schedule, found.state
    paused = state.pause if state is not None else None
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


FATES: Final = (
    Message(template=N_("fired")),
    Message(template=N_("missed")),
    Message(template=N_("refused")),
)
"""Fates as the translators meet them, `skipped` besides, which tasks are, too."""
