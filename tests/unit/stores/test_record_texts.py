import json
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import Usage
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Order, OrderKind
from orchestrator.stores import sql
from orchestrator.stores.event_records import event_texts, event_values, move_text, read_event, read_move
from orchestrator.stores.order_records import as_stored, order_values, read_order
from orchestrator.stores.records import (
    attempt_values,
    execution_values,
    read_attempt,
    read_execution,
    read_request,
    read_task_run,
    request_text,
    run_key_values,
    task_run_values,
    time_text,
)

AT = datetime(2025, 4, 1, 12, 30, 0, 7, tzinfo=UTC)
KEY = TaskRunKey(execution_id="20250401_123000", task_id="tarea_ñ", index=4)
WHY = Message(template="{n} of {name}", facts={"n": 2, "name": "ñ"})
ATTEMPT = Attempt(
    key=AttemptKey(run=KEY, number=2),
    status="failed",
    started_at=AT,
    ended_at=AT + timedelta(seconds=1),
    duration=1.25,
    pid=77,
    error="boom",
    error_type="ValueError",
    reason=WHY,
    traceback="Traceback",
    log="a.log",
    code_sha256="c0de",
    usage=Usage(cpu_seconds=0.5, peak_memory_bytes=2**33),
)
RUN = TaskRun(
    key=KEY,
    position=3,
    status=TaskStatus.RETRY_WAIT,
    attempts=2,
    started_at=AT,
    ended_at=AT + timedelta(seconds=9),
    duration=9.0,
    output={"rows": [1, None]},
    error="boom",
    error_type="ValueError",
    reason=WHY,
    next_attempt_at=AT + timedelta(seconds=60),
    cached_from="20250331_123000",
    cache_key="key",
)
REQUEST = Request(
    tasks=("a", "b"),
    workflow="w",
    parameters={"año": 2025},
    parallel=True,
    max_workers=4,
    stop_on_failure=False,
    source="api",
    data_source="demo",
    assumed_satisfied=("c",),
    pools={"a": "warehouse"},
    rerun_of="20250331_123000",
    kept=("b",),
    outputs_from={"c": "20250330_123000"},
    snapshot="hash",
    version="2.0",
    schedule="nightly",
    scheduled_for="2025-04-01T02:00:00-05:00",
)
EXECUTION = Execution(
    execution_id="20250401_123000",
    request=REQUEST,
    status=ExecutionStatus.FAILED,
    created_at=AT,
    started_at=AT,
    ended_at=AT,
    duration=3.5,
    exit_code=1,
    owner="host:1:1",
    fencing_token=3,
    lease_until=AT,
    reason=WHY,
    refused_writes=5,
)
MOVED = ExecutionMoved(
    before=ExecutionStatus.RUNNING, after=ExecutionStatus.FAILED, at=AT, duration=2.0, exit_code=1, reason=WHY
)
TASK_MOVED = TaskMoved(
    run=KEY,
    before=TaskStatus.RUNNING,
    after=TaskStatus.RETRY_WAIT,
    at=AT,
    attempt=ATTEMPT,
    output=[1],
    error="boom",
    error_type="ValueError",
    reason=WHY,
    next_attempt_at=AT,
    duration=4.0,
    cached_from="20250331_123000",
    cache_key="key",
    neutral=True,
)
NOTED = AttemptNoted(run=KEY, attempt=ATTEMPT, at=AT)
ORDER = Order(
    kind=OrderKind.MARK,
    at=AT,
    by="ana@host",
    reason="ya estaba en la bodega ñ",
    task_id="tarea_ñ",
    mark_as=TaskStatus.COMPLETED,
    number=7,
)


def columns_of(statement: str) -> list[str]:
    """Names between the first pair of parentheses of an INSERT, or before each `= ?` of an UPDATE's SET."""
    if "SET" in statement and "INSERT" not in statement:
        between = statement.partition("SET")[2].partition("WHERE")[0]
        return [part.partition("=")[0].strip() for part in between.split(",")]
    return [name.strip() for name in statement.partition("(")[2].partition(")")[0].split(",")]


