"""Answers to the field form with typed values, each report once, and where it was made."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import polars as pl
from shapely.geometry import Point as DrawnPoint

from etl_kit.coordinates import Point, Unreadable, inside_city, read_point
from etl_kit.dates import COLOMBIA
from etl_kit.rejects import Rejects
from etl_kit.shapes import geojson
from etl_kit.territories import LOCATED, Territories
from transformation_app.field_cells import CATEGORIES, is_link, read_category, read_moment, read_site
from transformation_app.field_workbooks import FIELD_COLUMNS

MOMENT: Final = pl.Datetime("us", "UTC")

NO_CODE: Final = "la fila no tiene código"
REPEATED_CODE: Final = "el código ya está en otra fila del mismo archivo"
NO_MOMENT: Final = "no es una fecha y hora legible"
NO_LINK: Final = "no es un enlace"
NO_COORDINATES: Final = "la fila no trae coordenadas"
OUTSIDE: Final = "las coordenadas están fuera de la ciudad"

Read = TypeVar("Read")


def reports(answers: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """The answers of one workbook with typed values, unique on `cod`, sorted by it.

    Args:
        answers: columns of `field_workbooks.TEXT_SCHEMA`.
        rejects: takes whole rows without a code or with one that an earlier answer has, and cells that cannot be
            read. Earlier is what was sent before, wherever it stands in the sheet.
    """
    sent = pl.Series("_sent", _read(answers.get_column("marca_temporal"), read_moment), dtype=MOMENT)
    coded = (
        answers.with_columns(sent, pl.col("cod").str.to_uppercase().str.replace_all(r"\s+", ""))
        .sort("_sent", *FIELD_COLUMNS, "fila", nulls_last=True)
        .drop("_sent")
    )
    repeated = pl.col("cod").is_not_null() & ~pl.col("cod").is_first_distinct()
    _refuse_rows(coded.filter(pl.col("cod").is_null()), NO_CODE, rejects)
    _refuse_rows(coded.filter(repeated), REPEATED_CODE, rejects)
    kept = coded.filter(pl.col("cod").is_not_null() & ~repeated).sort("cod")
    moments = _read(kept.get_column("marca_temporal"), read_moment)
    sites = _read(kept.get_column("sitio"), read_site)
    links = [None if text is None or not is_link(text) else text for text in kept.get_column("imagen")]
    _refuse_cells(kept, "marca_temporal", moments, NO_MOMENT, rejects)
    _refuse_cells(kept, "imagen", links, NO_LINK, rejects)
    return kept.with_columns(
        pl.Series("fecha_hora", [at and at.astimezone(UTC) for at in moments], dtype=MOMENT),
        pl.Series("fecha", [at and at.astimezone(COLOMBIA).date() for at in moments], dtype=pl.Date),
        pl.Series("novedad", _read(kept.get_column("novedad"), read_category), dtype=pl.String),
        pl.Series("imagen_url", links, dtype=pl.String),
        pl.Series("sitio_num", [site and site[0] for site in sites], dtype=pl.Int64),
        pl.Series("sitio", [site and site[1] for site in sites], dtype=pl.String),
        pl.col("fila").alias("fila_origen"),
    )


def with_places(rows: pl.DataFrame, territories: Territories | None, *, rejects: Rejects) -> pl.DataFrame:
    """`rows` with `lat` and `lon` as numbers, the territory and the barrio or vereda, and the geometry for a map.

    A report whose place cannot be read stays, without one; one outside the city keeps its coordinates and is on no
    map. Both go to `rejects` as well.

    Args:
        rows: with `lat` and `lon` as text.
        territories: the basemaps; None leaves the territory NULL.
        rejects: takes what says something but not where.
    """
    cells = list(zip(rows.get_column("lat"), rows.get_column("lon"), strict=True))
    spotted = [_spotted(lat, lon) for lat, lon in cells]
    reasons = [_problem(each) for each in spotted]
    points = [each if isinstance(each, Point) else None for each in spotted]
    told = rows.select("fila", "fuente").with_columns(
        pl.lit("coordenadas").alias("columna"),
        pl.Series("valor_crudo", [f"{lat or ''}; {lon or ''}" for lat, lon in cells], dtype=pl.String),
        pl.Series("motivo", reasons, dtype=pl.String),
    )
    rejects.add_frame(told.filter(pl.col("motivo").is_not_null()))
    drawn = [_drawn(each) if each is not None and inside_city(each) else None for each in points]
    lonlat = [None if each is None else (each.lon, each.lat) for each in points]
    located = territories.locate(lonlat) if territories is not None else _nowhere(len(points))
    return rows.with_columns(
        pl.Series("lat", [each and each.lat for each in points], dtype=pl.Float64),
        pl.Series("lon", [each and each.lon for each in points], dtype=pl.Float64),
        pl.Series("reparacion", [each and each.repair for each in points], dtype=pl.String),
        pl.Series("motivo_sin_geometria", reasons, dtype=pl.String),
        pl.Series("geometria", geojson(drawn), dtype=pl.String),
    ).hstack(located)


def current_reports(workbooks: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """Of several downloads of the same form each report as the latest one has it, and how many older ones that were.

    The latest is the workbook whose youngest answer is the youngest; a report that only an older one has stays.
    """
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    ranked = sorted(
        workbooks,
        key=lambda rows: (
            rows.get_column("fecha_hora").max() or beginning,
            rows.height,
            rows.get_column("fuente").max(),
        ),
        reverse=True,
    )
    together = pl.concat(ranked)
    current = together.unique("cod", keep="first", maintain_order=True)
    return current, together.height - current.height


def unknown_categories(rows: pl.DataFrame) -> dict[str, int]:
    """Rows by category that the form does not offer, most first."""
    others = rows.filter(~pl.col("novedad").is_in(CATEGORIES))
    return dict(others.group_by("novedad").len().sort("len", "novedad", descending=[True, False]).rows())


def _read(column: pl.Series, read: Callable[[str], Read]) -> list[Read | None]:
    return [None if text is None else read(text) for text in column]


def _spotted(lat: str | None, lon: str | None) -> Point | Unreadable:
    if lat is None and lon is None:
        return Unreadable(NO_COORDINATES)
    return read_point(lat, lon)


def _problem(spotted: Point | Unreadable) -> str | None:
    if isinstance(spotted, Unreadable):
        return spotted.reason
    return None if inside_city(spotted) else OUTSIDE


def _drawn(point: Point) -> DrawnPoint:
    return DrawnPoint(point.lon, point.lat)  # type: ignore[no-untyped-call]


def _nowhere(rows: int) -> pl.DataFrame:
    return pl.DataFrame({name: [None] * rows for name in LOCATED}, schema=LOCATED)


def _refuse_rows(rows: pl.DataFrame, reason: str, rejects: Rejects) -> None:
    """Keep whole rows, their cells joined."""
    cells = ("cod", "marca_temporal", "novedad", "descripcion", "lat", "lon", "sitio")
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(None, dtype=pl.String).alias("columna"),
            pl.concat_str([pl.col(name).fill_null("") for name in cells], separator=" | ").alias("valor_crudo"),
            pl.lit(reason).alias("motivo"),
            "fuente",
        )
    )


def _refuse_cells(
    rows: pl.DataFrame, column: str, values: Sequence[object | None], reason: str, rejects: Rejects
) -> None:
    """Keep the cells of `column` that say something and gave no value."""
    unread = rows.with_columns(pl.Series("_ilegible", [value is None for value in values], dtype=pl.Boolean))
    rejects.add_frame(
        unread.filter(pl.col("_ilegible") & pl.col(column).is_not_null()).select(
            "fila",
            pl.lit(column).alias("columna"),
            pl.col(column).alias("valor_crudo"),
            pl.lit(reason).alias("motivo"),
            "fuente",
        )
    )
