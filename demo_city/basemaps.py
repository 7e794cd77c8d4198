"""A made-up territory: comunas and corregimientos as tiles, barrios and veredas within them, as shapefiles.

The labels are those of the real city, for the reports speak of them; the shapes are not. As in the real files, comunas
and veredas lie in the city's grid (EPSG:6249), the latter spelt as Esri does and without a .cpg, the others in degrees.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import pyproj
import shapefile

from demo_city.projects import Project
from etl_kit.territories import COMUNAS, CORREGIMIENTOS, comuna_label

URBAN: Final = (-76.56, 3.36, -76.46, 3.50)
"""West, south, east, north: comunas tile it."""
RURAL: Final = (-76.70, 3.28, -76.56, 3.55)
"""Corregimientos tile what lies to the west."""
COLUMNS: Final = 4
BARRIOS: Final = 6
"""In each comuna."""
VEREDAS: Final = 3
"""In each corregimiento."""
BENDS: Final = 6
"""Points on each side of a tile: enough to look like a border."""

_WRITTEN_ON: Final = date(2024, 1, 1)
_GRID: Final = pyproj.CRS.from_epsg(6249)
_DEGREES: Final = pyproj.CRS.from_epsg(4326)
_ESRI_NAME: Final = "MAGNA_Cali_Valle_del_Cauca_2009"

Place = tuple[float, float] | tuple[float, float, float | None] | tuple[float, float, float, float | None]
Ring = list[Place]
Tile = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Field:
    """An attribute of a layer: `N` for whole numbers, `C` for text."""

    name: str
    kind: str
    size: int


def files_of_basemaps(seed: int, scale: float, projects: Sequence[Project]) -> dict[str, bytes]:  # noqa: ARG001 - the territory is the same in every city
    """The parts of the four shapefiles by their path within the city; the same bytes always."""
    comunas = _tiles(URBAN, COMUNAS, columns=COLUMNS)
    corregimientos = dict(zip(CORREGIMIENTOS, _tiles(RURAL, len(CORREGIMIENTOS), columns=3), strict=True))
    layers = {
        "comunas": _layer(
            [Field(name="comuna", kind="N", size=4), Field(name="nombre", kind="C", size=20)],
            [(tile, (number, comuna_label(number).title())) for number, tile in enumerate(comunas, start=1)],
            prj=_GRID.to_wkt("WKT1_ESRI"),
            grid=True,
            cpg=True,
        ),
        "corregimientos": _layer(
            [Field(name="id_correg", kind="N", size=4), Field(name="corregimie", kind="C", size=40)],
            [(tile, (code, CORREGIMIENTOS[code])) for code, tile in corregimientos.items()],
            prj=_DEGREES.to_wkt("WKT1_ESRI"),
            grid=False,
            cpg=True,
        ),
        "barrios": _layer(
            [Field(name="id_barrio", kind="C", size=4), Field(name="barrio", kind="C", size=40)],
            [
                (part, (f"{number:02d}{place:02d}", _barrio_name(number, place)))
                for number, tile in enumerate(comunas, start=1)
                for place, part in enumerate(_tiles(tile, BARRIOS, columns=2), start=1)
            ],
            prj=_DEGREES.to_wkt("WKT1_ESRI"),
            grid=False,
            cpg=True,
        ),
        "Veredas": _layer(
            [Field(name="id_vereda", kind="N", size=6), Field(name="vereda", kind="C", size=40)],
            [
                (part, (code * 100 + place, f"Vereda inventada {CORREGIMIENTOS[code]} {place}"))
                for code, tile in corregimientos.items()
                for place, part in enumerate(_tiles(tile, VEREDAS, columns=1), start=1)
            ],
            prj=_GRID.to_wkt("WKT1_ESRI").replace(_grid_name(), _ESRI_NAME, 1),
            grid=True,
            cpg=False,
        ),
    }
    return {f"basemaps/{stem}.{ending}": data for stem, parts in layers.items() for ending, data in parts.items()}


def _barrio_name(comuna: int, place: int) -> str:
    """As in the real layer some names have lost their accented letters before they were written."""
    kind = "Urbanizaci\ufffdn inventada" if place == BARRIOS else "Barrio inventado Ñ"
    return f"{kind} {comuna}-{place}"


def _grid_name() -> str:
    return _GRID.to_wkt("WKT1_ESRI").split('"')[1]


def _tiles(area: Tile, count: int, *, columns: int) -> list[Tile]:
    """`count` tiles that cover `area` row by row; those of the last row are wider where it is not full."""
    west, south, east, north = area
    rows = -(-count // columns)
    height = (north - south) / rows
    tiles = []
    for row in range(rows):
        here = min(columns, count - row * columns)
        width = (east - west) / here
        tiles += [
            (west + place * width, south + row * height, west + (place + 1) * width, south + (row + 1) * height)
            for place in range(here)
        ]
    return tiles


def _ring(tile: Tile) -> Ring:
    """The border, clockwise as shapefiles want an outer one; neighbours share their points."""
    west, south, east, north = tile
    corners = [(west, south), (west, north), (east, north), (east, south), (west, south)]
    ring: Ring = []
    for (lon, lat), (to_lon, to_lat) in pairwise(corners):
        ring += [(lon + (to_lon - lon) * step / BENDS, lat + (to_lat - lat) * step / BENDS) for step in range(BENDS)]
    return [*ring, ring[0]]


def _layer(
    fields: Sequence[Field],
    rows: Sequence[tuple[Tile, tuple[int | str, ...]]],
    *,
    prj: str,
    grid: bool,
    cpg: bool,
) -> dict[str, bytes]:
    """The parts of a shapefile by their ending."""
    transformer = pyproj.Transformer.from_crs(_DEGREES, _GRID, always_xy=True)
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    writer = shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POLYGON, encoding="utf-8")
    for field in fields:
        writer.field(field.name, field.kind, field.size)  # type: ignore[arg-type]
    for tile, record in rows:
        ring = _ring(tile)
        if grid:
            ring = [
                (round(x, 3), round(y, 3)) for x, y in (transformer.transform(place[0], place[1]) for place in ring)
            ]
        writer.poly([ring])
        writer.record(*record)
    writer.close()
    parts = {"shp": shp.getvalue(), "shx": shx.getvalue(), "dbf": _dated(dbf.getvalue()), "prj": prj.encode()}
    return {**parts, "cpg": b"UTF-8"} if cpg else parts


def _dated(dbf: bytes) -> bytes:
    """The table as if written on one fixed day: the format keeps the date in three bytes of its head."""
    return dbf[:1] + bytes((_WRITTEN_ON.year - 1900, _WRITTEN_ON.month, _WRITTEN_ON.day)) + dbf[4:]