@pytest.mark.parametrize(
    "record", [ATTEMPT, RUN, REQUEST, EXECUTION, MOVED, TASK_MOVED, NOTED, ORDER], ids=lambda r: type(r).__name__
)
def test_the_samples_of_this_file_leave_no_field_at_its_default(record):
    at_default = [
        known.name
        for known in fields(record)
        if (known.default is not MISSING and getattr(record, known.name) == known.default)
        or (known.default_factory is not MISSING and getattr(record, known.name) == known.default_factory())
    ]

    assert at_default == [], "a new field: give the sample a value, and the store a place for it"


def test_every_field_of_an_attempt_comes_back_from_its_row():
    row = dict(zip(columns_of(sql.KEEP_ATTEMPT), attempt_values(ATTEMPT), strict=True))

    assert read_attempt(row) == ATTEMPT


@pytest.mark.parametrize("index", [None, 0, 4])
def test_every_field_of_a_task_run_comes_back_from_its_row(index):
    run = replace(RUN, key=replace(KEY, index=index))
    key = dict(zip(["execution_id", "task_id", "item"], run_key_values(run.key), strict=True))
    row = dict(zip(columns_of(sql.MOVE_TASK_RUN), task_run_values(run), strict=True)) | key | {"position": 3}

    assert read_task_run(row) == run


def test_every_field_of_an_execution_comes_back_from_its_row():
    of_the_log = {"last_seq", "last_chain", "cancel_number"}
    columns = [name for name in columns_of(sql.MOVE_EXECUTION) if name not in of_the_log]
    row = dict(zip(columns, execution_values(EXECUTION), strict=True))
    row |= {"execution_id": EXECUTION.execution_id, "created_at": time_text(AT), "fencing_token": 3}
    row |= {"refused_writes": 5}

    assert read_execution(row, REQUEST) == EXECUTION


def test_every_field_of_a_request_comes_back_from_its_text():
    assert read_request(request_text(REQUEST)) == REQUEST


@pytest.mark.parametrize("moved", [MOVED, TASK_MOVED, NOTED], ids=lambda moved: type(moved).__name__)
def test_every_field_of_a_move_comes_back_from_the_event_log(moved):
    event = Event(execution_id=KEY.execution_id, seq=9, move=moved, chain="c4a1")
    row = dict(zip(columns_of(sql.APPEND_EVENT), event_values(event, event_texts(moved)), strict=True))

    assert read_event(row) == event


def test_every_field_of_an_order_comes_back_from_its_row():
    names = [name.strip('"') for name in columns_of(sql.ADD_ORDER) if name != "number"]

    row = dict(zip(names, order_values(KEY.execution_id, ORDER)[:-1], strict=True)) | {"number": 7}

    assert read_order(row) == ORDER
    assert as_stored(replace(ORDER, number=0), 7) == ORDER


def test_a_move_leaves_out_all_that_does_not_concern_it():
    skipped = TaskMoved(run=replace(KEY, index=None), before=TaskStatus.PENDING, after=TaskStatus.SKIPPED, at=AT)

    text = move_text(skipped)

    assert json.loads(text) == {"task": "tarea_ñ", "before": "pending", "after": "skipped"}
    assert read_move(KEY.execution_id, AT, text) == skipped


def test_a_request_of_a_later_version_is_read_without_what_is_unknown_here():
    text = json.dumps(json.loads(request_text(REQUEST)) | {"priority": 5})

    assert read_request(text) == REQUEST


def test_a_request_of_an_older_version_takes_the_defaults_for_what_it_lacks():
    assert read_request('{"tasks": ["a"]}') == Request(tasks=("a",))


def test_times_of_any_zone_sort_as_text_as_they_do_in_time():
    zones = [timezone(timedelta(hours=hours)) for hours in (-11, -5, 0, 5.5, 14)]
    times = sorted(
        (AT.replace(microsecond=0) + timedelta(seconds=step / 2)).astimezone(zones[step % 5]) for step in range(-40, 40)
    )

    texts = [time_text(at) for at in times]

    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {32}
