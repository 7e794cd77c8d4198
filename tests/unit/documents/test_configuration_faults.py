"""What the author of a faulty configuration is told, beyond the list of malformed configurations."""

import json
from typing import Any

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import parse_configuration

A = {"task_id": "a", "module_path": "extraction_app.contracts", "function_name": "main"}
B = {**A, "task_id": "b"}


def problems_of(configuration: Any) -> list[str]:
    content = configuration if isinstance(configuration, bytes | str) else json.dumps(configuration)
    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(content, "etl_config.json")
    return [str(problem) for problem in refusal.value.problems]


def one_problem(configuration: Any) -> str:
    problems = problems_of(configuration)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_text_with_half_a_character_in_it_is_refused():
    faulty = '{"tasks": "\ud800"}'

    problem = one_problem(faulty)

    assert problem == r"line 1, column 12: not valid Unicode: \ud800 is half of a character"


def test_utf_16_without_a_mark_is_no_control_character_but_the_wrong_encoding():
    faulty = json.dumps({"tasks": [A]}).encode("utf-16-le")

    problem = one_problem(faulty)

    assert problem == "not UTF-8: byte 1 (line 1); save the file as UTF-8"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": None}', "None is written null here"),
        ('{"a": "C:\\datos"}', "this backslash starts no known escape"),
        ('{"a": "\\u12"}', "\\u must be followed by four hexadecimal digits"),
        ('{"a": "b}', "the closing double quote of this text is missing"),
        ('{"a": "b\n"}', "a line ends inside a text"),
        ('{"a" 1}', "a colon was expected, not"),
        ('{"a": 1 "b": 2}', 'a comma or the closing bracket was expected, not "\\""'),
        ("[1, 2,\n]", "line 1, column 6: not JSON: a comma before the closing bracket"),
        ("{a: 1}", 'a key in double quotes was expected, not "a"'),
        ('{"a": 1}}', 'text after the end of the JSON document: "}"'),
        ("{", "the file ends here, where a key in double quotes was expected"),
    ],
)
def test_what_is_no_json_is_explained(text, says):
    faulty = text

    problem = one_problem(faulty)

    assert says in problem


@pytest.mark.parametrize(
    "task_id",
    ["extraer contratos", "año", "مهمة", "🚀", "👩\u200d💻", "e\u0301", "-", "a.b", "x" * 200, "a:b?c#d%20", "ALL"],
)
def test_ids_of_any_language_are_accepted(task_id):
    configuration = {"tasks": [{**A, "task_id": task_id}], "workflows": {task_id: {"tasks": [task_id]}}}

    registry = parse_configuration(json.dumps(configuration), "x").registry

    assert list(registry.tasks) == list(registry.workflows) == [task_id]


@pytest.mark.parametrize(
    ("task_id", "says"),
    [
        (" a", "may not begin or end with a space"),
        ("..", "nor be . or .."),
        ("a\\b", '"\\" not allowed'),
        ("a\u200db", "U+200D"),
        ("a\u00a0b", "U+00A0"),
        ("\u200f", "U+200F"),
        ("a\x1b[31m", r'U+001B in "a\u001b[31m"'),
        ("a\u2028b", "U+2028"),
    ],
)
def test_ids_that_would_deceive_a_reader_are_refused_for_tasks_and_workflows_alike(task_id, says):
    configuration = {"tasks": [A, {**A, "task_id": task_id}], "workflows": {task_id: {"tasks": ["a"]}}}

    problems = problems_of(configuration)

    assert [says in problem for problem in problems] == [True, True]
    assert problems[0].startswith("tasks[1].task_id (")
    assert problems[1].startswith("workflows (")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("${params.x", '"${params.x" is not closed; write $${ for a literal ${'),
        ("a ${task.a.output.path}", '"${task.a.output.path}" is not known here; there are ${params.x}'),
        ("${params.}", "is not known here"),
        ("${env.1A}", "is not known here"),
        ("${execution.name}", "is not known here"),
        ("${}", "is not known here"),
        ("$${ok} ${no}", '"${no}" is not known here'),
    ],
)
def test_a_template_that_means_nothing_is_refused_where_it_stands(value, says):
    configuration = {"tasks": [{**A, "parameters": {"list": [0, {"deep": value}]}}]}

    problem = one_problem(configuration)

    assert problem.startswith("tasks[0].parameters.list[1].deep (")
    assert says in problem


@pytest.mark.parametrize(
    "value", ["$${", "$${tasks.x}", "100 $", "$x", "{}", "${ params.x } ${env.HOME}${execution.date}"]
)
def test_templates_of_the_known_forms_and_literal_signs_are_accepted(value):
    configuration = {"tasks": [{**A, "parameters": {"text": value}}]}

    registry = parse_configuration(json.dumps(configuration), "x").registry

    assert registry.task("a").parameters == {"text": value}


