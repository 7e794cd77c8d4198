"""Which rows of project units speak of the same place.

Rows are one unit if they agree in name and detail and any two of them lie at most 40 m apart (complete linkage: no
chain of near neighbours can stretch a unit). Rows without coordinates need alike addresses with the same numbers.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from transformation_app.units_addresses import ALIKE, are_alike, likeness, numbers_of

REACH_M: Final = 40.0
"""The largest distance in metres between two places of one unit."""

_DEGREE_M: Final = 111_320.0
_COMPARED: Final = 200
"""With more distinct addresses than this under one name and the same numbers, only equal ones are one place."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """What rows with the same `key` say about where they are.

    Attributes:
        key: unique among the spots.
        group: name and detail for comparing; only spots of one group can be one unit. None: on its own.
        point: (lon, lat) in degrees; None if the rows have no coordinates.
        addresses: `address_key`s of the rows, empty ones left out.
    """

    key: str
    group: str | None
    point: tuple[float, float] | None
    addresses: frozenset[str]


def units_of(spots: Iterable[Spot]) -> list[list[Spot]]:
    """The spots of each unit, sorted by key; the result does not depend on the order of `spots`."""
    groups: dict[str, list[Spot]] = defaultdict(list)
    alone: list[list[Spot]] = []
    for spot in sorted(spots, key=lambda each: each.key):
        if spot.group is None:
            alone.append([spot])
        else:
            groups[spot.group].append(spot)
    units = [unit for group in groups.values() for unit in _units_of_group(group)]
    return sorted([*units, *alone], key=lambda unit: unit[0].key)


def _units_of_group(spots: Sequence[Spot]) -> list[list[Spot]]:
    if len(spots) == 1:
        return [list(spots)]
    located = [spot for spot in spots if spot.point is not None]
    points = [spot.point for spot in located if spot.point is not None]
    units = [[located[place] for place in unit] for unit in linked(len(points), near_points(points))]
    known = _units_by_numbers(units)
    for unit in _by_address([spot for spot in spots if spot.point is None]):
        homes = _homes_of(unit, known)
        if len(homes) == 1:  # of two candidates, neither: the address does not tell
            units[homes.pop()].extend(unit)
        else:
            units.append(unit)
    return [sorted(unit, key=lambda spot: spot.key) for unit in units]


def _units_by_numbers(units: Sequence[Sequence[Spot]]) -> dict[tuple[str, ...], list[tuple[int, str]]]:
    """By the numbers of an address: the places in `units` that have it, and the address."""
    known: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for place, unit in enumerate(units):
        for address in sorted({address for spot in unit for address in spot.addresses}):
            known[numbers_of(address)].append((place, address))
    return known


def _homes_of(unit: Iterable[Spot], known: Mapping[tuple[str, ...], Sequence[tuple[int, str]]]) -> set[int]:
    """The places of the units that have an address like one of `unit`."""
    homes: set[int] = set()
    for address in {address for spot in unit for address in spot.addresses}:
        candidates = known.get(numbers_of(address), ())
        alike = are_alike if len(candidates) <= _COMPARED else str.__eq__
        homes |= {place for place, other in candidates if alike(address, other)}
    return homes


def _by_address(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Spots without coordinates, joined where their addresses are alike; those without an address are one."""
    blocks: dict[tuple[str, ...] | None, list[Spot]] = defaultdict(list)
    for spot in spots:
        address = min(spot.addresses, default=None)
        blocks[None if address is None else numbers_of(address)].append(spot)
    units: list[list[Spot]] = []
    for block in blocks.values():
        near = _near_addresses([min(spot.addresses, default="") for spot in block])
        units += [[block[place] for place in unit] for unit in linked(len(block), near)]
    return units


def _near_addresses(addresses: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    compare = len(addresses) <= _COMPARED
    for one, first in enumerate(addresses):
        for other in range(one + 1, len(addresses)) if compare else ():
            if (alike := likeness(first, addresses[other])) >= ALIKE:
                yield one, other, 1 - alike


def near_points(points: Sequence[tuple[float, float]]) -> Iterator[tuple[int, int, float]]:
    """Each pair of (lon, lat) within `REACH_M`, as (place, later place, metres), by cells of that size."""
    flat = [(lon * _DEGREE_M * math.cos(math.radians(lat)), lat * _DEGREE_M) for lon, lat in points]
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, (x, y) in enumerate(flat):
        column, row = math.floor(x / REACH_M), math.floor(y / REACH_M)
        for cell in ((column + right, row + up) for right in (-1, 0, 1) for up in (-1, 0, 1)):
            for other in cells.get(cell, ()):
                if (metres := math.dist(flat[other], (x, y))) <= REACH_M:
                    yield other, place, metres
        cells[column, row].append(place)


def linked(count: int, near: Iterable[tuple[int, int, float]]) -> list[list[int]]:
    """Complete linkage: join the nearest two, again and again, as long as every pair across them is in `near`.

    Args:
        count: of things, called 0 … count - 1.
        near: the pairs (one, other, distance) that may stand together; all others may not.

    Returns:
        The things of each cluster, ascending; equal distances are settled by the lower numbers.
    """
    members = {place: [place] for place in range(count)}
    beside: dict[int, dict[int, float]] = defaultdict(dict)
    waiting: list[tuple[float, int, int]] = []
    for one, other, distance in near:
        beside[one][other] = beside[other][one] = distance
        waiting.append((distance, min(one, other), max(one, other)))
    heapq.heapify(waiting)
    while waiting:
        distance, one, other = heapq.heappop(waiting)
        if beside[one].get(other) != distance:
            continue  # one of them has been joined since
        members[one] += members.pop(other)
        farther = _across(beside, one, other)
        for third in {*beside.pop(one), *beside.pop(other)} - {one, other}:
            beside[third].pop(one, None)
            beside[third].pop(other, None)
        for third, longest in farther.items():
            beside[one][third] = beside[third][one] = longest
            heapq.heappush(waiting, (longest, min(one, third), max(one, third)))
    return [sorted(cluster) for cluster in members.values()]


def _across(beside: Mapping[int, Mapping[int, float]], one: int, other: int) -> dict[int, float]:
    """What is near both, and the longer of the two distances."""
    return {
        third: max(distance, beside[other][third]) for third, distance in beside[one].items() if third in beside[other]
    }
