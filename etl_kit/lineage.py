"""The four columns that tell where a row came from and when."""

from datetime import UTC, date, datetime

import polars as pl

FUENTE = "fuente"
FECHA_CORTE = "fecha_corte"
RUN_ID = "run_id"
FECHA_PROCESAMIENTO = "fecha_procesamiento"
LINEAGE = (FUENTE, FECHA_CORTE, RUN_ID, FECHA_PROCESAMIENTO)


def with_lineage(
    frame: pl.DataFrame,
    *,
    fuente: str | pl.Expr,
    fecha_corte: date | pl.Expr,
    run_id: str,
    now: datetime,
) -> pl.DataFrame:
    """`frame` with the lineage columns at its end.

    Args:
        frame: any rows.
        fuente: name of the file or snapshot the rows came from, or a column that tells it row by row.
        fecha_corte: the day up to which the data is true, or a column.
        run_id: the execution that made the rows.
        now: aware; the moment of processing.
    """
    return frame.with_columns(
        (fuente if isinstance(fuente, pl.Expr) else pl.lit(fuente, dtype=pl.String)).alias(FUENTE),
        (fecha_corte if isinstance(fecha_corte, pl.Expr) else pl.lit(fecha_corte, dtype=pl.Date)).alias(FECHA_CORTE),
        pl.lit(run_id, dtype=pl.String).alias(RUN_ID),
        pl.lit(now.astimezone(UTC), dtype=pl.Datetime("us", "UTC")).alias(FECHA_PROCESAMIENTO),
    )
