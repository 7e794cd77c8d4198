"""Schedules in any store: a slot has one fate for ever, and editing or pausing a schedule never fires the past."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.errors import NoSuchExecution, QueueFull, SlotTaken
from orchestrator.core.executions import Request
from orchestrator.core.messages import Message
from orchestrator.core.schedule_records import Pause, Slot, SlotFate, SlotRecord
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Queueing
from tests.conformance.store_subjects import AT, execution_to, queued, started

HOUR = timedelta(hours=1)


def fired(store, execution_id, slot_at, *, schedule="nightly", **asked):
    slot = Slot(schedule=schedule, at=slot_at)
    request = Request(tasks=("a",), schedule=schedule, scheduled_for=slot_at.isoformat())
    return store.create_execution(execution_id, request, snapshot="", at=AT, slot=slot, **asked)


def missed(slot_at, schedule="nightly", fate=SlotFate.MISSED, **facts):
    return SlotRecord(slot=Slot(schedule=schedule, at=slot_at), fate=fate, decided_at=AT + HOUR, **facts)


def states_of(store):
    return {(one.name, one.fingerprint): (one.decided_until, one.since, one.seen_at) for one in store.schedule_states()}


def test_a_form_that_nobody_saw_before_has_no_slots_in_the_past(store):
    store.see_schedules({"nightly": "one", "hourly": "h"}, at=AT)
    store.see_schedules({"nightly": "one"}, at=AT + HOUR)

    assert states_of(store) == {("hourly", "h"): (AT, AT, AT), ("nightly", "one"): (AT, AT, AT + HOUR)}
    assert [one.name for one in store.schedule_states()] == ["hourly", "nightly"]


def test_each_form_of_a_schedule_has_a_state_of_its_own(store):
    store.see_schedules({"nightly": "one"}, at=AT)
    store.see_schedules({"nightly": "two"}, at=AT + HOUR)

    store.decide_slots("nightly", "two", [], until=AT + 2 * HOUR)

    assert states_of(store) == {
        ("nightly", "one"): (AT, AT, AT),
        ("nightly", "two"): (AT + 2 * HOUR, AT + HOUR, AT + HOUR),
    }


@pytest.mark.parametrize("at", [AT + HOUR, AT - HOUR])
def test_a_form_that_begins_anew_has_slots_from_then_on_whatever_was_decided(store, at):
    store.see_schedules({"nightly": "one", "hourly": "h"}, at=AT)

    store.see_schedules({"nightly": "one", "hourly": "h"}, at=at, anew={"nightly"})

    assert states_of(store) == {("hourly", "h"): (AT, AT, at), ("nightly", "one"): (at, at, at)}


def test_a_slot_fires_one_execution_and_a_second_stores_nothing(store):
    execution = fired(store, "20250401_120001", AT)

    with pytest.raises(SlotTaken, match="nightly"):
        fired(store, "20250401_120002", AT)

    assert execution.request.schedule == "nightly"
    assert [one.execution_id for one in store.list_executions()] == ["20250401_120001"]
    (record,) = store.slot_records()
    assert (record.slot.at, record.fate, record.execution_id) == (AT, SlotFate.FIRED, "20250401_120001")


def test_the_same_instant_in_another_zone_is_the_same_slot(store):
    fired(store, "20250401_120001", AT.astimezone(ZoneInfo("America/Bogota")))

    with pytest.raises(SlotTaken):
        fired(store, "20250401_120002", AT)


def test_another_schedule_may_have_a_slot_at_the_same_instant(store):
    fired(store, "20250401_120001", AT)
    fired(store, "20250401_120002", AT, schedule="hourly")

    assert [record.slot.schedule for record in store.slot_records()] == ["hourly", "nightly"]


def test_a_slot_that_was_missed_fires_no_more_and_one_that_fired_is_never_missed(store):
    store.see_schedules({"nightly": "one"}, at=AT)
    fired(store, "20250401_120001", AT + 2 * HOUR)
    reason = Message(template="{count} more", facts={"count": 3})

    records = [missed(AT + HOUR, reason=reason), missed(AT + 2 * HOUR)]
    store.decide_slots("nightly", "one", records, until=AT + 2 * HOUR)

    with pytest.raises(SlotTaken):
        fired(store, "20250401_120002", AT + HOUR)
    fates = [(record.slot.at, record.fate, record.reason) for record in store.slot_records("nightly")]
    assert fates == [(AT + 2 * HOUR, SlotFate.FIRED, None), (AT + HOUR, SlotFate.MISSED, reason)]
    assert store.schedule_states()[0].decided_until == AT + 2 * HOUR


def test_what_is_decided_never_becomes_undecided(store):
    store.see_schedules({"nightly": "one"}, at=AT)

    store.decide_slots("nightly", "one", [], until=AT + 2 * HOUR)
    store.decide_slots("nightly", "one", [], until=AT + HOUR)

    assert store.schedule_states()[0].decided_until == AT + 2 * HOUR


def test_an_execution_that_cannot_be_queued_leaves_its_slot_free(store):
    queued(store, "20250401_120000")
    store.send_to_workers("20250401_120000")

    with pytest.raises(QueueFull):
        fired(store, "20250401_120001", AT, queueing=Queueing(most_waiting=1))

    assert store.slot_records() == []
    fired(store, "20250401_120002", AT)


def test_a_paused_schedule_has_no_slots_from_its_pause_until_it_is_resumed_whatever_its_form(store):
    store.see_schedules({"nightly": "one", "hourly": "h"}, at=AT)
    store.see_schedules({"nightly": "two"}, at=AT)
    pause = Pause(at=AT + HOUR, by="ana@host", reason="the source moves house")

    store.pause_schedule("nightly", pause)
    store.pause_schedule("nightly", Pause(at=AT + 2 * HOUR, by="somebody else"))
    paused = store.schedule_pauses()
    with pytest.raises(SlotTaken):
        fired(store, "20250401_120001", AT + HOUR)
    store.resume_schedule("nightly", at=AT + 3 * HOUR)
    store.resume_schedule("nightly", at=AT + 4 * HOUR)

    assert paused == {"nightly": pause}
    assert store.schedule_pauses() == {}
    assert {key: state[0] for key, state in states_of(store).items()} == {
        ("hourly", "h"): AT,
        ("nightly", "one"): AT + 3 * HOUR,
        ("nightly", "two"): AT + 3 * HOUR,
    }
    fired(store, "20250401_120002", AT + HOUR)


def test_slots_are_told_the_latest_first_and_no_more_than_asked_for(store):
    store.decide_slots("nightly", "one", [missed(AT + number * HOUR) for number in range(5)], until=AT)
    store.decide_slots("other", "one", [missed(AT + 9 * HOUR, "other", SlotFate.SKIPPED)], until=AT)

    assert [record.slot.at for record in store.slot_records("nightly", limit=2)] == [AT + 4 * HOUR, AT + 3 * HOUR]
    assert [record.slot.schedule for record in store.slot_records(limit=2)] == ["other", "nightly"]


def test_a_slot_whose_execution_was_forgotten_is_still_decided(store):
    fired(store, "20250401_120001", AT)
    execution = store.claim_execution("20250401_120001", owner="host:1:1", lease=HOUR, at=AT)
    store.record(
        execution,
        [
            execution_to(ExecutionStatus.RUNNING, before=ExecutionStatus.QUEUED),
            execution_to(ExecutionStatus.COMPLETED),
        ],
    )

    store.forget_execution("20250401_120001")

    with pytest.raises(NoSuchExecution):
        store.get_execution("20250401_120001")
    (record,) = store.slot_records("nightly")
    assert (record.fate, record.execution_id) == (SlotFate.FIRED, None)
    with pytest.raises(SlotTaken):
        fired(store, "20250401_120002", AT)
    started(store, "20250401_120003")
