from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import Usage
from orchestrator.core.report import build_report, error_of
from orchestrator.core.states import ExecutionStatus, TaskStatus

BOGOTA = ZoneInfo("America/Bogota")
AT = datetime(2024, 9, 18, 19, 30, 22, 123456, tzinfo=UTC)
ID = "20240918_143022"
LATER = Message(template="killed at its limit of {limit} s", facts={"limit": "5"})


def in_english(message: Message | None) -> str:
    return "" if message is None else str(message)


def run_of(task_id: str, status: TaskStatus, **fields) -> TaskRun:
    return TaskRun(key=TaskRunKey(execution_id=ID, task_id=task_id), position=0, status=status, **fields)


def attempt_of(task_id: str, number: int, **fields) -> Attempt:
    return Attempt(key=AttemptKey(run=TaskRunKey(execution_id=ID, task_id=task_id), number=number), **fields)


def report_of(*runs: TaskRun, attempts=(), **fields):
    request = Request(tasks=tuple(run.key.task_id for run in runs), workflow="full_etl", assumed_satisfied=("x",))
    facts = {"status": ExecutionStatus.COMPLETED, "created_at": AT, "started_at": AT, **fields}
    execution = Execution(execution_id=ID, request=request, **facts)
    return build_report(execution, runs, attempts, zone=BOGOTA, say=in_english)


def test_the_report_has_the_keys_of_the_original_readme_with_its_values():
    run = run_of("tarea1", TaskStatus.COMPLETED, started_at=AT, ended_at=AT + timedelta(seconds=113.2), duration=113.2)

    report = report_of(run, ended_at=AT + timedelta(seconds=323.45), duration=323.4504, exit_code=0)

    assert {key: report[key] for key in ("execution_id", "start_time", "end_time", "total_duration")} == {
        "execution_id": ID,
        "start_time": "2024-09-18T14:30:22.123-05:00",
        "end_time": "2024-09-18T14:35:45.573-05:00",
        "total_duration": 323.45,
    }
    assert report["execution_order"] == ["tarea1"]
    result = report["results"]["tarea1"]
    assert {key: result[key] for key in ("task_id", "status", "start_time", "end_time", "duration", "error")} == {
        "task_id": "tarea1",
        "status": "completed",
        "start_time": "2024-09-18T14:30:22.123-05:00",
        "end_time": "2024-09-18T14:32:15.323-05:00",
        "duration": 113.2,
        "error": None,
    }


def test_the_report_says_how_it_ended_what_was_assumed_and_how_many_tasks_stand_where():
    report = report_of(
        run_of("a", TaskStatus.FAILED), run_of("b", TaskStatus.SKIPPED), run_of("c", TaskStatus.SKIPPED), exit_code=1
    )

    assert (report["status"], report["exit_code"]) == ("completed", 1)
    assert report["assumed_satisfied"] == ["x"]
    assert report["counts"] == {"failed": 1, "skipped": 2}


def test_every_selected_task_has_an_entry_with_a_reason_where_it_was_skipped():
    why = Message(template="{upstream} did not complete", facts={"upstream": "a"})

    report = report_of(run_of("a", TaskStatus.COMPLETED), run_of("b", TaskStatus.SKIPPED, reason=why))

    assert list(report["results"]) == ["a", "b"]
    assert report["results"]["a"]["reason"] is None
    assert report["results"]["b"]["reason"] == "a did not complete"
    assert report["results"]["b"]["error"] is None


def test_every_attempt_is_listed_with_its_end_its_log_and_what_it_used_up():
    attempts = [
        attempt_of("a", 1, status="timeout", error_type="timeout", reason=LATER, duration=5.00049, pid=77),
        attempt_of("a", 2, status="completed", log="x.log", usage=Usage(cpu_seconds=0.25, peak_memory_bytes=2048)),
        attempt_of("b", 1, status="completed"),
    ]

    report = report_of(run_of("a", TaskStatus.COMPLETED), run_of("b", TaskStatus.COMPLETED), attempts=attempts)

    first, second = report["results"]["a"]["attempts"]
    assert (first["number"], first["status"], first["error"], first["duration"]) == (
        1,
        "timeout",
        "killed at its limit of 5 s",
        5.0,
    )
    assert (second["log"], second["cpu_seconds"], second["peak_memory_bytes"]) == ("x.log", 0.25, 2048)
    assert len(report["results"]["b"]["attempts"]) == 1


def test_an_execution_that_never_started_has_times_of_null():
    report = report_of(run_of("a", TaskStatus.CANCELLED), started_at=None, status=ExecutionStatus.CANCELLED)

    assert (report["start_time"], report["end_time"], report["total_duration"]) == (None, None, None)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"error": "no rows", "error_type": "ValueError"}, "no rows"),
        ({"error_type": "timeout", "reason": LATER}, "killed at its limit of 5 s"),
        ({"error_type": "cancelled"}, "cancelled"),
        ({"reason": LATER}, None),
        ({}, None),
    ],
)
def test_an_error_is_told_in_the_codes_own_words_else_in_ours(fields, error):
    told = error_of(run_of("a", TaskStatus.FAILED, **fields), in_english)

    assert told == error
