"""Products and projects of the action plan, from the activities that repeat what is said of them.

Columns of a product stand on each of its activities and columns of a project on each of its own, so they are settled
and never added up; money is the activity's own and is added up over all rows. Where the rows disagree (a cell that a
spreadsheet counted on while it was copied down) the value that most rows have is taken, the larger of two as frequent,
and what the rows say is kept among the rejected.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from etl_kit.datasets.action_plan import MONEY_OF_ACTIVITY, PLAN_OF_2024, by_quarter
from etl_kit.money import ratio_expr
from etl_kit.rejects import Rejects

PRODUCT_KEY: Final = ("bpin", "meta_pd", "cod_producto_mga", "periodo_corte")
PROJECT_KEY: Final = ("bpin", "periodo_corte")
OF_PRODUCT: Final = (
    "cod_centro_gestor",
    "nombre_centro_gestor",
    "denominacion_meta_pd",
    "nombre_producto_mga",
    "programacion_pi",
    "cantidad_programada_producto",
    "ponderacion_producto",
    *by_quarter("ejecucion_fisica"),
    *by_quarter("avance_producto"),
    "avance_producto",
    "avance_producto_acumulado",
)
OF_PROJECT: Final = (
    "bp",
    "nombre_proyecto",
    "cod_centro_gestor",
    "nombre_centro_gestor",
    *PLAN_OF_2024,
    "comuna",
    "avance_proyecto",
)
_DERIVED: Final = frozenset({"avance_producto", "avance_producto_acumulado", "nombre_centro_gestor"})
"""Columns made from others: if those disagree it has been said already."""

HOMELESS: Final = "la actividad no dice meta o producto y no cuenta en ningún producto"
DISAGREE_ON_PRODUCT: Final = "las actividades del producto no dicen lo mismo; vale lo que más se repite"
DISAGREE_ON_PROJECT: Final = "las actividades del proyecto no dicen lo mismo; vale lo que más se repite"


def products_of(activities: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """One row for each product of a project and goal; unique on `PRODUCT_KEY`."""
    homeless = pl.any_horizontal(pl.col(PRODUCT_KEY).is_null())
    rejects.add_frame(
        activities.filter(homeless).select(
            "fila",
            pl.lit("cod_producto_mga").alias("columna"),
            pl.concat_str("cod_actividad", "meta_pd", "cod_producto_mga", separator=";", ignore_nulls=True).alias(
                "valor_crudo"
            ),
            pl.lit(HOMELESS).alias("motivo"),
            "fuente",
        )
    )
    housed = activities.filter(~homeless)
    totals = housed.group_by(PRODUCT_KEY).agg(
        _sum("ponderacion_actividad").alias("suma_ponderacion_actividades"),
        pl.col("cod_actividad").n_unique().cast(pl.Int64).alias("n_actividades"),
        pl.col("fuente").first(),
    )
    return _with_settled(
        totals, housed, key=PRODUCT_KEY, columns=OF_PRODUCT, motive=DISAGREE_ON_PRODUCT, rejects=rejects
    )


def projects_of(activities: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """One row for each project; unique on `PROJECT_KEY`."""
    totals = activities.group_by(PROJECT_KEY).agg(
        *(_sum(name) for name in MONEY_OF_ACTIVITY),
        pl.col("cod_actividad").n_unique().cast(pl.Int64).alias("n_actividades"),
        pl.len().cast(pl.Int64).alias("n_filas"),
        pl.struct("meta_pd", "cod_producto_mga")
        .filter(pl.col("meta_pd").is_not_null() & pl.col("cod_producto_mga").is_not_null())
        .n_unique()
        .cast(pl.Int64)
        .alias("n_productos"),
        pl.col("fecha_inicio_actividad").min().alias("fecha_inicio"),
        pl.col("fecha_fin_actividad").max().alias("fecha_fin"),
        pl.col("fuente").first(),
    )
    settled = _with_settled(
        totals, activities, key=PROJECT_KEY, columns=OF_PROJECT, motive=DISAGREE_ON_PROJECT, rejects=rejects
    )
    return settled.with_columns(
        ratio_expr("ejecucion", "ppto_modificado").alias("pct_ejecucion"),
        ratio_expr("pagos", "ejecucion").alias("pct_pagos"),
    )


def _with_settled(
    totals: pl.DataFrame,
    rows: pl.DataFrame,
    *,
    key: Sequence[str],
    columns: Sequence[str],
    motive: str,
    rejects: Rejects,
) -> pl.DataFrame:
    """`totals` with one value of each column for each key, and the disagreements in `rejects`."""
    for name in columns:
        votes = (
            rows.filter(pl.col(name).is_not_null())
            .group_by(*key, name)
            .agg(pl.len().alias("votos"), pl.col("fila").min(), pl.col("fuente").first())
            .sort("votos", name, descending=True)
        )
        chosen = votes.group_by(key, maintain_order=True).agg(pl.col(name).first())
        totals = totals.join(chosen, on=list(key), how="left")
        if name not in _DERIVED:
            rejects.add_frame(_disagreements(votes, key, name, motive))
    return totals


def _disagreements(votes: pl.DataFrame, key: Sequence[str], name: str, motive: str) -> pl.DataFrame:
    """One row for each key with several values: which, and how many rows say each."""
    said = pl.concat_str(pl.col(name).cast(pl.String), pl.lit(" ("), "votos", pl.lit(")"))
    several = votes.group_by(key, maintain_order=True).agg(
        said.str.join("; ").alias("valor_crudo"),
        pl.len().alias("valores"),
        pl.col("fila").min(),
        pl.col("fuente").first(),
    )
    return several.filter(pl.col("valores") > 1).select(
        "fila",
        pl.lit(name).alias("columna"),
        "valor_crudo",
        pl.lit(motive).alias("motivo"),
        "fuente",
    )


def _sum(name: str) -> pl.Expr:
    """The sum; NULL, not zero, where no row says anything."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
