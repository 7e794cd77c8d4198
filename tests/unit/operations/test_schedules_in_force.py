"""Which slots a scheduler fires where files differ, change or come back, and where clocks go wrong."""

import logging
from datetime import timedelta

import pytest

from orchestrator.core.schedule_records import Pause, SlotFate
from orchestrator.core.schedules import Catchup
from orchestrator.operations import scheduling
from tests.unit.operations.schedule_subjects import MINUTE, START, Desk, every


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.parametrize("other", [(every(enabled=False),), (every(90.0),), ()])
def test_schedulers_with_different_files_lose_no_slot_of_each_other(desk, other):
    ours, theirs = desk.scheduler(every()), desk.scheduler(*other)
    ours.look()
    theirs.look()

    desk.pass_time(ours, theirs, lasting=10 * MINUTE)

    assert {*range(1, 11)} <= set(desk.fired())


def test_a_scheduler_that_was_down_catches_up_although_another_with_another_file_went_on(desk):
    ours, theirs = desk.scheduler(every(catchup=Catchup.ALL)), desk.scheduler(every(enabled=False))
    ours.look()
    desk.pass_time(ours, theirs, lasting=10 * MINUTE)
    desk.pass_time(theirs, lasting=10 * MINUTE)

    ours.restart()
    ours.look()

    assert desk.fired() == [*range(1, 21)]


@pytest.mark.parametrize("meanwhile", [(every(enabled=False),), (every(7 * 3600.0),), ()])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_schedule_that_comes_back_as_it_was_fires_nothing_of_the_time_between(desk, meanwhile, restarted):
    ours = desk.scheduler(every(catchup=Catchup.ALL))
    ours.look()
    desk.pass_time(ours, lasting=5 * MINUTE)
    for file in (meanwhile, (every(catchup=Catchup.ALL),)):
        ours.edit(*file)
        if restarted:
            ours.restart()
        desk.pass_time(ours, lasting=5 * MINUTE)

    fired = desk.fired()

    assert fired == [1, 2, 3, 4, 5, 11, 12, 13, 14, 15]


def test_a_schedule_that_is_off_for_a_few_seconds_does_not_fire_the_slot_of_these(desk):
    ours = desk.scheduler(every())
    ours.look()
    desk.clock.at = START + timedelta(seconds=55)
    ours.look()

    ours.edit(every(enabled=False))
    desk.pass_time(ours, lasting=timedelta(seconds=10))
    ours.edit(every())
    desk.pass_time(ours, lasting=timedelta(seconds=20))

    assert desk.fired() == []


def test_a_file_that_was_edited_back_takes_no_slot_from_a_scheduler_that_had_it_all_the_time(desk):
    ours, theirs = desk.scheduler(every()), desk.scheduler(every())
    ours.look()
    theirs.look()
    ours.edit(every(enabled=False))
    desk.pass_time(ours, theirs, lasting=timedelta(seconds=55))

    desk.clock.at = START + timedelta(seconds=60)  # the slot has just come due
    ours.edit(every())
    ours.look()
    theirs.look()

    assert desk.fired() == [1]


def test_a_scheduler_that_nobody_replaced_catches_up_after_it_was_down(desk):
    ours = desk.scheduler(every(catchup=Catchup.ALL))
    ours.look()
    desk.clock.at += 5 * MINUTE
    ours.restart()

    ours.look()

    assert desk.fired() == [1, 2, 3, 4, 5]


def test_a_clock_that_was_ahead_stops_nothing_once_it_is_right_again(desk, caplog):
    ours = desk.scheduler(every())
    ours.look()
    desk.pass_time(ours, lasting=2 * MINUTE)
    desk.clock.at += timedelta(days=365)
    ours.look()
    ahead = desk.fired()[-1]
    desk.clock.at -= timedelta(days=365)

    with caplog.at_level(logging.WARNING):
        desk.pass_time(ours, lasting=5 * MINUTE)

    assert [one for one in desk.fired() if one < ahead] == [1, 2, 3, 4, 5, 6, 7]
    assert [record.getMessage()[:2] for record in caplog.records] == ["s:"]


def test_one_schedule_that_raises_keeps_no_other_from_firing_and_is_told_once(desk, monkeypatch, caplog):
    submit = scheduling.submit

    def submit_if_good(parts, wanted):
        if wanted.schedule == "bad":
            raise ValueError("a fault of ours")
        return submit(parts, wanted)

    monkeypatch.setattr(scheduling, "submit", submit_if_good)
    ours = desk.scheduler(every(name="bad"), every(name="good"))
    ours.look()

    with caplog.at_level(logging.WARNING):
        desk.pass_time(ours, lasting=3 * MINUTE)
    monkeypatch.undo()
    desk.pass_time(ours, lasting=MINUTE)

    assert desk.fired("good") == [1, 2, 3, 4]
    assert desk.fired("bad") == [3, 4]  # the latest of those that were missed is made up for
    assert [record.getMessage() for record in caplog.records] == ["bad: ValueError: a fault of ours"]


def test_a_pause_that_comes_while_a_slot_is_about_to_fire_holds_it_back(desk, monkeypatch):
    submit = scheduling.submit

    def submit_after_a_pause(parts, wanted):
        parts.store.pause_schedule("s", Pause(at=desk.clock.at, by="ana"))
        return submit(parts, wanted)

    ours = desk.scheduler(every())
    ours.look()
    monkeypatch.setattr(scheduling, "submit", submit_after_a_pause)
    desk.pass_time(ours, lasting=2 * MINUTE)
    monkeypatch.undo()
    desk.store.resume_schedule("s", at=desk.clock.at)

    desk.pass_time(ours, lasting=MINUTE)

    assert desk.fired() == [3]


def test_a_look_when_nothing_is_due_asks_no_schedule_for_its_slots(desk):
    ours = desk.scheduler(every(3600.0))
    ours.look()
    ours.look()
    known = ours.scheduler._known["s"]
    known.times = None  # would raise if it was asked

    wait = ours.look()

    assert wait == scheduling.LOOK


def test_what_was_decided_while_the_clock_was_ahead_is_not_decided_again(desk):
    ours = desk.scheduler(every(catchup=Catchup.NONE))
    ours.look()
    desk.clock.at += 10 * MINUTE
    ours.look()
    decided = {one.slot.at: one.fate for one in desk.store.slot_records("s", limit=100)}
    desk.clock.at -= 8 * MINUTE

    desk.pass_time(ours, lasting=15 * MINUTE)

    after = {one.slot.at: one.fate for one in desk.store.slot_records("s", limit=100)}
    assert {at: after[at] for at in decided} == decided
    assert SlotFate.MISSED in decided.values()
