"""What a valid file becomes, and what a faulty one hears, beyond the list of malformed configurations."""

import hashlib
import json
from dataclasses import fields
from typing import Any

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.core.tasks import (
    CachePolicy,
    Concurrency,
    Isolation,
    Limits,
    OnConflict,
    OnInterrupt,
    OnRestart,
    ParameterType,
    Task,
    TriggerRule,
    Workflow,
    WorkflowParameter,
)
from orchestrator.documents.configuration import parse_configuration
from orchestrator.documents.models import CacheModel, ConcurrencyModel, LimitsModel, TaskModel, WorkflowModel
from orchestrator.documents.problems import MOST_PROBLEMS

A = {"task_id": "a", "module_path": "extraction_app.contracts", "function_name": "main"}
B = {**A, "task_id": "b"}


def problems_of(configuration: Any) -> list[str]:
    content = configuration if isinstance(configuration, bytes | str) else json.dumps(configuration)
    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(content, "etl_config.json")
    return [str(problem) for problem in refusal.value.problems]


def test_every_field_of_the_file_reaches_the_registry():
    everything = {
        "$schema": "x.json",
        "orchestrator_config": {
            "name": "Ciudad",
            "version": "2",
            "description": "d",
            "default_timeout": 5,
            "max_parallel_workers": 4,
            "allowed_modules": ["otro"],
            "environment": "clean",
            "kill_grace": 0.5,
            "timezone": "America/Bogota",
            "language": "en",
        },
        "tasks": [
            B,
            {
                **A,
                "name": "A",
                "description": "d",
                "dependencies": ["b"],
                "after": [],
                "trigger_rule": "all_done",
                "parameters": {"x": [1, None]},
                "timeout": 1.5,
                "retry_count": 2,
                "retry_delay": 0,
                "retry_max_delay": 9,
                "retry_on": ["ValueError"],
                "no_retry_on": ["a.B"],
                "critical": False,
                "category": "carga",
                "inputs": {"rows": "b"},
                "deadline": 90,
                "max_interruptions": 0,
                "on_interrupt": "fail",
                "isolation": "shared",
                "memory_limit_mb": 512,
                "environment": "clean",
                "pool": "portal",
                "priority": -5,
                "cache": {"code": False, "inputs": ["data/raw/*.json"], "expires": 3600},
            },
        ],
        "pools": {"portal": 2},
        "workflows": {
            "w": {
                "name": "W",
                "description": "d",
                "tasks": ["all"],
                "parameters": {"día": {"type": "date", "default": "2025-01-31"}, "n": {"type": "integer"}},
                "max_duration": 7200,
                "concurrency": {"limit": 1, "on_conflict": "skip"},
                "on_restart": "fail",
            }
        },
    }

    registry = parse_configuration(json.dumps(everything), "x").registry

    assert registry.limits == Limits(
        name="Ciudad",
        version="2",
        description="d",
        default_timeout=5,
        max_parallel_workers=4,
        allowed_modules=("otro",),
        environment="clean",
        kill_grace=0.5,
        timezone="America/Bogota",
        language="en",
    )
    assert list(registry.tasks) == ["b", "a"]
    assert registry.task("a") == Task(
        **A,
        name="A",
        description="d",
        dependencies=["b"],
        trigger_rule=TriggerRule.ALL_DONE,
        parameters={"x": [1, None]},
        timeout=1.5,
        retry_count=2,
        retry_delay=0,
        retry_max_delay=9,
        retry_on=["ValueError"],
        no_retry_on=["a.B"],
        critical=False,
        category="carga",
        inputs={"rows": "b"},
        deadline=90,
        max_interruptions=0,
        on_interrupt=OnInterrupt.FAIL,
        isolation=Isolation.SHARED,
        memory_limit_mb=512,
        environment="clean",
        pool="portal",
        priority=-5,
        cache=CachePolicy(code=False, inputs=("data/raw/*.json",), expires=3600),
    )
    assert registry.pools == {"portal": 2}
    assert registry.workflow("w") == Workflow(
        workflow_id="w",
        name="W",
        description="d",
        tasks=["all"],
        parameters={
            "día": WorkflowParameter(name="día", type=ParameterType.DATE, default="2025-01-31"),
            "n": WorkflowParameter(name="n", type=ParameterType.INTEGER, required=True),
        },
        max_duration=7200,
        concurrency=Concurrency(limit=1, on_conflict=OnConflict.SKIP),
        on_restart=OnRestart.FAIL,
    )


