"""Names that last: a unit keeps its id when rows move, change or come and go.

The id of a new unit is derived from what its rows say (never from their order); the ids given are remembered, so that
a unit whose rows change keeps the one it has.
"""

import base64
import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from transformation_app.units_clusters import REACH_M, Spot, near_points

REMEMBERED: Final = {
    "clave": pl.String(),
    "grupo": pl.String(),
    "lon": pl.Float64(),
    "lat": pl.Float64(),
    "upid": pl.String(),
}
"""Columns of the map of ids: hashes of what rows said, and where; no text of a row is in it."""

_LETTERS: Final = 12  # 60 bits: with a million units two are alike once in two million cities
_SEPARATOR: Final = "\x1f"


def content_key(*parts: str | None) -> str:
    """32 hexadecimal digits that stand for these texts in this order."""
    return hashlib.sha256(_SEPARATOR.join(part or "" for part in parts).encode()).hexdigest()[:32]


def short_id(prefix: str, key: str, *, taken: Iterable[str] = ()) -> str:
    """An id such as `UNP-3K7Q…` derived from `key`; another one, derived too, if it is `taken` already."""
    used = taken if isinstance(taken, set | frozenset | Mapping) else set(taken)
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{key}{_SEPARATOR}{attempt}".encode()).digest()
        name = f"{prefix}-{base64.b32encode(digest).decode()[:_LETTERS]}"
        if name not in used:
            return name
        attempt += 1


@dataclass(kw_only=True)
class Memory:
    """The ids that earlier runs gave: `upid` by key, and where the keys of each group were."""

    upids: dict[str, str] = field(default_factory=dict)
    places: dict[str, list[tuple[tuple[float, float], str]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, remembered: pl.DataFrame) -> "Memory":
        """From a frame with the columns of `REMEMBERED`."""
        memory = cls()
        for key, group, lon, lat, upid in remembered.select(list(REMEMBERED)).sort("clave").iter_rows():
            memory.upids[key] = upid
            if group is not None and lon is not None:
                memory.places[group].append(((lon, lat), upid))
        return memory


def name_units(units: Sequence[Sequence[Spot]], remembered: pl.DataFrame) -> dict[str, str]:
    """The id of each spot's unit, by the spot's key.

    A unit takes the id that most of its spots had before; where two units claim one, the one with more spots of it
    does, so after a split one part keeps the id. A unit nobody knows takes the free id of its group that was within
    40 m: its coordinates were corrected. All others get a new one from their first key.

    Args:
        units: as `units_clusters.units_of` leaves them.
        remembered: columns of `REMEMBERED`, of earlier runs.
    """
    memory = Memory.of(remembered)
    named = _claimed(units, memory)
    free = set(memory.upids.values()) - set(named.values())
    for place, unit in enumerate(units):
        if place not in named and (moved := _moved_from(unit, memory, free)) is not None:
            named[place] = moved
            free.discard(moved)
    taken = {*memory.upids.values(), *named.values()}
    for place, unit in enumerate(units):
        if place not in named:
            named[place] = short_id("UNP", unit[0].key, taken=taken)
            taken.add(named[place])
    return {spot.key: named[place] for place, unit in enumerate(units) for spot in unit}


def remember(named: Mapping[str, str], units: Sequence[Sequence[Spot]], remembered: pl.DataFrame) -> pl.DataFrame:
    """The map of ids after this run: what is known now, and older keys that may come back."""
    now = [(spot.key, spot.group, *(spot.point or (None, None)), named[spot.key]) for unit in units for spot in unit]
    frame = pl.DataFrame(now, schema=REMEMBERED, orient="row")
    older = remembered.select(list(REMEMBERED)).filter(~pl.col("clave").is_in(frame.get_column("clave").implode()))
    return pl.concat([frame, older]).sort("clave")


def _claimed(units: Sequence[Sequence[Spot]], memory: Memory) -> dict[int, str]:
    """Id by place of the unit, for units that hold known spots."""
    claims = [
        (-count, upid, place)
        for place, unit in enumerate(units)
        for upid, count in Counter(memory.upids[spot.key] for spot in unit if spot.key in memory.upids).items()
    ]
    named: dict[int, str] = {}
    given: set[str] = set()
    for _count, upid, place in sorted(claims):
        if place not in named and upid not in given:
            named[place] = upid
            given.add(upid)
    return named


def _moved_from(unit: Sequence[Spot], memory: Memory, free: set[str]) -> str | None:
    """The free id of the same group that was nearest, within reach."""
    group = unit[0].group
    points = [spot.point for spot in unit if spot.point is not None]
    if group is None or not points:
        return None
    known = [(point, upid) for point, upid in memory.places.get(group, ()) if upid in free]
    both = [*points, *(point for point, _upid in known)]
    nearest = min(
        (
            (metres, known[max(one, other) - len(points)][1])
            for one, other, metres in near_points(both)
            if (one < len(points)) != (other < len(points))
        ),
        default=(math.inf, None),
    )
    return nearest[1] if nearest[0] <= REACH_M else None
