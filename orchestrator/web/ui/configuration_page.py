"""Configuración: the file as it stands, each of its problems at its line; and the part of one workflow."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.core.messages import Message
from orchestrator.core.redaction import secret_values
from orchestrator.core.tasks import Workflow
from orchestrator.documents import reading
from orchestrator.documents.configuration import parse_configuration
from orchestrator.documents.places import JSONPath, Places, path_text
from orchestrator.operations.parts import Parts
from orchestrator.web.requests import house_of
from orchestrator.web.ui import rendering
from orchestrator.web.ui.marked_text import (
    LONGEST_TEXT,
    Line,
    Problem,
    hide_secrets,
    marked_lines,
    problem_of,
    values_to_hide,
)
from orchestrator.web.ui.showing import reader

router = APIRouter(prefix="/ui", include_in_schema=False)

MOST_BLOCKS: Final = 100
MOST_BLOCK_LINES: Final = 1500
LONGEST_ON_ONE_LINE: Final = 160
"""Of an object that is shown as it stands; a longer one is laid out."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A configuration file as it was read."""

    name: str
    text: str
    lines: Sequence[str]
    """Without what stands under secret names."""
    hidden: frozenset[str]
    value: object
    """What the text spells; None where it is no JSON."""
    found: Sequence[Message]
    """What is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """An object of the file that concerns a workflow."""

    path: str
    lines: Sequence[Line]
    laid_out: bool
    """It stands on one line of the file, whose number tells nothing."""
    problems: Sequence[Problem]
    """Of one that is laid out."""


@router.get("/configuration", dependencies=[reader])
def configuration(request: Request) -> Response:
    """The whole file."""
    parts = house_of(request).parts_at_hand()
    seen = examined(parts.settings.config)
    secrets = _secrets(parts, seen)
    problems = [problem_of(message, secrets) for message in seen.found]
    return rendering.page(
        request,
        "configuration.html",
        section="workflows",
        live=None,
        name=seen.name,
        problems=problems,
        lines=marked_lines(seen.lines, problems, secrets),
    )


def problems_at_hand(parts: Parts) -> dict[str, Any]:
    """How many problems the file on the disk has; as long as it has any, the last good definitions hold."""
    return {"configuration_problems": len(examined(parts.settings.config).found)}


def part_of(parts: Parts, workflow: Workflow) -> dict[str, Any]:
    """What the file says of a workflow and its tasks."""
    seen = examined(parts.settings.config)
    secrets = _secrets(parts, seen)
    problems = [problem_of(message, secrets) for message in seen.found]
    places, blocks = Places(seen.text), list[Block]()
    left = MOST_BLOCK_LINES
    for path in _paths(seen.value, workflow.workflow_id, parts.registry.tasks_of(workflow)):
        if left <= 0 or len(blocks) >= MOST_BLOCKS:
            break
        block = _block(seen, places, path, problems, secrets)
        blocks.append(block)
        left -= len(block.lines)
    return {"blocks": blocks, "configuration_name": seen.name, "configuration_problems": len(problems)}


def examined(path: Path) -> Examined:
    """The file, read again only where it changed."""
    try:
        found = path.stat()
    except OSError:
        return _examined.__wrapped__(path, ())
    return _examined(path, (found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=2)
def _examined(path: Path, signature: tuple[int, ...]) -> Examined:
    del signature  # tells one version of the file from the next
    try:
        text = reading.decode(reading.read_bytes(path))
        reading.check_text(text)
    except reading.Unreadable as why:
        return Examined(name=path.name, text="", lines=[], hidden=frozenset(), value=None, found=[why.problem])
    found: Sequence[Message] = ()
    try:
        parse_configuration(text, path.name)
    except ConfigurationRefused as why:
        found = why.problems
    if len(text) > LONGEST_TEXT:
        return Examined(name=path.name, text="", lines=[], hidden=frozenset(), value=None, found=found)
    shown, hidden = hide_secrets(text)
    return Examined(name=path.name, text=text, lines=shown.split("\n"), hidden=hidden, value=_value(text), found=found)


def _value(text: str) -> object:
    try:
        return reading.parse(text, Places(text)).value
    except reading.Unreadable:
        return None


def _secrets(parts: Parts, seen: Examined) -> frozenset[str]:
    return values_to_hide(seen.hidden) | secret_values(parts.settings.environment)


def _paths(value: object, workflow_id: str, tasks: Sequence[str]) -> Iterator[JSONPath]:
    """Of the workflow's object and of those of its tasks, in the order of the file."""
    if not isinstance(value, dict):
        return
    workflows, listed = value.get("workflows"), value.get("tasks")
    if isinstance(workflows, dict) and workflow_id in workflows:
        yield ("workflows", workflow_id)
    wanted = frozenset(tasks)
    for index, task in enumerate(listed if isinstance(listed, list) else ()):
        task_id = task.get("task_id") if isinstance(task, dict) else None
        if isinstance(task_id, str) and task_id in wanted:
            yield ("tasks", index)


def _block(
    seen: Examined, places: Places, path: JSONPath, problems: Sequence[Problem], secrets: frozenset[str]
) -> Block:
    begin = places.value_at(path)
    value, end = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode(seen.text, begin)
    first, last = (places.line_and_column(offset)[0] for offset in (begin, end - 1))
    if first < last or end - begin <= LONGEST_ON_ONE_LINE:
        lines = marked_lines(seen.lines, problems, secrets, first=first, last=last)
        return Block(path=path_text(path), lines=lines, laid_out=False, problems=())
    text, _hidden = hide_secrets(json.dumps(value, ensure_ascii=False, indent=2))
    text = text.encode("utf-8", "backslashreplace").decode()
    own = path_text(path)
    return Block(
        path=own,
        lines=marked_lines(text.split("\n"), (), secrets),
        laid_out=True,
        problems=[one for one in problems if one.path == own or one.path.startswith((f"{own}.", f"{own}["))],
    )
