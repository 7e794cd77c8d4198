"""From the bytes of a file to the value they spell, with every fault that JSON itself forbids or hides."""

import codecs
import json
import math
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.messages import N_, Message
from orchestrator.documents.places import JSONPath, Places, shown
from orchestrator.documents.problems import Problems, place_fault
from orchestrator.documents.syntax import explain, too_deep, too_deep_at

MOST_BYTES = 10_000_000
MOST_DIGITS = 4000
"""Python itself stops at 4300; both are far beyond any number that means something here."""

_HIGH, _LOW = r"\\u[dD][89abAB]..", r"\\u[dD][c-fC-F].."
_LONE_ESCAPE = re.compile(rf"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}")
"""Escapes that may spell half of a character; pairs, as in an escaped emoji, are none."""
_TEMPLATE = re.compile(r"\$\{|\$secret|\\u00[2-7]")
"""What spells a template or a secret; any of their signs may stand there as an escape."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """The file cannot be read as one JSON document; `problem` says where and why."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class OddNumber:
    """Stands in the parsed value for a number that is none: NaN, infinity, thousands of digits."""

    fault: Message
    text: str

    def __str__(self) -> str:
        """As the file writes it."""
        return self.text


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A JSON value, and what its text hides that the value cannot show."""

    value: object
    doubled: frozenset[int]
    """`id` of every object in which a key stands twice."""
    odd_numbers: bool
    """Whether an `OddNumber` stands somewhere in the value."""
    lone_escapes: bool
    """Whether an escape may spell half of a character."""
    templates: bool
    """Whether `${` or `$secret` may stand anywhere."""


def read_bytes(path: Path) -> bytes:
    """The file's content; raises Unreadable. A file over `MOST_BYTES` is refused by its size, unread."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(_no_file(found.st_mode))
        if found.st_size > MOST_BYTES:
            raise Unreadable(_too_large(found.st_size))
        with open(path, "rb", opener=_open_at_once) as file:
            data = file.read(MOST_BYTES + 1)  # it may have grown meanwhile
    except FileNotFoundError as why:
        raise Unreadable(Message(template=N_("there is no such file"))) from why
    except (OSError, ValueError) as why:  # ValueError: a NUL in the path
        reason = getattr(why, "strerror", None) or str(why)
        raise Unreadable(Message(template=N_("the file cannot be read: {reason}"), facts={"reason": reason})) from why
    return data


