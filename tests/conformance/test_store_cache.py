"""How every state store finds a result again."""

from datetime import timedelta

from orchestrator.core.states import TaskStatus
from tests.conformance.store_subjects import AT, ID, LEASE, start_of, started, task_to

OTHER = "20250401_120001"


def completed(store, execution_id=ID, *, key="key", at=AT, **facts):
    execution = started(store, execution_id, at=at)
    moves = [
        start_of("a", of=execution_id, at=at, cache_key=key),
        task_to(TaskStatus.COMPLETED, of=execution_id, at=at, cache_key=key, output={"rows": 3}, **facts),
    ]
    store.record(execution, moves)


def test_the_latest_result_with_the_key_is_found(store):
    completed(store, ID, at=AT)
    completed(store, OTHER, at=AT + LEASE)
    completed(store, "20250401_120002", at=AT + 2 * LEASE, key="another key")

    run = store.find_cached("a", "key")

    assert (run.key.execution_id, run.output, run.cache_key) == (OTHER, {"rows": 3}, "key")
    assert store.find_cached("b", "key") is None
    assert store.find_cached("a", "no such key") is None


def test_a_result_that_is_a_cached_one_itself_is_not_passed_on(store):
    completed(store, ID, at=AT)
    completed(store, OTHER, at=AT + LEASE, cached_from=ID)

    run = store.find_cached("a", "key")

    assert run.key.execution_id == ID
    assert next(r for r in store.task_runs(OTHER) if r.key.task_id == "a").cached_from == ID


def test_a_result_is_found_up_to_its_age(store):
    completed(store)

    assert store.find_cached("a", "key", since=AT) is not None
    assert store.find_cached("a", "key", since=AT + timedelta(microseconds=1)) is None


def test_what_did_not_complete_is_no_result(store):
    execution = started(store)
    store.record(execution, [start_of(cache_key="key"), task_to(TaskStatus.FAILED, cache_key="key")])

    assert store.find_cached("a", "key") is None
