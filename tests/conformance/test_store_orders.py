"""What every state store makes of orders: who may ask, what waits, and that an acknowledged cancel wins (D7)."""

from datetime import timedelta, timezone

import pytest

from orchestrator.core.errors import IllegalMove, NoSuchExecution, OrdersWaiting, StaleOwner
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Order, OrderKind
from tests.conformance.store_subjects import (
    AT,
    CANCELLING,
    ID,
    LEASE,
    QUEUED,
    RUNNING,
    execution_to,
    queued,
    run_of,
    start_of,
    started,
    task_to,
)

CANCEL = Order(kind=OrderKind.CANCEL, at=AT, by="ana@host", reason="falsa alarma")
MARK = Order(kind=OrderKind.MARK, at=AT, by="ana@host", task_id="a", mark_as=TaskStatus.SKIPPED)


def numbers(store, *, after: int = 0) -> list[int]:
    return [order.number for order in store.orders(ID, after=after)]


# --- giving ----------------------------------------------------------------------------------------------------------


def test_orders_are_numbered_and_wait_as_they_were_given(store):
    execution = started(store)
    bogota = AT.astimezone(timezone(timedelta(hours=-5)))

    seen = store.give_order(ID, Order(kind=OrderKind.MARK, at=bogota, task_id="a", mark_as=TaskStatus.COMPLETED))
    store.give_order(ID, CANCEL)

    assert seen == store.get_execution(ID)
    assert seen.fencing_token == execution.fencing_token
    first, second = store.orders(ID)
    assert (first.number, first.at, first.task_id, first.mark_as) == (1, AT, "a", TaskStatus.COMPLETED)
    assert first.at.utcoffset() == timedelta(0)
    assert (second.number, second.kind, second.by, second.reason) == (2, OrderKind.CANCEL, "ana@host", "falsa alarma")
    assert store.orders(ID, after=1) == [second]


def test_a_number_that_the_giver_made_up_counts_for_nothing(store):
    started(store)

    store.give_order(ID, Order(kind=OrderKind.MARK, at=AT, number=99))

    assert numbers(store) == [1]


def test_a_second_cancel_that_waits_changes_nothing(store):
    started(store)
    store.give_order(ID, CANCEL)

    store.give_order(ID, Order(kind=OrderKind.CANCEL, at=AT + LEASE, by="eva@host"))
    store.give_order(ID, MARK)

    assert [(order.number, order.by, order.kind) for order in store.orders(ID)] == [
        (1, "ana@host", OrderKind.CANCEL),
        (2, "ana@host", OrderKind.MARK),
    ]


def test_an_execution_that_has_ended_takes_no_order(store):
    execution = started(store)
    store.record(execution, [execution_to(ExecutionStatus.COMPLETED)])

    seen = store.give_order(ID, CANCEL)

    assert seen.status is ExecutionStatus.COMPLETED
    assert store.orders(ID) == []


@pytest.mark.parametrize("status", [QUEUED, ExecutionStatus.INTERRUPTED])
def test_an_execution_that_nobody_drives_keeps_the_order_for_who_comes(store, status):
    if status is QUEUED:
        queued(store)
    else:
        store.record(started(store), [execution_to(status)])

    seen = store.give_order(ID, CANCEL)

    assert seen.status is status
    assert numbers(store) == [1]


def test_an_order_for_an_execution_that_is_not_there_is_refused(store):
    with pytest.raises(NoSuchExecution):
        store.give_order("20990101_000000", CANCEL)

    assert store.orders("20990101_000000") == []


def test_orders_of_one_execution_are_not_those_of_another(store):
    started(store)
    other = started(store, "20250401_120001")

    store.give_order(ID, CANCEL)

    assert store.orders("20250401_120001") == []
    store.record(other, [execution_to(ExecutionStatus.COMPLETED)])


# --- obeying ---------------------------------------------------------------------------------------------------------


