"""Where the values of a JSON text stand: paths, offsets, lines and columns."""

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from orchestrator.core.errors import shorten

JSONPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top level down; () is the top level itself."""

_BLOCK = 65_536
_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
_KEY = re.compile(r'("(?:[^"\\]++|\\.)*+")[ \t\n\r]*:[ \t\n\r]*')
_PLAIN_VALUE = re.compile(r'(?:"(?:[^"\\]++|\\.)*+"|[^"\[\]{}, \t\n\r]++)[ \t\n\r]*,?[ \t\n\r]*')
"""A value that holds no others, with the comma behind it; in a text that is known to be JSON."""
_PLAIN_KEY = re.compile(r"[^\W\d][\w-]*")
_SKIPPER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def path_text(path: JSONPath) -> str:
    """`tasks[3].dependencies[0]`; a key that is no plain word stands in quotes: `workflows["two words"]`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step) and len(step) <= _LONGEST_KEY:
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{shown(step)}]")
    return "".join(parts)


def shown(value: object) -> str:
    """`value` as JSON for a message: at most about 80 characters, one line, nothing that a terminal would obey."""
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    if isinstance(value, list):
        return "[…]" if value else "[]"
    if isinstance(value, str) and len(value) > _LONGEST_KEY:
        value = shorten(value, _LONGEST_KEY)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | float | None) else str(value)
    text = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
    return shorten(text, _LONGEST_TEXT)


class Places:
    """Finds values and keys of a valid JSON `text` by their path.

    Containers are walked only when a path leads through them, and only once: a file without problems costs nothing.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines_before: list[int] = []
        self._line_starts: dict[int, int] = {1: 0}
        self._lists: dict[int, tuple[list[int], Iterator[int]]] = {}
        self._objects: dict[int, dict[str, tuple[int, int]]] = {}

    def value_at(self, path: JSONPath) -> int:
        """Offset of the value at `path`; of a key that stands twice the last one, as json reads it. Raises KeyError."""
        offset = self._after_space(0)
        for step in path:
            offset = self._item_of(offset, step) if isinstance(step, int) else self._member_of(offset, step)[1]
        return offset

    def key_at(self, path: JSONPath) -> int:
        """Offset of the key that ends `path`. Raises KeyError."""
        return self._member_of(self.value_at(path[:-1]), str(path[-1]))[0]

    def keys_at(self, path: JSONPath) -> list[tuple[str, int]]:
        """Every key of the object at `path` with its offset, in the text's order, repeated ones too."""
        return [(key, offset) for key, offset, _ in self._members(self.value_at(path))]

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Both from 1; the column in characters."""
        if not self._lines_before:
            self._count_lines()
        block = offset // _BLOCK
        line = 1 + self._lines_before[block] + self._text.count("\n", block * _BLOCK, offset)
        if line not in self._line_starts:
            self._line_starts[line] = self._text.rfind("\n", 0, offset) + 1
        return line, offset - self._line_starts[line] + 1

    def _count_lines(self) -> None:
        """Line ends before each block of the text, so that no look-up has to count from the start."""
        total = 0
        for start in range(0, len(self._text) + _BLOCK, _BLOCK):
            self._lines_before.append(total)
            total += self._text.count("\n", start, start + _BLOCK)

    def _item_of(self, start: int, index: int) -> int:
        if start not in self._lists:
            self._lists[start] = ([], self._items(start))
        seen, rest = self._lists[start]
        while len(seen) <= index:
            offset = next(rest, None)
            if offset is None:
                raise KeyError(index)
            seen.append(offset)
        return seen[index]

    def _member_of(self, start: int, wanted: str) -> tuple[int, int]:
        """Offsets of the key and of its value."""
        if start not in self._objects:
            self._objects[start] = {key: (key_at, value_at) for key, key_at, value_at in self._members(start)}
        return self._objects[start][wanted]

    def _items(self, start: int) -> Iterator[int]:
        at = self._after_space(start + 1)
        while self._text[at] != "]":
            yield at
            at = self._next(at)

    def _members(self, start: int) -> Iterator[tuple[str, int, int]]:
        """Each key with its offset and that of its value."""
        at = self._after_space(start + 1)
        while self._text[at] != "}":
            key = _KEY.match(self._text, at)
            assert key is not None
            yield json.loads(key.group(1)), at, key.end()
            at = self._next(key.end())

    def _next(self, at: int) -> int:
        """Offset of what follows the value at `at` and its comma, or of the closing bracket."""
        plain = _PLAIN_VALUE.match(self._text, at)
        if plain is not None:
            return plain.end()
        behind = _COMMA.match(self._text, _SKIPPER.raw_decode(self._text, at)[1])
        assert behind is not None
        return behind.end()

    def _after_space(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        assert found is not None
        return found.end()


_LONGEST_KEY = 80
_LONGEST_TEXT = 100


def _escaped(sign: str) -> str:
    r"""`\uXXXX`, as JSON writes it; beyond the basic plane with as many digits as needed."""
    return f"\\u{ord(sign):04x}"
