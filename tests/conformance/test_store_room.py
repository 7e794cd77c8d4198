"""What every state store counts: slots of pools, executions of a workflow, one execution at a time."""

from datetime import timedelta

import pytest

from orchestrator.core.errors import ExecutionIdTaken, NoRoom, WorkflowBusy
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Room
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
    run_of,
    start_of,
    started,
    task_to,
)

OTHER = "20250401_120001"
POOLS = {"a": "db", "b": "db", "c": "web"}
TWO = Room(pools={"db": 2})


def with_pools(store, execution_id=ID, *, at=AT):
    return started(store, execution_id, tasks=["a", "b", "c", "d"], pools=POOLS, at=at)


# --- pools -----------------------------------------------------------------------------------------------------------


def test_a_start_without_a_free_slot_is_refused_and_nothing_of_the_batch_is_stored(store):
    other = with_pools(store, OTHER)
    execution = with_pools(store)
    store.record(other, [start_of("a", of=OTHER)], room=TWO)
    store.record(execution, [start_of("a")], room=TWO)

    with pytest.raises(NoRoom) as refused:
        store.record(execution, [start_of("d"), start_of("b")], room=TWO)

    assert refused.value.in_use == {"db": 1}, "what others hold"
    assert "db" in str(refused.value)
    assert [run_of(store, task).status for task in "bd"] == [TaskStatus.PENDING] * 2
    assert len(store.events(ID)) == 2


def test_a_task_that_leaves_running_gives_its_slot_back_in_the_same_commit(store):
    execution = with_pools(store)
    room = Room(pools={"db": 1})
    store.record(execution, [start_of("a")], room=room)

    store.record(execution, [task_to(TaskStatus.COMPLETED), start_of("b")], room=room)

    assert store.pools_in_use(["db"], besides="nobody") == {"db": 1}


@pytest.mark.parametrize(
    "after", [TaskStatus.RETRY_WAIT, TaskStatus.FAILED, TaskStatus.INTERRUPTED, TaskStatus.SKIPPED]
)
def test_whatever_ends_an_attempt_gives_the_slot_back(store, after):
    execution = with_pools(store)
    store.record(execution, [start_of("a")], room=TWO)

    store.record(execution, [task_to(after)])

    assert store.pools_in_use(["db"], besides=OTHER) == {"db": 0}


def test_only_slots_of_others_are_in_use_besides_ones_own(store):
    mine, other = with_pools(store), with_pools(store, OTHER)
    store.record(mine, [start_of("a"), start_of("b"), start_of("c"), start_of("d")])
    store.record(other, [start_of("c", of=OTHER)])

    assert store.pools_in_use(["db", "web", "never"], besides=ID) == {"db": 0, "web": 1, "never": 0}
    assert store.pools_in_use(["db", "web"], besides=OTHER) == {"db": 2, "web": 1}


def test_a_slot_of_an_execution_whose_lease_ran_out_counts_no_more(store):
    dead = with_pools(store, OTHER)
    store.record(dead, [start_of("a", of=OTHER)])
    execution = with_pools(store, at=AT)
    room = Room(pools={"db": 1})

    with pytest.raises(NoRoom):
        store.record(execution, [start_of("a", at=AT + LEASE - timedelta(microseconds=1))], room=room)
    store.record(execution, [start_of("a", at=AT + LEASE)], room=room)

    assert store.pools_in_use(["db"], besides=ID) == {"db": 0}


def test_ones_own_slots_count_even_when_ones_own_lease_ran_out_meanwhile(store):
    execution = with_pools(store)
    room = Room(pools={"db": 1})
    store.record(execution, [start_of("a")], room=room)

    with pytest.raises(NoRoom) as refused:
        store.record(execution, [start_of("b", at=AT + 2 * LEASE)], room=room)

    assert refused.value.in_use == {"db": 0}


def test_a_slot_of_a_taken_over_execution_counts_for_its_new_owner(store):
    with_pools(store, OTHER)
    other = store.claim_execution(OTHER, owner="second", lease=LEASE, at=AT + LEASE)
    store.record(other, [start_of("a", of=OTHER)])
    execution = with_pools(store)

    with pytest.raises(NoRoom):
        store.record(execution, [start_of("a", at=AT + LEASE)], room=Room(pools={"db": 1}))


