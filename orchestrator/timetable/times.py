"""The slots of a schedule, all arithmetic in UTC (semantics, section 4)."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.core.schedules import EPOCH, HORIZON, Schedule, Times
from orchestrator.timetable.cron import CronTimes, never_fires
from orchestrator.timetable.wall_clock import WallClock
from orchestrator.timetable.working_days import NoWorkingDay, WorkingDays

_LAST_YEAR = 9900
_SAMPLE = datetime(2024, 1, 1, tzinfo=EPOCH.tzinfo)
"""Where to start in order to see whether an expression ever fires: of ten years, three have a 29 February."""


def times_of(schedule: Schedule) -> Times:
    """The slots of `schedule`; raises BadCron, and NoHolidays where their calendar is needed and not installed."""
    clock = WallClock(ZoneInfo(schedule.timezone))
    times: Times
    if schedule.cron is not None:
        times = CronTimes(schedule.cron, clock)
    else:
        times = EvenTimes(timedelta(seconds=schedule.every or 0), schedule.anchor)
    return WithinReach(WorkingDays(times, clock) if schedule.working_days else times)


def check_fires(schedule: Schedule) -> None:
    """Raise BadCron or NoWorkingDay where `schedule` would never fire; the answer does not depend on today."""
    if schedule.cron is not None and times_of(replace(schedule, working_days=False)).after(_SAMPLE) is None:
        raise never_fires(schedule.cron)
    if times_of(schedule).after(_SAMPLE) is None:
        raise NoWorkingDay


class EvenTimes:
    """An anchor and every instant a whole number of steps away from it, by elapsed time."""

    def __init__(self, step: timedelta, anchor: datetime) -> None:
        self._step = step
        self._anchor = anchor

    def after(self, moment: datetime) -> datetime:
        """The first slot later than `moment`."""
        return self._anchor + ((moment - self._anchor) // self._step + 1) * self._step

    def before(self, moment: datetime) -> datetime:
        """The last slot earlier than `moment`."""
        return self._anchor - ((self._anchor - moment) // self._step + 1) * self._step


class WithinReach:
    """Of the slots of other `times`, those since 1970 and no more than ten years away."""

    def __init__(self, times: Times) -> None:
        self._times = times

    def after(self, moment: datetime) -> datetime | None:
        """The first slot later than `moment`, if there is one in ten years."""
        if moment.year > _LAST_YEAR:
            return None
        moment = max(moment, EPOCH - timedelta(microseconds=1))
        slot = self._times.after(moment)
        return slot if slot is not None and slot - moment <= HORIZON else None

    def before(self, moment: datetime) -> datetime | None:
        """The last slot earlier than `moment`, if there is one in ten years."""
        if moment <= EPOCH or moment.year > _LAST_YEAR:
            return None
        slot = self._times.before(moment)
        return slot if slot is not None and slot >= EPOCH and moment - slot <= HORIZON else None
