"""The newest lines of the audit, read from the end of its file: however long that is, it costs the same."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

MOST: Final = 100
PIECE: Final = 64 * 1024
FARTHEST: Final = 4 * 1024 * 1024
"""Bytes from the end of the file: lines further back are looked for in the file itself."""
LONGEST: Final = 300
FIELDS: Final = ("at", "by", "role", "what", "method", "path", "peer")
OWN_COLUMNS: Final = frozenset(FIELDS)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that somebody did or was refused; texts as they were written, whatever they are."""

    facts: dict[str, str]
    more: str
    """Further facts, as `name=value`."""

    @property
    def moment(self) -> datetime | None:
        """When; None where the line does not tell it as we write it."""
        try:
            at = datetime.fromisoformat(self.facts["at"])
        except ValueError:
            return None
        return at if at.tzinfo is not None else None


@dataclass(kw_only=True)
class Tail:
    """The newest lines that match, newest first."""

    lines: list[Line] = field(default_factory=list)
    torn: int = 0
    """Lines that could not be read: a crash may leave half of one."""
    whole: bool = True
    """Whether nothing older in the file was left out."""


def tail_of(path: Path, *, by: str = "", what: str = "", most: int = MOST) -> Tail:
    """The newest of those by a name that holds `by` and that tell of `what`; empty where there is no such file."""
    tail = Tail()
    for raw in _from_the_end(path, tail):
        line = _read(raw)
        if line is None:
            tail.torn += 1
        elif _matches(line, by, what):
            if len(tail.lines) == most:
                tail.whole = False
                break
            tail.lines.append(line)
    return tail


def _from_the_end(path: Path, tail: Tail) -> Iterator[bytes]:
    """Lines, the last first."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        end = start = file.seek(0, os.SEEK_END)
        rest = b""
        while start > 0:
            if end - start >= FARTHEST:
                tail.whole = False
                return
            begin = max(0, start - PIECE)
            file.seek(begin)
            piece = file.read(start - begin) + rest
            start = begin
            rest, *lines = piece.split(b"\n")
            yield from (line for line in reversed(lines) if line.strip())
            if len(rest) > FARTHEST:  # no line of ours is that long
                tail.whole = False
                return
        if rest.strip():
            yield rest


def _read(raw: bytes) -> Line | None:
    try:
        told: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    more = (f"{_text(name)}={_text(value)}" for name, value in told.items() if name not in OWN_COLUMNS)
    return Line(facts={name: _text(told.get(name, "")) for name in FIELDS}, more=", ".join(more)[:LONGEST])


def _matches(line: Line, by: str, what: str) -> bool:
    told = " ".join((line.facts["what"], line.facts["method"], line.facts["path"], line.more))
    return by.casefold() in line.facts["by"].casefold() and what.casefold() in told.casefold()


def _text(value: object) -> str:
    """Half a character, which no page can hold, is spelt out."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:LONGEST].encode("utf-8", "backslashreplace").decode()
