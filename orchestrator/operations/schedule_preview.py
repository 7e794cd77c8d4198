"""What a schedule will do: its next slots as its zone's clocks will show them, and the holidays it leaves out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from orchestrator.core.schedules import Schedule, Times
from orchestrator.timetable.times import times_of
from orchestrator.timetable.wall_clock import WallClock
from orchestrator.timetable.working_days import holiday_on, is_weekend

_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)
_DATE_AND_TIME = len("2026-01-01T06:00:00")


@dataclass(frozen=True, kw_only=True)
class PreviewedSlot:
    """A slot to come, or the first one of a day that is left out."""

    at: datetime
    """In UTC."""
    local: datetime
    """The same instant in the schedule's zone, with its offset."""
    holiday: str | None = None
    """The public holiday for which nothing fires on that day; None for a slot that fires."""

    @property
    def offset(self) -> str:
        """How far the zone's clocks are ahead of UTC then: `-05:00`."""
        return self.local.isoformat(timespec="seconds")[_DATE_AND_TIME:]


def upcoming(schedule: Schedule, start: datetime) -> Iterator[PreviewedSlot]:
    """The slots after `start`, exactly those that will fire; it ends where there is none in ten years."""
    zone, times = ZoneInfo(schedule.timezone), times_of(schedule)
    slot = times.after(start)
    while slot is not None:
        yield PreviewedSlot(at=slot, local=slot.astimezone(zone))
        slot = times.after(slot)


def preview(schedule: Schedule, start: datetime, count: int) -> list[PreviewedSlot]:
    """The next `count` slots after `start`, and between them what holidays leave out.

    Fewer where there are not as many in ten years. Raises NoHolidays where their calendar is needed and not installed.
    """
    zone, all_days = ZoneInfo(schedule.timezone), times_of(replace(schedule, working_days=False))
    shown: list[PreviewedSlot] = []
    for slot in islice(upcoming(schedule, start), count):
        if schedule.working_days:
            shown += _left_out(all_days, zone, start, slot.at)
        shown.append(slot)
        start = slot.at
    return shown


def _left_out(all_days: Times, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[PreviewedSlot]:
    """The first slot of each holiday from Monday to Friday in between."""
    clock = WallClock(zone)
    slot = all_days.after(after)
    while slot is not None and slot < until:
        local = slot.astimezone(zone)
        holiday = holiday_on(local.date())
        if holiday is not None and not is_weekend(local.date()):
            yield PreviewedSlot(at=slot, local=local, holiday=holiday)
        slot = all_days.after(clock.first_at(datetime.combine(local.date() + _DAY, time())) - _INSTANT)
