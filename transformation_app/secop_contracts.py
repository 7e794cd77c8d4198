"""Contracts of SECOP II as received, made into typed rows, one for each contract."""

from datetime import date

import polars as pl

from etl_kit.columns import FUNDING
from etl_kit.datasets import CONTRATOS_SECOP
from etl_kit.money import ratio_expr
from etl_kit.rejects import Rejects
from etl_kit.text import plain_column
from etl_kit.translation import _
from transformation_app.secop_cells import OF_TYPE, TEXT, read_cells, text_cell, with_reference

STATES = {
    "borrador": "Borrador",
    "en aprobacion": "En aprobación",
    "enviado proveedor": "Enviado proveedor",
    "aprobado": "Aprobado",
    "en ejecucion": "En ejecución",
    "modificado": "Modificado",
    "suspendido": "Suspendido",
    "cedido": "Cedido",
    "terminado": "Terminado",
    "cerrado": "Cerrado",
    "cancelado": "Cancelado",
}
RUNNING = STATES["en ejecucion"]
NO_ID = "la fila no tiene id_contrato"

# By type, from the dataset's own declaration; what is not in the source is computed further down.
COMPUTED = frozenset(
    {
        "referencia_normalizada",
        "cod_centro_gestor",
        "nombre_centro_gestor",
        "dias_plazo",
        "bpin",
        "bpin_origen",
        "motivo_sin_bpin",
        "es_emprestito",
        "banco",
        "pct_pagado",
        "pct_facturado",
        "vencido",
        "fuente",
        "fecha_corte",
        "run_id",
        "fecha_procesamiento",
    },
)
READ = {name: dtype for name, dtype in CONTRATOS_SECOP.schema.items() if name not in COMPUTED}
READERS = {name: OF_TYPE[dtype] for name, dtype in READ.items()} | {"nit_entidad": TEXT}


def clean_contracts(raw: pl.DataFrame, *, cut: date, rejects: Rejects) -> pl.DataFrame:
    """Contracts typed, one row each, with what follows from the row alone.

    Args:
        raw: as `secop_columns.text_frame` makes it from `CONTRACTS`.
        cut: the day of the snapshot; a contract that should have ended before it and still runs is `vencido`.
        rejects: takes rows without id and cells that cannot be read.

    Returns:
        Shape (m, …), m <= n, unique on `id_contrato`: of several versions the one updated last. Project and bank are
        not in it yet; `bpin_publicado` and `estado_bpin` are.
    """
    ids = raw.with_columns(text_cell(pl.col("id_contrato")).alias("id_contrato"))
    refuse_rows(ids.filter(pl.col("id_contrato").is_null()), NO_ID, rejects)
    typed = read_cells(ids.filter(pl.col("id_contrato").is_not_null()), READERS, rejects=rejects)
    return (
        with_reference(latest(typed, ["id_contrato"], "ultima_actualizacion"), reference="referencia_contrato")
        .with_columns(
            plain_column(pl.col("estado_contrato"))
            .replace_strict(STATES, default=pl.col("estado_contrato"))
            .alias("estado_contrato"),
            (pl.col("fecha_fin_contrato") - pl.col("fecha_inicio_contrato")).dt.total_days().alias("dias_plazo"),
            ratio_expr("valor_pagado", "valor_contrato").alias("pct_pagado"),
            ratio_expr("valor_facturado", "valor_contrato").alias("pct_facturado"),
        )
        .with_columns(
            ((pl.col("fecha_fin_contrato") < cut) & (pl.col("estado_contrato") == RUNNING)).alias("vencido"),
        )
    )


def refuse_rows(rows: pl.DataFrame, motive: str, rejects: Rejects) -> None:
    """Keep whole rows, with what they say, as refused."""
    said = [name for name in rows.columns if rows.schema[name] == pl.String and name != "fuente"]
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(None, dtype=pl.String).alias("columna"),
            pl.concat_str(said, separator=";", ignore_nulls=True).alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        ),
    )


def contract_warnings(*, older: int, unequal: int) -> list[str]:
    """Sentences on `older` versions of contracts and on values that do not add up to their funding."""
    sentences = {
        _("{count} older versions of contracts were left out"): older,
        _("{count} contracts have a funding split that differs from their value"): unequal,
    }
    return [text.format(count=count) for text, count in sentences.items() if count]


def unequal_funding(contracts: pl.DataFrame) -> int:
    """How many contracts say all their sources of money, and these do not add up to their value."""
    split = pl.sum_horizontal(FUNDING)
    known = pl.all_horizontal(pl.col(FUNDING).is_not_null())
    return contracts.filter(known & (split != pl.col("valor_contrato"))).height


def latest(versions: pl.DataFrame, key: list[str], moment: str) -> pl.DataFrame:
    """Of the versions of each row the one of the latest `moment`; among equals content decides, not place."""
    several = pl.struct(key).is_duplicated()
    again = versions.filter(several)
    content = [name for name in versions.columns if name not in ("fila", "fuente")]
    kept = again.sort(moment, *content, nulls_last=False).unique(key, keep="last", maintain_order=True)
    return pl.concat([versions.filter(~several), kept])
