"""Slots on working days only: weekends and Colombia's public holidays have none."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.schedules import Schedule
from orchestrator.operations.schedule_preview import preview
from orchestrator.timetable import working_days
from orchestrator.timetable.times import check_fires, times_of
from orchestrator.timetable.working_days import NoHolidays, NoWorkingDay, check_holidays, holiday_on, is_working_day

DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)
AT_SIX = Schedule(name="s", workflow="w", cron="0 6 * * *", working_days=True)


def of_the_law(year: int) -> set[date]:
    """The public holidays of Law 51 of 1983, and of Law 2578 of 2026, which added the ninth of July."""
    fixed = [(1, 1), (5, 1), (7, 20), (8, 7), (12, 8), (12, 25)]
    moved = [(1, 6), (3, 19), (6, 29), (8, 15), (10, 12), (11, 1), (11, 11), *([(7, 9)] if year >= 2026 else [])]
    easter = easter_of(year)
    mondays = {(day := date(year, *one)) + timedelta(days=-day.weekday() % 7) for one in moved}
    return {date(year, *one) for one in fixed} | mondays | {easter + timedelta(days=n) for n in (-3, -2, 43, 64, 71)}


def easter_of(year: int) -> date:
    """Gauss's rule in the form of 1876, as printed in Nature."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    r = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * r) // 433
    month = (h + r - 7 * m + 90) // 25
    return date(year, month, (h + r - 7 * m + 33 * month + 19) % 32)


@pytest.mark.parametrize("year", range(2020, 2037))
def test_the_calendar_holds_the_public_holidays_of_the_law(year):
    days = [date(year, 1, 1) + number * DAY for number in range(366)]

    found = {day for day in days if day.year == year and holiday_on(day) is not None}

    assert found == of_the_law(year)


def test_a_working_day_is_neither_weekend_nor_holiday():
    week = [date(2026, 7, 17) + number * DAY for number in range(5)]  # Friday to Tuesday; Monday is 20 July

    working = [is_working_day(day) for day in week]

    assert working == [True, False, False, False, True]


def test_slots_leave_out_the_weekend_and_the_holiday_after_it_forwards_and_backwards():
    times = times_of(AT_SIX)
    friday, tuesday = datetime(2026, 7, 17, 11, tzinfo=UTC), datetime(2026, 7, 21, 11, tzinfo=UTC)

    after, before = times.after(friday), times.before(tuesday)

    assert (after, before) == (tuesday, friday)


@pytest.mark.parametrize(
    ("fields", "zone"),
    [
        ({"cron": "30 2 * * *"}, "America/New_York"),
        ({"cron": "*/30 * * * *"}, "America/Santiago"),
        ({"cron": "0 */5 * * *"}, "Atlantic/Azores"),
        ({"every": 7000}, "Africa/Cairo"),
        ({"every": 100_000}, "America/Bogota"),
    ],
)
def test_they_are_the_slots_of_all_days_less_those_on_other_days(fields, zone):
    schedule = Schedule(name="s", workflow="w", timezone=zone, **fields)
    all_days, some = times_of(schedule), times_of(replace(schedule, working_days=True))
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)
    expected, slot = [], all_days.after(start)
    while slot < end:
        if is_working_day(slot.astimezone(ZoneInfo(zone)).date()):
            expected.append(slot)
        slot = all_days.after(slot)

    found, slot = [], some.after(start)
    while slot < end:
        found.append(slot)
        slot = some.after(slot)

    assert found == expected
    assert all(some.before(late) == early for early, late in pairwise(found))


@pytest.mark.parametrize("cron", ["* * 25 12 *", "*/5 9 * * SAT,SUN"])
def test_what_falls_on_other_days_only_never_fires_and_nobody_looks_further_than_ten_years(cron):
    idle = Schedule(name="s", workflow="w", cron=cron, working_days=True)

    with pytest.raises(NoWorkingDay, match="never fires"):
        check_fires(idle)

    assert times_of(idle).before(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_preview_shows_what_fires_with_its_offset_and_names_the_holidays_that_are_left_out():
    friday = datetime(2026, 7, 17, 12, tzinfo=UTC)

    shown = preview(AT_SIX, friday, 2)

    assert [(slot.local.isoformat(), slot.holiday) for slot in shown] == [
        ("2026-07-20T06:00:00-05:00", "Día de la Independencia"),
        ("2026-07-21T06:00:00-05:00", None),
        ("2026-07-22T06:00:00-05:00", None),
    ]
    assert {slot.offset for slot in shown} == {"-05:00"}
    assert [slot.at for slot in shown if slot.holiday is None] == fired(AT_SIX, friday, 2)


def test_a_preview_of_a_holiday_names_it_once_however_many_slots_it_would_have_had():
    quarterly = Schedule(name="s", workflow="w", cron="*/15 * * * *", working_days=True)

    shown = preview(quarterly, datetime(2026, 7, 18, 4, 40, tzinfo=UTC), 2)

    assert [slot.holiday for slot in shown] == [None, "Día de la Independencia", None]


def test_a_preview_tells_how_the_offset_changes():
    daily = Schedule(name="s", workflow="w", cron="30 2 * * *", timezone="America/New_York")

    shown = preview(daily, datetime(2026, 3, 7, tzinfo=UTC), 3)

    assert [f"{slot.local:%d %H:%M} {slot.offset}" for slot in shown] == [
        "07 02:30 -05:00",
        "08 03:00 -04:00",
        "09 02:30 -04:00",
    ]


def test_without_the_calendar_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(working_days, "find_spec", lambda name: None)

    with pytest.raises(NoHolidays) as missing:
        check_holidays()

    assert "pip install 'orquestador-etl[calendars]'" in str(missing.value)


def fired(schedule: Schedule, start: datetime, count: int) -> list[datetime]:
    times, found = times_of(schedule), []
    while len(found) < count:
        start = times.after(start)
        found.append(start)
    return found
