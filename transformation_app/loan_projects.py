"""The loan's projects: those of its index, and those that only its workbooks name, with what was negotiated."""

from typing import Final

import polars as pl

from etl_kit.money import MONEY
from transformation_app.budget_lines import UNKNOWN
from transformation_app.loan_cells import joined, total
from transformation_app.loan_tables import with_bpin

YEARS: Final = (2025, 2026, 2027)
"""The years into whose budgets the loan is put; others are only in `emp_incorporaciones`."""

_SAID: Final = ("bp", "descripcion", "banco", "cod_centro_gestor", "nombre_centro_gestor", "fuente")


def completed_projects(
    indexed: pl.DataFrame,
    *,
    agreed: pl.DataFrame | None,
    put_in: pl.DataFrame | None,
    planned: pl.DataFrame | None,
    catalogue: pl.DataFrame | None,
) -> pl.DataFrame:
    """Every project of the loan, one row per BP; `en_indice` tells whether the index has it.

    Args:
        indexed: from `loan_tables.loan_projects`.
        agreed: from `loan_terms.negotiated`.
        put_in: from `loan_terms.incorporations`.
        planned: from `loan_cash_flow.planned_contracts`.
        catalogue: BP → BPIN.
    """
    named = indexed.with_columns(pl.lit(value=True).alias("en_indice"))
    others = _only_in_books(named, agreed=agreed, planned=planned, catalogue=catalogue)
    projects = pl.concat([named, others], how="diagonal")
    for each in (_commercial_names(planned), _negotiated(agreed), _incorporated(put_in)):
        projects = projects.join(each, on="bp", how="left")
    return projects


def _only_in_books(
    indexed: pl.DataFrame,
    *,
    agreed: pl.DataFrame | None,
    planned: pl.DataFrame | None,
    catalogue: pl.DataFrame | None,
) -> pl.DataFrame:
    schema = dict.fromkeys(_SAID, pl.String)
    parts = [pl.DataFrame(schema=schema)]
    if agreed is not None:
        known = agreed.filter(pl.col("bp") != UNKNOWN)
        parts.append(known.select("bp", pl.col("nombre_proyecto").alias("descripcion"), "banco", "fuente"))
    if planned is not None:
        known = planned.filter(pl.col("bp").is_not_null())
        parts.append(known.select(*schema))
    said = pl.concat(parts, how="diagonal").join(indexed.select("bp"), on="bp", how="anti")
    projects = said.group_by("bp").agg(
        pl.col("descripcion").drop_nulls().sort().first(),
        joined("banco").alias("bancos"),
        _agreed("cod_centro_gestor"),
        _agreed("nombre_centro_gestor"),
        joined("fuente"),
    )
    zero = pl.lit(0, dtype=pl.Int64)
    return (
        with_bpin(projects, catalogue)
        .drop("descripcion")
        .with_columns(
            zero.alias("n_lineas"),
            zero.alias("n_procesos"),
            zero.alias("n_contratos"),
            pl.lit(value=False).alias("en_indice"),
        )
    )


def _commercial_names(planned: pl.DataFrame | None) -> pl.DataFrame:
    if planned is None:
        return pl.DataFrame(schema={"bp": pl.String, "nombre_comercial": pl.String})
    return planned.filter(pl.col("bp").is_not_null()).group_by("bp").agg(joined("nombre_comercial"))


def _negotiated(agreed: pl.DataFrame | None) -> pl.DataFrame:
    if agreed is None:
        return pl.DataFrame(schema={"bp": pl.String, "valor_negociado": MONEY})
    return agreed.group_by("bp").agg(total("valor_negociado").alias("valor_negociado"))


def _incorporated(put_in: pl.DataFrame | None) -> pl.DataFrame:
    names = {year: f"incorporado_{year}" for year in YEARS}
    if put_in is None:
        return pl.DataFrame(schema={"bp": pl.String, **dict.fromkeys(names.values(), MONEY)})
    amount = pl.col("valor_incorporado")
    of_year = {name: amount.filter(pl.col("anio") == year) for year, name in names.items()}
    return put_in.group_by("bp").agg(
        pl.when(each.is_not_null().any()).then(each.sum()).alias(name) for name, each in of_year.items()
    )


def _agreed(name: str) -> pl.Expr:
    values = pl.col(name).drop_nulls()
    return pl.when(values.n_unique() == 1).then(values.first()).alias(name)
