"""Budget lines as published, made into rows with keys."""

import polars as pl

from etl_kit.columns import EXECUTION, MOVEMENTS
from etl_kit.datasets import EJECUCION_DETALLE
from etl_kit.organismos import BY_CODE
from etl_kit.projects import bp_expr, bpin_expr
from etl_kit.rejects import Rejects
from transformation_app.budget_layout import BUDGET_COLUMNS, MONEY_COLUMNS

UNKNOWN = "sin dato"
"""Stands in a key where the file has a blank: a key is never NULL."""

VIGENCIAS = {"actual": "Actual", "reserva": "Reserva", "reservas": "Reserva", "balance": "Balance"}
NO_IDENTITY = "la fila no dice organismo, ni BP, ni BPIN: parece un total"
NO_BPIN = "el BPIN no tiene 13 ni 15 dígitos; la línea queda solo en el detalle"
NO_BP = "el BP no tiene 8 dígitos"

TEXTS = tuple(name for name in BUDGET_COLUMNS if name not in MONEY_COLUMNS)
LINE_KEY = tuple(name for name in EJECUCION_DETALLE.key if name != "ordinal")


def clean_lines(lines: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """Lines with trimmed texts, checked keys and an ordinal among those that share their natural key.

    Args:
        lines: as `budget_months.read_month` leaves them, of any number of months.
        rejects: takes rows that are no lines, and keys that cannot be read.

    Returns:
        Shape (m, …), m <= n, unique on the key of `ejecucion_detalle`. A line with a wrong BPIN stays, its `bpin`
        NULL, so that the totals of the file hold.
    """
    trimmed = lines.with_columns(_tidy(name) for name in TEXTS)
    nobody = pl.all_horizontal(pl.col("cod_centro_gestor", "bp", "bpin").is_null())
    _refuse(trimmed.filter(nobody), None, NO_IDENTITY, rejects)
    kept = trimmed.filter(~nobody)
    keyed = kept.with_columns(
        bp_expr(pl.col("bp")).alias("bp_leido"),
        bpin_expr(pl.col("bpin")).alias("bpin_leido"),
        pl.col("cod_centro_gestor").str.strip_suffix(".0"),
        pl.col("periodo_corte").dt.year().cast(pl.Int64).alias("anio"),
    )
    _refuse(keyed.filter(pl.col("bpin_leido").is_null()), "bpin", NO_BPIN, rejects)
    _refuse(keyed.filter(pl.col("bp_leido").is_null()), "bp", NO_BP, rejects)
    named = keyed.with_columns(
        pl.col("bp_leido").alias("bp"),
        pl.col("bpin_leido").alias("bpin"),
        pl.col("vigencia").str.to_lowercase().replace_strict(VIGENCIAS, default=pl.col("vigencia")),
        pl.col("comuna").str.to_uppercase(),
        pl.col("cod_centro_gestor")
        .replace_strict({code: organismo.name for code, organismo in BY_CODE.items()}, default=None)
        .fill_null(pl.col("nombre_centro_gestor"))
        .alias("nombre_centro_gestor"),
    ).drop("bp_leido", "bpin_leido")
    return with_ordinal(
        named.with_columns(pl.col(name).fill_null(UNKNOWN) for name in LINE_KEY if name != "periodo_corte")
    )


def with_ordinal(lines: pl.DataFrame) -> pl.DataFrame:
    """Number from 1 the lines that share their natural key, by what they say and not by their place in the file."""
    first = (*LINE_KEY, *MOVEMENTS, *EXECUTION, "bpin", "nombre_actividad", "nombre_producto_mga", "rubro")
    said = (*first, *(name for name in lines.columns if name in TEXTS and name not in first))
    return lines.sort(said, nulls_last=True, maintain_order=True).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(LINE_KEY).alias("ordinal"),
    )


def _tidy(name: str) -> pl.Expr:
    """Single spaces and no line breaks; NULL where nothing is left."""
    text = pl.col(name).str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _refuse(rows: pl.DataFrame, column: str | None, motive: str, rejects: Rejects) -> None:
    raw = pl.concat_str(TEXTS, separator=";", ignore_nulls=True) if column is None else pl.col(column)
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(column, dtype=pl.String).alias("columna"),
            raw.alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        ),
    )
