"""Contracts of SECOP II as received, made into typed rows, one for each contract."""

from datetime import date

import polars as pl

from etl_kit.columns import FUNDING
from etl_kit.datasets import CONTRATOS_SECOP
from etl_kit.dates import read_dates
from etl_kit.money import MONEY, Spelling, ratio_expr, read_money
from etl_kit.numbers import flag_expr, read_whole
from etl_kit.organismos import organismo_by_code, organismo_by_name
from etl_kit.references import organismo_of, reference_column
from etl_kit.rejects import Rejects
from etl_kit.text import plain_column, text_column
from etl_kit.translation import _

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
MONEY_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == MONEY)
DATE_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == pl.Date)
COUNT_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == pl.Int64)
FLAG_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == pl.Boolean)
TEXT_COLUMNS = (*(name for name, dtype in READ.items() if dtype == pl.String), "nit_entidad")


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
    texts = raw.with_columns(
        *(text_column(name) for name in TEXT_COLUMNS),
        *(text_column(name, zero_is_null=False) for name in (*COUNT_COLUMNS, *MONEY_COLUMNS)),
        *(flag_expr(pl.col(name)).alias(name) for name in FLAG_COLUMNS),
    )
    refuse_rows(texts.filter(pl.col("id_contrato").is_null()), NO_ID, rejects)
    known = texts.filter(pl.col("id_contrato").is_not_null())
    typed = read_money(known, MONEY_COLUMNS, rejects=rejects, spelling=Spelling.MACHINE)
    typed = read_dates(typed, list(DATE_COLUMNS), rejects=rejects)
    typed = read_whole(typed, COUNT_COLUMNS, rejects=rejects)
    return (
        with_organismo(_latest(typed))
        .with_columns(
            plain_column(pl.col("estado_contrato"))
            .replace_strict(STATES, default=pl.col("estado_contrato"))
            .alias("estado_contrato"),
            reference_column("referencia_contrato").alias("referencia_normalizada"),
            (pl.col("fecha_fin_contrato") - pl.col("fecha_inicio_contrato")).dt.total_days().alias("dias_plazo"),
            ratio_expr("valor_pagado", "valor_contrato").alias("pct_pagado"),
            ratio_expr("valor_facturado", "valor_contrato").alias("pct_facturado"),
        )
        .with_columns(
            ((pl.col("fecha_fin_contrato") < cut) & (pl.col("estado_contrato") == RUNNING)).alias("vencido"),
        )
    )


def with_organismo(frame: pl.DataFrame, *, reference: str = "referencia_contrato") -> pl.DataFrame:
    """`frame` with the department's code and name: from the reference's first group, else from the entity's name."""
    references = {text: organismo_of(text) for text in frame.get_column(reference).unique().to_list()}
    entities = {text: organismo_by_name(text) for text in frame.get_column("nombre_entidad").unique().to_list()}
    codes = [
        references[text] or (organismo.code if (organismo := entities[entity]) else None)
        for text, entity in frame.select(reference, "nombre_entidad").rows()
    ]
    names = [organismo.name if (organismo := organismo_by_code(code)) else None for code in codes]
    return frame.with_columns(
        pl.Series("cod_centro_gestor", codes, dtype=pl.String),
        pl.Series("nombre_centro_gestor", names, dtype=pl.String),
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


def contract_warnings(raw: pl.DataFrame, contracts: pl.DataFrame) -> list[str]:
    """Sentences on repeated contracts and on values that do not add up to their funding."""
    warnings = []
    repeated = raw.get_column("id_contrato").drop_nulls().len() - contracts.height
    if repeated > 0:
        warnings.append(_("{count} older versions of contracts were left out").format(count=repeated))
    split = pl.sum_horizontal(FUNDING)
    unequal = contracts.filter(pl.all_horizontal(pl.col(FUNDING).is_not_null()) & (split != pl.col("valor_contrato")))
    if unequal.height:
        warnings.append(
            _("{count} contracts have a funding split that differs from their value").format(count=unequal.height),
        )
    return warnings


def _latest(contracts: pl.DataFrame) -> pl.DataFrame:
    """The version updated last of each contract; among equals the choice depends on content, not on place."""
    content = [name for name in contracts.columns if name not in ("fila", "fuente")]
    ordered = contracts.sort("ultima_actualizacion", *content, nulls_last=False)
    return ordered.unique("id_contrato", keep="last", maintain_order=True)
