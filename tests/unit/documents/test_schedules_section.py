"""The section `schedules`: what it may hold, and what its author is told."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.core.errors import ConfigurationRefused, UsageError
from orchestrator.core.schedules import EPOCH, Catchup, Schedule
from orchestrator.core.snapshot import registry_of, snapshot_of
from orchestrator.documents.checked import open_configuration, remember
from orchestrator.documents.configuration import parse_configuration
from orchestrator.documents.json_schema import configuration_schema
from orchestrator.documents.schedule_model import ScheduleModel
from orchestrator.timetable import working_days

BASE: dict[str, Any] = {
    "tasks": [{"task_id": "a", "module_path": "extraction_app.contracts", "function_name": "main"}],
    "workflows": {
        "full_etl": {"tasks": ["all"]},
        "monthly": {
            "tasks": ["a"],
            "parameters": {
                "day": {"type": "date"},
                "rows": {"type": "integer", "default": 5},
                "label": {"default": "x"},
            },
        },
    },
}
DAILY = {"workflow": "full_etl", "cron": "@daily"}
EVERYTHING = {
    "workflow": "monthly",
    "every": "1h30m",
    "anchor": "2026-01-01T00:00:00-05:00",
    "timezone": "Europe/Berlin",
    "working_days": True,
    "description": "Cierre del mes",
    "parameters": {"day": "${execution.date}", "rows": 7, "label": "a ${execution.date} $${b}"},
    "enabled": False,
    "catchup": "all",
    "window": "12h",
    "max_catchup": 3,
    "parallel": True,
    "max_workers": 2,
}


def configuration(**schedules: Any) -> str:
    return json.dumps({**BASE, "schedules": schedules})


def read(text: str) -> dict[str, Schedule]:
    return dict(parse_configuration(text, "x").registry.schedules)


def problems_of(**schedules: Any) -> list[str]:
    with pytest.raises(ConfigurationRefused) as refusal:
        read(configuration(**schedules))
    return [str(problem) for problem in refusal.value.problems]


# --- what is accepted ------------------------------------------------------------------------------------------------


def test_a_schedule_needs_no_more_than_a_workflow_and_a_time():
    text = configuration(nightly=DAILY)

    schedules = read(text)

    assert schedules == {"nightly": Schedule(name="nightly", workflow="full_etl", cron="@daily")}


def test_every_field_is_read():
    text = configuration(s=EVERYTHING)

    schedule = read(text)["s"]

    assert schedule == Schedule(
        name="s",
        workflow="monthly",
        every=5400,
        anchor=datetime(2026, 1, 1, 5, tzinfo=UTC),
        timezone="Europe/Berlin",
        working_days=True,
        description="Cierre del mes",
        parameters=EVERYTHING["parameters"],
        enabled=False,
        catchup=Catchup.ALL,
        window=43_200,
        max_catchup=3,
        parallel=True,
        max_workers=2,
    )


def test_what_the_checker_accepts_fits_the_schema():
    content = json.loads(configuration(a=DAILY, b=EVERYTHING, c={"workflow": "full_etl", "every": 10.5}))

    Draft202012Validator(configuration_schema()).validate(content)

    assert set(ScheduleModel.model_fields) == {field.name for field in fields(Schedule)} - {"name"}


def test_defaults_of_the_schema_are_those_of_the_core():
    core = {field.name: field.default for field in fields(Schedule)}

    said = {name: field.default for name, field in ScheduleModel.model_fields.items() if field.default is not None}

    assert {name: core[name] for name in said if name not in {"workflow", "parameters"}} == {
        name: default for name, default in said.items() if name not in {"workflow", "parameters"}
    }


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(10, 10), (90.5, 90.5), ("90s", 90), ("15m", 900), ("1d", 86_400), ("1d2h3m4s", 93_784), ("366d", 31_622_400)],
)
def test_a_length_of_time_is_seconds_or_a_text(given, seconds):
    text = configuration(s={"workflow": "full_etl", "every": given})

    schedule = read(text)["s"]

    assert schedule.every == seconds
    assert schedule.anchor == EPOCH


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ({"workflow": "full_etl"}, 'schedules.s (line 1, column …): does not say when: give "cron"'),
        ({**DAILY, "every": 60}, 'schedules.s (line 1, column …): "cron" and "every" exclude each other'),
        ({**DAILY, "anchor": "2026-01-01T00:00Z"}, '"anchor" goes with "every" only'),
        ({"cron": "@daily"}, '"workflow" is missing'),
        ({**DAILY, "workflow": "ful_etl"}, '.workflow (line 1, column …): workflow "ful_etl" does not exist – did you'),
        ({**DAILY, "workflow": "zzz"}, 'workflow "zzz" does not exist'),
        ({**DAILY, "workflow": 1}, "must be a string, not 1"),
        ({**DAILY, "cron": "0 25 * * *"}, '.cron (line 1, column …): "25" is no hour: 0 to 23'),
        ({**DAILY, "cron": "0 0 6 * * *"}, "six fields: seconds and years are not possible"),
        ({**DAILY, "cron": "0 0 30 2 *"}, '.cron (line 1, column …): "0 0 30 2 *" never fires'),
        ({**DAILY, "cron": "0 0 * 2 MON#5"}, "never fires: no date in ten years matches it"),
        (
            {**DAILY, "cron": "0 9 25 12 *", "working_days": True},
            ".working_days (line 1, column …): never fires: in ten",
        ),
        (
            {"workflow": "full_etl", "every": "7d", "anchor": "2026-05-02T09:00-05:00", "working_days": True},
            ".working_days (line 1, column …): never fires: in ten years none of its slots is on a working day",
        ),
        ({**DAILY, "cron": 5}, "must be a string, not 5"),
        ({**DAILY, "timezone": "America/Bogotá"}, '– did you mean "America/Bogota"?'),
        ({**DAILY, "catchup": "lates"}, 'must be one of none, latest, all, not "lates" – did you mean "latest"?'),
        ({**DAILY, "window": 59}, "must be from 60 to 31622400 seconds, not 59"),
        ({**DAILY, "window": "2y"}, 'such as "90s", "15m", "1h30m" or "1d", not "2y"'),
        ({**DAILY, "max_catchup": 0}, "must be a whole number 1…1000, not 0"),
        ({**DAILY, "max_workers": 0}, "must be a whole number 1…1024, not 0"),
        ({**DAILY, "enabled": "yes"}, 'must be true or false, not "yes"'),
        ({"workflow": "full_etl", "every": 9}, ".every (line 1, column …): must be from 10 to 31622400 seconds, not 9"),
        ({"workflow": "full_etl", "every": True}, "must be a length of time"),
        ({"workflow": "full_etl", "every": ""}, "must be a length of time"),
        ({"workflow": "full_etl", "every": "15 m"}, "must be a length of time"),
        ({"workflow": "full_etl", "every": "٣m"}, "must be a length of time"),
        ({"workflow": "full_etl", "every": None}, "must be a length of time"),
        ({"workflow": "full_etl", "every": [1]}, "must be a length of time"),
        ({"workflow": "full_etl", "every": 60, "anchor": "2026-01-01T00:00"}, "must be a date and time with offset"),
        ({"workflow": "full_etl", "every": 60, "anchor": "0001-01-01T00:00+10:00"}, "must be a date and time"),
        ([], "must be an object, not []"),
    ],
    ids=lambda value: json.dumps(value) if not isinstance(value, str) else "",
)
def test_one_fault_is_told_once_with_its_place(schedule, says):
    expected = says.split("…")

    problems = problems_of(s=schedule)

    assert len(problems) == 1
    assert all(part in problems[0] for part in expected), problems[0]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, 'schedules.s (line 1, column …): workflow "monthly" needs parameter "day": give it in parameters'),
        ({"day": "2026-02-30"}, 'parameters.day (line 1, column …): must be of type date, not "2026-02-30"'),
        ({"day": "el ${execution.date}"}, "must be of type date"),
        ({"day": "2026-01-01", "rows": "${execution.date}"}, "must be of type integer"),
        ({"day": "2026-01-01", "rows": "7"}, 'must be of type integer, not "7"'),
        ({"day": "2026-01-01", "rows": {"$secret": "X"}}, "must be of type integer"),
        ({"day": "${execution.id}"}, '"${execution.id}" is not known in a schedule; there is ${execution.date}'),
        ({"day": "2026-01-01", "label": "${execution.date} ${"}, "is not closed; write $${ for a literal ${"),
        ({"day": "2026-01-01", "labl": "x"}, 'declares no parameter "labl" – did you mean "label"?'),
        ({"day": "2026-01-01", "zzz": "x"}, 'workflow "monthly" declares no parameter "zzz"'),
        ([], "must be an object, not []"),
    ],
    ids=json.dumps,
)  # fmt: skip
def test_parameters_are_those_that_the_workflow_declares(parameters, says):
    expected = says.split("…")

    problems = problems_of(s={"workflow": "monthly", "cron": "@daily", "parameters": parameters})

    assert len(problems) == 1
    assert all(part in problems[0] for part in expected), problems[0]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("crontab", "cron"),
        ("tz", "timezone"),
        ("params", "parameters"),
        ("catch_up", "catchup"),
        ("interval", "every"),
        ("active", "enabled"),
        ("workingdays", "working_days"),
    ],
)
def test_a_field_by_another_name_is_answered_with_ours(key, meant):
    schedule = {**DAILY, key: "x"}

    problems = problems_of(s=schedule)

    assert problems == [
        f'schedules.s (line 1, column {problems[0].split("column ")[1].split(")")[0]}): unknown field "{key}" – did you mean "{meant}"?'
    ]


def test_all_problems_of_all_schedules_are_told_in_one_pass():
    faulty = {
        "a/b": DAILY,
        "one": {"workflow": "nobody", "cron": "x", "timezone": "Mars", "window": 1},
        "two": {"workflow": "monthly", "every": "1s", "cron": "61 * * * *", "parameters": {"rows": 1.5}},
    }

    problems = problems_of(**faulty)

    assert len(problems) == 1 + 4 + 5


def test_the_section_itself_must_be_an_object():
    text = json.dumps({**BASE, "schedules": [DAILY]})

    with pytest.raises(ConfigurationRefused) as refusal:
        read(text)

    assert "schedules (line 1, column" in str(refusal.value.problems[0])
    assert '"schedules" must be an object' in str(refusal.value.problems[0])


def test_more_schedules_than_anybody_has_are_refused_unread():
    text = json.dumps({**BASE, "schedules": {f"s{number}": {} for number in range(1001)}})

    with pytest.raises(ConfigurationRefused) as refusal:
        read(text)

    assert [str(problem).split(": ")[1] for problem in refusal.value.problems] == ["has more than 1000 entries"]


def test_working_days_without_their_calendar_say_what_to_install(monkeypatch):
    monkeypatch.setattr(working_days, "find_spec", lambda name: None)

    problems = problems_of(s={**DAILY, "working_days": True})

    assert len(problems) == 1
    assert "schedules.s.working_days (line 1, column" in problems[0]
    assert "pip install 'orquestador-etl[calendars]'" in problems[0]


def test_a_broken_workflow_is_not_blamed_on_its_schedule():
    text = json.dumps({**BASE, "workflows": {"full_etl": {"tasks": "all"}}, "schedules": {"s": DAILY}})

    with pytest.raises(ConfigurationRefused) as refusal:
        read(text)

    assert [str(problem) for problem in refusal.value.problems if "schedules" in str(problem)] == []


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_an_execution_does_not_depend_on_schedules():
    with_one = parse_configuration(configuration(s=EVERYTHING), "x").registry
    without = parse_configuration(json.dumps(BASE), "x").registry

    snapshot = snapshot_of(with_one)

    assert snapshot == snapshot_of(without)
    assert registry_of(snapshot).schedules == {}


def test_a_configuration_that_is_recalled_has_its_schedules(tmp_path):
    path = tmp_path / "etl_config.json"
    path.write_text(configuration(s=EVERYTHING, daily=DAILY), encoding="utf-8")
    first = open_configuration(path, tmp_path / "memory")
    remember(first, tmp_path / "memory")

    again = open_configuration(path, tmp_path / "memory")

    assert again.recalled
    assert again.registry.schedules == first.registry.schedules
    assert list(again.registry.schedules) == ["s", "daily"]


def test_no_two_schedules_have_one_name():
    registry = parse_configuration(configuration(s=DAILY), "x").registry

    with pytest.raises(UsageError, match="schedule 's' is registered twice"):
        registry.add_schedule(replace(registry.schedules["s"], cron="@weekly"))

    assert registry.schedules["s"].cron == "@daily"
