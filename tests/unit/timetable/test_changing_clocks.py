"""Where clocks are put forward and back: skipped and repeated readings, in tables and against a watched clock."""

import os
import random
import struct
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.schedules import Schedule, Times
from orchestrator.timetable.times import times_of
from tests.unit.timetable.wall_oracle import changes_of, slots_between

EXPRESSIONS_PER_CHANGE = int(os.environ.get("ETL_FAULT_COUNT_CRON", "2"))
INSTANT = timedelta(microseconds=1)
ZONES = [
    "America/Bogota",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/Nuuk",
    "America/Mexico_City",
    "America/Caracas",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Johannesburg",
    "Antarctica/Troll",
    "Antarctica/Macquarie",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "UTC",
]
HOURS = ["*", "*/2", "*/3", "1-23/2", "0", "1", "2", "2", "3", "4", "23", "0-3", "1,2,3", "22-23", "0,12", "0-23"]
FAR = ("Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Marquesas")


def times_in(zone: str, cron: str) -> Times:
    return times_of(Schedule(name="s", workflow="w", cron=cron, timezone=zone))


def forward(times: Times, start: datetime, end: datetime) -> list[datetime]:
    found, slot = [], times.after(start - INSTANT)
    while slot is not None and slot < end:
        found.append(slot)
        slot = times.after(slot)
    return found


def backward(times: Times, start: datetime, end: datetime) -> list[datetime]:
    found, slot = [], times.before(end)
    while slot is not None and slot >= start:
        found.append(slot)
        slot = times.before(slot)
    return found[::-1]


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "cron", "slots"),
    [
        ("America/Bogota", "2026-03-08", "30 2 * * *", "02:30-0500"),
        ("Asia/Kolkata", "2026-03-08", "0 6 * * *", "06:00+0530"),
        ("Asia/Kathmandu", "2026-03-08", "0 6 * * *", "06:00+0545"),
        # put forward: what is skipped comes at the first instant after the gap, once
        ("America/New_York", "2026-03-08", "30 2 * * *", "03:00-0400"),
        ("America/New_York", "2026-03-08", "*/15 2 * * *", "03:00-0400"),
        ("America/New_York", "2026-03-08", "0 2,3 * * *", "03:00-0400"),
        ("America/New_York", "2026-03-08", "0 0-3 * * *", "00:00-0500 01:00-0500 03:00-0400"),
        ("Europe/Berlin", "2026-03-29", "30 2 * * *", "03:00+0200"),
        ("Australia/Lord_Howe", "2026-10-04", "15 2 * * *", "02:30+1100"),
        ("Australia/Lord_Howe", "2026-10-04", "45 2 * * *", "02:45+1100"),
        ("Antarctica/Troll", "2026-03-29", "30 1,2 * * *", "03:00+0200"),
        ("Africa/Cairo", "2026-04-24", "0 0 * * *", "01:00+0300"),
        ("America/Santiago", "2026-09-06", "0 0 * * *", "01:00-0300"),
        # put back: what is repeated comes at its first occurrence, once
        ("America/New_York", "2026-11-01", "30 1 * * *", "01:30-0400"),
        ("America/New_York", "2026-11-01", "*/15 1 * * *", "01:00-0400 01:15-0400 01:30-0400 01:45-0400"),
        ("America/New_York", "2026-11-01", "0 2 * * *", "02:00-0500"),
        ("Europe/Berlin", "2026-10-25", "30 2 * * *", "02:30+0200"),
        ("Australia/Lord_Howe", "2026-04-05", "45 1 * * *", "01:45+1100"),
        ("Antarctica/Troll", "2026-10-25", "30 1,2 * * *", "01:30+0200 02:30+0200"),
        ("Africa/Cairo", "2026-10-29", "30 23 * * *", "23:30+0300"),
        ("America/Santiago", "2026-04-04", "30 23 * * *", "23:30-0300"),
    ],
)  # fmt: skip
def test_a_skipped_reading_comes_after_the_gap_and_a_repeated_one_at_its_first_occurrence(zone, day, cron, slots):
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    found = forward(times_in(zone, cron), start, start + timedelta(hours=26))

    assert on_the_day(found, zone, day) == slots.split()


@pytest.mark.parametrize(
    ("zone", "day", "cron", "slots"),
    [
        ("America/New_York", "2026-03-08", "30 */1 1-8 * *", "00:30-0500 01:30-0500 03:30-0400 04:30-0400"),
        ("America/New_York", "2026-11-01", "30 * * * *", "00:30-0400 01:30-0400 01:30-0500 02:30-0500 03:30-0500"),
        ("America/New_York", "2026-11-01", "0 0-23 * * *", "00:00-0400 01:00-0400 01:00-0500 02:00-0500 03:00-0500"),
        ("Australia/Lord_Howe", "2026-04-05", "45 * * * *", "00:45+1100 01:45+1100 01:45+1030 02:45+1030 03:45+1030"),
        ("Australia/Lord_Howe", "2026-04-05", "0 */2 * * *", "00:00+1100 02:00+1030 04:00+1030"),
        ("Antarctica/Troll", "2026-10-25", "30 1-23/1 * * *", "01:30+0200 02:30+0200 01:30+0000 02:30+0000 03:30+0000"),
    ],
)  # fmt: skip
def test_hourly_and_stepped_ones_follow_elapsed_time_through_both_repeated_hours(zone, day, cron, slots):
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    expected = slots.split()

    found = forward(times_in(zone, cron), start, start + timedelta(hours=26))

    assert on_the_day(found, zone, day)[: len(expected)] == expected