def test_a_workflow_must_declare_the_parameters_that_its_tasks_use():
    configuration = {
        "tasks": [{**A, "parameters": {"x": "${params.año}"}}, B],
        "workflows": {
            "everything": {"tasks": ["all"]},
            "part": {"tasks": ["b"]},
            "declared": {"tasks": ["a"], "parameters": {"año": {"type": "integer"}}},
        },
    }

    problem = one_problem(configuration)

    assert problem.startswith("workflows.everything (")
    assert problem.endswith('task "a" uses ${params.año}, which this workflow does not declare')


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"type": "integer", "default": "1"}, "must be of type integer, not"),
        ({"type": "integer", "default": True}, "must be of type integer, not true"),
        ({"type": "date", "default": "ayer"}, 'must be of type date, not "ayer"'),
        ({"default": None}, "must be of type string, not null; leave default out"),
        ({"type": "int"}, 'not "int" – did you mean "integer"?'),
        ({"type": 5}, "must be one of string, integer, number, boolean, date, not 5"),
        ({"typ": "string"}, 'unknown field "typ" – did you mean "type"?'),
        ("string", 'must be an object, not "string"'),
    ],
)
def test_a_workflow_parameter_that_is_badly_declared_is_refused(declared, says):
    configuration = {"tasks": [A], "workflows": {"w": {"tasks": ["a"], "parameters": {"x": declared}}}}

    problem = one_problem(configuration)

    assert problem.startswith("workflows.w.parameters.x")
    assert says in problem


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("timezone", "America/Bogotá", 'no time zone is called "America/Bogotá" – did you mean "America/Bogota"?'),
        ("timezone", "America", "no time zone is called"),
        ("timezone", "../../etc/passwd", "no time zone is called"),
        ("timezone", "a\0b", "no time zone is called"),
        ("timezone", "", "no time zone is called"),
        ("timezone", None, "must be a string, not null"),
        ("language", "fr", 'must be one of es, en, not "fr"'),
        ("environment", "cleam", 'must be one of inherit, clean, not "cleam" – did you mean "clean"?'),
        ("kill_grace", 3601, "must be a number > 0 and at most 3600, not 3601"),
        ("allowed_modules", ["a", "b/c"], 'must be a dotted Python name such as extraction_app.contracts, not "b/c"'),
        ("version", 2, "must be a string, not 2"),
        ("name", " ", "is empty; leave it out to show the id"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(field, value, says):
    configuration = {"orchestrator_config": {field: value}, "tasks": [A]}

    problem = one_problem(configuration)

    assert problem.startswith(f"orchestrator_config.{field}")
    assert says in problem


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("trigger_rule", "all_sucess", 'did you mean "all_success"?'),
        ("trigger_rule", ["always"], "must be one of all_success"),
        ("retry_delay", -0.1, "must be a number ≥ 0 and at most 31536000, not -0.1"),
        ("retry_on", ["Value Error"], 'must be the name of an exception such as ConnectionError, not "Value Error"'),
        ("retry_on", [1], "must be the name of an exception (a string), not 1"),
        ("after", ["x"], 'depends on "x", which does not exist'),
        ("function_name", "_private", "without a leading underscore"),
        ("function_name", "class", "must be a Python name"),
        ("description", 1, "must be a string, not 1"),
        ("timeout", 10**400, "at most 31536000, not 1000"),
    ],
)
def test_a_task_field_that_cannot_be_is_refused(field, value, says):
    configuration = {"tasks": [{**A, field: value}]}

    problem = one_problem(configuration)

    assert problem.startswith(f"tasks[0].{field}")
    assert says in problem


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("retry_cuont", "retry_count"),
        ("retries", "retry_count"),
        ("depends_on", "dependencies"),
        ("Timeout", "timeout"),
        ("module", "module_path"),
        ("id", "task_id"),
        ("params", "parameters"),
    ],
)
def test_a_misspelt_field_or_another_tools_word_is_answered_with_ours(wrong, right):
    configuration = {"tasks": [{**A, wrong: 1}]}

    problem = one_problem(configuration)

    assert problem.endswith(f'unknown field "{wrong}" – did you mean "{right}"?')


@pytest.mark.parametrize("field", ["approval", "sla", "expand", "max_active", "resources"])
def test_a_field_of_a_later_step_is_not_known_yet(field):
    configuration = {"tasks": [{**A, field: {}}]}

    problem = one_problem(configuration)

    assert f'unknown field "{field}"' in problem
