"""Checking takes time in proportion to the file, whatever it holds (R30)."""

import json
import time
from contextlib import suppress

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import parse_configuration
from tests.yardstick import yardstick

A = {"task_id": "a", "module_path": "extraction_app.contracts", "function_name": "main"}


def test_ten_thousand_tasks_are_checked_in_the_time_of_fifteen_million_steps():
    tasks = [
        {
            **A,
            "task_id": f"t{i}",
            "dependencies": [f"t{j}" for j in range(max(0, i - 3), i)],
            "timeout": 60,
            "name": "x",
        }
        for i in range(9_999)
    ]
    tasks.append({**A, "task_id": "last", "dependencies": [f"t{i}" for i in range(9_999)]})
    content = json.dumps({"tasks": tasks, "workflows": {"w": {"tasks": ["all"]}}}, indent=2)

    took = min(seconds_to_check(content) for _ in range(3))

    assert len(parse_configuration(content, "x").registry.tasks) == 10_000
    assert took < 15 * yardstick()  # about a second, and the best of three as the yardstick is


def test_ten_thousand_tasks_that_use_every_field_are_checked_about_as_fast():
    plain = [{**A, "task_id": f"t{i}", "dependencies": [f"t{i - 1}"] if i else []} for i in range(10_000)]
    rich = [
        {
            **task,
            "priority": 1,
            "pool": "p",
            "cache": {},
            "deadline": 5,
            "inputs": {"v": "t0"} if i else {},
            "parameters": {"x": f"${{tasks.t{i // 2}.output.a}}" if i else "", "y": {"$secret": "Y"}},
        }
        for i, task in enumerate(plain)
    ]
    texts = [json.dumps({"pools": {"p": 2}, "tasks": tasks}) for tasks in (plain, rich)]

    took = [min(seconds_to_check(text) for _ in range(3)) for text in texts]

    assert took[1] < 5 * took[0]
    assert took[1] < 60 * yardstick()


@pytest.mark.parametrize("shape", ["chain", "fan", "names", "dots", "one text"])
def test_hostile_references_between_tasks_cost_time_in_proportion_to_the_file(shape):
    first = {**A, "task_id": "t0"}
    tasks = {
        "chain": [
            first,
            *(
                {**A, "task_id": f"t{i}", "dependencies": [f"t{i - 1}"], "inputs": {"x": f"t{i // 2}", "y": "t0"}}
                for i in range(1, 40_000)
            ),
        ],
        "fan": [
            *({**A, "task_id": f"t{i}"} for i in range(9000)),
            {**A, "task_id": "hub", "dependencies": [f"t{i}" for i in range(9000)]},
            {**A, "task_id": "end", "dependencies": ["hub"], "inputs": {f"x{i}": f"t{i}" for i in range(9000)}},
        ],
        "names": [first, *({**A, "task_id": f"t{i}", "inputs": {"x": f"s{i}"}} for i in range(1, 20_000))],
        "dots": [
            first,
            *({**first, "task_id": f"t{i}", "parameters": {"x": "${tasks.%s}" % (".a" * 400_000)}} for i in (1, 2)),
        ],
        "one text": [
            first,
            {**A, "task_id": "b", "dependencies": ["t0"], "parameters": {"x": "${tasks.t0}" * 500_000}},
        ],
    }[shape]
    text = json.dumps({"tasks": tasks})

    took = seconds_to_check(text)

    assert took < 120 * yardstick()


def test_looking_for_suggestions_among_long_and_similar_ids_stays_cheap():
    tasks = [{**A, "task_id": "x" * 195 + f"{i}", "dependencies": ["x" * 194 + f"{i}z"]} for i in range(40)]

    took = seconds_to_check(json.dumps({"tasks": tasks}))

    assert took < 2


def seconds_to_check(text: str) -> float:
    """Processor time of one check, whatever it finds."""
    began = time.process_time()
    with suppress(ConfigurationRefused):
        parse_configuration(text, "x")
    return time.process_time() - began
