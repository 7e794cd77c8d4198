"""Which slots fire, which are missed, and that deciding stays cheap however long nobody decided."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.schedules import MOST_LISTED, Catchup, Decision, Schedule, decide

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
HOURLY = Schedule(name="s", workflow="w", every=3600)


@dataclass
class Steps:
    """Slots at whole steps since the year 2000; counts the questions."""

    step: timedelta
    asked: int = field(default=0)

    def after(self, moment: datetime) -> datetime:
        self.asked += 1
        return self._origin + ((moment - self._origin) // self.step + 1) * self.step

    def before(self, moment: datetime) -> datetime:
        self.asked += 1
        return self._origin - ((self._origin - moment) // self.step + 1) * self.step

    _origin = datetime(2000, 1, 1, tzinfo=UTC)


def hours(*numbers: int) -> tuple[datetime, ...]:
    """Slots so many hours before noon."""
    return tuple(NOON - number * HOUR for number in numbers)


# --- what fires ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("catchup", Catchup)
def test_a_slot_that_has_just_come_fires_whatever_is_made_up_for(catchup):
    schedule = replace(HOURLY, catchup=catchup)

    decision = decide(schedule, Steps(HOUR), NOON - HOUR, NOON)

    assert decision == Decision(fire=(NOON,), cursor=NOON)


def test_before_the_next_slot_nothing_is_due():
    almost = NOON - timedelta(microseconds=1)

    decision = decide(HOURLY, Steps(HOUR), NOON - HOUR, almost)

    assert decision == Decision(cursor=almost)


def test_of_slots_missed_in_the_window_the_latest_fires():
    late = NOON + 30 * MINUTE

    decision = decide(HOURLY, Steps(HOUR), NOON - 3 * HOUR, late)

    assert decision == Decision(fire=hours(0), missed=hours(2, 1), missed_since=NOON - 2 * HOUR, cursor=late)


def test_all_of_them_fire_oldest_first_where_all_are_asked_for():
    schedule = replace(HOURLY, catchup=Catchup.ALL)

    decision = decide(schedule, Steps(HOUR), NOON - 3 * HOUR, NOON + MINUTE)

    assert decision.fire == hours(2, 1, 0)
    assert decision.missed == ()


def test_of_all_only_the_newest_fire_up_to_the_cap():
    schedule = replace(HOURLY, catchup=Catchup.ALL, max_catchup=2)

    decision = decide(schedule, Steps(HOUR), NOON - 4 * HOUR, NOON + MINUTE)

    assert decision.fire == hours(1, 0)
    assert decision.missed == hours(3, 2)


@pytest.mark.parametrize("catchup", [Catchup.LATEST, Catchup.ALL])
def test_slots_later_than_the_window_are_missed(catchup):
    schedule = replace(HOURLY, catchup=catchup, window=90 * 60)

    decision = decide(schedule, Steps(HOUR), NOON - 3 * HOUR, NOON + 31 * MINUTE)

    assert decision.fire == hours(0)
    assert decision.missed == hours(2, 1)


def test_a_slot_exactly_as_late_as_the_window_still_fires():
    schedule = replace(HOURLY, window=1800)

    decision = decide(schedule, Steps(HOUR), NOON - HOUR, NOON + 30 * MINUTE)

    assert decision.fire == (NOON,)


def test_where_even_the_newest_is_later_than_the_window_none_fires():
    schedule = replace(HOURLY, window=60)

    decision = decide(schedule, Steps(HOUR), NOON - HOUR, NOON + 2 * MINUTE)

    assert (decision.fire, decision.missed) == ((), (NOON,))


@pytest.mark.parametrize(("seconds_late", "fires"), [(0, True), (60, True), (61, False)])
def test_without_catchup_only_what_is_hardly_late_fires(seconds_late, fires):
    schedule = replace(HOURLY, catchup=Catchup.NONE)

    decision = decide(schedule, Steps(HOUR), NOON - 2 * HOUR, NOON + timedelta(seconds=seconds_late))

    assert (NOON in decision.fire, NOON in decision.missed) == (fires, not fires)
    assert NOON - HOUR in decision.missed


def test_a_schedule_that_is_not_enabled_has_no_slots_and_is_not_made_up_for_later():
    idle = replace(HOURLY, enabled=False)

    then = decide(idle, Steps(HOUR), NOON - 3 * HOUR, NOON)
    again = decide(HOURLY, Steps(HOUR), then.cursor, NOON + MINUTE)

    assert then == Decision(cursor=NOON)
    assert again == Decision(cursor=NOON + MINUTE)


# --- the cursor ------------------------------------------------------------------------------------------------------


def test_a_clock_that_went_back_decides_nothing_and_no_slot_twice():
    first = decide(HOURLY, Steps(HOUR), NOON - HOUR, NOON + MINUTE)

    back = decide(HOURLY, Steps(HOUR), first.cursor, NOON - 2 * HOUR)
    again = decide(HOURLY, Steps(HOUR), back.cursor, NOON + 2 * MINUTE)

    assert first.fire == (NOON,)
    assert back == Decision(cursor=first.cursor)
    assert again.fire == ()


@settings(deadline=None, max_examples=200)
@given(
    catchup=st.sampled_from(Catchup),
    window=st.integers(60, 100_000),
    most=st.integers(1, 12),
    waits=st.lists(st.integers(0, 40_000), min_size=1, max_size=12),
)
def test_however_often_one_looks_each_slot_is_decided_exactly_once(catchup, window, most, waits):
    schedule = replace(HOURLY, catchup=catchup, window=window, max_catchup=most)
    looks = [NOON + timedelta(seconds=sum(waits[: count + 1])) for count in range(len(waits))]
    cursor, decided = NOON, []

    for now in looks:
        decision = decide(schedule, Steps(HOUR), cursor, now)
        cursor = decision.cursor
        decided += sorted([*decision.fire, *decision.missed])

    first = Steps(HOUR).after(NOON)
    assert decided == [first + number * HOUR for number in range((looks[-1] - NOON) // HOUR)]


# --- the work --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("catchup", Catchup)
def test_ten_years_without_a_scheduler_cost_no_more_than_a_day(catchup):
    schedule = replace(HOURLY, catchup=catchup, max_catchup=50)
    minutes = Steps(MINUTE)

    decision = decide(schedule, minutes, NOON - 3653 * DAY, NOON + timedelta(seconds=30))

    assert minutes.asked < MOST_LISTED + 60
    assert len(decision.missed) == MOST_LISTED
    assert decision.missed_since == NOON - 3653 * DAY + MINUTE
    assert decision.fire[-1] == NOON
    assert decision.cursor == NOON + timedelta(seconds=30)


def test_where_all_missed_slots_are_listed_the_first_of_them_is_the_oldest():
    decision = decide(HOURLY, Steps(HOUR), NOON - 5 * HOUR, NOON)

    assert decision.missed_since == decision.missed[0]


# --- edits -----------------------------------------------------------------------------------------------------------

CRON = Schedule(name="s", workflow="w", cron="0 6 * * MON-FRI")


@pytest.mark.parametrize(
    "edited",
    [
        replace(CRON, cron="0 7 * * MON-FRI"),
        replace(CRON, timezone="Europe/Berlin"),
        replace(CRON, working_days=True),
        HOURLY,
        replace(HOURLY, every=60),
        replace(HOURLY, anchor=NOON),
    ],
    ids=lambda edited: f"{edited.cron or edited.every} {edited.timezone} {edited.working_days}",
)
def test_an_edit_of_when_changes_the_fingerprint(edited):
    others = {each.fingerprint for each in (CRON, HOURLY) if each != edited}

    fingerprint = edited.fingerprint

    assert fingerprint not in others
    assert len(fingerprint) == 64


@pytest.mark.parametrize(
    "edited",
    [
        replace(CRON, cron=" 0  6 * * mon-fri"),
        replace(CRON, name="t", workflow="v", description="x", parameters={"x": 1}),
        replace(CRON, enabled=False, catchup=Catchup.ALL, window=60, max_catchup=1, parallel=True, max_workers=2),
    ],
    ids=["spelling", "what", "how"],
)
def test_an_edit_of_anything_else_does_not(edited):
    before = CRON.fingerprint

    after = edited.fingerprint

    assert after == before


def test_seconds_count_the_same_whole_or_not_and_in_any_zone():
    bogota = datetime.fromisoformat("2026-05-04T07:00:00-05:00")

    fingerprints = {
        replace(HOURLY, every=3600.0, anchor=NOON).fingerprint,
        replace(HOURLY, every=3600, anchor=bogota).fingerprint,
    }

    assert len(fingerprints) == 1