def on_the_day(slots: list[datetime], zone: str, day: str) -> list[str]:
    local = [slot.astimezone(ZoneInfo(zone)) for slot in slots]
    return [f"{slot:%H:%M%z}" for slot in local if f"{slot:%Y-%m-%d}" == day]


def test_a_day_that_a_country_left_out_comes_at_the_first_instant_of_the_next():
    times = times_in("Pacific/Apia", "0 9 * * *")
    start = datetime(2011, 12, 29, 15, tzinfo=UTC)

    found = forward(times, start, start + timedelta(days=2))

    local = [slot.astimezone(ZoneInfo("Pacific/Apia")).isoformat(timespec="minutes") for slot in found]
    assert local == ["2011-12-29T09:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T09:00+14:00"]


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Atlantic/Azores"])
def test_a_daily_slot_in_a_repeated_or_skipped_hour_comes_once_a_day_all_year(zone):
    here = ZoneInfo(zone)
    hours = {change.astimezone(here).hour for change in changes_of(here, 2024, 2025)}
    start, end = datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)

    days = [
        [slot.astimezone(here).date() for slot in forward(times_in(zone, f"30 {hour} * * *"), start, end)]
        for hour in hours
    ]

    assert hours
    assert all(len(found) == len(set(found)) == 731 for found in days)


# --- against a watched clock -----------------------------------------------------------------------------------------


def a_cron(chance: random.Random) -> str:
    minute = chance.choice(["0", "30", "59", "15,45", "*/15", "*/7", "*", "1-5", "20-59/13"])
    hour = chance.choice(HOURS)
    day = chance.choice(["*", "*", "*", "1-7", "*/2", "25-31", "8"])
    weekday = chance.choice(["*", "*", "*", "0", "7", "1-5", "5-7"])
    return f"{minute} {hour} {day} * {weekday}"


@pytest.mark.parametrize("zone", ZONES)
def test_slots_around_every_change_of_three_years_are_those_that_a_watched_clock_shows(zone):
    chance, here = random.Random(zone), ZoneInfo(zone)
    changes = changes_of(here, 2024, 2026) or [datetime(2025, 3, 30, tzinfo=UTC)]

    for change in changes:
        start, end = change - timedelta(hours=25), change + timedelta(hours=26)
        for cron in (a_cron(chance) for _ in range(EXPRESSIONS_PER_CHANGE)):
            times = times_in(zone, cron)
            watched = slots_between(cron, here, start, end)

            found, back = forward(times, start, end), backward(times, start, end)
            probes = [start + (end - start) * chance.random() for _ in range(5)]
            probed = [(times.after(moment), times.before(moment)) for moment in probes]

            assert found == watched, cron
            assert back == watched, cron
            for moment, (after, before) in zip(probes, probed, strict=True):
                assert after == next((slot for slot in watched if slot > moment), after), (cron, moment)
                assert before == next((slot for slot in reversed(watched) if slot < moment), before), (cron, moment)


@pytest.mark.parametrize("zone", [*ZONES[::6], *FAR])
def test_slots_go_on_without_end_each_later_than_the_last_and_found_again_from_any_moment_between(zone):
    chance = random.Random(f"between {zone}")
    for cron in (a_cron(chance) for _ in range(4)):
        times = times_in(zone, cron)
        slot = times.after(datetime(2024, 3, 1, tzinfo=UTC))
        slots = []
        while len(slots) < 60:
            slots.append(slot)
            slot = times.after(slot)

        between = [(early + (late - early) * chance.random(), early, late) for early, late in pairwise(slots)]

        assert all(early < late for early, late in pairwise(slots))
        assert all(times.after(moment) == late for moment, early, late in between if moment >= early)
        assert all(times.before(moment) == early for moment, early, late in between if moment > early)
        assert all(times.after(early) == late and times.before(late) == early for early, late in pairwise(slots))


def test_no_zone_has_put_its_clocks_forward_and_back_within_a_day_since_1970():
    """The search for changes looks once a day."""
    names = files("tzdata").joinpath("zones").read_text().split()

    close = {name: [str(gap) for gap in gaps_between_changes(name) if gap <= timedelta(days=1)] for name in names}

    assert len(names) > 400
    assert {name: gaps for name, gaps in close.items() if gaps} == {}


def gaps_between_changes(zone: str) -> list[timedelta]:
    """From the compiled zone (RFC 8536, the second block): between changes of the offset since 1970."""
    data = files("tzdata.zoneinfo").joinpath(zone).read_bytes()
    isut, isstd, leap, changes, types, letters = struct.unpack(">6l", data[20:44])
    second = 44 + changes * 5 + types * 6 + letters + leap * 8 + isstd + isut
    changes, types = struct.unpack(">2l", data[second + 32 : second + 40])
    at = struct.unpack(f">{changes}q", data[second + 44 : second + 44 + changes * 8])
    kinds = data[second + 44 + changes * 8 :][:changes]
    offsets = [o for (o,) in struct.iter_unpack(">l2x", data[second + 44 + changes * 9 :][: types * 6])]
    shown = [offsets[0], *(offsets[kind] for kind in kinds)]
    moved = [instant for instant, old, new in zip(at, shown, shown[1:], strict=False) if old != new and instant > 0]
    return [timedelta(seconds=late - early) for early, late in pairwise(moved)]
