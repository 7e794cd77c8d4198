"""What differs between two executions: values as JSON, path by path, and tasks, the most telling first.

Nothing recurses, and whatever is looked at is counted: neither a deep nor a huge output holds anybody up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import Final, TypeAlias

from orchestrator.core.executions import TaskRun
from orchestrator.core.outcomes import JSON
from orchestrator.core.states import TaskStatus
from orchestrator.documents.places import path_text, shown
from orchestrator.operations.telling import rows_of

MOST_LISTED: Final = 50
MOST_LISTED_OF_ALL: Final = 5000
"""Of all outputs together: to write a place out takes far longer than to look at it."""
MOST_LOOKED_AT: Final = 200_000
"""Values of all outputs together; a fifth of a second on a small machine."""
LONGEST_PATH: Final = 30
"""Steps of a path that are written; of a deeper one the last."""
NOISE: Final = 0.2
"""Durations that differ by no more than this part of the shorter one differ by chance."""
LEAST_SECONDS: Final = 1.0
"""And so do those that differ by less."""

_NOWHERE: Final = object()
"""Stands for a value that only the other side has."""


class Change(StrEnum):
    """What became of a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place where two values differ; both are cut to what a line holds, and empty where there is none."""

    path: str
    """Such as `tables[3].rows`; empty for the whole value."""
    change: Change
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Differences:
    """All that was found, of which the first are listed."""

    listed: Sequence[Difference] = ()
    count: int = 0
    """Of all, as far as was looked."""
    looked_at: int = 0
    """Values on the way."""
    whole: bool = True
    """False where there was too much to look at all of it."""

    @property
    def unlisted(self) -> int:
        """How many were found besides."""
        return self.count - len(self.listed)

    def __bool__(self) -> bool:
        """Whether there may be any."""
        return self.count > 0 or not self.whole


def json_differences(
    before: JSON, after: JSON, *, most: int = MOST_LISTED, most_looked_at: int = MOST_LOOKED_AT
) -> Differences:
    """Where `after` differs from `before`, in the order of `before`; lists are compared entry by entry.

    A number is another one only where its value is; true and 1 differ.
    """
    listed: list[Difference] = []
    count = looked_at = 0
    waiting: list[Iterator[_Pair]] = [iter([_Pair(before, after, None)])]
    while waiting:
        pair = next(waiting[-1], None)
        if pair is None:
            waiting.pop()
            continue
        if looked_at >= most_looked_at:
            return Differences(listed=listed, count=count, looked_at=looked_at, whole=False)
        looked_at += 1
        inside = _inside(pair)
        if inside is not None:
            waiting.append(inside)
        elif not _same(pair.before, pair.after):
            count += 1
            if len(listed) < most:
                listed.append(_difference(pair))
    return Differences(listed=listed, count=count, looked_at=looked_at)


@dataclass(frozen=True, kw_only=True)
class TaskDifference:
    """A task in both executions, or in one of them."""

    task_id: str
    before: TaskRun | None
    after: TaskRun | None
    output: Differences = field(default_factory=Differences)

    @property
    def state_changed(self) -> bool:
        """Whether it stands otherwise, or is in one of them only."""
        return _status(self.before) != _status(self.after)

    @property
    def seconds(self) -> float | None:
        """By how much it took longer (or, below zero, less long); None where a duration is missing or means nothing."""
        if self.before is None or self.after is None or self.before.cached_from or self.after.cached_from:
            return None
        return longer_by(self.before.duration, self.after.duration)

    @property
    def factor(self) -> float | None:
        """How many times as long it took."""
        if self.seconds is None or self.before is None or self.after is None or not self.before.duration:
            return None
        return (self.after.duration or 0.0) / self.before.duration

    @property
    def took_otherwise(self) -> bool:
        """Whether its durations differ by more than chance."""
        return self.seconds is not None and self.before is not None and beyond_noise(self.seconds, self.before.duration)

    @property
    def rows(self) -> tuple[int | None, int | None]:
        """That it reported, before and after."""
        before, after = (rows_of(run.output) if run is not None else None for run in (self.before, self.after))
        return before, after

    @property
    def rows_more(self) -> int | None:
        """How many more rows it reported."""
        before, after = self.rows
        return None if before is None or after is None else after - before

    @property
    def tried_otherwise(self) -> bool:
        """Whether it took another number of attempts."""
        return self.before is not None and self.after is not None and self.before.attempts != self.after.attempts

    @property
    def equal(self) -> bool:
        """Whether there is nothing to show."""
        rows_differ = self.rows[0] != self.rows[1]
        return not (self.state_changed or self.took_otherwise or rows_differ or self.tried_otherwise or self.output)


def longer_by(before: float | None, after: float | None) -> float | None:
    """Seconds; None where either is not known."""
    return None if before is None or after is None else after - before


def beyond_noise(seconds: float, before: float | None) -> bool:
    """Whether durations that differ by `seconds` differ by more than chance."""
    shorter = min(before or 0.0, (before or 0.0) + seconds)
    return abs(seconds) >= LEAST_SECONDS and abs(seconds) > NOISE * shorter


def task_differences(before: Iterable[TaskRun], after: Iterable[TaskRun]) -> list[TaskDifference]:
    """Every task of either, what differs most first: states, then durations that grew, then all else; equal ones last.

    Outputs are compared where the task completed in both.
    """
    first = {run.key.task_id: run for run in before}
    second = {run.key.task_id: run for run in after}
    left, room = MOST_LOOKED_AT, MOST_LISTED_OF_ALL
    found = []
    for task_id in dict.fromkeys((*second, *first)):
        one, other = first.get(task_id), second.get(task_id)
        output = Differences()
        if one is not None and other is not None and _status(one) == _status(other) == TaskStatus.COMPLETED:
            output = json_differences(one.output, other.output, most=min(MOST_LISTED, room), most_looked_at=left)
            left, room = left - output.looked_at, room - len(output.listed)
        found.append(TaskDifference(task_id=task_id, before=one, after=other, output=output))
    return sorted(found, key=_weight)  # a stable order: among equals as in the plan


def by_key(entries: Iterable[Mapping[str, JSON]], key: str) -> dict[str, JSON]:
    """A list of objects as an object, so that they are compared by what they are called and not by their place."""
    return {str(entry.get(key)): dict(entry) for entry in entries}


def _weight(task: TaskDifference) -> tuple[int, float]:
    if task.equal:
        return 4, 0.0
    if task.state_changed:
        return (0 if _status(task.after) is TaskStatus.FAILED else 1), 0.0
    return (2, -abs(task.seconds or 0.0)) if (task.seconds or 0.0) > 0 and task.took_otherwise else (3, 0.0)


def _status(run: TaskRun | None) -> TaskStatus | None:
    return None if run is None else run.status


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two values at one place; the way there is a chain, written out only where they differ."""

    before: object
    after: object
    way: "_Way"