def decode(data: bytes) -> str:
    """The text of a UTF-8 file, without a byte order mark; raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(_too_large(len(data)))
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as why:
        offset = why.start + (len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0)
        raise Unreadable(_not_utf8(data, offset)) from why
    if text[:2].count("\0") == 1 and len(data) % 2 == 0:  # every other byte of UTF-16 without a mark is NUL
        raise Unreadable(_not_utf8(data, data.index(b"\0")))
    return text


def check_text(text: str) -> None:
    """Raise Unreadable for a text that is too large, empty or holds what no file could."""
    if len(text) > MOST_BYTES:
        raise Unreadable(_too_large(len(text)))
    try:
        text.encode()
    except UnicodeEncodeError as why:
        line, column = Places(text).line_and_column(why.start)
        raise Unreadable(place_fault(_lone_surrogate(text), line=line, column=column)) from why
    if not text.strip():
        raise Unreadable(Message(template=N_("the file is empty")))


def parse(text: str, places: Places) -> Parsed:
    """What `text` spells; raises Unreadable where it is no JSON or too deeply nested."""
    deep = too_deep_at(text)
    if deep is not None:
        line, column = places.line_and_column(deep)
        raise Unreadable(place_fault(too_deep(), line=line, column=column))
    reader = _Reader()
    try:
        value = reader.decoder.decode(text)
    except json.JSONDecodeError as error:
        offset, fault = explain(text, error)
        line, column = places.line_and_column(offset)
        raise Unreadable(place_fault(fault, line=line, column=column)) from error
    return Parsed(
        value=value,
        doubled=frozenset(reader.doubled),
        odd_numbers=reader.odd_numbers,
        lone_escapes="\\u" in text and _LONE_ESCAPE.search(text) is not None,
        templates=_TEMPLATE.search(text) is not None,
    )


def find_hidden_faults(parsed: Parsed, places: Places, problems: Problems) -> None:
    """Report keys that stand twice, numbers that are none and broken Unicode anywhere in the parsed value."""
    if not (parsed.doubled or parsed.odd_numbers or parsed.lone_escapes):
        return
    for path, node in walk(parsed.value, (OddNumber, str, dict)):
        if isinstance(node, OddNumber):
            problems.with_value(path, node.fault)
        elif isinstance(node, str) and _SURROGATE.search(node):
            problems.with_value(path, _lone_surrogate(node))
        elif isinstance(node, dict) and (id(node) in parsed.doubled or any(map(_SURROGATE.search, node))):
            _report_keys(path, places, problems)


def walk(value: object, kinds: tuple[type, ...], path: JSONPath = ()) -> Iterator[tuple[JSONPath, object]]:
    """Every value of these `kinds` inside `value` with its path, in no order that matters; never recurses.

    Keeps only the containers that are still to be opened: a list may hold millions of numbers.
    """
    if isinstance(value, kinds):
        yield path, value
    waiting = [(path, value)]
    while waiting:
        here, node = waiting.pop()
        for step, inside in _steps(node):
            if isinstance(inside, kinds):
                yield (*here, step), inside
            if inside and isinstance(inside, dict | list):
                waiting.append(((*here, step), inside))


def _steps(node: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(node, dict):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()


class _Reader:
    """Python's own decoder with hooks that let nothing pass which JSON does not know."""

    def __init__(self) -> None:
        self.doubled: set[int] = set()
        self.odd_numbers = False
        self.decoder = json.JSONDecoder(
            parse_constant=lambda name: self._odd(name, _not_finite(name)),
            parse_int=self._whole,
            parse_float=self._fraction,
            object_pairs_hook=self._object,
        )

    def _whole(self, text: str) -> int | OddNumber:
        return int(text) if len(text) <= MOST_DIGITS else self._odd(text, _too_many_digits(text))

    def _fraction(self, text: str) -> float | OddNumber:
        if len(text) > MOST_DIGITS:
            return self._odd(text, _too_many_digits(text))
        number = float(text)
        return number if math.isfinite(number) else self._odd(text, _not_finite(text))

    def _odd(self, text: str, fault: Message) -> OddNumber:
        self.odd_numbers = True
        return OddNumber(text=text, fault=fault)

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.doubled.add(id(made))
        return made


def _report_keys(path: JSONPath, places: Places, problems: Problems) -> None:
    first_at: dict[str, int] = {}
    for key, offset in places.keys_at(path):
        if _SURROGATE.search(key):
            problems.with_key_offset(path, offset, _lone_surrogate(key))
        first = first_at.setdefault(key, offset)
        if first != offset:
            problems.with_key_offset(path, offset, _key_twice(key, *places.line_and_column(first)))


def _key_twice(key: str, line: int, column: int) -> Message:
    return Message(
        template=N_("key {key} twice (first in line {first_line}, column {first_column})"),
        facts={"key": shown(key), "first_line": line, "first_column": column},
    )


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for a writer, should a pipe have taken the file's place since it was looked at."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _no_file(mode: int) -> Message:
    if stat.S_ISDIR(mode):
        return Message(template=N_("this is a folder, not a file"))
    return Message(template=N_("this is a pipe, a socket or a device, not a file"))


def _too_large(size: int) -> Message:
    return Message(
        template=N_("the file has {size} bytes; the limit is {limit} MB"),
        facts={"size": size, "limit": MOST_BYTES // 1_000_000},
    )


def _not_utf8(data: bytes, offset: int) -> Message:
    return Message(
        template=N_("not UTF-8: byte {offset} (line {line}); save the file as UTF-8"),
        facts={"offset": offset, "line": 1 + data.count(b"\n", 0, offset)},
    )


def _lone_surrogate(text: str) -> Message:
    found = _SURROGATE.search(text)
    return Message(
        template=N_("not valid Unicode: {sign} is half of a character"),
        facts={"sign": f"\\u{ord(found.group()):04x}" if found else ""},
    )


def _not_finite(text: str) -> Message:
    return Message(template=N_("not a finite number: {value}"), facts={"value": text[:40]})


def _too_many_digits(text: str) -> Message:
    return Message(
        template=N_("a number with {digits} digits; at most {most} are read"),
        facts={"digits": sum(sign.isdigit() for sign in text), "most": MOST_DIGITS},
    )
