"""A server's configuration that is refused: found once and not by everybody, and read again as soon as it changes."""

import json
import os

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.settings import read_settings
from orchestrator.web import house as house_module
from orchestrator.web.house import House

GOOD = {"tasks": [{"task_id": "a", "module_path": "orchestrator.mock_tasks", "function_name": "no_op"}]}


@pytest.fixture
def house(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ETL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_HOME", str(tmp_path))
    opened = House(settings=read_settings(config=tmp_path / "config.json"))
    yield opened
    opened.close()


@pytest.fixture
def readings(monkeypatch):
    made = []
    really = house_module.open_configuration

    def counted(*arguments):
        made.append(1)
        return really(*arguments)

    monkeypatch.setattr(house_module, "open_configuration", counted)
    return made


def write(house, configuration):
    house.settings.config.write_text(json.dumps(configuration), encoding="utf-8")


def test_a_refusal_is_found_once_however_many_ask(house, readings):
    write(house, {"tasks": [{"task_id": "a"}]})

    for _ in range(5):
        with pytest.raises(ConfigurationRefused):
            house.parts()

    assert len(readings) == 1


def test_a_configuration_that_was_mended_holds_at_once(house):
    write(house, {"tasks": [{"task_id": "a"}]})
    with pytest.raises(ConfigurationRefused):
        house.parts()

    write(house, GOOD)

    assert list(house.parts().registry.tasks) == ["a"]


def test_a_refusal_that_may_have_been_the_disks_fault_is_not_held_for_ever(house, readings, monkeypatch):
    write(house, {"tasks": [{"task_id": "a"}]})
    monkeypatch.setattr(house_module, "REFUSED", -1.0)

    for _ in range(3):
        with pytest.raises(ConfigurationRefused):
            house.parts()

    assert len(readings) == 3
