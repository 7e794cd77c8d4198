"""The shipped configurations, damaged at random: the same seed gives the same bytes."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHIPPED = [Path(__file__).parents[2] / "orchestrator" / name for name in ("etl_config.json", "etl_config_testing.json")]
TEXTS = [path.read_text(encoding="utf-8") for path in SHIPPED]

ODD_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e-9, 31_536_000, 31_536_001, 10**12, 10**30, 2**63),
    *("", " ", "all", "x", "a\0", "ñandú", "🚀", "\u202e", "../x", "/etc/passwd", "C:\\x", "x" * 300, "None", "null"),
    *("${", "${x}", "${params.x}", "${env.HOME}", "${execution.id}", "$${free}", "${tasks.no_op}", "${tasks.}"),
    *([], {}, ["all"], [None], [[]], {"": None}, {"$secret": "K"}, {"$secret": 1}, {"a": {"b": [{"c": 1}]}}),
]
SPELLED = [
    "NaN",
    "-Infinity",
    "1e999",
    "1" * 5000,
    "[" * 60 + "]" * 60,
    '"\\ud800"',
    '{"a":1,"a":2}',
    '"\\u0024{x}"',
    "01",
]
"""JSON texts that no Python value is written as."""
SPLICES = [
    b"",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\\ud800",
    b"//",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b" ",
]

TASK_FIELDS: dict[str, list[Any]] = {
    "inputs": [{}, {"x": "test_extract"}, {"rows": "extract_procesos_emprestito"}, {"x": "ghost"}, {"x y": "no_op"}],
    "deadline": [60, 0.5, 0],
    "max_interruptions": [0, 3, 101],
    "on_interrupt": ["retry", "fail", "never"],
    "isolation": ["fresh", "shared", "none"],
    "memory_limit_mb": [512, 16, 15],
    "environment": ["inherit", "clean", "dirty"],
    "pool": ["portal", "portl"],
    "priority": [5, -1000, 1001],
    "cache": [{}, {"inputs": ["data/*.json"], "expires": 60}, {"inputs": ["../x"]}, True],
    "trigger_rule": ["all_done", "always", "one_failed", "sometimes"],
    "retry_count": [0, 3, 101],
    "retry_on": [["ValueError"], ["a.B"], ["1"]],
    "after": [[], ["no_op"], ["load_data_complete"]],
    "dependencies": [[], ["test_extract"], ["transform_emprestito"], ["ghost"]],
    "parameters": [
        {"x": "${params.year}"},
        {"x": "${env.FUZZ_NAME}"},
        {"x": "${tasks.test_extract.output.rows}"},
        {"x": "${tasks.extract_procesos_emprestito}"},
        {"x": {"$secret": "FUZZ_SECRET"}},
        {"x": "día ${execution.date}"},
    ],
}
WORKFLOW_FIELDS: dict[str, list[Any]] = {
    "max_duration": [60, 0],
    "concurrency": [{"limit": 1}, {"limit": 2, "on_conflict": "skip"}, {"limit": 0}, {}],
    "parameters": [{"year": {"type": "integer"}}, {"year": {"default": "2025"}}, {"year": {"type": "int"}}],
    "tasks": [["all"], ["no_op"], ["load_data_complete"], ["all", "no_op"]],
}
TOP_FIELDS: dict[str, list[Any]] = {
    "pools": [{"portal": 2}, {"portal": 0}, {}, []],
    "$schema": ["./etl.schema.json", 1],
    "schedules": [{}],
}
LIMIT_FIELDS: dict[str, list[Any]] = {
    "timezone": ["America/Bogota", "UTC", "Mars"],
    "language": ["es", "en", "fr"],
    "environment": ["clean", "inherit"],
    "kill_grace": [0.1, 0],
    "allowed_modules": [["json"], ["1"]],
}

Path_ = tuple[str | int, ...]


def mutated(seed: int) -> bytes:
    """A damaged configuration: most are still JSON, and about a third are still right."""
    chance = random.Random(seed)
    tree = json.loads(chance.choice(TEXTS))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        chance.choice(TREE_DAMAGES)(tree, chance)
    text = json.dumps(tree, indent=chance.choice((None, 1, 2)), ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.1:
        text = _with_odd_spelling(text, chance)
    data = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.1:
        data = _spliced(data, chance)
    if chance.random() < 0.03:
        data = text.encode(chance.choice(("utf-16", "utf-16-le", "utf-8-sig")), "surrogatepass")
    return data


def nodes_in(node: Any, path: Path_ = ()) -> list[Path_]:
    """Paths of everything inside, the top itself aside."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way for key, value in inside for way in ((*path, key), *nodes_in(value, (*path, key)))]


