"""The project tables of the budget, summed from its lines."""

from collections.abc import Iterable

import polars as pl

from etl_kit.columns import EXECUTION, MOVEMENTS, PLAN
from etl_kit.money import MONEY, ratio_expr
from etl_kit.rejects import Rejects
from transformation_app.budget_layout import MONEY_COLUMNS

CUT_KEY = ("bpin", "periodo_corte", "vigencia")
PROJECT_ATTRIBUTES = ("bp", "nombre_proyecto", "cod_centro_gestor", "nombre_centro_gestor", *PLAN)
PROJECT_ATTRIBUTES_AND_PLACE = (*PROJECT_ATTRIBUTES, "origen", "comuna", "tipo_gasto")


def project_totals(lines: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """The fifteen money columns per project, cut and vigencia; lines without a BPIN are in no project.

    A sum is NULL if every addend is, or if one of them stood in the file and could not be read: a total that leaves
    out an unknown amount would look right and be wrong. `fuente` is the month's file.
    """
    unread = _illegible_cells(rejects)
    marked = lines.join(unread, on=("fuente", "fila"), how="left") if unread.height else lines
    columns = [_sum(name, unread.columns) for name in MONEY_COLUMNS]
    return (
        marked.filter(pl.col("bpin").is_not_null())
        .group_by(CUT_KEY)
        .agg(
            *columns,
            pl.col("anio").first(),
            pl.col("fuente").first(),
        )
    )


def movements(totals: pl.DataFrame) -> pl.DataFrame:
    """How each project's budget moved, signs as published."""
    return totals.select(*CUT_KEY, "anio", *MOVEMENTS, "fuente")


def execution(totals: pl.DataFrame) -> pl.DataFrame:
    """How much of each project's budget is spent, with shares that are NULL where the denominator is zero."""
    return totals.select(
        *CUT_KEY,
        "anio",
        *EXECUTION,
        ratio_expr("ejecucion", "ppto_modificado").alias("pct_ejecucion"),
        ratio_expr("pagos", "ejecucion").alias("pct_pagos"),
        ratio_expr("total_acumul_obligac", "ejecucion").alias("pct_obligado"),
        "fuente",
    )


def characteristics(lines: pl.DataFrame) -> pl.DataFrame:
    """Each project as its latest cut describes it.

    An attribute on which the lines of that cut disagree is none of the project's, and NULL.
    """
    latest = lines.filter(pl.col("bpin").is_not_null()).filter(
        pl.col("periodo_corte") == pl.col("periodo_corte").max().over("bpin"),
    )
    return latest.group_by("bpin").agg(
        *(_agreed(name) for name in PROJECT_ATTRIBUTES_AND_PLACE),
        pl.col("anio").first(),
        pl.col("programa_presupuestal").n_unique().cast(pl.Int64).alias("n_actividades"),
        pl.col("periodo_corte").first(),
        pl.col("fuente").first(),
    )


def bpin_catalogue(lines: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """BP → BPIN as the latest cut has it, one row per BP; a BP with two BPIN in that cut is refused."""
    pairs = lines.filter(pl.col("bpin").is_not_null() & bp_known()).filter(
        pl.col("periodo_corte") == pl.col("periodo_corte").max().over("bp"),
    )
    unsure = pl.col("bpin").n_unique().over("bp") > 1
    refused = pairs.filter(unsure).unique(["bp", "bpin"], keep="first", maintain_order=True)
    rejects.add_frame(
        refused.select(
            "fila",
            pl.lit("bpin").alias("columna"),
            pl.concat_str("bp", "bpin", separator=" → ").alias("valor_crudo"),
            pl.lit("el mismo BP aparece con varios BPIN en un corte").alias("motivo"),
            "fuente",
        ),
    )
    return (
        pairs.filter(~unsure)
        .group_by("bp")
        .agg(
            pl.col("bpin").first(),
            *(_agreed(name) for name in ("nombre_proyecto", "cod_centro_gestor", "nombre_centro_gestor")),
            pl.col("periodo_corte").first(),
            pl.col("fuente").first(),
        )
    )


def bp_known() -> pl.Expr:
    """Whether a line has a BP that can be read."""
    return pl.col("bp").str.starts_with("BP")


def _agreed(name: str) -> pl.Expr:
    values = pl.col(name).drop_nulls()
    return pl.when(values.n_unique() == 1).then(values.first()).alias(name)


def _sum(name: str, unread: Iterable[str]) -> pl.Expr:
    amount = pl.col(name)
    total = pl.when(amount.is_not_null().any()).then(amount.sum())
    mark = f"{name}_ilegible"
    return (
        (pl.when(~pl.col(mark).fill_null(value=False).any()).then(total) if mark in unread else total)
        .cast(MONEY)
        .alias(name)
    )


def _illegible_cells(rejects: Rejects) -> pl.DataFrame:
    """Rows (`fuente`, `fila`) with a true `<column>_ilegible` for each money cell that could not be read."""
    cells = rejects.frame().filter(pl.col("columna").is_in(MONEY_COLUMNS))
    columns = cells.get_column("columna").unique().sort().to_list()
    return cells.group_by("fuente", "fila").agg(
        (pl.col("columna") == name).any().alias(f"{name}_ilegible") for name in columns
    )
