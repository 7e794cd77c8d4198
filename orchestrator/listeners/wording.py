"""What each event reads like: the one place where the lines of console and log file are worded."""

import logging

from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, TaskMoved
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.translation import say

LINE_BREAKS = dict.fromkeys((0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029), " ")
ESCAPED = {code: f"\\x{code:02x}" for code in (*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0))} | LINE_BREAKS


def level_of(event: Event) -> int:
    """How loud the line is, as a `logging` level."""
    move = event.move
    if isinstance(move, AttemptNoted) or _only_taken(move):
        return logging.DEBUG
    if move.after in {TaskStatus.FAILED, ExecutionStatus.FAILED}:
        return logging.ERROR
    quiet = {
        TaskStatus.RUNNING,
        TaskStatus.COMPLETED,
        ExecutionStatus.RUNNING,
        ExecutionStatus.COMPLETED,
        ExecutionStatus.QUEUED,
    }
    return logging.INFO if move.after in quiet else logging.WARNING


def line_of(event: Event) -> str:
    """One line in the chosen language; whatever a task named itself cannot break out of it."""
    move = event.move
    if isinstance(move, ExecutionMoved):
        message = _of_execution(event.execution_id, move)
    elif isinstance(move, AttemptNoted):
        message = Message(
            template=N_("task {task_id}: attempt {number} runs as process {pid}"),
            facts={"task_id": move.run.task_id, "number": move.attempt.key.number, "pid": move.attempt.pid},
        )
    else:
        message = _of_task(move)
    return one_line(say(message))


def one_line(text: str) -> str:
    """`text` without line breaks, its control characters written out: one record stays one line."""
    return text.translate(ESCAPED)


def _of_execution(execution_id: str, move: ExecutionMoved) -> Message:
    facts: dict[str, object] = {"execution_id": execution_id, "duration": _seconds(move.duration)}
    return Message(template=_EXECUTION_LINES[move.after], facts=facts)


def _of_task(move: TaskMoved) -> Message:
    facts: dict[str, object] = {
        "task_id": move.run.task_id,
        "number": move.attempt.key.number if move.attempt else 0,
        "duration": _seconds(move.duration),
        "reason": move.reason or "",
        "error": _error(move),
    }
    return Message(template=KNOWN_RESULT if _only_taken(move) else _TASK_LINES[move.after], facts=facts)


def _only_taken(move: ExecutionMoved | TaskMoved) -> bool:
    """Whether a task run passes through `running` only because its result is known already."""
    return isinstance(move, TaskMoved) and move.after is TaskStatus.RUNNING and move.attempt is None


def _error(move: TaskMoved) -> str | Message:
    """In the code's own words; else in ours, the attempt's before the move's: that one may speak of the next try."""
    if move.error:
        return f"{move.error_type}: {move.error}"
    return (move.attempt and move.attempt.reason) or move.reason or ""


def _seconds(duration: float | None) -> str:
    return "–" if duration is None else f"{duration:.2f}"


KNOWN_RESULT = N_("task {task_id} is not executed: its result is known")
_EXECUTION_LINES = {
    ExecutionStatus.QUEUED: N_("execution {execution_id} is queued"),
    ExecutionStatus.RUNNING: N_("execution {execution_id} started"),
    ExecutionStatus.CANCELLING: N_("execution {execution_id} is being cancelled"),
    ExecutionStatus.INTERRUPTED: N_("execution {execution_id} was interrupted after {duration} s"),
    ExecutionStatus.COMPLETED: N_("execution {execution_id} completed in {duration} s"),
    ExecutionStatus.COMPLETED_WITH_ERRORS: N_("execution {execution_id} completed with errors in {duration} s"),
    ExecutionStatus.FAILED: N_("execution {execution_id} failed after {duration} s"),
    ExecutionStatus.CANCELLED: N_("execution {execution_id} was cancelled after {duration} s"),
}

_TASK_LINES = {
    TaskStatus.PENDING: N_("task {task_id} is pending"),
    TaskStatus.RUNNING: N_("task {task_id} started (attempt {number})"),
    TaskStatus.COMPLETED: N_("task {task_id} completed in {duration} s"),
    TaskStatus.FAILED: N_("task {task_id} failed: {error}"),
    TaskStatus.RETRY_WAIT: N_("task {task_id}: {reason} ({error})"),
    TaskStatus.SKIPPED: N_("task {task_id} was skipped: {reason}"),
    TaskStatus.CANCELLED: N_("task {task_id} was cancelled"),
    TaskStatus.INTERRUPTED: N_("task {task_id} was interrupted: {reason}"),
}
