"""Cron expressions: what they may say, and their slots in a zone that puts its clocks forward and back.

cronsim finds readings of a clock that never changes; which instants those are is decided here:

- Where the hour field names certain hours, a reading that is skipped fires once, at the first instant after the gap,
  and a repeated one fires once, at its first occurrence.
- Where it is `*`, names a step, or names every hour, slots follow elapsed time: whenever the clock shows such a
  reading. So both repeated hours fire, and skipped ones don't.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from cronsim import CronSim, CronSimError

from orchestrator.core.errors import UsageError, nearest, shorten
from orchestrator.core.messages import N_
from orchestrator.timetable.wall_clock import WallClock

LONGEST = 200
"""Characters of an expression; every minute of an hour by name takes 170."""
SHORTHANDS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS: Final = (
    N_("{value} is no minute: 0 to 59, lists (0,30), ranges (10-20) and steps (*/15)"),
    N_("{value} is no hour: 0 to 23, lists (6,18), ranges (8-17) and steps (*/2)"),
    N_("{value} is no day of the month: 1 to 31, L for the last one, LW for the last from Monday to Friday"),
    N_("{value} is no month: 1 to 12 or JAN to DEC"),
    N_("{value} is no day of the week: 0 to 7 or SUN to SAT; FRI#2 (written 5#2) is the second Friday, 5L the last"),
)
_FIELD_COUNT = len(_FIELDS)
_HOURS = set(range(24))
_SECOND, _JUST_AFTER = timedelta(seconds=1), timedelta(microseconds=1)


class BadCron(UsageError):
    """An expression that is none, or that no moment ever matches."""


class CronTimes:
    """The readings of one expression as instants; raises BadCron."""

    def __init__(self, expression: str, clock: WallClock) -> None:
        self._expression = " ".join(fields_of(expression))
        self._clock = clock
        hours = self._expression.split()[1]
        names_all = CronSim(self._expression, datetime(2000, 1, 1)).hours == _HOURS  # noqa: DTZ001 - a reading
        self._elapsed = names_all or "/" in hours

    def after(self, moment: datetime) -> datetime | None:
        """The first slot later than `moment`; None if the expression matches no date in fifty years."""
        return self._next_elapsed(moment) if self._elapsed else self._next_reading(moment)

    def before(self, moment: datetime) -> datetime | None:
        """The last slot earlier than `moment`; None if the expression matched no date in fifty years."""
        return self._last_elapsed(moment) if self._elapsed else self._last_reading(moment)

    def _next_reading(self, moment: datetime) -> datetime | None:
        """Readings grow with the instants that they stand for, so the first one that is late enough is it."""
        for reading in CronSim(self._expression, self._clock.reading(moment)):
            slot = self._clock.first_at(reading)
            if slot > moment:
                return slot
        return None

    def _last_reading(self, moment: datetime) -> datetime | None:
        ahead = self._clock.reading(moment) + self._clock.repetition_at(moment)
        for reading in CronSim(self._expression, ahead, reverse=True):
            slot = self._clock.first_at(reading)
            if slot < moment:
                return slot
        return None

    def _next_elapsed(self, moment: datetime) -> datetime | None:
        """Between two changes of the clock a reading is one instant: look there, then beyond the next change."""
        start, reading = moment, self._clock.reading(moment)
        while True:
            found = next(CronSim(self._expression, reading), None)
            if found is None:
                return None
            slot = (found - self._clock.offset(start)).replace(tzinfo=UTC)
            change = self._clock.first_change(start, slot)
            if change is None:
                return slot
            start, reading = change, self._clock.reading(change) - _SECOND

    def _last_elapsed(self, moment: datetime) -> datetime | None:
        end = moment
        while True:
            last = end - _JUST_AFTER
            found = next(CronSim(self._expression, self._clock.reading(last) + _JUST_AFTER, reverse=True), None)
            if found is None:
                return None
            slot = (found - self._clock.offset(last)).replace(tzinfo=UTC)
            change = self._clock.last_change(slot, last)
            if change is None:
                return slot
            end = change


def fields_of(expression: str) -> list[str]:
    """The five fields of `expression`, capitals throughout; raises BadCron naming the one that is wrong."""
    text = expression.strip()
    if len(text) > LONGEST:
        raise BadCron(N_("has {count} characters, more than {most}"), count=len(text), most=LONGEST)
    if text.startswith("@"):
        return _of_shorthand(text).split()
    fields = text.upper().split()
    _check_count(text, fields)
    for position, value in enumerate(fields):
        alone = ["*"] * _FIELD_COUNT
        alone[position] = value
        if not _is_cron(alone):
            raise BadCron(_FIELDS[position], value=_quoted(value))
    if not _is_cron(fields):
        raise never_fires(expression)
    return fields


def never_fires(expression: str) -> BadCron:
    """The error of an expression that no date matches."""
    return BadCron(N_("{value} never fires: no date in ten years matches it"), value=_quoted(expression))


def _of_shorthand(text: str) -> str:
    try:
        return SHORTHANDS[text.lower()]
    except KeyError:
        near = nearest(text.lower(), SHORTHANDS)
        known = ", ".join(SHORTHANDS)
        if near is None:
            raise BadCron(
                N_("no shorthand is called {value}; there are {known}"), value=_quoted(text), known=known
            ) from None
        raise BadCron(
            N_("no shorthand is called {value} – did you mean {near}?"), value=_quoted(text), near=near
        ) from None


def _check_count(text: str, fields: list[str]) -> None:
    if len(fields) == _FIELD_COUNT + 1:
        raise BadCron(
            N_("{value} has six fields: seconds and years are not possible, leave five: minute hour day month weekday"),
            value=_quoted(text),
        )
    if len(fields) != _FIELD_COUNT:
        raise BadCron(
            N_("must have five fields (minute hour day month weekday) or be such as @daily, not {value}"),
            value=_quoted(text),
        )


def _is_cron(fields: list[str]) -> bool:
    try:
        CronSim(" ".join(fields), datetime(2000, 1, 1))  # noqa: DTZ001 - a reading, no instant
    except CronSimError:
        return False
    return True


def _quoted(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in json.dumps(shorten(text), ensure_ascii=False))
