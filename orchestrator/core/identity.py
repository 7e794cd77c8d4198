"""Names of executions, task runs and attempts (semantics D6, D19)."""

import re
from dataclasses import dataclass
from datetime import datetime

EXECUTION_ID = re.compile(r"(exec_)?[0-9]{8}_[0-9]{6}(_[0-9a-f]{8})?")
PART_OF_ID = re.compile(r"[0-9a-z_]{1,40}")


def execution_id_at(started_at: datetime, suffix: str = "") -> str:
    """`YYYYMMDD_HHMMSS`, with `_xxxxxxxx` when `suffix` (8 hex digits) is given.

    `started_at` is aware and already in the orchestrator's zone.
    """
    stem = started_at.strftime("%Y%m%d_%H%M%S")
    return f"{stem}_{suffix}" if suffix else stem


def is_execution_id(text: str) -> bool:
    """True for a whole execution id, by its form alone."""
    return EXECUTION_ID.fullmatch(text) is not None


def is_part_of_id(text: str) -> bool:
    """True for text that may be looked up as a part of an id: `[0-9a-z_]`, at most 40 characters."""
    return PART_OF_ID.fullmatch(text) is not None


@dataclass(frozen=True, kw_only=True, order=True)
class TaskRunKey:
    """One task inside one execution; `index` is None for an ordinary task, 0…n-1 for one of a fan-out (D19)."""

    execution_id: str
    task_id: str
    index: int | None = None


@dataclass(frozen=True, kw_only=True, order=True)
class AttemptKey:
    """One try of a task run; `number` starts at 1 and grows over the life of the task run."""

    run: TaskRunKey
    number: int
