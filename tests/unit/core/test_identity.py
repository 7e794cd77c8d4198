from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.attempt_logs import attempt_log_name
from orchestrator.core.errors import HomeUnusable
from orchestrator.core.executions import Execution, Request
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.identity import AttemptKey, TaskRunKey, execution_id_at, is_execution_id, is_part_of_id
from orchestrator.core.moments import Moment
from orchestrator.core.results import ExecutionResult, stands_at
from orchestrator.core.states import ExecutionStatus

AT = datetime(2024, 9, 18, 14, 30, 22, tzinfo=ZoneInfo("America/Bogota"))
REPORT = PurePath("report.json")


# --- ids -------------------------------------------------------------------------------------------------------------


def test_an_id_is_the_local_time_of_its_start_with_a_suffix_only_where_one_is_given():
    ids = [execution_id_at(AT), execution_id_at(AT, "a1b2c3d4")]

    assert ids == ["20240918_143022", "20240918_143022_a1b2c3d4"]


@pytest.mark.parametrize("text", ["20240918_143022", "20240918_143022_a1b2c3d4", "exec_20240918_143022_a1b2c3d4"])
def test_ids_of_every_door_are_known_by_their_form(text):
    assert is_execution_id(text)


@pytest.mark.parametrize(
    "text", ["", "20240918", "20240918_143022_", "20240918_143022_A1B2C3D4", "20240918_143022\n", "٢٠٢٤٠٩١٨_143022"]
)
def test_anything_else_is_no_id(text):
    assert not is_execution_id(text)


@pytest.mark.parametrize("text", ["", "../etc", "%", "A", "x" * 41, "20240918_143022\n", "٢٠٢٤"])
def test_text_with_other_characters_is_never_looked_up(text):
    assert not is_part_of_id(text)


def test_the_log_of_an_attempt_is_named_by_our_own_numbers():
    plain = AttemptKey(run=TaskRunKey(execution_id="e", task_id="../../x"), number=2)
    fanned = AttemptKey(run=TaskRunKey(execution_id="e", task_id="x", index=3), number=1)

    names = [attempt_log_name(plain, 7), attempt_log_name(fanned, 12)]

    assert names == ["attempts/e/0007-2.log", "attempts/e/0012.3-1.log"]


# --- moments ---------------------------------------------------------------------------------------------------------


def test_a_length_of_time_is_never_negative_and_unknown_without_a_beginning():
    early, late = Moment(at=AT, ticks=10), Moment(at=AT - timedelta(hours=1), ticks=12)

    assert late.since(early) == 2
    assert early.since(late) == 0
    assert early.since(None) is None


# --- how an execution stands and ended -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "lease_ends_in", "shown"),
    [
        ("running", 5, "running"),
        ("running", -5, "interrupted"),
        ("cancelling", -5, "interrupted"),
        ("completed", -5, "completed"),
        ("queued", None, "queued"),
    ],
)
def test_an_execution_whose_owner_let_its_lease_run_out_is_not_running(status, lease_ends_in, shown):
    now = datetime(2025, 4, 1, tzinfo=UTC)
    lease = None if lease_ends_in is None else now + timedelta(seconds=lease_ends_in)
    execution = Execution(
        execution_id="e",
        request=Request(tasks=("a",)),
        status=ExecutionStatus(status),
        created_at=now,
        lease_until=lease,
    )

    assert stands_at(execution, now).value == shown


@pytest.mark.parametrize(
    ("status", "troubles", "code", "true"),
    [
        ("completed", (), ExitCode.SUCCESS, True),
        ("completed_with_errors", (), ExitCode.COMPLETED_WITH_ERRORS, False),
        ("failed", (), ExitCode.FAILED, False),
        ("cancelled", (), ExitCode.SIGINT, False),
        ("interrupted", (), ExitCode.SIGTERM, False),
        ("completed", (HomeUnusable("the disk is full"),), ExitCode.UNABLE, False),
    ],
)
def test_a_result_is_true_only_where_everything_completed_and_was_written(status, troubles, code, true):
    result = ExecutionResult(
        execution_id="e",
        status=ExecutionStatus(status),
        results={},
        duration=1.0,
        report=REPORT,
        log=REPORT,
        troubles=troubles,
    )

    assert (result.exit_code, bool(result)) == (code, true)
