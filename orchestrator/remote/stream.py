"""Server-sent events, read from an answer as it arrives."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse, IncompleteRead
from typing import Any

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes: an event is one line of JSON, and what it tells of a task is capped."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event of the stream; `data` is None for a sign of life."""

    place: str | None = None
    """What to come back with, to hear what came after it."""
    kind: str = "message"
    data: dict[str, Any] | None = None


class Stream:
    """Iterates over what a server tells, signs of life included, until it says that the stream is over.

    Raises IncompleteRead where the connection ends before; OSError where nothing came for too long.
    """

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[Told]:
        fields: dict[str, str] = {}
        while True:
            line = self._line()
            name, _colon, value = line.partition(":")
            if line and not name:
                yield Told()
            elif line:
                fields[name] = value.removeprefix(" ")
            elif fields:
                kind = fields.get("event", "message")
                if kind == "end":
                    return
                if "data" in fields:
                    yield Told(place=fields.get("id"), kind=kind, data=json.loads(fields["data"]))
                fields = {}

    def _line(self) -> str:
        line = self._response.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise IncompleteRead(line[:100])
        return line[:-1].decode()
