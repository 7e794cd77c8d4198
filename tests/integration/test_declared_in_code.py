"""`@task` and `@workflow`: what they declare, and that a module of such functions runs."""

import asyncio
import textwrap

import pytest

from orchestrator.core.errors import UsageError
from orchestrator.etl_orchestrator import ETLOrchestrator, task, workflow
from orchestrator.operations.declaring import task_of, workflow_of
from orchestrator.settings import read_settings

CITY = """
    from orchestrator.etl_orchestrator import task, workflow

    @task(timeout=60, retry_count=2)
    def extract(year):
        "Fetch the year's contracts.

        And more."
        return {"rows": year}

    @task(dependencies=[extract], inputs={"found": extract})
    def load(found):
        return {"loaded": found["rows"]}

    @workflow(max_duration=600)
    def yearly(year: int = 2025):
        "Every year."
        return [task_with(extract, {"year": year}), load]

    def task_with(function, parameters):
        from dataclasses import replace
        from orchestrator.operations.declaring import task_of
        return replace(task_of(function), parameters=parameters)
"""


@pytest.fixture
def city(tmp_path, monkeypatch):
    text = textwrap.dedent(CITY).replace('"Fetch', '"""Fetch').replace('more."', 'more."""')
    (tmp_path / "declared_city.py").write_text(text)
    monkeypatch.setenv("ETL_HOME", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    import declared_city

    yield declared_city
    import sys

    del sys.modules["declared_city"]


def test_a_declared_task_carries_what_its_function_says(city):
    declared = task_of(city.extract)

    assert (declared.task_id, declared.module_path, declared.function_name) == ("extract", "declared_city", "extract")
    assert declared.description == "Fetch the year's contracts."
    assert (declared.timeout, declared.retry_count) == (60, 2)
    assert city.extract(3) == {"rows": 3}


def test_a_declared_workflow_names_its_tasks_and_parameters(city):
    made, members = workflow_of(city.yearly)

    assert (made.workflow_id, made.tasks, made.max_duration) == ("yearly", ["extract", "load"], 600)
    assert (made.parameters["year"].type.value, made.parameters["year"].default) == ("integer", 2025)
    assert [member.task_id for member in members] == ["extract", "load"]


def test_a_declared_workflow_runs_and_hands_results_on(city):
    orchestrator = ETLOrchestrator(settings=read_settings())
    orchestrator.register_workflow(city.yearly)

    result = asyncio.run(orchestrator.execute(workflow="yearly", parameters={"year": 2024}))
    orchestrator.close()

    assert result.status.value == "completed", result.results
    assert result.results["load"].output == {"loaded": 2024}


def test_what_no_process_could_call_is_refused():
    with pytest.raises(UsageError, match="top of its module"):

        @task
        def inside():
            pass


def test_unknown_fields_are_refused_by_name():
    with pytest.raises(UsageError, match="unknown field 'retires'"):
        task(retires=3)(test_unknown_fields_are_refused_by_name)
    with pytest.raises(UsageError, match="unknown field 'tasks'"):
        workflow(tasks=[])(test_unknown_fields_are_refused_by_name)


def test_an_undecorated_function_is_no_task():
    with pytest.raises(UsageError, match="decorate it with @task"):
        ETLOrchestrator().register_task(len)