def test_an_acknowledged_cancel_wins_over_an_end_that_comes_later(store):
    execution = started(store)
    store.give_order(ID, CANCEL)
    before = (store.get_execution(ID), store.task_runs(ID), store.events(ID))

    for moves in (
        [execution_to(ExecutionStatus.COMPLETED)],
        [start_of("a")],
        [execution_to(ExecutionStatus.INTERRUPTED)],
        [],
    ):
        with pytest.raises(OrdersWaiting):
            store.record(execution, moves)

    assert (store.get_execution(ID), store.task_runs(ID), store.events(ID)) == before
    assert numbers(store) == [1]


def test_a_cancel_is_obeyed_by_moves_that_lead_there_even_unheard(store):
    execution = started(store)
    store.give_order(ID, CANCEL)

    store.record(execution, [execution_to(CANCELLING)])
    store.record(execution, [task_to(TaskStatus.CANCELLED, before=TaskStatus.PENDING)])

    assert run_of(store).status is TaskStatus.CANCELLED
    assert numbers(store) == [1], "nobody said that it was obeyed"


def test_a_queued_execution_is_cancelled_before_it_ever_ran(store):
    queued(store)
    store.give_order(ID, CANCEL)
    execution = store.claim_execution(ID, owner="me", lease=LEASE, at=AT)

    with pytest.raises(OrdersWaiting):
        store.record(execution, [execution_to(RUNNING, before=QUEUED)])
    store.record(execution, [execution_to(ExecutionStatus.CANCELLED, before=QUEUED)], obeyed=1)

    assert store.get_execution(ID).status is ExecutionStatus.CANCELLED
    assert numbers(store) == []


def test_what_is_obeyed_waits_no_more_and_stays_obeyed(store):
    execution = started(store)
    for order in (MARK, CANCEL, MARK):
        store.give_order(ID, order)

    store.record(execution, [start_of("a")], obeyed=2)
    store.record(execution, [start_of("b")])

    assert numbers(store) == [3]
    store.record(execution, [execution_to(ExecutionStatus.COMPLETED)], obeyed=3)
    assert numbers(store) == []


def test_a_cancel_with_a_higher_number_than_was_obeyed_still_wins(store):
    execution = started(store)
    store.give_order(ID, MARK)
    store.give_order(ID, CANCEL)

    with pytest.raises(OrdersWaiting):
        store.record(execution, [start_of("a")], obeyed=1)

    assert numbers(store) == [1, 2], "the batch was refused as a whole"


def test_a_mark_that_waits_holds_nothing_up(store):
    execution = started(store)
    store.give_order(ID, MARK)

    store.record(execution, [execution_to(ExecutionStatus.COMPLETED)])

    assert store.get_execution(ID).status is ExecutionStatus.COMPLETED


def test_a_cancel_that_follows_an_obeyed_one_is_a_new_order(store):
    execution = started(store)
    store.give_order(ID, CANCEL)
    store.record(execution, [execution_to(CANCELLING)], obeyed=1)

    store.give_order(ID, CANCEL)

    assert numbers(store) == [2]
    store.record(execution, [execution_to(ExecutionStatus.CANCELLED, before=CANCELLING)])


def test_orders_that_nobody_gave_cannot_be_obeyed_in_advance(store):
    execution = started(store)
    store.record(execution, [start_of("a")], obeyed=5)

    store.give_order(ID, CANCEL)

    assert numbers(store) == [1]
    with pytest.raises(OrdersWaiting):
        store.record(execution, [start_of("b")])


def test_a_stale_owner_and_an_illegal_move_obey_nothing(store):
    old = started(store)
    store.give_order(ID, MARK)
    new = store.claim_execution(ID, owner="second", lease=LEASE, at=AT + LEASE)

    with pytest.raises(StaleOwner):
        store.record(old, [start_of("a")], obeyed=1)
    with pytest.raises(IllegalMove):
        store.record(new, [task_to(TaskStatus.COMPLETED)], obeyed=1)

    assert numbers(store) == [1]
