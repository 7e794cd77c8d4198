"""The JSON Schema says what the checker says, as far as a schema can."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import parse_configuration
from orchestrator.documents.json_schema import configuration_schema

FIELDS = {
    "ConfigurationModel": "$schema orchestrator_config tasks workflows pools schedules",
    "LimitsModel": (
        "name version description default_timeout max_parallel_workers allowed_modules environment kill_grace timezone language"
    ),
    "TaskModel": (
        "task_id module_path function_name name description dependencies parameters timeout retry_count critical category "
        "after trigger_rule retry_delay retry_max_delay retry_on no_retry_on "
        "inputs deadline max_interruptions on_interrupt isolation memory_limit_mb environment pool priority cache mock"
    ),
    "CacheModel": "code parameters inputs expires",
    "WorkflowModel": "name description tasks parameters max_duration concurrency on_restart",
    "ConcurrencyModel": "limit on_conflict",
    "ParameterModel": "type default",
    "ScheduleModel": (
        "workflow cron every anchor timezone working_days description parameters enabled catchup window max_catchup parallel "
        "max_workers"
    ),
}
"""Steps 1, 2, 4 and, of 6, the schedules of the fields in the semantics, section 6."""
SHIPPED = [Path(__file__).parents[3] / "orchestrator" / name for name in ("etl_config.json", "etl_config_testing.json")]
TASK = {"task_id": "a", "module_path": "m", "function_name": "f"}
W = {"w": {"tasks": ["a"]}}


def test_the_schema_is_itself_valid():
    schema = configuration_schema()

    Draft202012Validator.check_schema(schema)

    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("name", FIELDS)
def test_the_schema_holds_exactly_the_fields_of_the_steps_so_far(name):
    schema = configuration_schema()

    part = schema if name == "ConfigurationModel" else schema["$defs"][name]

    assert set(part["properties"]) == set(FIELDS[name].split())
    assert part["additionalProperties"] is False


def test_every_field_of_the_schema_is_explained():
    schema = configuration_schema()

    parts = [schema, *schema["$defs"].values()]

    assert all(part["title"] and not part["title"].endswith("Model") for part in parts)
    assert all("title" in field or "$ref" in field for part in parts for field in part.get("properties", {}).values())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_configuration_fits_schema_and_checker(path):
    if not path.is_file():
        pytest.skip(f"{path.name} is not there yet")
    content = path.read_bytes()

    document = parse_configuration(content, path.name)

    Draft202012Validator(configuration_schema()).validate(json.loads(content))
    assert document.registry.tasks


@pytest.mark.parametrize(
    "faulty",
    [
        {"tasks": []},
        {"tasks": [{**TASK, "timeout": 0}]},
        {"tasks": [{**TASK, "timeout": None}]},
        {"tasks": [{**TASK, "retires": 1}]},
        {"tasks": [{**TASK, "module_path": ".x"}]},
        {"tasks": [{**TASK, "trigger_rule": "never"}]},
        {"tasks": [TASK], "workflows": {"w": {"tasks": []}}},
        {"tasks": [{**TASK, "cache": True}]},
        {"tasks": [{**TASK, "memory_limit_mb": 15}]},
        {"tasks": [{**TASK, "isolation": "none"}]},
        {"tasks": [TASK], "pools": {"portal": 0}},
        {"tasks": [TASK], "workflows": {"w": {"tasks": ["a"], "concurrency": {}}}},
        {"tasks": [TASK], "workflows": W, "schedules": {"s": {"workflow": "w"}}},
        {"tasks": [TASK], "workflows": W, "schedules": {"s": {"workflow": "w", "cron": "@daily", "every": 60}}},
        {"tasks": [TASK], "workflows": W, "schedules": {"s": {"workflow": "w", "every": "1x"}}},
        {"tasks": [TASK], "workflows": W, "schedules": {"s": {"workflow": "w", "every": 9}}},
        {"tasks": [TASK], "workflows": W, "schedules": {"s": {"workflow": "w", "every": "1d", "catchup": "some"}}},
    ],
    ids=json.dumps,
)
def test_what_the_schema_refuses_the_checker_refuses_too(faulty):
    validator = Draft202012Validator(configuration_schema())

    fits_schema = validator.is_valid(faulty)

    assert not fits_schema
    with pytest.raises(ConfigurationRefused):
        parse_configuration(json.dumps(faulty), "x")
