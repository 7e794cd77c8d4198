"""Days on which Colombia's offices work: neither Saturday nor Sunday nor a public holiday."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.util import find_spec
from typing import Final

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.schedules import HORIZON, Times
from orchestrator.timetable.wall_clock import WallClock

COUNTRY: Final = "CO"
_SATURDAY = 5
_MOVED = " (observado)"
"""The package's mark of those that the law moves to a Monday; nobody calls them so."""
_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)


class NoHolidays(UsageError):
    """The package that knows the public holidays is not installed."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "working_days needs the calendar of public holidays; install it: "
                "pip install 'orquestador-etl[calendars]'"
            )
        )


class NoWorkingDay(UsageError):
    """A schedule that would fire on other days only."""

    def __init__(self) -> None:
        super().__init__(N_("never fires: in ten years none of its slots is on a working day"))


class WorkingDays:
    """Of the slots of other `times`, those on working days."""

    def __init__(self, times: Times, clock: WallClock) -> None:
        self._times = times
        self._clock = clock
        check_holidays()

    def after(self, moment: datetime) -> datetime | None:
        """The first slot later than `moment` on a working day."""
        slot = self._times.after(moment)
        while slot is not None and slot - moment <= HORIZON and (day := self._day_off(slot)) is not None:
            slot = self._times.after(self._begin_of(day + _DAY) - _INSTANT)
        return slot

    def before(self, moment: datetime) -> datetime | None:
        """The last slot earlier than `moment` on a working day."""
        slot = self._times.before(moment)
        while slot is not None and moment - slot <= HORIZON and (day := self._day_off(slot)) is not None:
            slot = self._times.before(self._begin_of(day))
        return slot

    def _day_off(self, slot: datetime) -> date | None:
        day = self._clock.reading(slot).date()
        return None if is_working_day(day) else day

    def _begin_of(self, day: date) -> datetime:
        return self._clock.first_at(datetime.combine(day, time()))


def is_working_day(day: date) -> bool:
    """Whether offices work on `day`; raises NoHolidays."""
    return not is_weekend(day) and holiday_on(day) is None


def is_weekend(day: date) -> bool:
    """Whether `day` is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def holiday_on(day: date) -> str | None:
    """The public holiday of that day, in Spanish; raises NoHolidays."""
    name = _holidays()(day)
    return None if name is None else name.replace(_MOVED, "")


def check_holidays() -> None:
    """Raises NoHolidays where the calendar is not installed; reads nothing."""
    if find_spec("holidays") is None:
        raise NoHolidays


@cache
def _holidays() -> Callable[[date], str | None]:
    try:
        from holidays import country_holidays  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise NoHolidays from None
    return country_holidays(COUNTRY, language="es").get
