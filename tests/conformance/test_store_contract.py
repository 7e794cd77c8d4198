"""What every state store must do: reserving, looking up."""

import random
from datetime import timedelta, timezone

import pytest

from orchestrator.core.errors import ExecutionIdTaken, NoSuchExecution
from orchestrator.core.executions import Request
from orchestrator.core.states import ExecutionStatus, TaskStatus
from tests.conformance.store_subjects import (
    AT,
    ID,
    LEASE,
    QUEUED,
    RUNNING,
    execution_to,
    queued,
    start_of,
    started,
    task_to,
)

# --- creating --------------------------------------------------------------------------------------------------------


def test_a_new_execution_is_queued_with_one_pending_run_per_task_in_plan_order(store):
    queued(store, tasks=["z", "a", "m"])

    runs = store.task_runs(ID)

    assert [(run.key.task_id, run.position, run.status) for run in runs] == [
        ("z", 0, TaskStatus.PENDING),
        ("a", 1, TaskStatus.PENDING),
        ("m", 2, TaskStatus.PENDING),
    ]
    assert store.get_execution(ID).status is QUEUED
    assert store.events(ID) == []


def test_an_execution_is_read_as_it_was_asked_for(store):
    asked = Request(
        tasks=("ñandú", "b"),
        workflow="full_etl",
        parameters={"año": 2025, "nested": {"list": [1, 2.5, None, True]}, "text": "Emprésto 'x'; --"},
        parallel=True,
        max_workers=7,
        stop_on_failure=False,
        source="schedule",
        data_source="demo",
        assumed_satisfied=("c",),
        pools={"b": "warehouse ñ"},
        rerun_of="20250331_120000",
        kept=("b",),
        snapshot="abc",
        version="2.0",
    )

    created = store.create_execution(ID, asked, snapshot="{}", at=AT)

    assert created == store.get_execution(ID)
    assert created.request == asked
    assert created.created_at == AT


def test_an_id_is_reserved_once_and_a_second_try_stores_nothing(store):
    queued(store, tasks=["a"])
    before = (store.get_execution(ID), store.task_runs(ID))

    with pytest.raises(ExecutionIdTaken):
        queued(store, tasks=["other"], snapshot="another hash")

    assert (store.get_execution(ID), store.task_runs(ID)) == before
    with pytest.raises(KeyError):
        store.snapshot("another hash")


def test_a_configuration_is_kept_once_per_hash(store):
    queued(store, "20250401_120000", snapshot="hash")
    queued(store, "20250401_120001", snapshot="hash")

    kept = store.snapshot("hash")

    assert kept == '{"tasks": []}'


def test_a_configuration_that_nobody_stored_is_a_key_error(store):
    queued(store, snapshot="")

    with pytest.raises(KeyError):
        store.snapshot("")


def test_times_come_back_as_the_same_instant_in_utc(store):
    bogota = timezone(timedelta(hours=-5))

    queued(store, at=AT.astimezone(bogota))

    assert store.get_execution(ID).created_at == AT
    assert store.get_execution(ID).created_at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(store):
    naive = AT.replace(tzinfo=None)

    with pytest.raises(ValueError, match="no zone"):
        queued(store, at=naive)


def test_an_execution_without_tasks_is_possible(store):
    queued(store, tasks=[])

    assert store.task_runs(ID) == []


# --- looking up ------------------------------------------------------------------------------------------------------


def test_an_execution_that_nobody_created_is_named_in_the_error(store):
    with pytest.raises(NoSuchExecution, match="20990101_000000"):
        store.get_execution("20990101_000000")


def test_an_unknown_execution_has_no_runs_attempts_or_events(store):
    unknown = "20990101_000000"

    assert (store.task_runs(unknown), store.attempts(unknown), store.events(unknown)) == ([], [], [])


def test_a_part_of_an_id_finds_the_newest_first(store):
    for number in range(5):
        queued(store, f"20250401_12000{number}", at=AT + timedelta(seconds=number))

    found = store.find_executions("0401_1200", limit=3)

    assert found == ["20250401_120004", "20250401_120003", "20250401_120002"]


@pytest.mark.parametrize("part", ["2025%", "2025_401", "EXEC", "!"])
def test_no_character_of_a_part_stands_for_others(store, part):
    queued(store, "exec_20250401_120000_0a0b0c0d")

    assert store.find_executions(part) == []


def test_pages_hold_every_execution_once_even_where_many_began_at_once(store):
    ids = [f"20250401_120000_{number:08x}" for number in range(23)]
    for number, execution_id in enumerate(random.Random(1).sample(ids, len(ids))):
        queued(store, execution_id, at=AT + timedelta(seconds=number // 10))
    everything = [execution.execution_id for execution in store.list_executions(limit=100)]

    pages, before = [], None
    while page := store.list_executions(limit=5, before=before):
        pages.append([execution.execution_id for execution in page])
        before = pages[-1][-1]

    assert [execution_id for page in pages for execution_id in page] == everything
    assert sorted(everything) == ids
    ages = [(execution.created_at, execution.execution_id) for execution in store.list_executions(limit=100)]
    assert ages == sorted(ages, reverse=True)


def test_a_page_after_an_execution_that_is_not_there_is_refused(store):
    with pytest.raises(NoSuchExecution):
        store.list_executions(before="20990101_000000")


def test_a_list_holds_only_the_wanted_statuses_and_workflow(store):
    queued(store, "20250401_120001", workflow="w")
    started(store, "20250401_120002", workflow="w", at=AT + LEASE)
    started(store, "20250401_120003", workflow="other", at=AT + 2 * LEASE)
    execution = started(store, "20250401_120004", at=AT + 3 * LEASE)
    store.record(execution, [execution_to(ExecutionStatus.COMPLETED_WITH_ERRORS)])

    def ids(**filters) -> list[str]:
        return [execution.execution_id[-1] for execution in store.list_executions(**filters)]

    assert ids(workflow="w") == ["2", "1"]
    assert ids(statuses=[RUNNING]) == ["3", "2"]
    assert ids(statuses=[RUNNING], workflow="w") == ["2"]
    assert ids(statuses=[ExecutionStatus.COMPLETED]) == []
    assert ids(statuses=iter([QUEUED, ExecutionStatus.COMPLETED_WITH_ERRORS])) == ["4", "1"]
    assert ids(statuses=[RUNNING, QUEUED], before="20250401_120003") == ["2", "1"]
    assert ids(limit=1) == ["4"]


def test_only_the_latest_execution_of_a_task_tells_whether_it_completed(store):
    first = started(store, "20250401_120001", tasks=["a", "b", "c"])
    at_first = [
        move
        for task in "abc"
        for move in (
            start_of(task, of="20250401_120001"),
            task_to(TaskStatus.COMPLETED, task=task, of="20250401_120001"),
        )
    ]
    store.record(first, at_first)
    second = started(store, "20250401_120002", tasks=["a", "b"], at=AT + LEASE)
    store.record(
        second,
        [
            start_of("a", of="20250401_120002"),
            task_to(TaskStatus.COMPLETED, task="a", of="20250401_120002"),
            start_of("b", of="20250401_120002"),
            task_to(TaskStatus.FAILED, task="b", of="20250401_120002"),
        ],
    )

    found = store.latest_completed(["a", "b", "c", "never ran"])

    assert found == {"a": "20250401_120002", "c": "20250401_120001"}


def test_closing_twice_does_no_harm(store):
    queued(store)

    store.close()
    store.close()
