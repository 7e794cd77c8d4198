"""The figures of control_totals.json on basemaps and field reports, computed from the tables, wherever they are kept."""

from collections.abc import Callable

import polars as pl


def figures(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    """Dotted name in control_totals.json → what the tables say.

    Args:
        read: gives a dataset's frame by its name, from parquet or from a warehouse.
    """
    territories, parts, reports = read("territorios"), read("barrios_veredas"), read("centros_gravedad")
    inside = reports.filter(pl.col("geometria").is_not_null())
    outside = reports.filter(pl.col("geometria").is_null())
    return {
        "geo.comunas": territories.filter(pl.col("tipo_territorio") == "comuna").height,
        "geo.corregimientos": territories.filter(pl.col("tipo_territorio") == "corregimiento").height,
        "geo.barrios": parts.filter(pl.col("tipo") == "barrio").height,
        "geo.veredas": parts.filter(pl.col("tipo") == "vereda").height,
        "geo.centros_gravedad.rows": reports.height,
        "geo.centros_gravedad.cod_unique": reports.get_column("cod").n_unique(),
        "geo.centros_gravedad.inside_bbox": inside.height,
        "geo.centros_gravedad.out": [list(place) for place in outside.select("lat", "lon").rows()],
        "geo.centros_gravedad.por_territorio": _by(inside, "territorio"),
        "geo.centros_gravedad.por_novedad": _by(reports, "novedad"),
        "geo.centros_gravedad.sitios": reports.get_column("sitio").drop_nulls().n_unique(),
    }


def _by(rows: pl.DataFrame, column: str) -> dict[str, int]:
    """How many rows by value."""
    return dict(rows.drop_nulls(column).group_by(column).len().rows())
