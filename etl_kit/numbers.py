"""Whole numbers and yes/no answers in columns of text."""

from collections.abc import Iterable

import polars as pl

from etl_kit.rejects import Rejects
from etl_kit.text import plain_column

WHOLE = r"^([-−]?\d{1,18})(?:[.,]0+)?$"
REFUSED = "no es un número entero legible"


def whole_expr(text: pl.Expr) -> pl.Expr:
    """A column of text as Int64; `4.0` is 4, anything that is no whole number is NULL."""
    digits = text.str.strip_chars().str.extract(WHOLE, 1)
    return digits.str.replace("−", "-", literal=True).cast(pl.Int64, strict=False)


def read_whole(frame: pl.DataFrame, columns: Iterable[str], *, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the text `columns` as Int64; what cannot be read becomes NULL and goes to `rejects`.

    `frame` holds `fila` and `fuente`; words that mean NULL must have gone before (`text_column`).
    """
    names = list(columns)
    for name in names:
        refused = frame.filter(pl.col(name).is_not_null() & whole_expr(pl.col(name)).is_null())
        rejects.add_frame(
            refused.select(
                "fila",
                pl.lit(name).alias("columna"),
                pl.col(name).alias("valor_crudo"),
                pl.lit(REFUSED).alias("motivo"),
                "fuente",
            ),
        )
    return frame.with_columns(whole_expr(pl.col(name)).alias(name) for name in names)


def flag_expr(text: pl.Expr) -> pl.Expr:
    """`Si`, `Sí` and `No` as true and false; anything else is NULL."""
    answer = plain_column(text)
    return pl.when(answer == "si").then(statement=True).when(answer == "no").then(statement=False)