_Way: TypeAlias = "tuple[_Way, str | int] | None"


def _inside(pair: _Pair) -> Iterator[_Pair] | None:
    """What two values of one kind hold, place by place; None where they are to be compared as they are."""
    before, after, way = pair.before, pair.after, pair.way
    if isinstance(before, dict) and isinstance(after, dict):
        keys = dict.fromkeys((*before, *after))
        return (_Pair(before.get(key, _NOWHERE), after.get(key, _NOWHERE), (way, key)) for key in keys)
    if isinstance(before, list) and isinstance(after, list):
        both = enumerate(zip_longest(before, after, fillvalue=_NOWHERE))
        return (_Pair(one, other, (way, index)) for index, (one, other) in both)
    return None


def _same(before: object, after: object) -> bool:
    """Of values that are not both lists or both objects."""
    if isinstance(before, dict | list) or isinstance(after, dict | list):
        return False  # their own `==` would recurse
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _difference(pair: _Pair) -> Difference:
    change = Change.CHANGED
    if pair.before is _NOWHERE:
        change = Change.ADDED
    elif pair.after is _NOWHERE:
        change = Change.REMOVED
    before, after = ("" if value is _NOWHERE else shown(value) for value in (pair.before, pair.after))
    return Difference(path=_written(pair.way), change=change, before=before, after=after)


def _written(way: _Way) -> str:
    steps: list[str | int] = []
    while way is not None and len(steps) < LONGEST_PATH:
        way, step = way
        steps.append(step)
    return ("…" if way is not None else "") + path_text(tuple(reversed(steps)))
