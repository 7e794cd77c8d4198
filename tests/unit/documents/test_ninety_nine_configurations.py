"""Every malformed configuration of the fault list: refused with its place and fault, or accepted on purpose."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import Document, parse_configuration

SECOND_TASK = '"function_name": "main"\n    },\n    '
"""What stands in front of tasks[1] in a text made by `spelled`."""
TOP = "line 1, column 1: "


@dataclass(frozen=True, kw_only=True)
class Case:
    content: bytes
    says: tuple[str, ...]
    after: str | None
    """The place reported must be the one right behind this text."""
    problems: int


def refused(content: Any, *says: str, after: str | None = None, problems: int = 1) -> Case:
    return Case(content=spelled(content), says=says, after=after, problems=problems)


def accepted(content: Any) -> Case:
    return Case(content=spelled(content), says=(), after=None, problems=0)


def spelled(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content, indent=2, ensure_ascii=False).encode()


def task(own_id: str, **fields: Any) -> dict[str, Any]:
    made = {"task_id": own_id, "module_path": "extraction_app.contracts", "function_name": "main", **fields}
    return {name: value for name, value in made.items() if value is not ...}


def second(**fields: Any) -> dict[str, Any]:
    """A configuration whose tasks[1] has these fields; `...` takes one away."""
    return {"tasks": [task("a"), task("b", **fields)]}


def workflow(**fields: Any) -> dict[str, Any]:
    made = {"tasks": ["a", "b"], **fields}
    return {**second(), "workflows": {"w": {name: value for name, value in made.items() if value is not ...}}}


def limits(**fields: Any) -> dict[str, Any]:
    return {"orchestrator_config": fields, **second()}


def links(**dependencies: list[str]) -> dict[str, Any]:
    return {"tasks": [task(name, dependencies=waits_for) for name, waits_for in dependencies.items()]}


def number(text: str) -> bytes:
    """tasks[1] with a timeout that only JSON text can spell."""
    return spelled(second(timeout="?")).replace(b'"?"', text.encode())


PLAIN = spelled(second())
TIMEOUT = "must be a number > 0 and at most 31536000, not "
RETRIES = "must be a whole number 0…100, not "
WORKERS = "must be a whole number 1…1024, not "
LONG_RING = [task(f"t{i}", dependencies=[f"t{(i + 1) % 1000}"]) for i in range(1000)]
LONG_CHAIN = [task(f"t{i}", dependencies=[f"t{i + 1}"] if i < 2999 else []) for i in range(3000)]

CASES = {
    # the file and its text
    "empty-file": refused(b"", "the file is empty"),
    "only-spaces": refused(b" \n\t\r\n ", "the file is empty"),
    "not-json": refused(b"hello", TOP, 'not JSON: a value was expected, not "hello"'),
    "comments": refused(b'{\n  // all tasks\n  "tasks": []}', "comments are not allowed", "a key", after="{\n  "),
    "single-quotes": refused(b"{\n 'tasks': []}", "single quotes are not allowed", "a key", after="{\n "),
    "trailing-comma": refused(b'{\n "tasks": [],\n}', "a comma before the closing bracket", after='"tasks": []'),
    "truncated": refused(b'{"tasks": [\n {"task_id":', "the file ends here, where a value", after='"task_id":'),
    "two-documents": refused(PLAIN + b"\n{}", "text after the end of the JSON document", after="  ]\n}\n"),
    "nul-byte": refused(
        PLAIN.replace(b'"b"', b'"\0"'),
        "not JSON: control character U+0000",
        after=SECOND_TASK + '{\n      "task_id": "',
    ),
    "latin-1": refused('{"tasks": "ñ"}'.encode("latin-1"), "not UTF-8: byte 11 (line 1); save the file as UTF-8"),
    "utf-16": refused(PLAIN.decode().encode("utf-16"), "not UTF-8: byte 0 (line 1)", "save the file as UTF-8"),
    "utf8-bom": accepted(b"\xef\xbb\xbf" + PLAIN),
    "crlf": accepted(PLAIN.replace(b"\n", b"\r\n")),
    "lone-surrogate": refused(
        spelled(second(name="?")).replace(b"?", rb"\ud800"),
        "tasks[1].name (",
        "not valid Unicode",
        after='"name": ',
    ),
    "deep-nesting-100k": refused(b"[" * 100_000, "line 1, column 51: nested deeper than 50 levels"),
    "deep-parameters-5k": refused(
        number('1, "parameters": {"x": ' + "[" * 5000 + "]" * 5000 + "}"), "nested deeper than 50 levels"
    ),
    "nan-timeout": refused(number("NaN"), "tasks[1].timeout (", "not a finite number: NaN", after='"timeout": '),
    "infinity-timeout": refused(number("-Infinity"), "tasks[1].timeout (", "not a finite number", after='"timeout": '),
    "1e999-timeout": refused(number("1e999"), "tasks[1].timeout (", "not a finite number: 1e999", after='"timeout": '),
    "20-digit-timeout": refused(number("9" * 20), "tasks[1].timeout (", "at most 31536000", after='"timeout": '),
    "5000-digit-number": refused(number("1" * 5000), "tasks[1].timeout (", "a number with 5000 digits"),
    "duplicate-json-key": refused(
        PLAIN.replace(b'"a",', b'"a", "retry_count": 1, "retry_count": 2,'),
        "tasks[0] (",
        'key "retry_count" twice (first in line 4, column 23)',
        after='"retry_count": 1, ',
    ),
    "100-MB-string": refused(b'{"tasks": "' + b"x" * 100_000_000 + b'"}', "has 100000013 bytes; the limit is 10 MB"),
    # the top level
    "top-level-list": refused([], TOP, "the top level must be an object, not []"),
    "top-level-null": refused(None, TOP, "the top level must be an object, not null"),
    "top-level-string": refused("tasks", TOP, 'the top level must be an object, not "tasks"'),
    "empty-object": refused({}, TOP, '"tasks" is missing'),
    "tasks-missing": refused({"workflows": {}}, TOP, '"tasks" is missing'),
    "tasks-empty": refused({"tasks": []}, "tasks (", '"tasks" is empty', after='"tasks": '),
    "tasks-object": refused({"tasks": {}}, "tasks (", '"tasks" must be a list, not {}', after='"tasks": '),
    "tasks-null": refused({"tasks": None}, "tasks (", '"tasks" must be a list, not null', after='"tasks": '),
    "workflows-list": refused(
        {**second(), "workflows": []}, "workflows (", '"workflows" must be an object, not []', after='"workflows": '
    ),
    "task-is-string": refused({"tasks": ["a"]}, "tasks[0] (", 'must be an object, not "a"', after="[\n    "),
    "task-is-null": refused({"tasks": [None]}, "tasks[0] (", "must be an object, not null", after="[\n    "),
    "unknown-top-field": refused(
        {**second(), "taks": []}, 'unknown field "taks" – did you mean "tasks"?', after="  ],\n  "
    ),
    "config-section-list": refused(
        {"orchestrator_config": [], **second()}, "orchestrator_config (", "must be an object, not []", after='fig": '
    ),
    # one task
    "no-task-id": refused(second(task_id=...), "tasks[1] (", '"task_id" is missing', after=SECOND_TASK),
    "no-module": refused(second(module_path=...), "tasks[1] (", '"module_path" is missing', after=SECOND_TASK),
    "no-function": refused(second(function_name=...), "tasks[1] (", '"function_name" is missing', after=SECOND_TASK),
    "no-name-is-fine": accepted(second()),
    "no-timeout-is-fine": accepted(second(name="B")),
    "duplicate-task-id": refused(
        {"tasks": [task("a"), task("a")]},
        "tasks[1].task_id (",
        'task_id "a" at tasks[0] (line 4, column 18) and tasks[1]',
        after=SECOND_TASK + '{\n      "task_id": ',
    ),
    "ids-differ-only-in-case": accepted({"tasks": [task("a"), task("A")]}),
    "unknown-task-field": refused(
        second(retires=1), "tasks[1] (", 'unknown field "retires" – did you mean "retry_count"?', after='main",\n      '
    ),
    "task-id-number": refused(second(task_id=5), "tasks[1].task_id (", "must be a string, not 5"),
    "task-id-empty": refused(second(task_id=""), "tasks[1].task_id (", "is empty"),
    "task-id-spaces": refused(second(task_id="  "), "tasks[1].task_id (", "is empty"),
    "task-id-newline": refused(second(task_id="a\nb"), "tasks[1].task_id (", "control or formatting character U+000A"),
    "task-id-nul": refused(second(task_id="a\0b"), "tasks[1].task_id (", "control or formatting character U+0000"),
    "task-id-bidi-override": refused(
        second(task_id="a\u202eb"), "tasks[1].task_id (", r'control or formatting character U+202E in "a\u202eb"'
    ),
    "task-id-slash-dotdot": refused(second(task_id="../b"), "tasks[1].task_id (", '"/" not allowed in "../b"'),
    "task-id-10k-chars": refused(
        second(task_id="x" * 10_000), "tasks[1].task_id (", "has 10000 characters, more than 200", f'"{"x" * 79}…"'
    ),
    "task-id-reserved-all": refused(second(task_id="all"), "tasks[1].task_id (", '"all" is reserved'),
    "module-empty": refused(second(module_path=""), "tasks[1].module_path (", "must be a dotted Python name"),
    "module-relative": refused(second(module_path=".x"), "tasks[1].module_path (", "must be a dotted Python name"),
    "module-a-path": refused(second(module_path="a/b.py"), "tasks[1].module_path (", "must be a dotted Python name"),
    "module-not-identifier": refused(second(module_path="a-b.c"), "tasks[1].module_path (", 'not "a-b.c"'),
    "function-dotted-dunder": refused(
        second(function_name="main.__call__"), "tasks[1].function_name (", "must be a Python name"
    ),
    # what a task waits for
    "dependencies-string": refused(
        second(dependencies="a"), "tasks[1].dependencies (", 'must be a list of task ids, not "a"'
    ),
    "dependencies-null": refused(
        second(dependencies=None), "tasks[1].dependencies (", "must be a list of task ids, not null"
    ),
    "dependency-number": refused(
        second(dependencies=[5]), "tasks[1].dependencies[0] (", "must be a task id (a string), not 5"
    ),
    "dependency-twice": refused(
        second(dependencies=["a", "a"]), "tasks[1].dependencies[1] (", '"a" twice in dependencies'
    ),
    "dependency-missing": refused(
        {"tasks": [task("gost"), task("b", dependencies=["ghost"])]},
        "tasks[1].dependencies[0] (",
        'depends on "ghost", which does not exist – did you mean "gost"?',
    ),
    "dependency-self": refused(second(dependencies=["b"]), "tasks[1].dependencies[0] (", '"b" depends on itself'),
    "cycle-2": refused(links(a=["b"], b=["a"]), "tasks[0] (", "cycle: a → b → a", after='"tasks": [\n    '),
    "cycle-3": refused(links(a=["b"], b=["c"], c=["a"]), "tasks[0] (", "cycle: a → b → c → a"),
    "cycle-far-from-root": refused(
        links(a=["b"], b=["c"], c=["d"], d=["e"], e=["d"], f=["g"], g=["h"], h=["f"]),
        "tasks[3] (",
        "cycle: d → e → d",
        "tasks[5] (",
        "cycle: f → g → h → f",
        problems=2,
    ),
    "cycle-1000": refused(
        {"tasks": LONG_RING},
        "tasks[0] (",
        "cycle of 1000 tasks: t0 → t1 → t2 → t3 → … (993) … → t997 → t998 → t999 → t0",
    ),
    "chain-3000-is-fine": accepted({"tasks": LONG_CHAIN}),
    # a task's other fields
    "parameters-list": refused(second(parameters=[]), "tasks[1].parameters (", "must be an object, not []"),
    "parameters-string": refused(second(parameters="x"), "tasks[1].parameters (", 'must be an object, not "x"'),
    "parameters-null": refused(second(parameters=None), "tasks[1].parameters (", "must be an object, not null"),
    "timeout-string": refused(second(timeout="abc"), "tasks[1].timeout (", TIMEOUT + '"abc"', after='"timeout": '),
    "timeout-true": refused(second(timeout=True), "tasks[1].timeout (", TIMEOUT + "true", after='"timeout": '),
    "timeout-zero": refused(second(timeout=0), "tasks[1].timeout (", TIMEOUT + "0", after='"timeout": '),
    "timeout-negative": refused(second(timeout=-1), "tasks[1].timeout (", TIMEOUT + "-1", after='"timeout": '),
    "timeout-fraction-is-fine": accepted(second(timeout=0.5)),
    "retry-negative": refused(second(retry_count=-1), "tasks[1].retry_count (", RETRIES + "-1"),
    "retry-fraction": refused(second(retry_count=1.5), "tasks[1].retry_count (", RETRIES + "1.5"),
    "retry-string": refused(second(retry_count="3"), "tasks[1].retry_count (", RETRIES + '"3"'),
    "retry-1e9": refused(second(retry_count=10**9), "tasks[1].retry_count (", RETRIES + "1000000000"),
    "critical-string": refused(second(critical="yes"), "tasks[1].critical (", 'must be true or false, not "yes"'),
    "critical-null": refused(second(critical=None), "tasks[1].critical (", "must be true or false, not null"),
    "category-list": refused(second(category=["x"]), "tasks[1].category (", "must be a string, not […]"),
    # workflows
    "workflow-unknown-task": refused(
        workflow(tasks=["a", "ghost"]), "workflows.w.tasks[1] (", 'task "ghost" does not exist'
    ),
    "workflow-empty": refused(workflow(tasks=[]), "workflows.w.tasks (", '"tasks" is empty'),
    "workflow-no-tasks": refused(workflow(tasks=...), "workflows.w (", '"tasks" is missing'),
    "workflow-tasks-string": refused(
        workflow(tasks="all"), "workflows.w.tasks (", 'must be a list of task ids, not "all"'
    ),
    "workflow-is-list": refused(
        {**second(), "workflows": {"w": ["a"]}}, "workflows.w (", "must be an object, not […]", after='"w": '
    ),
    "workflow-name-empty": refused(
        {**second(), "workflows": {"": {"tasks": ["a"]}}}, "workflows (", "workflow name: is empty"
    ),
    "workflow-unknown-field": refused(
        workflow(task=["a"]), "workflows.w (", 'unknown field "task" – did you mean "tasks"?'
    ),
    "workflow-all-and-ids": refused(workflow(tasks=["all", "a"]), "workflows.w.tasks[0] (", '"all" stands alone'),
    "workflow-task-twice": refused(workflow(tasks=["a", "a"]), "workflows.w.tasks[1] (", '"a" twice in tasks'),
    # orchestrator_config
    "default-timeout-zero": refused(limits(default_timeout=0), "orchestrator_config.default_timeout (", TIMEOUT + "0"),
    "default-timeout-string": refused(
        limits(default_timeout="1h"), "orchestrator_config.default_timeout (", TIMEOUT + '"1h"'
    ),
    "workers-zero": refused(
        limits(max_parallel_workers=0), "orchestrator_config.max_parallel_workers (", WORKERS + "0"
    ),
    "workers-negative": refused(
        limits(max_parallel_workers=-3), "orchestrator_config.max_parallel_workers (", WORKERS + "-3"
    ),
    "workers-1e9": refused(
        limits(max_parallel_workers=10**9), "orchestrator_config.max_parallel_workers (", WORKERS + "1000000000"
    ),
    "unknown-config-field": refused(
        limits(defualt_timeout=5),
        "orchestrator_config (",
        'unknown field "defualt_timeout" – did you mean "default_timeout"?',
    ),
}


def test_the_fault_list_has_ninety_nine_cases():
    cases = CASES

    count = len(cases)

    assert count == 99


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if case.says])
def test_a_malformed_configuration_is_refused_with_its_place_and_fault(case):
    content = case.content

    with pytest.raises(ConfigurationRefused) as refusal:
        parse_configuration(content, "etl_config.json")

    said = "\n".join(map(str, refusal.value.problems))
    assert len(refusal.value.problems) == case.problems, said
    for fragment in (*case.says, *place_behind(case)):
        assert fragment in said


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if not case.says])
def test_a_configuration_that_only_looks_odd_is_accepted(case):
    content = case.content

    document = parse_configuration(content, "etl_config.json")

    assert isinstance(document, Document)


def place_behind(case: Case) -> list[str]:
    """Line and column right behind `case.after`, counted independently of the code under test."""
    if case.after is None:
        return []
    text = case.content.decode()
    assert text.count(case.after) == 1, "the anchor of this case is not unique"
    before = text[: text.index(case.after) + len(case.after)].split("\n")
    return [f"line {len(before)}, column {len(before[-1]) + 1}"]
