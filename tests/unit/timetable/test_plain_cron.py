"""Schedules told to other people's cron: the same slots, or nothing at all."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from orchestrator.core.schedules import Schedule
from orchestrator.timetable.plain_cron import Unsayable, cron_in_utc, plain_cron
from orchestrator.timetable.times import times_of

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "in_utc"),
    [
        ("0 6 * * *", "0 11 * * *"),
        ("@daily", "0 5 * * *"),
        ("30 20 * * *", "30 1 * * *"),
        ("30 20 * * 1-5", "30 1 * * 2,3,4,5,6"),
        ("30 20 * * SAT", "30 1 * * 0"),
        ("0 6 1 * *", "0 11 1 * *"),
        ("0 6 * JAN,JUL MON", "0 11 * JAN,JUL MON"),
        ("0 6 * * 7", "0 11 * * 0"),
        ("*/10 * * * *", "*/10 * * * *"),
        ("5 8-11,18 * * *", "5 13,14,15,16,23 * * *"),
        ("0 */6 * * *", "0 5,11,17,23 * * *"),
    ],
)
def test_the_fields_in_utc_name_the_same_instants(cron, in_utc):
    schedule = schedule_of(cron=cron)

    said = cron_in_utc(schedule, 2026)

    assert said == in_utc
    assert slots(schedule_of(cron=said, timezone="UTC")) == slots(schedule)


@pytest.mark.parametrize(
    ("every", "fields"),
    [
        (900, "0,15,30,45 * * * *"),
        (60, "* * * * *"),
        (3600, "0 * * * *"),
        (21_600, "0 0,6,12,18 * * *"),
        (86_400, "0 0 * * *"),
    ],
)
def test_even_times_that_fit_into_a_day_can_be_said(every, fields):
    schedule = schedule_of(every=every)

    said = cron_in_utc(schedule, 2026)

    assert said == plain_cron(schedule) == fields
    assert slots(schedule_of(cron=said, timezone="UTC")) == slots(schedule)


@pytest.mark.parametrize(
    "fields",
    [
        {"cron": "0 20 1 * *"},  # the second of the month in UTC, or the first
        {"cron": "0 18,20 * * 1"},
        {"cron": "0 6 L * *"},
        {"cron": "0 6 LW * *"},
        {"cron": "0 6 * * 5L"},
        {"cron": "0 6 * * FRI#2"},
        {"cron": "0 6 * * *", "timezone": "America/New_York"},
        {"cron": "0 6 * * *", "timezone": "America/Caracas", "working_days": True},
        {"cron": "0 6 * * *", "timezone": "Asia/Kolkata"},
        {"cron": "0 6 * * *", "parameters": {"x": "1"}},
        {"every": 7},
        {"every": 420},
        {"every": 900, "anchor": datetime(2026, 1, 1, 0, 5, tzinfo=UTC)},
    ],
)
def test_what_would_fire_at_other_times_is_not_said(fields):
    schedule = schedule_of(**fields)

    with pytest.raises(Unsayable):
        cron_in_utc(schedule, 2026)


def slots(schedule):
    times = times_of(schedule)

    def following(moment):
        while (moment := times.after(moment)) is not None:
            yield moment

    return list(islice(following(START), 60))


def schedule_of(**fields):
    return Schedule(name="s", workflow="w", **fields)
