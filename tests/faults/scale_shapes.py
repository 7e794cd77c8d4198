"""Configurations of many tasks that do nothing, in the shapes that strain an orchestrator in different places (F58)."""

import json
from pathlib import Path

LAYER = 10
SHAPES = {
    "wide": lambda _ids, _n: [],
    "chain": lambda ids, n: ids[max(0, n - 1) : n],
    "layered": lambda ids, n: ids[max(0, (n // LAYER - 1) * LAYER) : n // LAYER * LAYER],
    "one_waits_for_all": lambda ids, n: ids[:-1] if n == len(ids) - 1 else [],
}
"""Dependencies of the task with number `n` of `ids`."""


def write_configuration(file: Path, shape: str, count: int, *, isolation: str = "shared") -> None:
    ids = [f"task_{number:05d}" for number in range(count)]
    tasks = [
        {
            "task_id": task_id,
            "module_path": "orchestrator.mock_tasks",
            "function_name": "no_op",
            "isolation": isolation,
            "dependencies": SHAPES[shape](ids, number),
        }
        for number, task_id in enumerate(ids)
    ]
    file.write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
