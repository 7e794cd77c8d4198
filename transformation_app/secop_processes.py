"""Procurement processes of SECOP II as received, made into typed rows, one for each award."""

from datetime import date

import polars as pl

from etl_kit.datasets import PROCESOS_SECOP
from etl_kit.dates import read_dates
from etl_kit.money import MONEY, Spelling, ratio_expr, read_money
from etl_kit.numbers import flag_expr, read_whole
from etl_kit.references import reference_column
from etl_kit.rejects import Rejects
from etl_kit.text import text_column
from etl_kit.translation import _
from transformation_app.secop_contracts import refuse_rows, with_organismo

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
MONEY_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == MONEY)
DATE_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == pl.Date)
COUNT_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == pl.Int64)
FLAG_COLUMNS = tuple(name for name, dtype in READ.items() if dtype == pl.Boolean)
TEXT_COLUMNS = (*(name for name, dtype in READ.items() if dtype == pl.String), "nit_entidad")


def clean_processes(raw: pl.DataFrame, *, cut: date, rejects: Rejects) -> pl.DataFrame:
    """Processes typed, one row for each (process, award, supplier): the lots of a process repeat its id.

    Args:
        raw: as `secop_columns.text_frame` makes it from `PROCESSES`.
        cut: the day of the snapshot, up to which an unawarded process counts as published.
        rejects: takes rows without id and cells that cannot be read.

    Returns:
        Shape (m, …), m <= n, unique on the key of `procesos_secop`; `tiene_contrato` is not in it yet.
    """
    texts = raw.with_columns(
        *(text_column(name) for name in TEXT_COLUMNS),
        *(text_column(name, zero_is_null=False) for name in (*COUNT_COLUMNS, *MONEY_COLUMNS)),
        *(pl.col(name).str.strip_chars().replace("", None).alias(name) for name in KEY_PARTS),
        *(flag_expr(pl.col(name)).alias(name) for name in FLAG_COLUMNS),
    )
    refuse_rows(texts.filter(pl.col("id_del_proceso").is_null()), NO_ID, rejects)
    known = _with_award(texts.filter(pl.col("id_del_proceso").is_not_null()))
    typed = read_money(known, MONEY_COLUMNS, rejects=rejects, spelling=Spelling.MACHINE)
    typed = read_dates(typed, list(DATE_COLUMNS), rejects=rejects)
    typed = read_whole(typed, COUNT_COLUMNS, rejects=rejects)
    until = pl.col("fecha_adjudicacion").fill_null(pl.lit(cut))
    return with_organismo(_latest(typed), reference="referencia_proceso").with_columns(
        reference_column("referencia_proceso").alias("referencia_normalizada"),
        (until - pl.col("fecha_publicacion")).dt.total_days().alias("dias_publicado"),
        pl.coalesce("proveedores_unicos_con_respuesta", "respuestas_al_procedimiento").alias("n_oferentes"),
        # The publisher writes 0 for the value of what nobody has been awarded yet.
        pl.when(pl.col("adjudicado"))
        .then(ratio_expr("valor_adjudicacion", "precio_base"))
        .alias("pct_adjudicado_base"),
    )


def with_contract_flag(processes: pl.DataFrame, contracts: pl.DataFrame | None) -> pl.DataFrame:
    """`processes` with `tiene_contrato`: a contract names the process; NULL if nobody has the contracts."""
    if contracts is None:
        return processes.with_columns(pl.lit(None, dtype=pl.Boolean).alias("tiene_contrato"))
    signed = contracts.get_column("proceso_compra").drop_nulls().unique()
    return processes.with_columns(pl.col("proceso_compra").is_in(signed.implode()).alias("tiene_contrato"))


def process_warnings(raw: pl.DataFrame, processes: pl.DataFrame) -> list[str]:
    """A sentence on rows that say the same award again."""
    repeated = raw.get_column("id_del_proceso").drop_nulls().len() - processes.height
    if repeated <= 0:
        return []
    return [_("{count} older versions of processes were left out").format(count=repeated)]


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


def _latest(processes: pl.DataFrame) -> pl.DataFrame:
    content = [name for name in processes.columns if name not in ("fila", "fuente")]
    ordered = processes.sort("fecha_ultima_publicacion", *content, nulls_last=False)
    return ordered.unique(list(PROCESOS_SECOP.key), keep="last", maintain_order=True)