def test_what_the_file_leaves_out_takes_the_defaults_of_the_definitions():
    smallest = {"tasks": [A], "workflows": {"w": {"tasks": ["a"]}}}

    registry = parse_configuration(json.dumps(smallest), "x").registry

    assert registry.limits == Limits()
    assert registry.task("a") == Task(**A)
    assert registry.workflow("w") == Workflow(workflow_id="w", tasks=["a"])
    assert registry.pools == {}


def test_an_empty_cache_object_asks_for_the_defaults():
    configuration = {"tasks": [{**A, "cache": {}}]}

    registry = parse_configuration(json.dumps(configuration), "x").registry

    assert registry.task("a").cache == CachePolicy(code=True, parameters=True, inputs=(), expires=None)


@pytest.mark.parametrize(
    ("model", "definition"),
    [
        (LimitsModel, Limits()),
        (TaskModel, Task(**A)),
        (WorkflowModel, Workflow(workflow_id="w")),
        (CacheModel, CachePolicy()),
        (ConcurrencyModel, Concurrency(limit=1)),
    ],
    ids=["limits", "task", "workflow", "cache", "concurrency"],
)
def test_the_schema_names_the_same_fields_and_defaults_as_the_definitions(model, definition):
    own = {field.name: getattr(definition, field.name) for field in fields(definition) if field.name != "workflow_id"}

    shown = {name: field.get_default(call_default_factory=True) for name, field in model.model_fields.items()}

    assert shown.keys() == own.keys()
    for name, field in model.model_fields.items():
        if not field.is_required() and shown[name] is not None:
            assert shown[name] == (list(own[name]) if isinstance(own[name], tuple) else own[name]), name


def test_the_document_keeps_the_text_and_its_sha256_without_the_byte_order_mark():
    text = json.dumps({"tasks": [{**A, "name": "Año"}]}, ensure_ascii=False)

    document = parse_configuration(b"\xef\xbb\xbf" + text.encode(), "etl_config.json")

    assert document.text == text
    assert document.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert document.source == "etl_config.json"


def test_all_problems_of_all_sections_come_at_once_in_the_order_of_the_text():
    faulty = b"""{
      "orchestrator_config": {"max_parallel_workers": 0},
      "tasks": [
        {"task_id": "a", "module_path": "m", "function_name": "f", "timeout": NaN, "critical": 1, "critical": 2},
        {"task_id": "b", "module_path": "m", "dependencies": ["c", "b"], "retires": 1},
        {"task_id": "d", "module_path": "m", "function_name": "f", "after": ["e"]},
        {"task_id": "e", "module_path": "m", "function_name": "f", "after": ["d"]}
      ],
      "workflows": {"w": {"tasks": ["ghost", "a"]}}
    }"""

    places = [problem.split(":")[0] for problem in problems_of(faulty)]

    assert places == [
        "orchestrator_config.max_parallel_workers (line 2, column 55)",
        "tasks[0].timeout (line 4, column 79)",
        "tasks[0] (line 4, column 99)",
        "tasks[0].critical (line 4, column 111)",
        "tasks[1] (line 5, column 9)",
        "tasks[1].dependencies[0] (line 5, column 63)",
        "tasks[1].dependencies[1] (line 5, column 68)",
        "tasks[1] (line 5, column 74)",
        "tasks[2] (line 6, column 9)",
        "workflows.w.tasks[0] (line 9, column 37)",
    ]


def test_a_problem_is_a_template_with_facts_that_an_entrance_can_translate():
    faulty = {"tasks": [{**A, "timeout": "abc"}]}

    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(json.dumps(faulty, indent=1), "x")

    problem = refusal.value.problems[0]
    assert problem.template == "{path} (line {line}, column {column}): {fault}"
    assert {name: problem.facts[name] for name in ("path", "line", "column")} == {
        "path": "tasks[0].timeout",
        "line": 7,
        "column": 15,
    }
    assert problem.facts["fault"].facts == {"most": 31536000, "value": '"abc"'}


def test_a_hostile_file_is_refused_with_a_bounded_number_of_problems():
    faulty = {"tasks": [1] * 50_000}

    problems = problems_of(faulty)

    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == f"only the first {MOST_PROBLEMS} problems are listed"
