"""`every`: slots a whole number of steps away from their anchor, and nothing outside the times that can be asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.schedules import EPOCH, Schedule
from orchestrator.timetable.times import times_of

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ANCHORS = MOMENTS | st.just(EPOCH)


def every(seconds: float, **fields) -> Schedule:
    return Schedule(name="s", workflow="w", every=seconds, **fields)


def test_without_an_anchor_slots_are_whole_steps_from_1970_on():
    times = times_of(every(900))

    slot = times.after(datetime(2026, 5, 4, 12, 1, tzinfo=UTC))

    assert slot == datetime(2026, 5, 4, 12, 15, tzinfo=UTC)


def test_an_anchor_to_come_counts_backwards_as_well():
    times = times_of(every(3600, anchor=datetime(2027, 1, 1, 0, 20, tzinfo=UTC)))

    slot = times.after(datetime(2026, 5, 4, 12, tzinfo=UTC))

    assert slot == datetime(2026, 5, 4, 12, 20, tzinfo=UTC)


def test_a_day_is_24_hours_also_where_clocks_change():
    times = times_of(every(86_400, timezone="America/New_York", anchor=datetime(2026, 3, 7, 12, tzinfo=UTC)))

    slot = times.after(datetime(2026, 3, 8, 0, tzinfo=UTC))

    assert slot == datetime(2026, 3, 8, 12, tzinfo=UTC)


@given(seconds=st.floats(10, 1e6) | st.integers(10, 31_622_400), anchor=ANCHORS, moment=MOMENTS)
def test_the_slots_around_a_moment_are_one_step_apart_and_whole_steps_from_the_anchor(seconds, anchor, moment):
    times, step = times_of(every(seconds, anchor=anchor)), timedelta(seconds=seconds)

    late = times.after(moment)
    early = times.before(late)

    assert early <= moment < late
    assert late - early == step
    assert (late - anchor) % step == timedelta(0)
    assert times.after(early) == late


@pytest.mark.parametrize("schedule", [every(60), Schedule(name="s", workflow="w", cron="* * * * *")], ids=str)
def test_nobody_has_slots_before_1970_nor_at_the_end_of_time(schedule):
    times = times_of(schedule)

    around = [
        times.before(EPOCH),
        times.after(datetime.max.replace(tzinfo=UTC)),
        times.before(datetime.max.replace(tzinfo=UTC)),
    ]
    first = times.after(datetime.min.replace(tzinfo=UTC))

    assert around == [None, None, None]
    assert first == EPOCH
