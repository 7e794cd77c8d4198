"""What an expression may say, and what its author is told where it may not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.core.schedules import Schedule
from orchestrator.timetable.cron import BadCron, fields_of
from orchestrator.timetable.times import check_fires, times_of

NEW_YEAR = datetime(2026, 1, 1, 5, tzinfo=UTC)
"""Midnight in Bogotá, a Thursday."""


def scheduled(cron: str) -> Schedule:
    return Schedule(name="s", workflow="w", cron=cron)


def local_slots(cron: str, count: int) -> list[str]:
    times, slot = times_of(scheduled(cron)), NEW_YEAR - timedelta(seconds=1)
    found = []
    while len(found) < count and (slot := times.after(slot)) is not None:
        found.append(f"{slot - timedelta(hours=5):%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("cron", "first", "second"),
    [
        ("@hourly", "2026-01-01 00:00", "2026-01-01 01:00"),
        ("@daily", "2026-01-01 00:00", "2026-01-02 00:00"),
        ("@midnight", "2026-01-01 00:00", "2026-01-02 00:00"),
        ("@weekly", "2026-01-04 00:00", "2026-01-11 00:00"),
        ("@MONTHLY", "2026-01-01 00:00", "2026-02-01 00:00"),
        ("@yearly", "2026-01-01 00:00", "2027-01-01 00:00"),
        ("@annually", "2026-01-01 00:00", "2027-01-01 00:00"),
        (" 5  4 * *  * ", "2026-01-01 04:05", "2026-01-02 04:05"),
        ("*/20 * * * *", "2026-01-01 00:00", "2026-01-01 00:20"),
        ("7/20 6 * * *", "2026-01-01 06:07", "2026-01-01 06:27"),
        ("0 6 * jan,FEB mon-fri", "2026-01-01 06:00", "2026-01-02 06:00"),
        ("0 6 * * 6-7", "2026-01-03 06:00", "2026-01-04 06:00"),
        ("0 6 * * 0", "2026-01-04 06:00", "2026-01-11 06:00"),
        ("0 6 L * *", "2026-01-31 06:00", "2026-02-28 06:00"),
        ("0 6 LW * *", "2026-01-30 06:00", "2026-02-27 06:00"),
        ("0 6 * * FRI#2", "2026-01-09 06:00", "2026-02-13 06:00"),
        ("0 6 * * 5L", "2026-01-30 06:00", "2026-02-27 06:00"),
        ("0 0 29 2 *", "2028-02-29 00:00", "2032-02-29 00:00"),
        ("0 6 13 * FRI", "2026-01-02 06:00", "2026-01-09 06:00"),
        ("0 6 */13 * FRI", "2026-02-27 06:00", "2026-03-27 06:00"),
    ],
)
def test_an_expression_means_what_it_means_elsewhere(cron, first, second):
    expected = [first, second]

    slots = local_slots(cron, 2)

    assert slots == expected


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        ("", "must have five fields (minute hour day month weekday) or be such as @daily"),
        ("0 6 * *", "must have five fields"),
        ("0 0 6 * * *", "six fields: seconds and years are not possible"),
        ("60 6 * * *", '"60" is no minute: 0 to 59'),
        ("0 24 * * *", '"24" is no hour: 0 to 23'),
        ("0 6 32 * *", '"32" is no day of the month'),
        ("0 6 ? * *", '"?" is no day of the month'),
        ("0 6 * 13 *", '"13" is no month'),
        ("0 6 * * lun", '"LUN" is no day of the week'),
        ("0 6 * * 8", '"8" is no day of the week'),
        ("0 6 * * FRI#6", '"FRI#6" is no day of the week'),
        ("*/0 6 * * *", '"*/0" is no minute'),
        ("0 22-2 * * *", '"22-2" is no hour'),
        ("0 6,,7 * * *", '"6,,7" is no hour'),
        ("0 6 30 2 *", '"0 6 30 2 *" never fires'),
        ("0 6 31 4,6 *", "never fires"),
        ("@daly", 'no shorthand is called "@daly" – did you mean @daily?'),
        ("@reboot", 'no shorthand is called "@reboot"; there are @hourly, @daily'),
        ("0 6 * * " + "1," * 200 + "1", "has 409 characters, more than 200"),
        ("0\x1b 6 * * *", "is no minute"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said_in_one_sentence(cron, says):
    with pytest.raises(BadCron) as refusal:
        fields_of(cron)

    text = str(refusal.value)

    assert says in text
    assert text.isprintable()


@pytest.mark.parametrize("cron", ["0 0 * 2 MON#5", "0 0 * 2 SAT#5"])
def test_what_comes_less_than_once_in_ten_years_is_refused_although_it_could_come(cron):
    fields_of(cron)

    with pytest.raises(BadCron, match="never fires: no date in ten years"):
        check_fires(scheduled(cron))


def test_the_next_leap_day_is_near_enough():
    schedule = scheduled("0 0 29 2 *")

    check_fires(schedule)

    assert times_of(schedule).before(NEW_YEAR) == datetime(2024, 2, 29, 5, tzinfo=UTC)


@settings(deadline=None, max_examples=400)
@given(st.text(st.sampled_from("0123456789*/-,#LW?@ abmonfri٣²ß\t\u2003")) | st.text())
@example("0 0 1#2/3 * *")
@example("0 0 L/2 * L")
@example("0 0 * * L")
@example("9" * 190 + " 0 * * *")
def test_no_text_does_more_than_to_be_refused(text):
    try:
        fields = fields_of(text)
    except BadCron:
        fields = None

    assert fields is None or len(fields) == 5


@settings(deadline=None, max_examples=150)
@given(
    st.tuples(
        st.sampled_from(["*", "0", "59", "*/5", "1-9/3", "0,30"]),
        st.sampled_from(["*", "2", "*/6", "0-23", "22,23"]),
        st.sampled_from(["*", "31", "L", "LW", "1-7", "29"]),
        st.sampled_from(["*", "2", "FEB,APR", "*/6"]),
        st.sampled_from(["*", "0", "7", "MON#1", "MON#5", "5L", "1-5"]),
    )
)
def test_whatever_is_accepted_gives_a_next_and_a_last_slot_in_bounded_time(parts):
    cron = " ".join(parts)
    try:
        times = times_of(scheduled(cron))
    except BadCron:
        return
    next_one, last_one = times.after(NEW_YEAR), times.before(NEW_YEAR)

    back = None if next_one is None else times.before(next_one + timedelta(microseconds=1))

    assert back == next_one
    assert last_one is None or last_one < NEW_YEAR
