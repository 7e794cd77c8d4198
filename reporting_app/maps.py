"""Maps of a report as inline SVG: territories shaded by a figure, and points; no tiles, no script."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from html import escape
from math import cos, radians

from reporting_app import wording

_WIDTH = 560
_SHADES = 5
_SMALLEST_LABELLED = 300  # square pixels: in a smaller territory the label would cover its neighbours
_LABEL_WIDTH, _LABEL_HEIGHT = 18, 11  # pixels
_SMALLEST_ON_A_TELEPHONE = 1000  # there the type is larger against the map
Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Area:
    """A territory: its name, a label short enough to stand inside it ("" for none), its geometry as GeoJSON text."""

    name: str
    label: str
    geometry: str


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A point, in degrees."""

    lon: float
    lat: float


def map_of(
    ident: str,
    areas: Sequence[Area],
    values: Mapping[str, Decimal],
    *,
    title: str,
    words: Mapping[str, str],
    spots: Sequence[Spot] = (),
) -> str:
    """Areas shaded by `values` (by name) and told by `words`, with points over them; "" without any area.

    `ident` is unique on the page; it ties the drawing to its title and description. Areas without a value stay blank.
    """
    drawn = [(area, rings) for area in areas if (rings := _rings(area.geometry))]
    if not drawn:
        return ""
    frame = _Frame.around([point for _area, rings in drawn for ring in rings for point in ring])
    highest = max(values.values(), default=Decimal(0))
    # the largest lie below, so that a small territory within a large one can still be seen
    drawn.sort(key=lambda pair: -sum(abs(_signed_area(ring)) for ring in pair[1]))
    paths = "".join(
        _path(rings, frame, style=_shade(values.get(area.name), highest), told=_told(area, words))
        for area, rings in drawn
    )
    labels = "".join(_labels([(area, [frame.place(point) for point in _outline(rings)]) for area, rings in drawn]))
    dots = "".join(_dot(spot, frame) for spot in spots)
    told = "; ".join(_told(area, words) for area in areas)
    return (
        f'<svg class="grafico mapa" viewBox="0 0 {_WIDTH} {frame.height:.0f}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d"><title id="{ident}-t">{escape(title)}</title>'
        f'<desc id="{ident}-d">{escape(told)}</desc>{paths}<g class="puntos">{dots}</g>{labels}</svg>'
    )


def shades_of(values: Iterable[Decimal]) -> list[tuple[str, Decimal, Decimal]]:
    """What each shade stands for: class of the style sheet, above which value, up to which; [] without values."""
    highest = max(values, default=Decimal(0))
    if not highest:
        return []
    return [(f"calor-{step + 1}", highest * step / _SHADES, highest * (step + 1) / _SHADES) for step in range(_SHADES)]


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """How degrees become pixels: equirectangular, true to scale at the middle latitude."""

    west: float
    north: float
    scale: float
    squeeze: float
    height: float

    @classmethod
    def around(cls, points: Sequence[tuple[float, float]]) -> "_Frame":
        west, east = min(lon for lon, _lat in points), max(lon for lon, _lat in points)
        south, north = min(lat for _lon, lat in points), max(lat for _lon, lat in points)
        squeeze = cos(radians((south + north) / 2))
        scale = (_WIDTH - 8) / max((east - west) * squeeze, 1e-9)
        return cls(west=west, north=north, scale=scale, squeeze=squeeze, height=(north - south) * scale + 8)

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Pixels from the left and from above."""
        lon, lat = point
        return 4 + (lon - self.west) * self.squeeze * self.scale, 4 + (self.north - lat) * self.scale


def _rings(geometry: str) -> list[Ring]:
    """Every ring of a polygon or of several; [] for anything else."""
    shape = json.loads(geometry)
    match shape.get("type"):
        case "Polygon":
            polygons = [shape["coordinates"]]
        case "MultiPolygon":
            polygons = shape["coordinates"]
        case _:
            return []
    return [[(point[0], point[1]) for point in ring] for polygon in polygons for ring in polygon if ring]


def _path(rings: Sequence[Ring], frame: _Frame, *, style: str, told: str) -> str:
    lines = "".join(
        "M" + "L".join("{:.1f},{:.1f}".format(*frame.place(point)) for point in ring) + "Z" for ring in rings
    )
    return f'<path class="{style}" fill-rule="evenodd" d="{lines}"><title>{escape(told)}</title></path>'


def _shade(value: Decimal | None, highest: Decimal) -> str:
    """The class of a value: each shade is a fifth of the way to the highest, which has the last."""
    if not value or not highest:
        return "sin-valor"
    return f"calor-{min(_SHADES, int((value * _SHADES / highest).to_integral_value(ROUND_CEILING)))}"


def _told(area: Area, words: Mapping[str, str]) -> str:
    return f"{area.name}: {words.get(area.name, wording.no_data())}"


def _outline(rings: Sequence[Ring]) -> Ring:
    return max(rings, key=lambda ring: abs(_signed_area(ring)))


def _labels(outlines: Sequence[tuple[Area, Ring]]) -> list[str]:
    """The labels in the middle of their territories, moved sideways where two would touch; the larger first."""
    placed: list[tuple[float, float]] = []
    labels = []
    for area, outline in outlines:
        surface = abs(_signed_area(outline))
        if not area.label or surface < _SMALLEST_LABELLED:
            continue
        x, y = _middle(outline)
        for other_x, other_y in placed:
            if abs(x - other_x) < _LABEL_WIDTH and abs(y - other_y) < _LABEL_HEIGHT:
                x = other_x + _LABEL_WIDTH if x >= other_x else other_x - _LABEL_WIDTH
        crowded = any(
            abs(x - other_x) < 2 * _LABEL_WIDTH and abs(y - other_y) < 2 * _LABEL_HEIGHT for other_x, other_y in placed
        )
        placed.append((x, y))
        small = ' class="menor"' if crowded or surface < _SMALLEST_ON_A_TELEPHONE else ""
        labels.append(f'<text{small} x="{x:.1f}" y="{y:.1f}" aria-hidden="true">{escape(area.label)}</text>')
    return labels


def _dot(spot: Spot, frame: _Frame) -> str:
    x, y = frame.place((spot.lon, spot.lat))
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' if 0 <= x <= _WIDTH and 0 <= y <= frame.height else ""


def _signed_area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def _middle(ring: Ring) -> tuple[float, float]:
    """Centre of the surface within a ring."""
    size = _signed_area(ring)
    pairs = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    return (
        sum((a[0] + b[0]) * cross for a, b, cross in pairs) / (6 * size),
        sum((a[1] + b[1]) * cross for a, b, cross in pairs) / (6 * size),
    )