def test_without_a_room_nothing_is_counted(store):
    execution = with_pools(store)

    store.record(execution, [start_of("a"), start_of("b")])
    store.record(execution, [], room=Room(pools={"db": 0}))

    assert store.pools_in_use(["db"], besides=OTHER) == {"db": 2}


# --- executions of a workflow ----------------------------------------------------------------------------------------


def test_a_workflow_has_no_more_executions_running_than_it_may(store):
    one = Room(workflow="w", concurrency=1)
    first, second = claimed(store, ID, workflow="w"), claimed(store, OTHER, workflow="w")
    store.record(first, [execution_to(RUNNING, before=QUEUED)], room=one)

    with pytest.raises(NoRoom) as refused:
        store.record(second, [execution_to(RUNNING, before=QUEUED)], room=one)

    assert refused.value.in_use == {}
    assert store.get_execution(OTHER).status is QUEUED
    store.record(first, [execution_to(ExecutionStatus.COMPLETED)], room=one)
    store.record(second, [execution_to(RUNNING, before=QUEUED)], room=one)


def test_cancelling_ones_count_and_those_of_other_workflows_queued_or_lapsed_do_not(store):
    room = Room(workflow="w", concurrency=2)
    store.record(started(store, "20250401_120002", workflow="w"), [execution_to(CANCELLING)])
    started(store, "20250401_120003", workflow="other")
    claimed(store, "20250401_120004", workflow="w")
    started(store, "20250401_120005", workflow="w", at=AT - LEASE)
    execution = claimed(store, workflow="w")

    store.record(execution, [execution_to(RUNNING, before=QUEUED)], room=room)

    late = claimed(store, OTHER, workflow="w")
    with pytest.raises(NoRoom):
        store.record(late, [execution_to(RUNNING, before=QUEUED)], room=room)


def test_an_execution_that_runs_already_needs_no_more_room(store):
    room = Room(workflow="w", concurrency=1)
    execution = started(store, workflow="w")
    started(store, OTHER, workflow="w")

    store.record(execution, [start_of("a")], room=room)

    assert run_of(store).status is TaskStatus.RUNNING


# --- only one --------------------------------------------------------------------------------------------------------


def test_a_second_execution_of_a_workflow_is_refused_while_one_is_driven(store):
    started(store, workflow="w")

    with pytest.raises(WorkflowBusy, match=ID):
        queued(store, OTHER, workflow="w", only_one=True)

    assert [execution.execution_id for execution in store.list_executions()] == [ID]
    queued(store, OTHER, workflow="another", only_one=True)
    queued(store, "20250401_120002", workflow="w")


@pytest.mark.parametrize("end", [ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.INTERRUPTED])
def test_one_that_ended_or_was_interrupted_is_not_in_the_way(store, end):
    store.record(started(store, workflow="w"), [execution_to(end)])

    execution = queued(store, OTHER, workflow="w", only_one=True)

    assert execution.status is QUEUED


def test_one_that_is_being_cancelled_is_in_the_way(store):
    store.record(started(store, workflow="w"), [execution_to(CANCELLING)])

    with pytest.raises(WorkflowBusy):
        queued(store, OTHER, workflow="w", only_one=True)


def test_one_whose_lease_ran_out_counts_as_interrupted(store):
    started(store, workflow="w")

    with pytest.raises(WorkflowBusy):
        queued(store, OTHER, workflow="w", only_one=True, at=AT + LEASE - timedelta(microseconds=1))
    queued(store, OTHER, workflow="w", only_one=True, at=AT + LEASE)

    assert store.get_execution(OTHER).status is QUEUED


def test_a_queued_one_that_nobody_claimed_is_in_the_way_for_a_minute(store):
    queued(store, workflow="w")
    minute = timedelta(minutes=1)

    with pytest.raises(WorkflowBusy):
        queued(store, OTHER, workflow="w", only_one=True, at=AT + minute - timedelta(microseconds=1))
    queued(store, OTHER, workflow="w", only_one=True, at=AT + minute)

    assert store.get_execution(OTHER).status is QUEUED


def test_tasks_that_belong_to_no_workflow_are_never_in_each_others_way(store):
    started(store)

    execution = queued(store, OTHER, only_one=True)

    assert execution.status is QUEUED


def test_an_id_that_is_taken_stays_so_with_only_one(store):
    store.record(started(store, workflow="w"), [execution_to(ExecutionStatus.COMPLETED)])

    with pytest.raises(ExecutionIdTaken):
        queued(store, ID, workflow="w", only_one=True)
