"""The made-up country around the city: each row is made from its number when it is asked for, and never stored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from heapq import merge
from typing import Final

LARGEST_CITY: Final = 20.0
"""Beyond this scale the city itself grows no further, and its country begins."""

ROWS_AT_SCALE_1: Final = {"jbjy-vk9h": 500, "p6dx-8zbt": 200}
"""Contracts and processes of the country, per unit of scale."""

CITY_EVERY: Final = 1_000
"""One row of so many is the city's own."""

LATER_DAY: Final = "2025-09-23"
"""When rows are changed and added unless `Later` says another day; all others were last updated before."""

_CITY_AT: Final = 500
_DAYS: Final = 700
_LAST_DAY: Final = date(2025, 9, 22)
LAST_DAY: Final = _LAST_DAY.isoformat()
"""The last day before the later one on which rows were updated."""

_SECONDS: Final = 86_400
_MASK: Final = (1 << 64) - 1
_IDS: Final = 1 << 40
_FACTOR: Final = 0x9E3779B97F  # odd, so that it can be undone
_UNDO: Final = pow(_FACTOR, -1, _IDS)
# The city's ids are hexadecimal: these letters come after, as texts and in the order of the server.
_LETTERS: Final = str.maketrans("0123456789abcdef", "ghjkmnpqrstuvwxz")
_DIGITS: Final = {new: old for old, new in _LETTERS.items()}


@dataclass(frozen=True, kw_only=True)
class Later:
    """What is different in a country on a later day: rows changed, added and deleted, each spread over all of them.

    A row chosen to be changed and to be deleted is deleted. Twice as many as on another day are those and as many more,
    where the rows can be divided so.

    Attributes:
        changed: how many have other values.
        added: how many are new.
        deleted: how many are gone.
        day: when that was, YYYY-MM-DD, after LATER_DAY or on it.
    """

    changed: int = 0
    added: int = 0
    deleted: int = 0
    day: str = LATER_DAY


NOTHING_LATER: Final = Later()


@dataclass(frozen=True, kw_only=True)
class Country:
    """The rows of one dataset, by slot: 2n for row n, 2n+1 for one that a later day adds behind it.

    Slots are the order of the server. The ids it gives out hide them, as the portal's do: their texts are in no order.

    Attributes:
        rows: how many there are before the later day.
        write: makes the text of a row from its slot: what stands between the braces of its JSON object, after the
            system fields; the second argument says whether it was changed.
        later: what a later day did.
    """

    rows: int
    write: Callable[[int, bool], str]
    later: Later = NOTHING_LATER

    def slots(self, after: int = -1, *, of_city: bool = False) -> Iterator[int]:
        """The slots of the rows there are, in order, that come after slot `after`; only the city's if so asked."""
        first = (after + 1) // 2
        numbers = range(first, self.rows)
        if of_city:
            numbers = range(first + (_CITY_AT - first) % CITY_EVERY, self.rows, CITY_EVERY)
        if self.later == NOTHING_LATER:
            yield from (2 * number for number in numbers if 2 * number > after)
            return
        for number in numbers:
            if 2 * number > after and not self.is_deleted(number):
                yield 2 * number
            if 2 * number + 1 > after and _chosen(number, self.later.added, self.rows):
                yield 2 * number + 1

    def count(self, after: int = -1) -> int:
        """How many slots come after slot `after`, without walking through them."""
        if after >= 0 and after % 2 == 0:  # row n itself is behind us, the one added behind it is not
            return _chosen(after // 2, self.later.added, self.rows) + self.count(after + 1)
        first = min((after + 1) // 2, self.rows)
        left = self.rows - first
        if left == 0:
            return 0
        deleted = left * self.later.deleted // self.rows
        added = self.later.added - first * self.later.added // self.rows
        return left - deleted + added

    def is_deleted(self, number: int) -> bool:
        """Whether the later day has no row `number` any more."""
        return _chosen(self.rows - 1 - number, self.later.deleted, self.rows)

    def is_changed(self, slot: int) -> bool:
        """Whether the row is another than on the first day."""
        return slot % 2 == 1 or _chosen(slot // 2, self.later.changed, self.rows)

    def updated_at(self, slot: int) -> str:
        """The `:updated_at` of a row."""
        day = self.later.day if self.is_changed(slot) else _days()[slot * 7919 % _DAYS]
        return f"{day}{_times()[slot * 30_011 % _SECONDS]}"

    @cached_property
    def newest_slot(self) -> int | None:
        """The row with the highest `:updated_at`."""
        return max(self.slots_of_last_days(), key=self.updated_at, default=None)

    def slots_of_last_days(self, after: int = -1) -> Iterator[int]:
        """The slots of all rows updated on the last day before the later one, or on that: few, and found at once."""
        first, later = (after + 1) // 2, self.later
        last_day = (slot for slot in range(0, 2 * self.rows, _DAYS) if slot > after)  # see updated_at
        changed = (2 * number for number in _numbers_chosen(later.changed, self.rows, first))
        added = (2 * number + 1 for number in _numbers_chosen(later.added, self.rows, first))
        before = after
        for slot in merge(last_day, changed, added):
            if slot > before and (slot % 2 == 1 or not self.is_deleted(slot // 2)):
                yield slot
            before = max(before, slot)

    def text(self, slot: int, *, system: str) -> str:
        """The JSON object of a row; `system` is made by `system_fields`."""
        return f"{{{system}{self.write(slot, self.is_changed(slot))}}}"


def _numbers_chosen(count: int, rows: int, first: int) -> Iterator[int]:
    """The numbers from `first` that `_chosen` chooses, without asking for each."""
    for place in range(first * count // rows if rows else 0, count):
        yield -(-(place + 1) * rows // count) - 1


def rows_of_country(scale: float, dataset: str) -> int:
    """How many rows the country has around a city of `scale`; none up to LARGEST_CITY."""
    return round(max(0.0, scale - LARGEST_CITY) * ROWS_AT_SCALE_1.get(dataset, 0))


def is_of_city(slot: int) -> bool:
    """Whether a row is the city's own."""
    return slot // 2 % CITY_EVERY == _CITY_AT


def id_of(slot: int) -> str:
    """The `:id` of a row."""
    letters = f"{slot * _FACTOR % _IDS:010x}".translate(_LETTERS)
    return f"row-{letters[:4]}_{letters[4:8]}~{letters[8:]}"


def slot_of(row_id: str) -> int | None:
    """The slot of the row that bears this `:id`; None if it is no id of the country's."""
    letters = row_id.removeprefix("row-").replace("_", "").replace("~", "").translate(_DIGITS)
    try:
        slot = int(letters, 16) * _UNDO % _IDS
    except ValueError:
        return None
    return slot if id_of(slot) == row_id else None


def mixed(number: int, seed: int) -> int:
    """64 bits that look like chance and depend on `number` and `seed` only (splitmix64)."""
    mix = (number * 0x9E3779B97F4A7C15 + seed) & _MASK
    mix = ((mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mix = ((mix ^ (mix >> 27)) * 0x94D049BB133111EB) & _MASK
    return mix ^ (mix >> 31)


def _chosen(number: int, count: int, rows: int) -> bool:
    """Whether row `number` is one of `count` that lie evenly among `rows`."""
    return count > 0 and number < rows and (number + 1) * count // rows > number * count // rows


@cache
def _days() -> tuple[str, ...]:
    return tuple((_LAST_DAY - timedelta(days=back)).isoformat() for back in range(_DAYS))


@cache
def _times() -> tuple[str, ...]:
    return tuple(
        f"T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{second * 7 % 1000:03d}Z"
        for second in range(_SECONDS)
    )
