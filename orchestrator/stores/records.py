"""Rows and records: how each record is written down, and read again by this version or a later one (R32).

A reader takes defaults for fields that an older version did not write, and ignores those of a newer one.
"""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON, Usage
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Token

MOST_REMEMBERED = 4096
"""Characters of a request that is kept when it was read once."""
NO_ITEM = -1
"""Stands for `index` None: a key column must not be NULL, which equals nothing."""


class Row(Protocol):
    """A row of a result whose columns are asked for by name."""

    def __getitem__(self, name: str, /) -> Any:
        """The column's value."""


# --- single values ---------------------------------------------------------------------------------------------------


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC; ValueError for a naive time, which could be any of many instants."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no zone")
    return at.astimezone(UTC)


def time_text(at: datetime) -> str:
    """ISO 8601 in UTC, always 32 characters, so that text order is time order; ValueError for a naive time."""
    return in_utc(at).isoformat(timespec="microseconds")


def time_or_none(at: datetime | None) -> str | None:
    """`time_text`, or None for None."""
    return None if at is None else time_text(at)


def read_time(text: str | None) -> datetime | None:
    """The aware time in UTC that `time_text` wrote; None for None."""
    return None if text is None else datetime.fromisoformat(text)


def plain(text: str | None) -> str | None:
    """`text` with lone surrogates and NUL spelt out as Python would escape them: databases cannot hold them."""
    if text is None:
        return None
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def json_text(value: object) -> str:
    """`value` as JSON; what JSON does not know becomes its text. Lone surrogates are escaped and come back."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def output_text(output: JSON) -> str | None:
    """A task's output as JSON; None for None."""
    return None if output is None else json_text(output)


def message_data(message: Message | None) -> dict[str, object] | None:
    """A message as a JSON object; None for None."""
    return None if message is None else {"template": message.template, "facts": dict(message.facts)}


def read_message_data(data: dict[str, Any] | None) -> Message | None:
    """The message in such an object; facts that JSON does not know have become text."""
    return None if data is None else Message(template=data["template"], facts=data["facts"])


def message_text(message: Message | None) -> str | None:
    """A message as JSON; None for None."""
    return None if message is None else json_text(message_data(message))


def read_message(text: str | None) -> Message | None:
    """The message that `message_text` wrote; None for None."""
    return None if text is None else read_message_data(json.loads(text))


# --- executions ------------------------------------------------------------------------------------------------------


def request_text(request: Request) -> str:
    """A request as JSON."""
    return json_text(dict(vars(request)))


def read_request(text: str) -> Request:
    """The request that `request_text` wrote."""
    return _short_request(text) if len(text) <= MOST_REMEMBERED else _request(text)


@lru_cache(maxsize=1024)
def _short_request(text: str) -> Request:
    """A request never changes, and lists show the same ones again and again."""
    return _request(text)


def _request(text: str) -> Request:
    known = {name: value for name, value in json.loads(text).items() if name in Request.__dataclass_fields__}
    for name in ("tasks", "assumed_satisfied", "kept"):
        known[name] = tuple(known.get(name, ()))
    return Request(**known)


