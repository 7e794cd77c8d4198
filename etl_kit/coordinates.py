"""Coordinates as people type them: read as they stand, or repaired by a rule that leaves no choice."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from etl_kit.text import or_none


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of the world in degrees, EPSG:4326; its border belongs to it."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether the place is in the box."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


CITY_BOX: Final = Box(west=-76.71, south=3.27, east=-76.40, north=3.57)
"""The comunas and corregimientos of Cali with a margin of some kilometres, for what is built at the edge.

No number of this latitude is also one of this longitude, whatever its sign and its decimal point: that makes the
repairs below unambiguous.
"""

COMMA: Final = "coma decimal"
LETTERS: Final = "letras al final"
LOST_POINT: Final = "punto decimal perdido"
SHIFTED_POINT: Final = "punto decimal corrido"
SIGN: Final = "signo de la longitud"
SWAPPED: Final = "latitud y longitud intercambiadas"
REPAIRS: Final = (SWAPPED, LETTERS, COMMA, LOST_POINT, SHIFTED_POINT, SIGN)
"""Every rule, in the order in which `Point.repair` names those it needed, with `; ` between them."""

ABSENT: Final = "falta la latitud o la longitud"
NO_NUMBER: Final = "no es una coordenada legible"
ZERO: Final = "cero no es una coordenada de la ciudad"
NO_DEGREES: Final = "no son grados y ninguna regla las lleva a la ciudad"

_NUMBER: Final = re.compile(r"([-−–])?\s*(\d[\d.,]{0,29})\s*°?\s*([NWO])?", re.IGNORECASE | re.ASCII)
NORTH: Final = "N"
WEST: Final = "WO"
"""English and Spanish."""

_FEWEST_OF_LOST: Final = 5
"""Digits without which a number is no coordinate that lost its point: they tell a place to a kilometre or better."""
_FEWEST_OF_SHIFTED: Final = 3
_HIGHEST_POWER: Final = 20


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place in degrees, EPSG:4326; `repair` names the rules it took to read it, None if it stood as it is."""

    lon: float
    lat: float
    repair: str | None


@dataclass(frozen=True)
class Unreadable:
    """No place can be read; `reason` says why, in the data's language."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class _Number:
    """A number as typed: the value, what had to be forgiven to read it, whether it has a decimal point, its letter."""

    value: Decimal
    forgiven: frozenset[str]
    pointed: bool
    letter: str | None


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    value: Decimal
    repairs: frozenset[str]


def read_point(lat: str | None, lon: str | None) -> Point | Unreadable:
    """The place that two cells tell.

    A pair in the city is taken as it stands. One outside it is repaired (missing minus, decimal point lost or shifted,
    latitude and longitude exchanged) only if that puts it in `CITY_BOX`; there is never more than one such way. Else
    it is returned as written, for the caller to judge with `inside_city`: some places are outside the city.

    Args:
        lat: text such as `3.4516`, `3,4516`, `3,40090606N`, `345486800`.
        lon: text such as `-76.5320`, `76.5320`, `-7651515000`.
    """
    first, second = or_none(lat), or_none(lon)
    if ZERO_TEXT.fullmatch((lat or "").strip()) or ZERO_TEXT.fullmatch((lon or "").strip()):
        return Unreadable(ZERO)
    if first is None or second is None:
        return Unreadable(ABSENT)
    of_lat, of_lon = _number(first), _number(second)
    if of_lat is None or of_lon is None:
        return Unreadable(NO_NUMBER)
    if repaired := _in_city(of_lat, of_lon) or _in_city(of_lon, of_lat, SWAPPED):
        return repaired
    return _as_written(of_lat, of_lon)


def inside_city(point: Point) -> bool:
    """Whether `point` is in `CITY_BOX`."""
    return CITY_BOX.holds(point.lon, point.lat)


ZERO_TEXT: Final = re.compile(r"[-−–]?0+(?:[.,]0*)?", re.ASCII)


def _number(text: str) -> _Number | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    minus, digits, letter = found.groups()
    marks = re.findall(r"[.,]", digits)
    forgiven = set()
    if letter or "°" in text:
        forgiven.add(LETTERS)
    if len(marks) > 1:  # grouped like thousands: which of the marks was the decimal one is lost
        digits, marks = re.sub(r"[.,]", "", digits), []
    elif marks == [","]:
        forgiven.add(COMMA)
        digits = digits.replace(",", ".")
    value = Decimal(digits)
    return _Number(
        value=-value if minus else value,
        forgiven=frozenset(forgiven),
        pointed=bool(marks),
        letter=letter.upper() if letter else None,
    )


def _in_city(lat: _Number, lon: _Number, *repairs: str) -> Point | None:
    """The point in the city that both numbers make, as they are or each repaired; None if there is none."""
    northing = _fitted(lat, CITY_BOX.south, CITY_BOX.north, letters=NORTH, may_lack_minus=False)
    easting = _fitted(lon, CITY_BOX.west, CITY_BOX.east, letters=WEST, may_lack_minus=True)
    if northing is None or easting is None:
        return None
    needed = northing.repairs | easting.repairs | set(repairs)
    return Point(
        lon=float(easting.value),
        lat=float(northing.value),
        repair="; ".join(rule for rule in REPAIRS if rule in needed) or None,
    )


def _fitted(number: _Number, low: float, high: float, *, letters: str, may_lack_minus: bool) -> _Fitted | None:
    """`number` between `low` and `high`: as it is, with a minus, with its point elsewhere, or both."""
    if number.letter and number.letter not in letters:
        return None
    signs = [(number.value, number.forgiven)]
    if may_lack_minus:
        signs.append((-number.value, number.forgiven | {SIGN}))
    for value, repairs in signs:
        if low <= value <= high:
            return _Fitted(value=value, repairs=repairs)
    digits = len(number.value.as_tuple().digits)
    if digits < (_FEWEST_OF_SHIFTED if number.pointed else _FEWEST_OF_LOST):
        return None
    moved = SHIFTED_POINT if number.pointed else LOST_POINT
    for value, repairs in signs:
        for power in range(-_HIGHEST_POWER, _HIGHEST_POWER + 1):
            if low <= value.scaleb(power) <= high:
                return _Fitted(value=value.scaleb(power), repairs=repairs | {moved})
    return None


def _as_written(lat: _Number, lon: _Number) -> Point | Unreadable:
    if (lat.letter or NORTH) not in NORTH or (lon.letter or WEST[0]) not in WEST:
        return Unreadable(NO_NUMBER)
    if abs(lat.value) > 90 or abs(lon.value) > 180:  # noqa: PLR2004 - the ends of the earth
        return Unreadable(NO_DEGREES)
    easting = -abs(lon.value) if lon.letter else lon.value
    return Point(lon=float(easting), lat=float(lat.value), repair=None)
