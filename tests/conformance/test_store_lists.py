"""Lists over many executions: by state and workflow, their task runs at once, and how they went of late."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Outcomes
from tests.conformance.store_subjects import (
    AT,
    LEASE,
    QUEUED,
    RUNNING,
    execution_to,
    queued,
    start_of,
    started,
    task_to,
)

COMPLETED, FAILED = ExecutionStatus.COMPLETED, ExecutionStatus.FAILED
STATES = (QUEUED, RUNNING, COMPLETED, FAILED)


def ended(store, execution_id, after=COMPLETED, *, duration=None, at=AT, **request):
    execution = started(store, execution_id, at=at, **request)
    store.record(execution, [execution_to(after, duration=duration)])


@pytest.fixture
def many(store):
    """(id, state, workflow) of forty executions, the oldest first; some were asked for in the same instant."""
    kept = []
    for number, (_round, state, workflow) in enumerate(product(range(5), STATES, ("w", None))):
        execution_id, at = f"20250401_120000_{number:08x}", AT + timedelta(seconds=number // 3)
        if state is QUEUED:
            queued(store, execution_id, at=at, workflow=workflow)
        elif state is RUNNING:
            started(store, execution_id, at=at, workflow=workflow)
        else:
            ended(store, execution_id, state, at=at, workflow=workflow)
        kept.append((execution_id, state, workflow))
    return kept


@pytest.mark.parametrize("workflow", [None, "w", "unknown"])
@pytest.mark.parametrize("statuses", [(), (RUNNING,), (FAILED, QUEUED), STATES, (FAILED, FAILED)])
def test_pages_of_any_list_hold_what_they_should_once_and_in_order(store, many, statuses, workflow):
    expected = [
        execution_id
        for execution_id, state, of in reversed(many)
        if (not statuses or state in statuses) and workflow in {None, of}
    ]

    found, before = [], None
    while page := store.list_executions(limit=3, before=before, statuses=statuses, workflow=workflow):
        found += [execution.execution_id for execution in page]
        before = found[-1]

    assert found == expected


def test_a_list_may_begin_in_the_middle_and_end_at_a_time(store, many):
    border, since = many[20][0], AT + timedelta(seconds=3)

    found = store.list_executions(before=border, since=since, statuses=(FAILED, COMPLETED), workflow="w")

    within = [one for number, one in enumerate(many) if number < 20 and number // 3 >= 3]
    expected = [one[0] for one in reversed(within) if one[1] in {FAILED, COMPLETED} and one[2] == "w"]
    assert [execution.execution_id for execution in found] == expected


@pytest.mark.parametrize("part", ["0000000a", "120000_0000", "_", "%", "!", "A"])
def test_a_list_may_hold_only_ids_with_a_part_in_them(store, many, part):
    expected = [one for one, state, _workflow in reversed(many) if part in one and state in {FAILED, RUNNING}]

    found, before = [], None
    while page := store.list_executions(limit=4, before=before, statuses=(FAILED, RUNNING), part=part):
        found += [execution.execution_id for execution in page]
        before = found[-1]

    assert found == expected


def test_task_runs_of_several_executions_are_those_of_each(store):
    started(store, "20250401_120001", tasks=["b", "a"])
    execution = started(store, "20250401_120002", tasks=["a"], at=AT + LEASE)
    moves = [
        start_of("a", of="20250401_120002"),
        task_to(TaskStatus.COMPLETED, task="a", of="20250401_120002", output={"rows": 3}),
    ]
    store.record(execution, moves)
    started(store, "20250401_120003", at=AT + 2 * LEASE)
    asked = ["20250401_120002", "20990101_000000", "20250401_120001"]

    found = store.task_runs_of(iter(asked))

    assert found == {execution_id: store.task_runs(execution_id) for execution_id in asked}
    assert [run.key.task_id for run in found["20250401_120001"]] == ["b", "a"]
    assert found["20990101_000000"] == []
    assert store.task_runs_of([]) == {}
    one_task = store.task_runs_of(asked, task_ids=["b", "nowhere"])
    assert {execution_id: [run.key.task_id for run in runs] for execution_id, runs in one_task.items()} == {
        "20250401_120002": [],
        "20990101_000000": [],
        "20250401_120001": ["b"],
    }


def test_the_newest_executions_of_each_workflow_are_found(store, many):
    found = store.latest_executions(["w", "unknown"], each=4)

    assert found == {"w": store.list_executions(limit=4, workflow="w"), "unknown": []}
    assert len(found["w"]) == 4


def test_outcomes_are_counted_by_hour_and_state_and_what_has_not_ended_is_not(store):
    first = datetime(2025, 4, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    ended(store, "20250401_000001", at=first, duration=100.0, workflow="w")
    ended(store, "20250402_000002", at=first + timedelta(microseconds=1), duration=1.5, workflow="w")
    ended(store, "20250402_000003", at=first + timedelta(minutes=20), duration=2.0, workflow="w")
    ended(store, "20250402_000004", FAILED, at=first + timedelta(minutes=30), workflow="w")
    ended(store, "20250402_000005", at=first + timedelta(minutes=40), duration=8.0)
    started(store, "20250402_000006", at=first + timedelta(minutes=50), workflow="w")

    found = store.outcomes(since=first + timedelta(microseconds=1))

    midnight = datetime(2025, 4, 2, tzinfo=UTC)
    assert found == [
        Outcomes(hour=midnight, status=COMPLETED, count=3, seconds=11.5),
        Outcomes(hour=midnight, status=FAILED, count=1, seconds=0.0),
    ]
    assert next(one.hour for one in store.outcomes(since=first)) == datetime(2025, 4, 1, 23, tzinfo=UTC)