def at(tree: Any, path: Path_) -> Any:
    """The node at `path`."""
    for step in path:
        tree = tree[step]
    return tree


def _place(tree: Any, chance: random.Random) -> tuple[Any, Any]:
    """A container and the key or position of one of its nodes, at random."""
    paths = nodes_in(tree) or [("tasks",)]
    path = chance.choice(paths)
    return at(tree, path[:-1]), path[-1]


def _delete(tree: Any, chance: random.Random) -> None:
    parent, step = _place(tree, chance)
    if not isinstance(parent, dict) or step in parent:
        del parent[step]


def _retype(tree: Any, chance: random.Random) -> None:
    parent, step = _place(tree, chance)
    parent[step] = copy.deepcopy(chance.choice(ODD_VALUES))


def _duplicate(tree: Any, chance: random.Random) -> None:
    parent, step = _place(tree, chance)
    twin = copy.deepcopy(parent[step]) if not isinstance(parent, dict) or step in parent else None
    if isinstance(parent, list):
        parent.insert(chance.randrange(len(parent) + 1), twin)
    else:
        parent[chance.choice((f"{step}_2", str(step).upper(), f"{step} "))] = twin


def _move(tree: Any, chance: random.Random) -> None:
    parent, step = _place(tree, chance)
    if isinstance(parent, dict) and step not in parent:
        return
    node = parent.pop(step)
    target, place = _place(tree, chance)
    if isinstance(target, list):
        target.insert(int(place), node)
    else:
        target[place if chance.random() < 0.5 else str(step)] = node


def _swap(tree: Any, chance: random.Random) -> None:
    (one, here), (two, there) = _place(tree, chance), _place(tree, chance)
    if (isinstance(one, dict) and here not in one) or (isinstance(two, dict) and there not in two):
        return
    one[here], two[there] = copy.deepcopy(two[there]), copy.deepcopy(one[here])


def _copy_over(tree: Any, chance: random.Random) -> None:
    (one, here), (two, there) = _place(tree, chance), _place(tree, chance)
    if not isinstance(one, dict) or here in one:
        two[there] = copy.deepcopy(one[here])


def _misspell(tree: Any, chance: random.Random) -> None:
    parent, step = _place(tree, chance)
    if isinstance(parent, dict) and step in parent and len(step) > 1:
        cut = chance.randrange(len(step))
        parent[step[:cut] + step[cut + 1 :]] = parent.pop(step)


def _shuffle(tree: Any, chance: random.Random) -> None:
    tasks = tree.get("tasks") if isinstance(tree, dict) else None
    if isinstance(tasks, list):
        chance.shuffle(tasks)


def _new_field(tree: Any, chance: random.Random) -> None:
    """A field of this step or of another, mostly with a value that it may have."""
    if not isinstance(tree, dict):
        return
    kind = chance.choice(("task", "task", "task", "task", "workflow", "top", "limits"))
    tasks, workflows = tree.get("tasks"), tree.get("workflows")
    target, fields = tree, TOP_FIELDS
    if kind == "task" and isinstance(tasks, list) and tasks:
        target, fields = chance.choice(tasks), TASK_FIELDS
    elif kind == "workflow" and isinstance(workflows, dict) and workflows:
        target, fields = workflows[chance.choice(list(workflows))], WORKFLOW_FIELDS
    elif kind == "limits":
        target, fields = tree.get("orchestrator_config"), LIMIT_FIELDS
    if isinstance(target, dict):
        name = chance.choice(list(fields))
        values = fields[name]
        target[name] = copy.deepcopy(values[0] if chance.random() < 0.5 else chance.choice(values))
        if name == "pool" and chance.random() < 0.8:
            tree["pools"] = {"portal": 1}


TREE_DAMAGES: list[Callable[[Any, random.Random], None]] = [
    *(_delete, _retype, _duplicate, _move, _swap, _copy_over, _misspell, _shuffle),
    *[_new_field] * 6,
]


def _with_odd_spelling(text: str, chance: random.Random) -> str:
    """A value replaced by a text that no Python value is written as."""
    starts = [at for at, sign in enumerate(text) if sign == ":"]
    if not starts:
        return text
    start = chance.choice(starts) + 1
    end = min((found for sign in ",}]\n" if (found := text.find(sign, start)) >= 0), default=len(text))
    return text[:start] + chance.choice(SPELLED) + text[end:]


def _spliced(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 0, 1, 1, 2, 40)))
        filling = chance.choice(SPLICES) if chance.random() < 0.7 else chance.randbytes(chance.randrange(1, 9))
        data = data[:start] + filling + data[end:]
    return data
