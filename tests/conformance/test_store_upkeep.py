"""What every state store lets an operator do: look for faults, forget what is old."""

from datetime import timedelta

import pytest

from orchestrator.core.errors import NoSuchExecution
from orchestrator.core.states import ExecutionStatus, TaskStatus
from tests.conformance.store_subjects import AT, LEASE, execution_to, start_of, started, task_to

LATE = AT + timedelta(days=365)


def ended(store, number, *, cached_from=None, **request):
    """An execution that ended `number` hours after the first."""
    key = f"20250401_12000{number}"
    at = AT + timedelta(hours=number)
    execution = started(store, key, at=at, snapshot=f"hash {number}", **request)
    moves = [
        start_of("a", of=key, at=at),
        task_to(TaskStatus.COMPLETED, of=key, at=at, cached_from=cached_from),
        execution_to(ExecutionStatus.COMPLETED, at=at),
    ]
    store.record(execution, moves, outbox=["report"])
    return key


def ids(store):
    return sorted(execution.execution_id for execution in store.list_executions())


def test_what_ended_long_ago_is_forgotten_with_all_that_belongs_to_it(store, upkeep):
    keys = [ended(store, number) for number in range(4)]

    forgotten = upkeep.prune(before=AT + timedelta(hours=2), keep=0)

    assert forgotten == [keys[1], keys[0]]
    assert ids(store) == keys[2:]
    with pytest.raises(NoSuchExecution):
        store.get_execution(keys[0])
    assert (store.task_runs(keys[0]), store.attempts(keys[0]), store.events(keys[0])) == ([], [], [])
    assert [delivery.event.execution_id for delivery in store.deliveries("report")] == keys[2:]
    with pytest.raises(KeyError):
        store.snapshot("hash 0")
    assert store.snapshot("hash 2") == '{"tasks": []}'
    assert upkeep.check() == []


def test_the_newest_are_kept_however_old_they_are(store, upkeep):
    keys = [ended(store, number) for number in range(4)]

    upkeep.prune(before=LATE, keep=3)

    assert ids(store) == keys[1:]


def test_what_has_not_ended_for_good_stays(store, upkeep):
    running = started(store, "20250401_110000")
    interrupted = started(store, "20250401_110001")
    store.record(interrupted, [execution_to(ExecutionStatus.INTERRUPTED)])

    forgotten = upkeep.prune(before=LATE, keep=0)

    assert forgotten == []
    assert ids(store) == [running.execution_id, interrupted.execution_id]


def test_what_a_kept_execution_was_rerun_or_cached_from_stays(store, upkeep):
    first = ended(store, 0)
    source = ended(store, 1)
    ended(store, 2)
    rerun = ended(store, 3, rerun_of=first)
    last = ended(store, 4, rerun_of=rerun, cached_from=source)

    forgotten = upkeep.prune(before=LATE, keep=1)

    assert forgotten == ["20250401_120002"]
    assert ids(store) == [first, source, rerun, last]


def test_a_rerun_that_is_forgotten_itself_holds_nothing_back(store, upkeep):
    first = ended(store, 0)
    rerun = ended(store, 1, rerun_of=first, cached_from=first)

    forgotten = upkeep.prune(before=LATE, keep=0)

    assert forgotten == [rerun, first]
    assert ids(store) == []


def test_a_forgotten_id_may_be_used_again(store, upkeep):
    key = ended(store, 0)
    upkeep.prune(before=LATE, keep=0)

    execution = started(store, key, at=AT + LEASE)

    assert store.get_execution(key).created_at == AT + LEASE
    assert len(store.events(key)) == 1
    assert execution.fencing_token == 1


def test_nothing_is_wrong_with_a_store_that_was_used_well(store, upkeep):
    ended(store, 0)

    assert upkeep.check() == []
