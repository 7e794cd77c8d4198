"""What every state store keeps for listeners that must not miss an end, and whom it wakes when there is news."""

import threading
import time

import pytest

from orchestrator.core.errors import OrdersWaiting
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Delivery, Order, OrderKind
from tests.conformance.store_subjects import (
    AT,
    ID,
    LEASE,
    RUNNING,
    execution_to,
    queued,
    start_of,
    started,
)

OTHER = "20250401_120001"

# --- deliveries ------------------------------------------------------------------------------------------------------


def test_an_end_is_kept_for_each_listener_until_it_has_taken_it(store):
    execution = started(store)
    events = store.record(execution, [start_of(), execution_to(ExecutionStatus.FAILED)], outbox=["report", "mail"])

    store.delivered(store.deliveries("report")[0])

    assert store.deliveries("report") == []
    assert store.deliveries("mail") == [Delivery(listener="mail", event=events[1])]
    assert store.deliveries("mail")[0].event in store.events(ID)


def test_an_interruption_is_kept_and_so_is_the_end_that_follows(store):
    execution = started(store)
    store.record(execution, [execution_to(ExecutionStatus.INTERRUPTED)], outbox=["report"])
    again = store.claim_execution(ID, owner="second", lease=LEASE, at=AT)
    store.record(again, [execution_to(RUNNING, before=ExecutionStatus.INTERRUPTED)], outbox=["report"])

    store.record(again, [execution_to(ExecutionStatus.COMPLETED, at=AT - LEASE)], outbox=["report", "report"])

    kept = [delivery.event.move.after for delivery in store.deliveries("report")]
    assert kept == [ExecutionStatus.INTERRUPTED, ExecutionStatus.COMPLETED], "in order, whatever the clock said"


def test_deliveries_of_several_executions_come_in_the_order_of_their_ends(store):
    first, second = started(store, OTHER), started(store, ID)
    store.record(first, [execution_to(ExecutionStatus.COMPLETED)], outbox=["report"])
    store.record(second, [execution_to(ExecutionStatus.COMPLETED)], outbox=["report"])

    kept = [delivery.event.execution_id for delivery in store.deliveries("report")]

    assert kept == [OTHER, ID]


def test_a_refused_batch_leaves_nothing_to_deliver(store):
    execution = started(store)
    store.give_order(ID, Order(kind=OrderKind.CANCEL, at=AT))

    with pytest.raises(OrdersWaiting):
        store.record(execution, [execution_to(ExecutionStatus.COMPLETED)], outbox=["report"])

    assert store.deliveries("report") == []


def test_what_was_never_to_be_delivered_may_be_called_delivered(store):
    execution = started(store)
    events = store.record(execution, [execution_to(ExecutionStatus.COMPLETED)], outbox=["report"])

    store.delivered(Delivery(listener="nobody", event=events[0]))
    store.delivered(Delivery(listener="report", event=store.events(ID)[0]))

    assert len(store.deliveries("report")) == 1


# --- waiting for news ------------------------------------------------------------------------------------------------


def drained(store):
    """Nothing is news any more."""
    while store.wait_for_change(0):
        pass
    return store


def test_nothing_new_is_nothing_new(store):
    queued(store)

    news = drained(store).wait_for_change(0.05)

    assert news is False


def test_who_waits_is_woken_by_what_another_thread_stores(store):
    started(store)
    drained(store)
    giver = threading.Timer(0.1, lambda: store.give_order(ID, Order(kind=OrderKind.CANCEL, at=AT)))

    began = time.monotonic()
    giver.start()
    news = store.wait_for_change(60)

    giver.join()
    assert news is True
    assert time.monotonic() - began < 30
    assert len(store.orders(ID)) == 1


def test_what_was_stored_before_the_question_is_news_once(store):
    drained(store)
    queued(store)

    assert [store.wait_for_change(0), store.wait_for_change(0)] == [True, False]


def test_what_changes_nothing_is_no_news(store):
    started(store)
    store.give_order(ID, Order(kind=OrderKind.CANCEL, at=AT))
    drained(store)

    store.give_order(ID, Order(kind=OrderKind.CANCEL, at=AT))
    store.get_execution(ID)

    assert store.wait_for_change(0) is False


def test_closing_wakes_who_waits(store):
    drained(store)
    closer = threading.Timer(0.1, store.close)

    began = time.monotonic()
    closer.start()
    news = store.wait_for_change(60)

    closer.join()
    assert news is False
    assert time.monotonic() - began < 30
