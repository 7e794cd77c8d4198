"""What every state store does about ownership: claiming, leases, and writes by those who have lost it (R4)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.errors import IllegalMove, NoSuchExecution, StaleOwner
from orchestrator.core.states import ExecutionStatus, TaskStatus
from tests.conformance.store_subjects import (
    AT,
    ID,
    LEASE,
    QUEUED,
    RUNNING,
    claimed,
    execution_to,
    queued,
    start_of,
    started,
    task_to,
)

# --- owning ----------------------------------------------------------------------------------------------------------


def test_a_claim_makes_an_owner_with_a_new_token_and_leaves_the_status(store):
    queued(store)

    execution = store.claim_execution(ID, owner="me", lease=LEASE, at=AT)

    assert execution == store.get_execution(ID)
    assert (execution.owner, execution.fencing_token, execution.lease_until) == ("me", 1, AT + LEASE)
    assert execution.status is QUEUED


def test_a_claim_is_refused_while_anothers_lease_lasts(store):
    queued(store)
    store.claim_execution(ID, owner="first", lease=LEASE, at=AT)

    with pytest.raises(StaleOwner):
        store.claim_execution(ID, owner="second", lease=LEASE, at=AT + LEASE - timedelta(microseconds=1))

    assert store.get_execution(ID).owner == "first"


def test_a_lease_that_ran_out_is_there_for_the_taking(store):
    queued(store)
    store.claim_execution(ID, owner="first", lease=LEASE, at=AT)

    execution = store.claim_execution(ID, owner="second", lease=LEASE, at=AT + LEASE)

    assert (execution.owner, execution.fencing_token) == ("second", 2)


def test_a_lease_of_an_owner_that_is_proven_dead_is_worth_nothing(store):
    queued(store)
    store.claim_execution(ID, owner="first", lease=LEASE, at=AT)

    with pytest.raises(StaleOwner):
        store.claim_execution(ID, owner="second", lease=LEASE, at=AT, proven_dead="another")
    execution = store.claim_execution(ID, owner="second", lease=LEASE, at=AT, proven_dead="first")

    assert (execution.owner, execution.fencing_token, execution.lease_until) == ("second", 2, AT + LEASE)


def test_the_proof_that_one_owner_is_dead_says_nothing_of_the_one_that_came_after(store):
    queued(store)
    store.claim_execution(ID, owner="first", lease=LEASE, at=AT)
    store.claim_execution(ID, owner="second", lease=LEASE, at=AT, proven_dead="first")

    with pytest.raises(StaleOwner):
        store.claim_execution(ID, owner="third", lease=LEASE, at=AT, proven_dead="first")

    assert store.get_execution(ID).owner == "second"


def test_an_owner_that_claims_again_gets_a_new_token(store):
    queued(store)
    first = store.claim_execution(ID, owner="me", lease=LEASE, at=AT)

    again = store.claim_execution(ID, owner="me", lease=LEASE, at=AT)

    assert again.fencing_token == 2
    with pytest.raises(StaleOwner):
        store.record(first, [execution_to(RUNNING, before=QUEUED)])


def test_a_final_execution_cannot_be_claimed(store):
    execution = started(store)
    store.record(execution, [execution_to(ExecutionStatus.COMPLETED)])

    with pytest.raises(StaleOwner):
        store.claim_execution(ID, owner="second", lease=LEASE, at=AT + 10 * LEASE)


def test_an_execution_that_nobody_created_cannot_be_claimed(store):
    with pytest.raises(NoSuchExecution):
        store.claim_execution("20990101_000000", owner="me", lease=LEASE, at=AT)


def test_a_renewed_lease_lasts_from_the_renewal_on(store):
    execution = claimed(store)

    store.renew_lease(execution, lease=LEASE, at=AT + timedelta(seconds=20))

    assert store.get_execution(ID).lease_until == AT + timedelta(seconds=50)


def test_a_lease_is_not_renewed_for_one_who_lost_it(store):
    first = claimed(store)
    second = store.claim_execution(ID, owner="second", lease=LEASE, at=AT + LEASE)

    with pytest.raises(StaleOwner):
        store.renew_lease(first, lease=10 * LEASE, at=AT + LEASE)

    assert store.get_execution(ID).lease_until == second.lease_until


def test_of_many_threads_that_claim_at_once_exactly_one_wins(store):
    queued(store)

    def claim(number: int) -> int:
        try:
            return store.claim_execution(ID, owner=f"owner {number}", lease=LEASE, at=AT).fencing_token
        except StaleOwner:
            return 0

    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(claim, range(8)))

    assert sorted(tokens) == [0] * 7 + [1]


# --- fencing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged",
    [{"fencing_token": 1}, {"owner": "somebody else"}, {"owner": None}, {"fencing_token": 3}],
    ids=["older token", "other owner", "no owner", "token of the future"],
)
def test_a_write_with_another_owner_or_token_changes_nothing(store, forged):
    started(store)
    execution = store.claim_execution(ID, owner="host:1:1", lease=LEASE, at=AT)
    before = (store.get_execution(ID), store.task_runs(ID), store.events(ID))

    with pytest.raises(StaleOwner):
        store.record(replace(execution, **forged), [start_of("a")])

    after = replace(store.get_execution(ID), refused_writes=0)
    assert (after, store.task_runs(ID), store.events(ID)) == before


def test_writes_by_those_who_do_not_own_an_execution_are_counted(store):
    old = started(store)
    new = store.claim_execution(ID, owner="second", lease=LEASE, at=AT + LEASE)

    for _ in range(3):
        with pytest.raises(StaleOwner):
            store.record(old, [start_of("a")])
    store.record(new, [start_of("a")])

    assert store.get_execution(ID).refused_writes == 3
    assert store.list_executions()[0].refused_writes == 3


def test_what_is_refused_to_the_owner_for_another_reason_is_not_counted(store):
    execution = started(store)

    with pytest.raises(IllegalMove):
        store.record(execution, [task_to(TaskStatus.COMPLETED)])

    assert store.get_execution(ID).refused_writes == 0


def test_nobody_writes_to_an_execution_that_nobody_claimed(store):
    execution = queued(store)

    with pytest.raises(StaleOwner):
        store.record(execution, [execution_to(RUNNING, before=QUEUED)])


def test_a_write_to_an_execution_that_is_not_there_is_stale(store):
    execution = replace(claimed(store), execution_id="20990101_000000")

    with pytest.raises(StaleOwner):
        store.record(execution, [execution_to(RUNNING, before=QUEUED)])
