"""Rows of all files as two tables: units, and the interventions at them."""

from typing import Final

import polars as pl

from etl_kit.rejects import Rejects
from transformation_app.units_addresses import address_key, detail_key, name_key
from transformation_app.units_categories import SUBSIDIOS
from transformation_app.units_clusters import Spot, units_of
from transformation_app.units_ids import content_key, name_units, remember, short_id

NOBODY: Final = "la fila no dice qué es ni dónde está"
PLACES_OF_KEY: Final = 5
"""Decimals of a degree (1 m) by which places are told apart in a key."""

_SAYING: Final = ("nombre_up", "nombre_up_detalle", "identificador", "descripcion_intervencion", "direccion", "lat")
_CHANGING: Final = (
    "anio",
    "fuente_financiacion_declarada",
    "bpin_declarado",
    "referencia_contrato",
    "referencia_proceso",
    "presupuesto",
    "avance_obra",
    "estado_declarado",
    "fecha_inicio",
    "fecha_fin",
    "cantidad",
    "fila",
)
"""What tells apart rows that say the same otherwise, in this order; then all else that they say, and the number of the
row only if nothing does."""

_AS_ITS_FIRST_ROW: Final = (
    "lat",
    "lon",
    "reparacion",
    "motivo_sin_geometria",
    "tipo_geometria",
    "geometria",
    "longitud_m",
    "territorio_calculado",
    "barrio_vereda_calculado",
    "tipo_territorio",
    "comuna_corregimiento_declarada",
    "territorio_declarado",
    "barrio_vereda_declarado",
    "fuera_rango",
    "territorio",
    "barrio_vereda",
    "fuente",
)
"""What must come from one row, so that a place and its territory belong together."""

_FIRST_KNOWN: Final = (
    "nombre_up",
    "nombre_up_detalle",
    "clase_up",
    "tipo_equipamiento",
    "direccion",
    "cod_centro_gestor",
    "nombre_centro_gestor",
)


def without_nobodies(rows: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """Rows that name or place something; the others go to `rejects` whole."""
    nobody = pl.all_horizontal(pl.col(_SAYING).is_null())
    said = [name for name, dtype in rows.schema.items() if dtype == pl.String and name != "fuente"]
    rejects.add_frame(
        rows.filter(nobody).select(
            "fila",
            pl.lit(None, dtype=pl.String).alias("columna"),
            pl.concat_str(said, separator=";", ignore_nulls=True).alias("valor_crudo"),
            pl.lit(NOBODY).alias("motivo"),
            "fuente",
        )
    )
    return rows.filter(~nobody)


def with_ids(rows: pl.DataFrame, remembered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`rows` with `upid` and `intervencion_id`, and the map of ids to remember.

    Neither id depends on the order of the rows, their progress, their money or their dates. Subsidies, and rows
    without a name, are a unit each.
    """
    keyed = _with_keys(rows)
    units = units_of(_spots(keyed))
    named = name_units(units, remembered)
    upids = pl.Series("upid", [named[key] for key in keyed.get_column("clave")], dtype=pl.String)
    known = _with_intervention_ids(keyed.with_columns(upids))
    return known.drop("clave", "grupo", "clave_direccion"), remember(named, units, remembered)


def interventions(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each row of the files."""
    return rows.with_columns(pl.col("fila").alias("fila_origen"))


def unit_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each `upid`: where it is by the newest row that has a geometry, the rest by the newest that knows."""
    ordered = rows.sort(
        pl.col("upid"),
        pl.col("geometria").is_null(),
        -pl.col("anio").fill_null(0),
        pl.col("fuente"),
        pl.col("intervencion_id"),
    )
    return ordered.group_by("upid", maintain_order=True).agg(
        *(pl.col(name).first() for name in _AS_ITS_FIRST_ROW),
        *(pl.col(name).drop_nulls().first() for name in _FIRST_KNOWN),
        pl.len().cast(pl.Int64).alias("n_intervenciones"),
        pl.col("fuente").n_unique().cast(pl.Int64).alias("n_fuentes"),
        pl.col("fecha_corte").max(),
    )


def _with_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """`clave` (rows with the same one are the same unit), `grupo` (which units may be one) and `clave_direccion`.

    The result is sorted by `_CHANGING`, which numbers rows on their own that say the same.
    """
    changing = _CHANGING[:-1]
    others = sorted(name for name in rows.columns if name not in {*changing, "fuente", "fila"})
    ordered = rows.sort([*changing, *others, "fuente", "fila"], nulls_last=True)
    texts = ordered.select(
        "nombre_up", "nombre_up_detalle", "direccion", "lat", "lon", "clase_up", "identificador",
        "descripcion_intervencion", "barrio_vereda_declarado", "fuente",
    )  # fmt: skip
    seen: dict[str, int] = {}
    keys: list[str] = []
    groups: list[str | None] = []
    addresses: list[str] = []
    for name, detail, address, lat, lon, kind, *rest in texts.iter_rows():
        bare, site, street = name_key(name), detail_key(detail), address_key(address)
        place = street if lat is None else f"{lat:.{PLACES_OF_KEY}f},{lon:.{PLACES_OF_KEY}f}"
        addresses.append(street)
        if bare and kind != SUBSIDIOS:
            keys.append(content_key("lugar", bare, site, place))
            groups.append(content_key("grupo", bare, site))
            continue
        alone = content_key("sola", bare, site, place, street, *rest)
        seen[alone] = seen.get(alone, 0) + 1
        keys.append(content_key(alone, str(seen[alone])))
        groups.append(None)
    return ordered.with_columns(
        pl.Series("clave", keys, dtype=pl.String),
        pl.Series("grupo", groups, dtype=pl.String),
        pl.Series("clave_direccion", addresses, dtype=pl.String),
    )


def _spots(keyed: pl.DataFrame) -> list[Spot]:
    distinct = keyed.group_by("clave").agg(
        pl.col("grupo").first(),
        pl.col("lon").min().round(PLACES_OF_KEY),
        pl.col("lat").min().round(PLACES_OF_KEY),
        pl.col("clave_direccion").filter(pl.col("clave_direccion") != "").unique(),
    )
    return [
        Spot(key=key, group=group, point=None if lon is None else (lon, lat), addresses=frozenset(addresses))
        for key, group, lon, lat, addresses in distinct.iter_rows()
    ]


def _with_intervention_ids(keyed: pl.DataFrame) -> pl.DataFrame:
    """An id from what the row says it does and where, and its file; equal ones are numbered by what may change."""
    said = keyed.select("fuente", "clave", "tipo_intervencion_declarado", "descripcion_intervencion", "identificador")
    bases = [content_key("intervencion", *cells) for cells in said.iter_rows()]
    numbered = keyed.with_columns(pl.Series("base", bases)).with_columns(
        pl.int_range(1, pl.len() + 1).over("base").alias("ordinal")
    )
    ordered = numbered.sort("base", "ordinal")
    taken: set[str] = set()
    names: list[str] = []
    for base, ordinal in ordered.select("base", "ordinal").iter_rows():
        names.append(short_id("INT", f"{base}#{ordinal}", taken=taken))
        taken.add(names[-1])
    return ordered.with_columns(pl.Series("intervencion_id", names, dtype=pl.String)).drop("base", "ordinal")
