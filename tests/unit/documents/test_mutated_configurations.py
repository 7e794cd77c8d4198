"""A valid configuration, damaged at random: always a document or a refusal, never anything else, never slow."""

import copy
import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import Document, parse_configuration

VALID = {
    "$schema": "./etl.schema.json",
    "orchestrator_config": {
        "name": "Prueba",
        "version": "1.0.0",
        "default_timeout": 60,
        "max_parallel_workers": 2,
        "allowed_modules": ["otro.paquete"],
        "environment": "clean",
        "kill_grace": 0.5,
        "timezone": "America/Bogota",
        "language": "es",
    },
    "tasks": [
        {"task_id": "extraer", "module_path": "a.b", "function_name": "main", "retry_on": ["ValueError", "a.B"]},
        {
            "task_id": "limpiar ñ",
            "module_path": "c",
            "function_name": "f",
            "dependencies": ["extraer"],
            "parameters": {"anidado": [{"x": "${params.año}"}, "${env.HOME}", None, True, 1.5], "y": "$${libre}"},
            "timeout": 1.5,
            "retry_count": 3,
            "critical": False,
            "trigger_rule": "all_done",
            "inputs": {"filas": "extraer"},
            "cache": {"code": True, "inputs": ["data/*.json"], "expires": 60},
            "mock": {"output": {"rows": [1, None]}, "duration": 0.5},
            "pool": "portal",
            "memory_limit_mb": 512,
            "isolation": "shared",
        },
        {
            "task_id": "cargar",
            "module_path": "d",
            "function_name": "g",
            "after": ["extraer"],
            "dependencies": ["limpiar ñ"],
            "parameters": {"x": "${tasks.extraer.output.a.0}", "clave": {"$secret": "K"}},
        },
    ],
    "workflows": {
        "todo": {"tasks": ["all"], "parameters": {"año": {"type": "integer", "default": 2025}}},
        "parte": {
            "name": "Parte",
            "description": "",
            "tasks": ["extraer", "cargar"],
            "max_duration": 5,
            "concurrency": {"limit": 1, "on_conflict": "queue"},
        },
    },
    "pools": {"portal": 2},
}
BYTES = json.dumps(VALID, indent=1, ensure_ascii=False).encode()
WEIRD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        float("nan"),
        float("inf"),
        "",
        "all",
        "\ud800",
        "a\0",
        "${",
        "${x}",
        [],
        {},
        ["all"],
    ]
)
PATIENCE = settings(max_examples=500, deadline=timedelta(seconds=2), database=None)


def places_in(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inside for place in places_in(value, (*path, key)))]


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    parent = at(tree, path[:-1])
    if isinstance(parent, list):
        parent.insert(path[-1], value)
    else:
        parent[path[-1]] = value


@st.composite
def damaged_trees(draw: Any) -> bytes:
    tree = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places_in(tree)[1:] or [("tasks",)]))
        other = draw(st.sampled_from(places_in(tree)[1:] or [("tasks",)]))
        match draw(st.sampled_from(["delete", "retype", "copy", "move", "misspell"])):
            case "delete" if path != ("tasks",):
                del at(tree, path[:-1])[path[-1]]
            case "retype":
                put(tree, path, copy.deepcopy(draw(WEIRD)))
            case "copy":
                put(tree, path, copy.deepcopy(at(tree, other)))
            case "move" if other[: len(path)] != path and path[: len(other)] != other:
                one, two = copy.deepcopy(at(tree, path)), copy.deepcopy(at(tree, other))
                at(tree, path[:-1])[path[-1]] = two
                at(tree, other[:-1])[other[-1]] = one
            case "misspell" if isinstance(path[-1], str):
                put(tree, (*path[:-1], path[-1][:-1]), copy.deepcopy(at(tree, path)))
    return json.dumps(tree, indent=draw(st.sampled_from([None, 1])), ensure_ascii=draw(st.booleans())).encode(
        errors="surrogatepass"
    )


@st.composite
def spliced_bytes(draw: Any) -> bytes:
    data = BYTES
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        filling = draw(
            st.binary(max_size=8) | st.sampled_from([b"", b'"', b"{", b"}", b",", b"\\", b"\\ud800", b"//", b"1e999"])
        )
        data = data[:start] + filling + data[end:]
    return data


@given(damaged_trees())
@PATIENCE
def test_a_damaged_tree_is_read_or_refused_and_nothing_else(data):
    content = data

    verdict = verdict_on(content)

    assert verdict in {"read", "refused"}


@given(spliced_bytes())
@PATIENCE
def test_spliced_bytes_are_read_or_refused_and_nothing_else(data):
    content = data

    verdict = verdict_on(content)

    assert verdict in {"read", "refused"}


def test_the_undamaged_configuration_is_read():
    content = BYTES

    verdict = verdict_on(content)

    assert verdict == "read"


def verdict_on(content: bytes) -> str:
    """What became of `content`; a refusal must name at least one problem, each on one printable line."""
    try:
        document = parse_configuration(content, "mutated.json")
    except ConfigurationRefused as refusal:
        said = [str(problem) for problem in refusal.problems]
    else:
        assert isinstance(document, Document)
        return "read"
    assert said
    assert all(problem.isprintable() and len(problem) < 1000 for problem in said), said
    return "refused"
