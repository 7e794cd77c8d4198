import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orchestrator.commands.progress import PlainProgress
from orchestrator.commands.summary import MARKS, STYLES, task_rows, task_titles
from orchestrator.core import reasons
from orchestrator.core.events import Event, ExecutionMoved
from orchestrator.core.executions import TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.ports import AttemptOutput
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.operations.telling import rows_of, why

KEY = TaskRunKey(execution_id="e", task_id="load")
AT = datetime(2024, 9, 18, 19, 30, 22, tzinfo=UTC)
LIMIT = Message(template="killed at its limit of {limit} s", facts={"limit": "5"})


def run_of(status: TaskStatus, **fields) -> TaskRun:
    return TaskRun(key=KEY, position=0, status=status, **fields)


def test_a_row_shows_state_attempts_duration_rows_and_reason():
    run = run_of(TaskStatus.COMPLETED, attempts=2, duration=1.234, output={"rows": 1234567})

    (row,) = task_rows([run])

    assert dict(zip(task_titles(), row, strict=True)) == {
        "": "✓",
        "task": "load",
        "status": "completed",
        "attempts": "2",
        "duration": "1.23 s",
        "rows": "1.234.567",
        "reason": "",
    }


def test_what_is_not_known_is_a_dash():
    (row,) = task_rows([run_of(TaskStatus.PENDING)])

    assert row == ["·", "load", "pending", "–", "–", "–", ""]


@pytest.mark.parametrize("status", TaskStatus)
def test_every_state_has_a_mark_and_a_style(status):
    assert len(MARKS[status]) == 1
    assert STYLES[status]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"error": "no rows\nat all", "error_type": "ValueError"}, "ValueError: no rows"),
        ({"error_type": "timeout", "reason": LIMIT}, "killed at its limit of 5 s"),
        ({"error_type": "crash", "reason": LIMIT}, "killed at its limit of 5 s"),
        ({"error": "  \n ", "error_type": "ValueError"}, "ValueError: "),
        ({"reason": LIMIT}, "killed at its limit of 5 s"),
        ({}, ""),
    ],
)
def test_a_failure_is_told_in_one_line(fields, reason):
    assert why(run_of(TaskStatus.FAILED, **fields)) == reason


def test_a_completed_task_explains_only_why_it_was_not_executed():
    kept = reasons.result_of("20250101_000000")

    assert why(run_of(TaskStatus.COMPLETED)) == ""
    assert why(run_of(TaskStatus.COMPLETED, reason=kept)) == "result of execution 20250101_000000"


def test_a_task_that_waits_says_when_it_is_tried_again():
    at = datetime(2025, 4, 1, 12, 30, 5, tzinfo=UTC)
    run = run_of(TaskStatus.RETRY_WAIT, next_attempt_at=at, error="no rows", error_type="ValueError")

    assert why(run, UTC) == "next attempt at 12:30:05 · ValueError: no rows"


@pytest.mark.parametrize(
    ("output", "rows"),
    [
        ({"rows": 7}, 7),
        ({"rows": {"a": 2, "b": 3, "note": "x", "ok": True}}, 5),
        ({"rows": {}}, None),
        ({"rows": True}, None),
        ({"rows": "7"}, None),
        ({}, None),
        ("text", None),
        (None, None),
    ],
)
def test_rows_are_a_number_or_the_sum_of_one_per_table(output, rows):
    assert rows_of(output) == rows


# --- plain progress --------------------------------------------------------------------------------------------------


def event_to(after: ExecutionStatus) -> Event:
    return Event(execution_id="e1", seq=1, move=ExecutionMoved(before=ExecutionStatus.RUNNING, after=after, at=AT))


def progress_at(level: int) -> PlainProgress:
    return PlainProgress(level=level, zone=ZoneInfo("America/Bogota"))


def test_plain_progress_is_a_line_per_event_on_stderr_in_local_time(capsys):
    progress_at(logging.INFO).on_event(event_to(ExecutionStatus.COMPLETED_WITH_ERRORS))

    out, err = capsys.readouterr()
    assert (out, err) == ("", "14:30:22 WARNING  execution e1 completed with errors in – s\n")


def test_events_that_are_too_quiet_are_not_shown(capsys):
    progress_at(logging.ERROR).on_event(event_to(ExecutionStatus.COMPLETED))

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("level", "shown"), [(logging.DEBUG, True), (logging.INFO, False)])
def test_what_tasks_write_is_shown_only_to_those_who_look_for_bugs(level, shown, capsys):
    text = "uno\n\x1b[2Jdos\n"

    progress_at(level).on_output(AttemptOutput(attempt=AttemptKey(run=KEY, number=1), stream="stdout", text=text))

    lines = ["         load| uno", "         load| \\x1b[2Jdos"] if shown else []
    assert capsys.readouterr().err.splitlines() == lines
