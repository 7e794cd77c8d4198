from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.errors import UsageError
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.machine_state import StartAttempt
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.tasks import Isolation, Limits
from orchestrator.engine.calls import CallMaker
from tests.unit.core.subjects import plan_of, task_of

AT = datetime(2025, 4, 1, 2, 30, tzinfo=UTC)  # still 31 March in Bogotá
ID = "20250331_213000"


def maker_of(*tasks, **fields) -> CallMaker:
    return CallMaker(
        **{
            "plan": plan_of(*tasks),
            "limits": Limits(default_timeout=600, kill_grace=2, allowed_modules=("city_tools",)),
            "zone": ZoneInfo("America/Bogota"),
            "home": Path("/home/etl"),
            "state": Path("/home/etl/.orchestrator"),
            "environments": {"inherit": {"CITY": "Cali", "SODA_TOKEN": "hunter22"}, "clean": {"CITY": "Cali"}},
            "search_path": (Path("/home/etl"), Path("/checkout")),
            "allowed_modules": ("orchestrator",),
            "secret": {"PORTAL": "s3cr3t-value"}.__getitem__,
            "known": {task.task_id: task for task in tasks},
            **fields,
        }
    )


def execution_with(**parameters) -> Execution:
    request = Request(tasks=("a",), parameters=parameters)
    return Execution(execution_id=ID, request=request, status=ExecutionStatus.RUNNING, created_at=AT)


def attempt_of(task_id: str, number: int = 1) -> AttemptKey:
    return AttemptKey(run=TaskRunKey(execution_id=ID, task_id=task_id), number=number)


def test_a_call_carries_all_that_a_place_needs():
    maker = maker_of(task_of("a", timeout=30), task_of("b"))

    first, second = (
        maker.call(StartAttempt(attempt=attempt_of(task_id, 2)), execution_with(), {}) for task_id in ("a", "b")
    )

    assert (first.module_path, first.function_name, first.timeout, first.kill_grace) == ("m", "f", 30, 2)
    assert second.timeout == 600
    assert second.log_path == f"/home/etl/.orchestrator/attempts/{ID}/0001-2.log"
    assert second.working_directory == "/home/etl"
    assert second.search_path == ("/home/etl", "/checkout")
    assert second.allowed_modules == ("orchestrator", "city_tools")
    assert second.environment == {"CITY": "Cali", "SODA_TOKEN": "hunter22", "ETL_EXECUTION_ID": ID}


def test_templates_are_filled_from_parameters_environment_and_the_execution():
    wanted = {"year": "${params.year}", "to": "${env.CITY}-${execution.date}", "run": "${execution.id}"}
    maker = maker_of(task_of("a", parameters=wanted))

    call = maker.call(StartAttempt(attempt=attempt_of("a")), execution_with(year=2025), {})

    assert call.parameters == {"year": 2025, "to": "Cali-2025-03-31", "run": ID}


def test_a_template_without_a_value_is_refused_before_anything_starts():
    maker = maker_of(task_of("a"), task_of("b", parameters={"deep": [{"x": "${params.yaer}"}]}))

    with pytest.raises(UsageError, match=r"\$\{params\.yaer\} has no value here"):
        maker.check(Request(tasks=("a", "b"), parameters={"year": 2025}), AT)


def test_the_same_check_lets_pass_what_can_be_called():
    maker = maker_of(task_of("a", parameters={"x": "${params.year} ${execution.id} ${execution.date} ${env.CITY}"}))

    refused = maker.check(Request(tasks=("a",), parameters={"year": 2025}), AT)

    assert refused is None


def test_what_stands_under_a_secret_name_in_environment_or_parameters_is_hidden():
    maker = maker_of(task_of("a", parameters={"db_password": "${params.pin}99", "path": "/data"}))

    call = maker.call(StartAttempt(attempt=attempt_of("a")), replace(execution_with(pin="hunter"), created_at=AT), {})

    assert set(call.hidden) == {"hunter22", "hunter99", "${params.pin}99"}


def test_outputs_of_other_tasks_are_handed_on_as_inputs_and_inside_templates():
    load = task_of(
        "load", ["ex.tract"], inputs={"found": "ex.tract"}, parameters={"path": "${tasks.ex.tract.output.files.0}"}
    )
    maker = maker_of(task_of("ex.tract"), load)

    call = maker.call(StartAttempt(attempt=attempt_of("load")), execution_with(), {"ex.tract": {"files": ["a.csv"]}})

    assert call.parameters == {"path": "a.csv", "found": {"files": ["a.csv"]}}
    assert maker.outputs_asked() == {"ex.tract"}


@pytest.mark.parametrize(
    ("outputs", "said"),
    [({}, "task a has no output"), ({"a": {"files": []}}, "the output of task a has no '0'")],
)
def test_an_input_that_another_task_did_not_deliver_is_told_by_name(outputs, said):
    maker = maker_of(task_of("a"), task_of("b", ["a"], parameters={"path": "${tasks.a.output.files.0}"}))

    with pytest.raises(UsageError, match=said):
        maker.call(StartAttempt(attempt=attempt_of("b")), execution_with(), outputs)


def test_a_secret_reaches_the_call_and_is_hidden_everywhere_else():
    maker = maker_of(task_of("a", parameters={"login": {"key": {"$secret": "PORTAL"}}}))

    call = maker.call(StartAttempt(attempt=attempt_of("a")), execution_with(), {})

    assert call.parameters == {"login": {"key": "s3cr3t-value"}}
    assert "s3cr3t-value" in call.hidden


def test_a_task_may_have_an_environment_of_its_own_kind():
    maker = maker_of(task_of("a", environment="clean"))

    call = maker.call(StartAttempt(attempt=attempt_of("a")), execution_with(), {})

    assert call.environment == {"CITY": "Cali", "ETL_EXECUTION_ID": ID}


def test_what_is_left_of_a_deadline_shortens_the_limit_of_the_attempt():
    maker = maker_of(task_of("a", timeout=30, isolation=Isolation.SHARED, memory_limit_mb=64))

    call = maker.call(StartAttempt(attempt=attempt_of("a"), limit=7.5, alone=True), execution_with(), {})

    assert (call.timeout, call.alone, call.isolation, call.memory_limit_mb) == (7.5, True, "shared", 64)
