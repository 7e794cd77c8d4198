"""Procurement processes of SECOP II as received, made into typed rows, one for each award."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from etl_kit.datasets import PROCESOS_SECOP
from etl_kit.money import ratio_expr
from etl_kit.rejects import Rejects
from etl_kit.translation import _
from transformation_app.secop_cells import (
    AMOUNT_AS_TEXT,
    COUNT,
    DAY,
    FLAG,
    OF_TYPE,
    PESOS,
    TEXT,
    read_cells,
    with_reference,
)
from transformation_app.secop_contracts import latest, refuse_rows

NO_ID = "la fila no tiene id_del_proceso"
KEY_PARTS = ("id_adjudicacion", "nit_del_proveedor_adjudicado")
"""Kept as published, with its words for "nobody yet", because a key is never NULL."""

NO_SUPPLIER, NO_AWARD = "No Definido", "No publicado"

COMPUTED = frozenset(
    {
        *KEY_PARTS,
        "referencia_normalizada",
        "cod_centro_gestor",
        "nombre_centro_gestor",
        "dias_publicado",
        "n_oferentes",
        "pct_adjudicado_base",
        "tiene_contrato",
        "fuente",
        "fecha_corte",
        "run_id",
        "fecha_procesamiento",
    },
)
READ = {name: dtype for name, dtype in PROCESOS_SECOP.schema.items() if name not in COMPUTED}
_READERS = {name: OF_TYPE[dtype] for name, dtype in READ.items()} | {"nit_entidad": TEXT}
AS_TEXT = {name: reader for name, reader in _READERS.items() if reader in (TEXT, FLAG)} | {
    name: AMOUNT_AS_TEXT for name, reader in _READERS.items() if reader in (PESOS, COUNT)
}
TYPED = {name: reader for name, reader in _READERS.items() if reader in (PESOS, COUNT, DAY)}
"""Read after the awards are told apart, so that what is said twice is refused once."""


def clean_processes(raw: pl.DataFrame, *, cut: date, rejects: Rejects) -> pl.DataFrame:
    """Processes typed, one row for each (process, award, supplier): the lots of a process repeat its id.

    Args:
        raw: as `secop_columns.text_frame` makes it from `PROCESSES`.
        cut: the day of the snapshot, up to which an unawarded process counts as published.
        rejects: takes rows without id and cells that cannot be read.

    Returns:
        Shape (m, …), m <= n, unique on the key of `procesos_secop`; `tiene_contrato` is not in it yet.
    """
    texts = read_cells(raw, AS_TEXT, rejects=rejects).with_columns(
        pl.col(name).str.strip_chars().replace("", None).alias(name) for name in KEY_PARTS
    )
    refuse_rows(texts.filter(pl.col("id_del_proceso").is_null()), NO_ID, rejects)
    known = _with_award(texts.filter(pl.col("id_del_proceso").is_not_null()))
    typed = read_cells(known, TYPED, rejects=rejects)
    until = pl.col("fecha_adjudicacion").fill_null(pl.lit(cut))
    awards = latest(typed, list(PROCESOS_SECOP.key), "fecha_ultima_publicacion")
    return with_reference(awards, reference="referencia_proceso").with_columns(
        (until - pl.col("fecha_publicacion")).dt.total_days().alias("dias_publicado"),
        pl.coalesce("proveedores_unicos_con_respuesta", "respuestas_al_procedimiento").alias("n_oferentes"),
        # The publisher writes 0 for the value of what nobody has been awarded yet.
        pl.when(pl.col("adjudicado"))
        .then(ratio_expr("valor_adjudicacion", "precio_base"))
        .alias("pct_adjudicado_base"),
    )


def with_contract_flag(processes: pl.DataFrame, signed: Iterable[pl.DataFrame] | None) -> pl.DataFrame:
    """`processes` with `tiene_contrato`: a contract names the process; NULL if nobody has the contracts.

    `signed` are the contracts, some at a time, with the column `proceso_compra`.
    """
    if signed is None:
        return processes.with_columns(pl.lit(None, dtype=pl.Boolean).alias("tiene_contrato"))
    asked = processes.select(pl.col("proceso_compra").drop_nulls().unique())
    found = [asked.join(some, on="proceso_compra", how="semi") for some in signed]
    named = pl.concat([asked.clear(), *found]).get_column("proceso_compra").unique()
    return processes.with_columns(pl.col("proceso_compra").is_in(named.implode()).alias("tiene_contrato"))


def process_warnings(older: int) -> list[str]:
    """A sentence on rows that say the same award again."""
    return [_("{count} older versions of processes were left out").format(count=older)] if older else []


def _with_award(processes: pl.DataFrame) -> pl.DataFrame:
    """Key parts without NULL; awards whose id a source leaves out are numbered, or the lots would melt into one."""
    content = sorted(name for name in processes.columns if name not in ("fila", "fuente"))
    known = processes.with_columns(pl.col("nit_del_proveedor_adjudicado").fill_null(NO_SUPPLIER))
    group = ("id_del_proceso", "nit_del_proveedor_adjudicado", "id_adjudicacion")
    number = pl.int_range(1, pl.len() + 1).over(group).cast(pl.String)
    return (
        known.unique(content, keep="first", maintain_order=True)
        .sort(content, nulls_last=True, maintain_order=True)
        .with_columns(
            pl.col("id_adjudicacion").fill_null(pl.concat_str(pl.lit(NO_AWARD), number, separator=" ")),
        )
    )
