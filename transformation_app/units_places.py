"""Where project units are: points and lines in EPSG:4326, the territory they lie in, and whether the file agrees."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import polars as pl
import pyproj
import shapely
from shapely.errors import ShapelyError  # type: ignore[attr-defined]
from shapely.geometry import LineString, MultiLineString, shape
from shapely.geometry import Point as DrawnPoint
from shapely.geometry.base import BaseGeometry

from etl_kit.coordinates import Point, Unreadable, inside_city, read_point
from etl_kit.rejects import Rejects
from etl_kit.shapes import DEGREES, METRES, geojson, length_m
from etl_kit.territories import LOCATED, Territories, territory_label
from etl_kit.text import or_none, plain_column

ACCEPTABLE: Final = "ACEPTABLE"
OUT_OF_RANGE: Final = "FUERA DE RANGO"
NOT_COMPARED: Final = "SIN COMPARAR"

NO_COORDINATES: Final = "la fila no trae coordenadas"
OUTSIDE: Final = "las coordenadas están fuera de la ciudad"
NO_GEOMETRY: Final = "la geometría no se puede leer"
DECIMALS: Final = 6
"""Of a degree in the geometries written out: 0.1 m."""

PLACE_SCHEMA: Final = {
    "lat": pl.Float64(),
    "lon": pl.Float64(),
    "reparacion": pl.String(),
    "motivo_sin_geometria": pl.String(),
    "tipo_geometria": pl.String(),
    "geometria": pl.String(),
    "longitud_m": pl.Float64(),
}

Line = LineString | MultiLineString


@dataclass(frozen=True, kw_only=True)
class Spotted:
    """Where one row is: a point or a line in EPSG:4326 without Z, or the reason for neither."""

    point: Point | None = None
    line: Line | None = None
    problem: str | None = None
    raw: str | None = None

    @cached_property
    def middle(self) -> tuple[float, float] | None:
        """(lon, lat) of the point, or of the point halfway along the line in metres."""
        if self.line is not None:
            return _middle_of(_longest(self.line))
        return None if self.point is None else (self.point.lon, self.point.lat)

    @property
    def drawn(self) -> BaseGeometry | None:
        """What a map shows: nothing outside the city."""
        if not self.in_city or self.middle is None:
            return None
        return DrawnPoint(*self.middle) if self.line is None else self.line  # type: ignore[no-untyped-call]

    @cached_property
    def in_city(self) -> bool:
        """Whether its middle is in the city's box."""
        middle = self.middle
        return middle is not None and inside_city(Point(lon=middle[0], lat=middle[1], repair=None))


def with_places(
    rows: pl.DataFrame,
    shapes: Sequence[BaseGeometry | None] | None,
    territories: Territories | None,
    *,
    rejects: Rejects,
) -> pl.DataFrame:
    """`rows` with `PLACE_SCHEMA`, computed and declared territory, and the one that holds.

    Args:
        rows: with `lat_declarada`, `lon_declarada`, `geom`, `fila` and `fuente`.
        shapes: the geometry of each row, where the file is a layer; it wins over the cells.
        territories: the basemaps; None leaves what would be computed NULL.
        rejects: takes coordinates that say something but not where.
    """
    cells = rows.select("lat_declarada", "lon_declarada", "geom").rows()
    spotted = [
        _of_shape(each) if each is not None else _of_cells(*cell)
        for each, cell in zip(shapes or [None] * len(cells), cells, strict=True)
    ]
    _refuse(rows, spotted, rejects)
    placed = pl.DataFrame([_place_cells(each) for each in spotted], schema=PLACE_SCHEMA, orient="row").with_columns(
        pl.Series("geometria", geojson([each.drawn for each in spotted]), dtype=pl.String)
    )
    return with_territory(rows.hstack(placed).hstack(_computed(spotted, territories)))


def with_territory(rows: pl.DataFrame) -> pl.DataFrame:
    """Compare what is declared with what is computed, in `fuera_rango`, and write out the territory that holds.

    The computed one holds unless the declared one is another and not even the barrio agrees; then the declared one
    does. What the basemap does not know, such as `EXPANSION URBANA`, can be neither.
    """
    declared = rows.get_column("comuna_corregimiento_declarada")
    labels = {text: territory_label(text) for text in declared.unique().drop_nulls().to_list()}
    labelled = rows.with_columns(
        pl.col("comuna_corregimiento_declarada")
        .replace_strict(labels, default=None, return_dtype=pl.String)
        .alias("territorio_declarado")
    )
    same_territory = pl.col("territorio_declarado") == pl.col("territorio_calculado")
    same_barrio = plain_column(pl.col("barrio_vereda_declarado")) == plain_column(pl.col("barrio_vereda_calculado"))
    compared = labelled.with_columns(
        pl.when(pl.col("territorio_calculado").is_null())
        .then(pl.lit(NOT_COMPARED))
        .when(same_territory.fill_null(value=False) | same_barrio.fill_null(value=False))
        .then(pl.lit(ACCEPTABLE))
        .when(pl.col("territorio_declarado").is_not_null())
        .then(pl.lit(OUT_OF_RANGE))
        .otherwise(pl.lit(NOT_COMPARED))
        .alias("fuera_rango")
    )
    out = pl.col("fuera_rango") == OUT_OF_RANGE
    return compared.with_columns(
        pl.when(out)
        .then(pl.col("territorio_declarado"))
        .otherwise(pl.coalesce("territorio_calculado", "territorio_declarado"))
        .alias("territorio"),
        pl.when(out)
        .then(pl.coalesce("barrio_vereda_declarado", "barrio_vereda_calculado"))
        .otherwise(pl.coalesce("barrio_vereda_calculado", "barrio_vereda_declarado"))
        .alias("barrio_vereda"),
    )


