"""A schedule in the words of other people's cron: five plain fields, in its own zone or in UTC."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.schedules import EPOCH, Schedule
from orchestrator.timetable.cron import fields_of

_DAY = 86_400
_OWN_WEEKDAYS = re.compile(r"\dL|#")
"""Days of the week that our expressions may hold and a plain cron does not know."""
_ANY_READING = datetime(2000, 1, 1)  # noqa: DTZ001 - a reading of a clock, of no zone


class Unsayable(UsageError):
    """A schedule that five plain fields cannot tell."""


def plain_cron(schedule: Schedule) -> str:
    """The five fields, to be read on a clock in the schedule's zone (`every`: on any clock); raises Unsayable."""
    if schedule.working_days:
        raise Unsayable(N_("cron knows no holidays"))
    if schedule.parameters:
        raise Unsayable(N_("it gives parameters"))
    if schedule.cron is None:
        return _of_every(schedule)
    fields = fields_of(schedule.cron)
    if set(fields[2]) & {"L", "W"} or _OWN_WEEKDAYS.search(fields[4]):
        raise Unsayable(N_("a plain cron knows no L, W and #"))
    return " ".join(fields)


def cron_in_utc(schedule: Schedule, year: int) -> str:
    """The five fields for a clock in UTC, where they tell the same slots all `year`; raises Unsayable."""
    fields = plain_cron(schedule)
    if schedule.cron is None:
        return fields
    minute, _hour, day, month, weekday = fields.split()
    shift = _hours_behind_utc(schedule.timezone, year)
    reading = CronSim(fields, _ANY_READING)
    weekdays = {number % 7 for number in reading.weekdays if isinstance(number, int)}
    moved = {hour + shift for hour in reading.hours}
    days = {hour // 24 for hour in moved}
    hours = _listed((hour % 24 for hour in moved), every=24)
    if "7" in weekday:  # a Sunday that not every cron knows
        weekday = _listed(weekdays, every=7)
    anywhen = (day, month, weekday) == ("*", "*", "*")
    if anywhen or days == {0}:
        return f"{minute} {hours} {day} {month} {weekday}"
    if (day, month) != ("*", "*") or len(days) > 1:
        raise Unsayable(N_("in UTC it falls on other days"))
    by = days.pop()
    return f"{minute} {hours} * * {_listed(((number + by) % 7 for number in weekdays), every=7)}"


def _of_every(schedule: Schedule) -> str:
    minutes, rest = divmod(schedule.every or 0, 60)
    if rest or minutes < 1 or schedule.anchor != EPOCH:
        raise Unsayable(N_("cron counts whole minutes from midnight"))
    count = int(minutes)
    if 60 % count == 0:
        return f"{_listed(range(0, 60, count), every=60)} * * * *"
    if _DAY % (count * 60) == 0 and count % 60 == 0:
        return f"0 {_listed(range(0, 24, count // 60), every=24)} * * *"
    raise Unsayable(N_("cron counts whole minutes from midnight"))


def _hours_behind_utc(zone: str, year: int) -> int:
    """Hours to add to a reading in `zone`; raises Unsayable where that changes in `year`, or is no whole number."""
    clock = ZoneInfo(zone)
    first = datetime(year, 1, 1, tzinfo=UTC)
    offsets = {(first + timedelta(days=day)).astimezone(clock).utcoffset() for day in range(366)}
    offset = offsets.pop()
    if offsets or offset is None or offset % timedelta(hours=1):
        raise Unsayable(N_("against UTC its clock is put forward and back, or is no whole hours apart"))
    return -(offset // timedelta(hours=1))


def _listed(numbers: Iterable[int], *, every: int) -> str:
    told = sorted(set(numbers))
    return "*" if len(told) == every else ",".join(map(str, told))
