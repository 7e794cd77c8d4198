"""A configuration that was checked before is opened without checking it again, and only that one."""

import json

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.core.snapshot import registry_of, snapshot_of
from orchestrator.documents.checked import open_configuration, remember
from orchestrator.settings import SHIPPED_CONFIG, TESTING_CONFIG

TASK = {"task_id": "a", "module_path": "m", "function_name": "f"}


@pytest.mark.parametrize("path", [SHIPPED_CONFIG, TESTING_CONFIG])
def test_a_registry_survives_its_snapshot(path, tmp_path):
    registry = open_configuration(path, tmp_path).registry

    again = registry_of(snapshot_of(registry))

    assert list(again.tasks.values()) == list(registry.tasks.values())
    assert list(again.workflows.values()) == list(registry.workflows.values())
    assert again.limits == registry.limits


def test_what_was_checked_is_recalled_with_parameters_and_all(tmp_path):
    config = tmp_path / "c.json"
    parameters = {"year": {"type": "integer", "default": 2025}, "who": {"type": "string"}}
    workflow = {"tasks": ["all"], "parameters": parameters}
    config.write_text(json.dumps({"tasks": [TASK], "workflows": {"w": workflow}}), encoding="utf-8")
    first = open_configuration(config, tmp_path / "memory")
    remember(first, tmp_path / "memory")

    second = open_configuration(config, tmp_path / "memory")

    assert (first.recalled, second.recalled) == (False, True)
    assert second.registry.workflows == first.registry.workflows
    assert second.registry.workflow("w").parameters["who"].required


def test_a_changed_file_is_checked_anew(tmp_path):
    config = tmp_path / "c.json"
    config.write_text(json.dumps({"tasks": [TASK]}), encoding="utf-8")
    remember(open_configuration(config, tmp_path / "memory"), tmp_path / "memory")
    config.write_text(json.dumps({"tasks": [{**TASK, "timeout": 0}]}), encoding="utf-8")

    with pytest.raises(ConfigurationRefused):
        open_configuration(config, tmp_path / "memory")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"seal": 1}'])
def test_a_damaged_memory_only_costs_time(tmp_path, damage):
    config = tmp_path / "c.json"
    config.write_text(json.dumps({"tasks": [TASK]}), encoding="utf-8")
    remember(open_configuration(config, tmp_path / "memory"), tmp_path / "memory")
    (kept,) = (tmp_path / "memory").iterdir()
    kept.write_text(damage, encoding="utf-8")

    checked = open_configuration(config, tmp_path / "memory")

    assert not checked.recalled
    assert list(checked.registry.tasks) == ["a"]


def test_a_memory_that_cannot_be_written_changes_nothing(tmp_path):
    config = tmp_path / "c.json"
    config.write_text(json.dumps({"tasks": [TASK]}), encoding="utf-8")
    (tmp_path / "memory").write_text("a file in the way", encoding="utf-8")

    remember(open_configuration(config, tmp_path / "memory"), tmp_path / "memory")

    assert list(open_configuration(config, tmp_path / "memory").registry.tasks) == ["a"]