def read_execution(row: Row, request: Request) -> Execution:
    """An execution from its row; `request` apart, since it is long and never changes."""
    return Execution(
        execution_id=row["execution_id"],
        request=request,
        status=ExecutionStatus(row["status"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        started_at=read_time(row["started_at"]),
        ended_at=read_time(row["ended_at"]),
        duration=row["duration"],
        exit_code=row["exit_code"],
        owner=row["owner"],
        fencing_token=row["fencing_token"],
        lease_until=read_time(row["lease_until"]),
        reason=read_message(row["reason"]),
        refused_writes=row["refused_writes"],
    )


def execution_values(execution: Execution) -> tuple[object, ...]:
    """What MOVE_EXECUTION sets, up to and including the lease."""
    return (
        execution.status,
        time_or_none(execution.started_at),
        time_or_none(execution.ended_at),
        execution.duration,
        execution.exit_code,
        message_text(execution.reason),
        execution.owner,
        time_or_none(execution.lease_until),
    )


# --- task runs -------------------------------------------------------------------------------------------------------


def run_key_values(key: TaskRunKey) -> tuple[str, str, int]:
    """The three columns of a task run's key."""
    return key.execution_id, key.task_id, NO_ITEM if key.index is None else key.index


def read_run_key(row: Row) -> TaskRunKey:
    """The key of the task run that a row belongs to."""
    item = row["item"]
    return TaskRunKey(execution_id=row["execution_id"], task_id=row["task_id"], index=None if item == NO_ITEM else item)


def read_task_run(row: Row) -> TaskRun:
    """A task run from its row."""
    output = row["output"]
    return TaskRun(
        key=read_run_key(row),
        position=row["position"],
        status=TaskStatus(row["status"]),
        attempts=row["attempts"],
        started_at=read_time(row["started_at"]),
        ended_at=read_time(row["ended_at"]),
        duration=row["duration"],
        output=None if output is None else json.loads(output),
        error=row["error"],
        error_type=row["error_type"],
        reason=read_message(row["reason"]),
        next_attempt_at=read_time(row["next_attempt_at"]),
        cached_from=row["cached_from"],
        cache_key=row["cache_key"],
    )


def task_run_values(run: TaskRun) -> tuple[object, ...]:
    """What MOVE_TASK_RUN sets."""
    return (
        run.status,
        run.attempts,
        time_or_none(run.started_at),
        time_or_none(run.ended_at),
        run.duration,
        output_text(run.output),
        plain(run.error),
        plain(run.error_type),
        message_text(run.reason),
        time_or_none(run.next_attempt_at),
        run.cached_from,
        run.cache_key,
    )


# --- attempts --------------------------------------------------------------------------------------------------------


def attempt_values(attempt: Attempt) -> tuple[object, ...]:
    """What KEEP_ATTEMPT stores."""
    return (
        *run_key_values(attempt.key.run),
        attempt.key.number,
        attempt.status,
        time_or_none(attempt.started_at),
        time_or_none(attempt.ended_at),
        attempt.duration,
        attempt.pid,
        plain(attempt.error),
        plain(attempt.error_type),
        message_text(attempt.reason),
        plain(attempt.traceback),
        plain(attempt.log),
        attempt.usage.cpu_seconds,
        attempt.usage.peak_memory_bytes,
        attempt.code_sha256,
    )


def read_attempt(row: Row) -> Attempt:
    """An attempt from its row."""
    return Attempt(
        key=AttemptKey(run=read_run_key(row), number=row["number"]),
        status=row["status"],
        started_at=read_time(row["started_at"]),
        ended_at=read_time(row["ended_at"]),
        duration=row["duration"],
        pid=row["pid"],
        error=row["error"],
        error_type=row["error_type"],
        reason=read_message(row["reason"]),
        traceback=row["traceback"],
        log=row["log"],
        code_sha256=row["code_sha256"],
        usage=Usage(cpu_seconds=row["cpu_seconds"], peak_memory_bytes=row["peak_memory_bytes"]),
    )


# --- tokens ----------------------------------------------------------------------------------------------------------


def token_values(token: Token) -> tuple[object, ...]:
    """What KEEP_TOKEN stores."""
    times = (time_text(token.created_at), time_or_none(token.expires_at), time_or_none(token.revoked_at))
    return (token.name, token.role, token.sha256, *times)


def read_token(row: Row) -> Token:
    """A token from its row."""
    return Token(
        name=row["name"],
        role=row["role"],
        sha256=row["sha256"],
        created_at=datetime.fromisoformat(row["created_at"]),
        expires_at=read_time(row["expires_at"]),
        revoked_at=read_time(row["revoked_at"]),
    )
