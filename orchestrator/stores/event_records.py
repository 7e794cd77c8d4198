"""The event log's texts: a move as short JSON, which leaves out all that does not concern it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.outcomes import Usage
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.stores.records import (
    Row,
    json_text,
    message_data,
    plain,
    read_message_data,
    read_time,
    time_or_none,
    time_text,
)


def event_texts(moved: Move) -> tuple[str, str]:
    """Time and move of an event as they are stored, and as its chain is computed over them."""
    return time_text(moved.at), move_text(moved)


def event_values(event: Event, texts: tuple[str, str]) -> tuple[object, ...]:
    """What APPEND_EVENT stores; `texts` are the `event_texts` of the event's move."""
    return event.execution_id, event.seq, *texts, event.chain


def read_event(row: Row) -> Event:
    """An event from its row."""
    execution_id = row["execution_id"]
    return Event(
        execution_id=execution_id,
        seq=row["seq"],
        move=read_move(execution_id, datetime.fromisoformat(row["at"]), row["move"]),
        chain=row["chain"],
    )


def move_text(moved: Move) -> str:
    """A move as JSON, without its execution and its time, which stand in columns of their own."""
    if isinstance(moved, ExecutionMoved):
        data = _execution_move_data(moved)
    elif isinstance(moved, TaskMoved):
        data = _run_data(moved.run) | _task_move_data(moved)
    else:
        data = _run_data(moved.run) | {"noted": _attempt_data(moved.attempt)}
    return json_text({name: value for name, value in data.items() if value is not None})


def read_move(execution_id: str, at: datetime, text: str) -> Move:
    """The move that `move_text` wrote."""
    data = json.loads(text)
    if "task" in data:
        run = TaskRunKey(execution_id=execution_id, task_id=data["task"], index=data.get("index"))
        if "noted" in data:
            return AttemptNoted(run=run, attempt=_read_attempt_data(run, data["noted"]), at=at)
        return _read_task_move(run, at, data)
    return ExecutionMoved(
        before=ExecutionStatus(data["before"]),
        after=ExecutionStatus(data["after"]),
        at=at,
        duration=data.get("duration"),
        exit_code=data.get("exit_code"),
        reason=read_message_data(data.get("reason")),
    )


def _execution_move_data(moved: ExecutionMoved) -> dict[str, object]:
    return {
        "before": moved.before,
        "after": moved.after,
        "duration": moved.duration,
        "exit_code": moved.exit_code,
        "reason": message_data(moved.reason),
    }


def _run_data(run: TaskRunKey) -> dict[str, object]:
    return {"task": run.task_id, "index": run.index}


def _task_move_data(moved: TaskMoved) -> dict[str, object]:
    return {
        "before": moved.before,
        "after": moved.after,
        "attempt": None if moved.attempt is None else _attempt_data(moved.attempt),
        "output": moved.output,
        "error": plain(moved.error),
        "error_type": plain(moved.error_type),
        "reason": message_data(moved.reason),
        "next_attempt_at": time_or_none(moved.next_attempt_at),
        "duration": moved.duration,
        "cached_from": moved.cached_from,
        "cache_key": moved.cache_key,
        "neutral": moved.neutral,
    }


def _read_task_move(run: TaskRunKey, at: datetime, data: Mapping[str, Any]) -> TaskMoved:
    attempt = data.get("attempt")
    return TaskMoved(
        run=run,
        before=TaskStatus(data["before"]),
        after=TaskStatus(data["after"]),
        at=at,
        attempt=None if attempt is None else _read_attempt_data(run, attempt),
        output=data.get("output"),
        error=data.get("error"),
        error_type=data.get("error_type"),
        reason=read_message_data(data.get("reason")),
        next_attempt_at=read_time(data.get("next_attempt_at")),
        duration=data.get("duration"),
        cached_from=data.get("cached_from"),
        cache_key=data.get("cache_key"),
        neutral=data.get("neutral"),
    )


def _attempt_data(attempt: Attempt) -> dict[str, object]:
    data = {
        "number": attempt.key.number,
        "status": attempt.status,
        "started_at": time_or_none(attempt.started_at),
        "ended_at": time_or_none(attempt.ended_at),
        "duration": attempt.duration,
        "pid": attempt.pid,
        "error": plain(attempt.error),
        "error_type": plain(attempt.error_type),
        "reason": message_data(attempt.reason),
        "traceback": plain(attempt.traceback),
        "log": plain(attempt.log),
        "cpu_seconds": attempt.usage.cpu_seconds,
        "peak_memory_bytes": attempt.usage.peak_memory_bytes,
        "code_sha256": attempt.code_sha256,
    }
    return {name: value for name, value in data.items() if value is not None}


def _read_attempt_data(run: TaskRunKey, data: Mapping[str, Any]) -> Attempt:
    return Attempt(
        key=AttemptKey(run=run, number=data["number"]),
        status=data["status"],
        started_at=read_time(data.get("started_at")),
        ended_at=read_time(data.get("ended_at")),
        duration=data.get("duration"),
        pid=data.get("pid"),
        error=data.get("error"),
        error_type=data.get("error_type"),
        reason=read_message_data(data.get("reason")),
        traceback=data.get("traceback"),
        log=data.get("log"),
        code_sha256=data.get("code_sha256"),
        usage=Usage(cpu_seconds=data.get("cpu_seconds"), peak_memory_bytes=data.get("peak_memory_bytes")),
    )
