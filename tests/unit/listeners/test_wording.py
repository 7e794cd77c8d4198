import logging
from datetime import UTC, datetime

import pytest

from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.listeners.wording import level_of, line_of, one_line
from orchestrator.translation import LANGUAGES, use_language

AT = datetime(2025, 4, 1, tzinfo=UTC)
ID = "20250401_120000"
TIMED_OUT = Message(template="killed at its limit of {limit} s", facts={"limit": "5"})
WAITS = Message(
    template="attempt {number} failed; the next one starts in {delay} s", facts={"number": 1, "delay": "2.0"}
)
STATUSES = [*ExecutionStatus, *TaskStatus]


def event_of(move) -> Event:
    return Event(execution_id=ID, seq=1, move=move)


def execution_to(after: ExecutionStatus, **fields) -> Event:
    return event_of(ExecutionMoved(before=ExecutionStatus.RUNNING, after=after, at=AT, **fields))


def task_to(after: TaskStatus, task_id: str = "load", **fields) -> Event:
    run = TaskRunKey(execution_id=ID, task_id=task_id)
    return event_of(TaskMoved(run=run, before=TaskStatus.RUNNING, after=after, at=AT, **fields))


def attempt_of(**fields) -> Attempt:
    return Attempt(key=AttemptKey(run=TaskRunKey(execution_id=ID, task_id="load"), number=2), **fields)


def to(status) -> Event:
    return execution_to(status) if isinstance(status, ExecutionStatus) else task_to(status)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"{type(status).__name__}-{status}")
def test_every_state_has_a_line_in_every_language_that_names_what_moved(status, language):
    use_language(language)

    line = line_of(to(status))

    assert (ID if isinstance(status, ExecutionStatus) else "load") in line
    assert "{" not in line
    assert "None" not in line


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (execution_to(ExecutionStatus.COMPLETED, duration=323.456), f"execution {ID} completed in 323.46 s"),
        (execution_to(ExecutionStatus.CANCELLED), f"execution {ID} was cancelled after – s"),
        (task_to(TaskStatus.RUNNING, attempt=attempt_of()), "task load started (attempt 2)"),
        (task_to(TaskStatus.COMPLETED, duration=0.5), "task load completed in 0.50 s"),
        (task_to(TaskStatus.FAILED, error="no rows", error_type="ValueError"), "task load failed: ValueError: no rows"),
        (
            task_to(TaskStatus.FAILED, error_type="timeout", reason=TIMED_OUT, attempt=attempt_of(reason=TIMED_OUT)),
            "task load failed: killed at its limit of 5 s",
        ),
        (
            task_to(TaskStatus.RETRY_WAIT, error="no rows", error_type="ValueError", reason=WAITS),
            "task load: attempt 1 failed; the next one starts in 2.0 s (ValueError: no rows)",
        ),
        (
            task_to(TaskStatus.RETRY_WAIT, error_type="timeout", reason=WAITS, attempt=attempt_of(reason=TIMED_OUT)),
            "task load: attempt 1 failed; the next one starts in 2.0 s (killed at its limit of 5 s)",
        ),
        (task_to(TaskStatus.SKIPPED, reason=TIMED_OUT), "task load was skipped: killed at its limit of 5 s"),
        (
            event_of(AttemptNoted(run=attempt_of().key.run, attempt=attempt_of(pid=77), at=AT)),
            "task load: attempt 2 runs as process 77",
        ),
    ],
)
def test_a_line_says_what_happened_and_why(event, line):
    said = line_of(event)

    assert said == line


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (execution_to(ExecutionStatus.RUNNING), logging.INFO),
        (execution_to(ExecutionStatus.COMPLETED), logging.INFO),
        (execution_to(ExecutionStatus.COMPLETED_WITH_ERRORS), logging.WARNING),
        (execution_to(ExecutionStatus.INTERRUPTED), logging.WARNING),
        (execution_to(ExecutionStatus.FAILED), logging.ERROR),
        (task_to(TaskStatus.COMPLETED), logging.INFO),
        (task_to(TaskStatus.SKIPPED), logging.WARNING),
        (task_to(TaskStatus.RETRY_WAIT), logging.WARNING),
        (task_to(TaskStatus.FAILED), logging.ERROR),
        (event_of(AttemptNoted(run=attempt_of().key.run, attempt=attempt_of(), at=AT)), logging.DEBUG),
    ],
)
def test_failures_are_loud_troubles_warn_and_the_rest_is_quiet(event, level):
    assert level_of(event) == level


@pytest.mark.parametrize("name", ["x\n2025-04-01 INFO forged", "a\rb", "a\x1b[31mb", "a\x9b31mb", "a\u2028b", "a\x00b"])
def test_a_name_cannot_break_out_of_its_line(name):
    line = line_of(task_to(TaskStatus.FAILED, task_id=name, error=name, error_type="E"))

    assert len(line.splitlines()) == 1
    assert all(character.isprintable() for character in line)


def test_what_is_written_out_can_still_be_read():
    line = one_line("niño\tañadió\x1b[31m\nfin {no}")

    assert line == "niño\tañadió\\x1b[31m fin {no}"


def test_a_result_that_is_known_is_not_told_as_a_start():
    run = TaskRunKey(execution_id="e", task_id="load")
    taken = TaskMoved(run=run, before=TaskStatus.PENDING, after=TaskStatus.RUNNING, at=AT)
    event = Event(execution_id="e", seq=2, move=taken)

    assert line_of(event) == "task load is not executed: its result is known"
    assert level_of(event) == logging.DEBUG
