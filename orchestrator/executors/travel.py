"""Calls and events of the executor's port as JSON objects and back: what the places for attempts have in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.core.identity import AttemptKey
from orchestrator.core.outcomes import Outcome, Usage
from orchestrator.core.ports import AttemptEnded, Call
from orchestrator.executors.wire import outcome_from_wire


def call_to_wire(call: Call) -> dict[str, Any]:
    """The call as a JSON object; `interpreter.target_of` reads it."""
    run = call.attempt.run
    return {
        "execution_id": run.execution_id,
        "task_id": run.task_id,
        "index": run.index,
        "number": call.attempt.number,
        "module_path": call.module_path,
        "function_name": call.function_name,
        "parameters": dict(call.parameters),
        "timeout": call.timeout,
        "kill_grace": call.kill_grace,
        "log_path": call.log_path,
        "environment": dict(call.environment),
        "search_path": list(call.search_path),
        "allowed_modules": list(call.allowed_modules),
        "working_directory": call.working_directory,
        "hidden": list(call.hidden),
        "memory_limit_mb": call.memory_limit_mb,
        "isolation": call.isolation,
    }


def ended_from_wire(attempt: AttemptKey, message: Mapping[str, Any]) -> AttemptEnded:
    """The supervisor's `ended` message as an event. Raises Malformed."""
    usage = Usage(cpu_seconds=message.get("cpu_seconds"), peak_memory_bytes=message.get("peak_memory_bytes"))
    return AttemptEnded(
        attempt=attempt,
        outcome=outcome_from_wire(message["outcome"]),
        at=instant(message["at"]),
        duration=message["duration"],
        code_sha256=message.get("code"),
        trouble=message.get("trouble", ""),
        usage=usage,
    )


def never_began(attempt: AttemptKey, outcome: Outcome) -> AttemptEnded:
    """The end of an attempt of which nothing more is known."""
    return AttemptEnded(attempt=attempt, outcome=outcome, at=datetime.now(UTC), duration=0.0)


def instant(seconds: float) -> datetime:
    """Seconds since 1970 as an aware datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
