"""The figures of control_totals.json on project units, computed from the two tables, wherever they are kept.

The control counted points before any repair of a sign or a digit (a decimal comma was read), so repaired ones are left
out of its counts here, except where it counts them by themselves; money was rounded to pesos row by row for the layer.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl

from etl_kit.coordinates import COMMA, LOST_POINT, SIGN
from etl_kit.text import plain_column

BOOKS = {
    "obras_equipamientos": "obras_equipamientos.xlsx",
    "unidades_proyecto_drive_2025": "unidades_proyecto_drive_2025.json",
}
ROADS = "obras_lineales.xlsx"
LAYER = "Infraestructura_2024.shp.zip"


def figures(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    """Dotted name in control_totals.json → what the tables say.

    Args:
        read: gives a dataset's frame by its name, from parquet or from a warehouse.
    """
    works = read("intervenciones")
    found: dict[str, object] = {}
    for name, source in BOOKS.items():
        of_book = _of_points(works.filter(pl.col("fuente") == source))
        found |= {f"geo.{name}.{figure}": value for figure, value in of_book.items()}
    roads = works.filter(pl.col("fuente") == ROADS)
    found |= {
        "geo.obras_lineales.rows": roads.height,
        "geo.obras_lineales.tipos": dict(roads.group_by("tipo_geometria").len().rows()),
        "geo.obras_lineales.longitud_m_epsg6249": round(roads.get_column("longitud_m").sum(), 1),
        "geo.obras_lineales.longitud_declarada": round(roads.get_column("cantidad").sum(), 1),
    }
    layer = works.filter(pl.col("fuente") == LAYER)
    rounded = [pesos.quantize(Decimal(1), rounding=ROUND_HALF_EVEN) for pesos in layer.get_column("presupuesto")]
    return found | {
        "geo.Infraestructura_2024.shp.rows": layer.height,
        "geo.Infraestructura_2024.shp.longitud_m": round(layer.get_column("longitud_m").sum(), 1),
        "geo.Infraestructura_2024.shp.valor_intervencion": int(sum(rounded)),
        "geo.Infraestructura_2024.shp.punto_medio_por_territorio": _by_territory(layer),
        "geo.Infraestructura_2024.shp.bounds": _bounds(layer),
    }


def _of_points(rows: pl.DataFrame) -> dict[str, object]:
    """As the control counted: only what was readable as it stood, but for the decimal comma."""
    parsed = rows.filter(pl.col("lat").is_not_null())
    as_written = parsed.filter(_as_written())
    inside = as_written.filter(pl.col("motivo_sin_geometria").is_null())
    placed = inside.filter(pl.col("territorio_calculado").is_not_null())
    declared = placed.filter(pl.col("comuna_corregimiento_declarada").is_not_null())
    barrio = pl.col("barrio_vereda_calculado").is_not_null()
    agree = _plainly(pl.col("comuna_corregimiento_declarada")) == _plainly(pl.col("territorio_calculado"))
    return {
        "rows": rows.height,
        "coords_parsed": parsed.height,
        "inside_bbox": inside.height,
        "scaled_integer_pairs": parsed.filter(_repaired(LOST_POINT)).height,
        "wrong_sign_lon": parsed.filter(_repaired(SIGN)).height,
        "with_territory": placed.height,
        "with_barrio": placed.filter(barrio & (pl.col("tipo_territorio") == "comuna")).height,
        "with_vereda": placed.filter(barrio & (pl.col("tipo_territorio") == "corregimiento")).height,
        "por_territorio": _by_territory(placed),
        "declared_equals_spatial": declared.filter(agree).height,
        "declared_and_spatial": declared.height,
        "presupuesto_total": int(rows.get_column("presupuesto").sum().quantize(Decimal(1), rounding=ROUND_HALF_EVEN)),
        "bpin_13": rows.filter(pl.col("bpin").str.len_chars() == 13).height,
    }


def _as_written() -> pl.Expr:
    return pl.col("reparacion").is_null() | (pl.col("reparacion") == COMMA)


def _repaired(rule: str) -> pl.Expr:
    return pl.col("reparacion").str.contains(rule, literal=True).fill_null(value=False)


def _plainly(text: pl.Expr) -> pl.Expr:
    """As the control compared names: accents, case and the zero of `COMUNA 08` aside; `Leonera` is not `La Leonera`."""
    return plain_column(text).str.replace(r"^comuna 0*", "comuna ")


def _by_territory(rows: pl.DataFrame) -> dict[str, int]:
    placed = rows.filter(pl.col("territorio_calculado").is_not_null())
    return dict(placed.group_by("territorio_calculado").len().rows())


def _bounds(rows: pl.DataFrame) -> list[float]:
    """West, south, east, north, as the control rounds them."""
    import shapely

    lines = shapely.from_geojson(rows.get_column("geometria").drop_nulls().to_list())
    return [round(float(side), 4) for side in shapely.total_bounds(lines)]