def _of_cells(lat: str | None, lon: str | None, geom: str | None) -> Spotted:
    """From two cells, or from GeoJSON text where they are blank: the text of points is often turned or cut apart."""
    if _says_something(lat) or _says_something(lon):
        return _of_point(lat, lon, raw=f"{lat or ''}; {lon or ''}")
    if geom is None or or_none(geom) is None:
        return Spotted(problem=NO_COORDINATES)
    try:
        value = json.loads(geom)
        if value["type"] == "Point":
            x, y, *z = value["coordinates"]
            if len(z) > 1:  # a decimal comma has cut the numbers apart
                return Spotted(problem=NO_GEOMETRY, raw=geom)
            return _of_point(str(y), str(x), raw=geom)
        return _of_shape(shape(_with_numbers(value)))  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, KeyError, AttributeError, ShapelyError):
        return Spotted(problem=NO_GEOMETRY, raw=geom)


def _says_something(cell: str | None) -> bool:
    """Whether a coordinate stands there; a zero does, though it is none."""
    return cell is not None and (or_none(cell) is not None or cell.strip() == "0")


def _with_numbers(geometry: dict[str, object]) -> dict[str, object]:
    """A GeoJSON geometry whose coordinates are numbers, whoever wrote them as text."""
    return geometry | {"coordinates": _numbers(geometry["coordinates"])}


def _numbers(value: object) -> object:
    return [_numbers(each) for each in value] if isinstance(value, list) else float(str(value))


def _of_point(lat: str | None, lon: str | None, *, raw: str) -> Spotted:
    read = read_point(lat, lon)
    if isinstance(read, Unreadable):
        return Spotted(problem=read.reason, raw=raw)
    return Spotted(point=read)


def _of_shape(geometry: BaseGeometry) -> Spotted:
    flat = shapely.force_2d(geometry)  # type: ignore[no-untyped-call]
    if flat.is_empty:
        return Spotted(problem=NO_COORDINATES)
    if isinstance(flat, LineString | MultiLineString):
        return Spotted(line=flat)
    if flat.geom_type == "Point":
        return Spotted(point=Point(lon=flat.x, lat=flat.y, repair=None))
    return Spotted(problem=NO_GEOMETRY, raw=flat.wkt)


def _place_cells(each: Spotted) -> tuple[object, ...]:
    """The values of `PLACE_SCHEMA` but for the geometry. A place outside the city keeps its coordinates."""
    middle = each.middle
    if middle is None:
        return None, None, None, each.problem, None, None, None
    repair = None if each.point is None else each.point.repair
    kind = "Point" if each.line is None else each.line.geom_type
    length = None if each.line is None else sum(length_m(part) for part in _parts(each.line))
    return middle[1], middle[0], repair, None if each.in_city else OUTSIDE, kind, None, length


def _refuse(rows: pl.DataFrame, spotted: Sequence[Spotted], rejects: Rejects) -> None:
    """Keep what is said of a place and cannot be used, with the reason."""
    reasons = [
        (each.problem, each.raw)
        if each.middle is None
        else (None, None)
        if each.in_city
        else (OUTSIDE, f"{each.middle[1]}; {each.middle[0]}")
        for each in spotted
    ]
    told = rows.select("fila", "fuente").with_columns(
        pl.lit("geometria").alias("columna"),
        pl.Series("motivo", [reason for reason, _raw in reasons], dtype=pl.String),
        pl.Series("valor_crudo", [raw for _reason, raw in reasons], dtype=pl.String),
    )
    rejects.add_frame(told.filter(pl.col("motivo").is_not_null() & (pl.col("motivo") != NO_COORDINATES)))


def _computed(spotted: Sequence[Spotted], territories: Territories | None) -> pl.DataFrame:
    schema = {
        "territorio_calculado": pl.String(),
        "barrio_vereda_calculado": pl.String(),
        "tipo_territorio": pl.String(),
    }
    if territories is None:
        return pl.DataFrame({name: [None] * len(spotted) for name in schema}, schema=schema)
    located = territories.locate([each.middle for each in spotted])
    return located.select(pl.col(theirs).alias(ours) for theirs, ours in zip(LOCATED, schema, strict=True))


def _parts(line: Line) -> list[LineString]:
    return list(line.geoms) if isinstance(line, MultiLineString) else [line]


def _longest(line: Line) -> LineString:
    return max(_parts(line), key=lambda part: part.length)


def _middle_of(line: LineString) -> tuple[float, float]:
    """(lon, lat) halfway along the line, measured in the city's grid: in degrees the middle would be another one."""
    there, back = _transformer(DEGREES, METRES), _transformer(METRES, DEGREES)
    flat = shapely.transform(line, there.transform, interleaved=False)
    middle = flat.interpolate(0.5, normalized=True)
    lon, lat = back.transform(middle.x, middle.y)
    return float(lon), float(lat)


@cache
def _transformer(origin: int, target: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(origin, target, always_xy=True)
