"""What every store promises to workers and servers: who waits, what was asked before, who may ask, what came when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.errors import AskedBefore, NoSuchExecution, NoSuchToken, QueueFull, TokenNameTaken
from orchestrator.core.executions import Request
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Queueing, Token
from tests.conformance.store_subjects import (
    AT,
    CANCELLING,
    ID,
    LEASE,
    QUEUED,
    RUNNING,
    claimed,
    execution_to,
    queued,
    start_of,
    started,
)

OTHER = "20250401_120001"
COMPLETED = ExecutionStatus.COMPLETED


def asked(store, execution_id=ID, *, at=AT, **queueing):
    request = Request(tasks=("a",), source="api", snapshot="5ca1ab1e")
    return store.create_execution(execution_id, request, snapshot="{}", at=at, queueing=Queueing(**queueing))


def waiting(store, at=AT, **limits):
    return [one.execution_id for one in store.waiting_for_workers(at=at, **limits)]


# --- who waits -------------------------------------------------------------------------------------------------------


def test_only_what_was_stored_for_workers_waits_for_them(store):
    queued(store, ID)
    asked(store, OTHER)

    assert waiting(store) == [OTHER]


def test_the_oldest_waits_first_and_no_more_are_given_than_asked_for(store):
    asked(store, OTHER, at=AT + timedelta(seconds=1))
    asked(store, ID)

    assert waiting(store) == [ID, OTHER]
    assert waiting(store, limit=1) == [ID]


def test_what_somebody_owns_does_not_wait_until_the_lease_is_over(store):
    asked(store)
    store.claim_execution(ID, owner="host:1:1", lease=LEASE, at=AT)

    assert waiting(store, at=AT + LEASE / 2) == []
    assert waiting(store, at=AT + LEASE) == [ID]


def test_what_was_interrupted_waits_again_and_what_has_ended_never(store):
    for execution_id in (ID, OTHER):
        asked(store, execution_id)
        owned = store.claim_execution(execution_id, owner="host:1:1", lease=LEASE, at=AT)
        store.record(owned, [execution_to(RUNNING, before=QUEUED)])
        after = ExecutionStatus.INTERRUPTED if execution_id == ID else COMPLETED
        store.record(owned, [execution_to(after)])

    assert waiting(store) == [ID]


def test_an_execution_of_the_command_line_can_be_sent_to_workers(store):
    queued(store)

    store.send_to_workers(ID)

    assert waiting(store) == [ID]
    with pytest.raises(NoSuchExecution):
        store.send_to_workers(OTHER)


def test_the_line_has_an_end_and_what_is_owned_does_not_stand_in_it(store):
    asked(store, ID, most_waiting=1)
    with pytest.raises(QueueFull) as full:
        asked(store, OTHER, most_waiting=1)

    store.claim_execution(ID, owner="host:1:1", lease=LEASE, at=AT)
    asked(store, OTHER, most_waiting=1)

    assert full.value.waiting == 1
    assert waiting(store) == [OTHER]


def test_executions_of_the_command_line_do_not_fill_the_line(store):
    queued(store, ID)

    asked(store, OTHER, most_waiting=1)

    assert waiting(store) == [OTHER]


# --- what was asked before -------------------------------------------------------------------------------------------


def test_the_same_key_and_body_name_the_execution_that_stands_already(store):
    asked(store, ID, key="k", body_sha256="1")

    with pytest.raises(AskedBefore) as again:
        asked(store, OTHER, key="k", body_sha256="1")

    assert (again.value.execution_id, again.value.same) == (ID, True)
    assert store.find_executions("2025") == [ID]


def test_the_same_key_with_another_body_is_told_apart(store):
    asked(store, ID, key="k", body_sha256="1")

    with pytest.raises(AskedBefore) as again:
        asked(store, OTHER, key="k", body_sha256="2")

    assert not again.value.same


def test_a_key_is_remembered_although_the_line_is_full_by_now(store):
    asked(store, ID, key="k", body_sha256="1", most_waiting=1)

    with pytest.raises(AskedBefore):
        asked(store, OTHER, key="k", body_sha256="1", most_waiting=1)


def test_a_key_is_forgotten_after_its_time(store):
    asked(store, ID, key="k", body_sha256="1")

    asked(store, OTHER, key="k", body_sha256="2", at=AT + timedelta(hours=24))

    assert len(store.find_executions("2025")) == 2


def test_a_refused_execution_keeps_no_key(store):
    asked(store, ID)
    with pytest.raises(QueueFull):
        asked(store, OTHER, key="k", body_sha256="1", most_waiting=1)

    asked(store, OTHER, key="k", body_sha256="2")

    assert waiting(store) == [ID, OTHER]


# --- who may ask -----------------------------------------------------------------------------------------------------


def token(name="lectora", **facts):
    return Token(**{"name": name, "role": "read", "sha256": f"hash of {name}", "created_at": AT, **facts})


def test_tokens_are_kept_in_order_and_come_back_as_they_were(store):
    first, second = token(expires_at=AT + LEASE), token("otra", role="admin")

    store.keep_token(first)
    store.keep_token(second)

    assert store.tokens() == [first, second]


def test_a_revoked_token_stays_on_the_list_and_frees_its_name(store):
    store.keep_token(token())
    with pytest.raises(TokenNameTaken):
        store.keep_token(token(sha256="another"))

    store.revoke_token("lectora", at=AT + LEASE)
    store.keep_token(token(sha256="another"))

    assert store.tokens() == [replace(token(), revoked_at=AT + LEASE), token(sha256="another")]


def test_a_token_that_is_not_in_use_cannot_be_revoked(store):
    store.keep_token(token())
    store.revoke_token("lectora", at=AT)

    with pytest.raises(NoSuchToken):
        store.revoke_token("lectora", at=AT)


# --- what came when --------------------------------------------------------------------------------------------------


def test_events_of_all_executions_stand_in_the_order_in_which_they_were_stored(store):
    first = claimed(store, ID)
    second = claimed(store, OTHER)
    store.record(first, [execution_to(RUNNING, before=QUEUED), start_of(of=ID)])
    store.record(second, [execution_to(RUNNING, before=QUEUED)])
    store.record(first, [start_of("b", of=ID)])

    placed = store.events_after(0)

    assert [(one.event.execution_id, one.event.seq) for one in placed] == [(ID, 1), (ID, 2), (OTHER, 1), (ID, 3)]
    assert [one.position for one in placed] == sorted({one.position for one in placed})
    assert store.last_position() == placed[-1].position
    assert [one.event for one in placed if one.event.execution_id == ID] == store.events(ID)


def test_reading_goes_on_after_any_position_with_no_event_twice_and_none_missing(store):
    execution = started(store, tasks=("a", "b", "c"))
    store.record(execution, [start_of("a"), start_of("b"), start_of("c")])
    everything = store.events_after(0)

    pieces = [store.events_after(placed.position) for placed in everything]

    assert pieces == [everything[n + 1 :] for n in range(len(everything))]
    assert store.events_after(0, limit=2) == everything[:2]


def test_what_was_refused_takes_no_place(store):
    execution = started(store)
    before = store.last_position()

    with pytest.raises(Exception, match="cannot become"):
        store.record(execution, [start_of("a"), start_of("a")])

    assert store.last_position() == before
    assert store.events_after(before) == []


def test_numbers_tell_how_many_are_in_each_state(store):
    store.record(started(store, ID), [start_of(of=ID)])
    queued(store, OTHER)

    numbers = store.numbers()

    assert numbers["executions"] == {"running": 1, "queued": 1}
    assert numbers["task_runs"] == {"running": 1, "pending": 3}
    assert numbers["refused_writes"] == {"total": 0}


def test_a_list_can_begin_at_a_time(store):
    queued(store, ID)
    queued(store, OTHER, at=AT + LEASE)

    found = store.list_executions(since=AT + LEASE)

    assert [one.execution_id for one in found] == [OTHER]
    assert len(store.list_executions(since=AT)) == 2
    assert store.list_executions(since=AT, before=ID) == []
    assert CANCELLING not in {one.status for one in store.list_executions(since=AT)}
