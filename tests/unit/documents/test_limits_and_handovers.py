"""Every fault of the fields of the second step: refused with its place, and nothing else is said."""

import json
from typing import Any

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import parse_configuration

A = {"task_id": "a", "module_path": "extraction_app.contracts", "function_name": "main"}
B = {**A, "task_id": "b", "dependencies": ["a"]}


def second(**fields: Any) -> dict[str, Any]:
    """A configuration whose tasks[1] depends on `a` and has these fields."""
    return {"tasks": [A, {**B, **fields}]}


def workflow(**fields: Any) -> dict[str, Any]:
    return {"tasks": [A], "workflows": {"w": {"tasks": ["a"], **fields}}}


def pools(value: Any) -> dict[str, Any]:
    return {"tasks": [A], "pools": value}


NUMBER = "must be a number > 0 and at most 31536000, not "
FAULTS = {
    # pools
    "pools-list": (pools([]), "pools (", "must be an object, not []"),
    "pools-null": (pools(None), "pools (", "must be an object, not null"),
    "pool-zero": (pools({"p": 0}), "pools.p (", "must be a whole number 1…1024, not 0"),
    "pool-huge": (pools({"p": 1025}), "pools.p (", "must be a whole number 1…1024, not 1025"),
    "pool-fraction": (pools({"p": 1.5}), "pools.p (", "must be a whole number 1…1024, not 1.5"),
    "pool-true": (pools({"p": True}), "pools.p (", "must be a whole number 1…1024, not true"),
    "pool-object": (pools({"p": {"slots": 2}}), "pools.p (", "must be a whole number 1…1024, not {…}"),
    "pool-name-empty": (pools({"": 1}), "pools (", "pool name: is empty"),
    "pool-name-slash": (pools({"a/b": 1}), "pools (", 'pool name: "/" not allowed in "a/b"'),
    "pool-unknown": (
        {**second(pool="portl"), "pools": {"portal": 1}},
        "tasks[1].pool (",
        'pool "portl" does not exist – did you mean "portal"?',
    ),
    "pool-undeclared": (
        second(pool="portal"),
        "tasks[1].pool (",
        'pool "portal" does not exist; declare it in pools at the top',
    ),
    "pool-number": (second(pool=1), "tasks[1].pool (", "must be a string, not 1"),
    # limits of one task
    "deadline-zero": (second(deadline=0), "tasks[1].deadline (", NUMBER + "0"),
    "deadline-string": (second(deadline="1h"), "tasks[1].deadline (", NUMBER + '"1h"'),
    "deadline-null": (second(deadline=None), "tasks[1].deadline (", NUMBER + "null"),
    "interruptions-negative": (
        second(max_interruptions=-1),
        "tasks[1].max_interruptions (",
        "whole number 0…100, not -1",
    ),
    "interruptions-many": (
        second(max_interruptions=101),
        "tasks[1].max_interruptions (",
        "whole number 0…100, not 101",
    ),
    "on-interrupt": (
        second(on_interrupt="retries"),
        "tasks[1].on_interrupt (",
        'must be one of retry, fail, not "retries" – did you mean "retry"?',
    ),
    "isolation": (second(isolation="none"), "tasks[1].isolation (", 'must be one of fresh, shared, not "none"'),
    "memory-small": (second(memory_limit_mb=15), "tasks[1].memory_limit_mb (", "whole number 16…1048576, not 15"),
    "memory-huge": (second(memory_limit_mb=1_048_577), "tasks[1].memory_limit_mb (", "whole number 16…1048576, not"),
    "memory-text": (
        second(memory_limit_mb="512M"),
        "tasks[1].memory_limit_mb (",
        'whole number 16…1048576, not "512M"',
    ),
    "environment": (second(environment="cleam"), "tasks[1].environment (", 'did you mean "clean"?'),
    "environment-null": (second(environment=None), "tasks[1].environment (", "must be one of inherit, clean, not null"),
    "priority-high": (second(priority=1001), "tasks[1].priority (", "must be a whole number -1000…1000, not 1001"),
    "priority-low": (second(priority=-1001), "tasks[1].priority (", "must be a whole number -1000…1000, not -1001"),
    "priority-fraction": (second(priority=0.5), "tasks[1].priority (", "must be a whole number -1000…1000, not 0.5"),
    # mock
    "mock-true": (second(mock=True), "tasks[1].mock (", "must be an object, not true"),
    "mock-null": (second(mock=None), "tasks[1].mock (", "must be an object, not null"),
    "mock-unknown": (second(mock={"result": 1}), "tasks[1].mock (", 'unknown field "result"'),
    "mock-near": (second(mock={"outputs": 1}), "tasks[1].mock (", 'did you mean "output"?'),
    "mock-before": (second(mock={"duration": -1}), "tasks[1].mock.duration (", "must be a number ≥ 0"),
    "mock-text": (second(mock={"duration": "1 s"}), "tasks[1].mock.duration (", "must be a number ≥ 0"),
    # cache
    "cache-true": (second(cache=True), "tasks[1].cache (", "must be an object, not true"),
    "cache-null": (second(cache=None), "tasks[1].cache (", "must be an object, not null"),
    "cache-unknown": (
        second(cache={"expire": 1}),
        "tasks[1].cache (",
        'unknown field "expire" – did you mean "expires"?',
    ),
    "cache-code": (second(cache={"code": 1}), "tasks[1].cache.code (", "must be true or false, not 1"),
    "cache-expires": (second(cache={"expires": 0}), "tasks[1].cache.expires (", NUMBER + "0"),
    "cache-inputs-text": (
        second(cache={"inputs": "data/*"}),
        "tasks[1].cache.inputs (",
        'must be a list of files or patterns, not "data/*"',
    ),
    "cache-input-number": (
        second(cache={"inputs": ["x", 1]}),
        "tasks[1].cache.inputs[1] (",
        "must be a file or a pattern (a string), not 1",
    ),
    "cache-input-empty": (second(cache={"inputs": [" "]}), "tasks[1].cache.inputs[0] (", "is empty"),
    "cache-input-absolute": (
        second(cache={"inputs": ["/etc/*"]}),
        "tasks[1].cache.inputs[0] (",
        'must be relative to ETL_HOME, not absolute: "/etc/*"',
    ),
    "cache-input-drive": (
        second(cache={"inputs": ["C:\\datos"]}),
        "tasks[1].cache.inputs[0] (",
        "must be relative to ETL_HOME, not absolute",
    ),
    "cache-input-out": (
        second(cache={"inputs": ["data/../../x"]}),
        "tasks[1].cache.inputs[0] (",
        'may not lead out with ..: "data/../../x"',
    ),
    "cache-input-out-backwards": (
        second(cache={"inputs": ["a\\..\\b"]}),
        "tasks[1].cache.inputs[0] (",
        "may not lead out with ..",
    ),
    "cache-input-nul": (second(cache={"inputs": ["a\0"]}), "tasks[1].cache.inputs[0] (", "U+0000"),
    "cache-input-long": (second(cache={"inputs": ["x" * 1001]}), "tasks[1].cache.inputs[0] (", "has 1001 characters"),
    # inputs
    "inputs-list": (
        second(inputs=["a"]),
        "tasks[1].inputs (",
        "must be an object of parameter names and task ids, not […]",
    ),
    "input-number": (second(inputs={"x": 1}), "tasks[1].inputs.x (", "must be a task id (a string), not 1"),
    "input-name": (
        second(inputs={"x y": "a"}),
        "tasks[1].inputs (",
        'parameter name: must be a Python name, not "x y"',
    ),
    "input-and-parameter": (
        second(inputs={"x": "a"}, parameters={"x": 1}),
        "tasks[1].inputs (",
        '"x" stands in parameters, too; leave one of them out',
    ),
    "input-of-nobody": (
        second(inputs={"x": "aa"}),
        "tasks[1].inputs.x (",
        'task "aa" does not exist – did you mean "a"?',
    ),
    "input-of-oneself": (second(inputs={"x": "b"}), "tasks[1].inputs.x (", "a task cannot take its own output"),
    "input-not-upstream": (
        second(dependencies=[], inputs={"x": "a"}),
        "tasks[1].inputs.x (",
        'task "a" is not among the dependencies of this task; add it to dependencies',
    ),
    "input-only-after": (
        second(dependencies=[], after=["a"], inputs={"x": "a"}),
        "tasks[1].inputs.x (",
        'task "a" is not among the dependencies of this task',
    ),
    "input-after-a-dependency": (
        {"tasks": [A, {**A, "task_id": "m", "after": ["a"]}, {**B, "dependencies": ["m"], "inputs": {"x": "a"}}]},
        "tasks[2].inputs.x (",
        'task "a" is not among the dependencies of this task',
    ),
    "input-from-downstream": (
        {"tasks": [{**A, "inputs": {"x": "b"}}, B]},
        "tasks[0].inputs.x (",
        'task "b" is not among the dependencies of this task',
    ),
    # templates
    "template-of-nobody": (
        second(parameters={"x": ["${tasks.aa.output.n}"]}),
        "tasks[1].parameters.x[0] (",
        'task "aa" does not exist – did you mean "a"?',
    ),
    "template-not-upstream": (
        second(dependencies=[], parameters={"x": "${tasks.a}"}),
        "tasks[1].parameters.x (",
        'task "a" is not among the dependencies of this task; add it to dependencies',
    ),
    "template-without-output": (
        second(parameters={"x": "${tasks.a.rows}"}),
        "tasks[1].parameters.x (",
        'after task "a" comes .output and then the way to a value, as in ${tasks.ID.output.x.0}',
    ),
    "template-ends-in-a-dot": (
        second(parameters={"x": "${tasks.a.output.}"}),
        "tasks[1].parameters.x (",
        "comes .output",
    ),
    "template-empty-step": (
        second(parameters={"x": "${tasks.a.output..b}"}),
        "tasks[1].parameters.x (",
        "comes .output",
    ),
    "template-without-id": (second(parameters={"x": "${tasks.}"}), "tasks[1].parameters.x (", 'task "" does not exist'),
    "template-long": (
        second(parameters={"x": "${tasks.a.output.%s}" % ("x" * 1000)}),
        "tasks[1].parameters.x (",
        "characters, more than 1000",
    ),
    "template-escaped": (
        json.dumps(second(parameters={"x": "?"})).replace('"?"', r'"\u0024\u007btasks.aa\u007D"'),
        "tasks[1].parameters.x (",
        'task "aa" does not exist',
    ),
    # secrets
    "secret-and-more": (
        second(parameters={"x": {"$secret": "K", "default": 1}}),
        "tasks[1].parameters.x (",
        '"$secret" stands alone in its object: {"x": {"$secret": "NAME"}}',
    ),
    "secret-number": (
        second(parameters={"x": {"$secret": 1}}),
        "tasks[1].parameters.x.$secret (".replace(".$secret", '["$secret"]'),
        "must be the name of a secret such as DB_PASSWORD, not 1",
    ),
    "secret-name": (second(parameters={"x": {"$secret": "A-B"}}), '["$secret"] (', 'DB_PASSWORD, not "A-B"'),
    "secret-newline": (second(parameters={"x": {"$secret": "AB\n"}}), '["$secret"] (', "must be the name of a secret"),
    "secret-accent": (second(parameters={"x": {"$secret": "ñ"}}), '["$secret"] (', "must be the name of a secret"),
    "secret-template": (second(parameters={"x": {"$secret": "${env.X}"}}), '["$secret"] (', "the name of a secret"),
    "secret-instead-of-parameters": (second(parameters={"$secret": "K"}), "tasks[1].parameters (", "stands alone"),
    "secret-escaped": (
        json.dumps(second(parameters={"x": {"$secret": 5}})).replace("$secret", r"$s\u0065cret"),
        '["$secret"] (',
        "must be the name of a secret",
    ),
    "secret-in-cache": (second(cache={"$secret": "K"}), "tasks[1].cache (", 'unknown field "$secret"'),
    "secret-in-inputs": (second(inputs={"x": {"$secret": "K"}}), "tasks[1].inputs.x (", "must be a task id (a string)"),
    "secret-as-timeout": (second(timeout={"$secret": "K"}), "tasks[1].timeout (", NUMBER + "{…}"),
    # workflows
    "max-duration": (workflow(max_duration=-1), "workflows.w.max_duration (", NUMBER + "-1"),
    "concurrency-number": (workflow(concurrency=1), "workflows.w.concurrency (", "must be an object, not 1"),
    "concurrency-empty": (workflow(concurrency={}), "workflows.w.concurrency (", '"limit" is missing'),
    "concurrency-zero": (
        workflow(concurrency={"limit": 0}),
        "workflows.w.concurrency.limit (",
        "must be a whole number 1…1024, not 0",
    ),
    "concurrency-conflict": (
        workflow(concurrency={"limit": 1, "on_conflict": "cancel"}),
        "workflows.w.concurrency.on_conflict (",
        "must be one of queue, skip, cancel_running, not",
    ),
    "concurrency-unknown": (
        workflow(concurrency={"limit": 1, "on_conflit": "skip"}),
        "workflows.w.concurrency (",
        'unknown field "on_conflit" – did you mean "on_conflict"?',
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_field_is_refused_with_its_place_and_fault(name):
    configuration, place, says = FAULTS[name]
    content = configuration if isinstance(configuration, str) else json.dumps(configuration)

    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(content, "x")

    said = [str(problem) for problem in refusal.value.problems]
    assert len(said) == 1, said
    assert place in said[0]
    assert says in said[0]


THROUGH = {"tasks": [A, {**B, "task_id": "m"}, {**B, "dependencies": ["m"], "inputs": {"x": "a"}}]}
"""`b` takes the output of `a`, which it needs through `m`."""
SOUND = {
    "handed through another task": THROUGH,
    "a rule that starts it anyway": second(trigger_rule="all_done", inputs={"x": "a"}),
    "whole output": second(parameters={"x": "${tasks.a}", "y": "con ${ tasks.a.output } y ${tasks.a.output.b.0.c}"}),
    "id with dots": {
        "tasks": [
            {**A, "task_id": "a.output"},
            {**B, "dependencies": ["a.output"], "parameters": {"x": "${tasks.a.output.output.n}"}},
        ]
    },
    "literal": second(dependencies=[], parameters={"x": "$${tasks.nobody}"}),
    "secret": second(parameters={"db": [{"password": {"$secret": "_DB_1"}}], "other": {"$secrets": 1, "a$secret": 2}}),
    "pools without users": pools({"año 1": 1024}),
    "no pools": pools({}),
    "patterns": second(cache={"inputs": ["data/**/*.json", "a..b", ".hidden", "..x", "[!a]?.csv", "ñ"]}),
    "mock of nothing": second(mock={}),
    "mock that returns nothing": second(mock={"output": None, "duration": 0}),
    "mock with what looks like a template": second(mock={"output": {"x": ["${tasks.nobody}", {"$secret": 1}]}}),
    "fractions": second(deadline=0.5, cache={"expires": 0.1}),
    "bounds": {
        **second(max_interruptions=100, memory_limit_mb=16, priority=-1000, pool="p"),
        "pools": {"p": 1},
        "workflows": {"w": {"tasks": ["all"], "max_duration": 31536000, "concurrency": {"limit": 1024}}},
    },
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_accepted(name):
    content = json.dumps(SOUND[name])

    registry = parse_configuration(content, "x").registry

    assert len(registry.tasks) == len(SOUND[name]["tasks"])


def test_of_the_ids_that_fit_a_template_the_longest_is_meant():
    short, long = {**A, "task_id": "a"}, {**A, "task_id": "a.output"}
    taker = {**A, "task_id": "b", "dependencies": ["a"], "parameters": {"x": "${tasks.a.output}"}}

    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(json.dumps({"tasks": [short, long, taker]}), "x")

    assert 'task "a.output" is not among the dependencies' in str(refusal.value.problems[0])


def test_what_stands_behind_a_cycle_is_not_blamed_for_it():
    ring = [{**A, "dependencies": ["b"]}, B]
    behind = {**A, "task_id": "c", "dependencies": ["b"], "inputs": {"x": "a"}}

    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(json.dumps({"tasks": [*ring, behind]}), "x")

    assert [str(problem).split(": ", 1)[1] for problem in refusal.value.problems] == ["cycle: a → b → a"]


def test_wrong_pools_do_not_make_the_pools_of_tasks_wrong():
    configuration = {**second(pool="portal"), "pools": ["portal"]}

    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(json.dumps(configuration), "x")

    assert [str(problem).split(" ", 1)[0] for problem in refusal.value.problems] == ["pools"]
