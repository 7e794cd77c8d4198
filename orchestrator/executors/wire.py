"""How calls, events and outcomes travel between processes: one JSON object a line, never pickle."""

import json
import math
from dataclasses import asdict
from typing import Any

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, NotCallable, Outcome, Raised, Returned, TimedOut

KINDS: dict[str, type[Outcome]] = {
    kind.__name__: kind for kind in (Returned, Raised, NotCallable, TimedOut, Crashed, Cancelled, Lost)
}


class Malformed(ValueError):
    """Something that is no message of ours."""


def encode(message: dict[str, Any]) -> bytes:
    """One line, pure ASCII, newline included."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message of one line. Raises Malformed."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not isinstance(message, dict):
        raise Malformed("not an object")
    return message


def outcome_to_wire(outcome: Outcome) -> dict[str, Any]:
    """The outcome as a JSON object that names its kind."""
    if isinstance(outcome, Returned):  # `asdict` would copy the output, leaf by leaf
        fields = {"output": outcome.output, "truncated_from": outcome.truncated_from}
    else:
        fields = asdict(outcome)
    return {"kind": type(outcome).__name__, **fields}


def code_from_wire(data: object) -> str | None:
    """A hash of code; whatever a task put in its place is none."""
    return data if isinstance(data, str) and len(data) == 64 and data.isalnum() else None  # noqa: PLR2004 - sha256


def outcome_from_wire(data: object) -> Outcome:
    """The outcome of such an object. Raises Malformed."""
    if not isinstance(data, dict):
        raise Malformed("an outcome is an object")
    fields = dict(data)
    kind = KINDS.get(str(fields.pop("kind", None)))
    if kind is None:
        raise Malformed("unknown kind of outcome")
    if isinstance(fields.get("lineage"), list):
        fields["lineage"] = tuple(fields["lineage"])
    try:
        return kind(**fields)
    except TypeError as error:
        raise Malformed(str(error)) from error


def progress_from_wire(data: object) -> tuple[float, float | None]:
    """What is done, and of how much, from a list of the two. Raises Malformed."""
    match data:
        case [int() | float() as done, int() | float() | None as total] if _finite(done) and _finite(total or 0.0):
            return done, total
        case _:
            raise Malformed("progress is two numbers")


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number that no float can hold
        return False


class Lines:
    """Cuts a stream of bytes into whole lines; raises Malformed when one grows beyond `limit` bytes."""

    def __init__(self, limit: int = 64 * 1024 * 1024) -> None:
        self.limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their newlines."""
        head, newline, rest = data.partition(b"\n")
        self._parts.append(head)
        self._size += len(head)
        if self._size > self.limit:
            raise Malformed("a line without an end")
        if not newline:
            return []
        first = b"".join(self._parts)
        *more, last = rest.split(b"\n")
        self._parts, self._size = [last], len(last)
        return [first, *more]
