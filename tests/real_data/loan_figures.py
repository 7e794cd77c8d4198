"""The loan's figures of the control totals, computed from the tables; the warehouse's may be read as well."""

from collections.abc import Callable
from decimal import Decimal

import polars as pl

CENT = Decimal("0.01")

Read = Callable[[str], pl.DataFrame]


def figures(read: Read) -> dict[str, object]:
    """Dotted name in `control_totals.json` → value; `read("emp_bancos")` gives a table as a frame.

    The control counts spellings of BP: one of the index has nine digits, and one of the base ends in blanks.
    """
    index, agreed = read("emp_contratos_index"), read("emp_negociaciones")
    own = pl.col("filas_propias")
    return {
        "emprestito/indice.rows": index.get_column("filas_propias").sum(),
        "emprestito/indice.con_referencia_proceso": _sum(index, own, pl.col("referencia_proceso").is_not_null()),
        "emprestito/indice.con_referencia_contrato": _sum(index, own, pl.col("referencia_contrato").is_not_null()),
        "emprestito/indice.referencias_contrato": _sum(
            index, pl.col("filas_indice"), pl.col("referencia_contrato").is_not_null()
        ),
        "emprestito/indice.por_banco_crudo": dict(index.group_by("banco_crudo").agg(own.sum()).rows()),
        "emprestito/indice.bp_distinct": index.get_column("bp_crudo").drop_nulls().n_unique(),
        "emprestito/BaseEmprestito.rows": agreed.height,
        "emprestito/BaseEmprestito.bp_distinct": agreed.get_column("bp_crudo").n_unique(),
        "emprestito/BaseEmprestito.negociado_total": _pesos(agreed, "valor_negociado"),
        "emprestito/BaseEmprestito.por_entidad": _by(agreed, "banco_crudo", "valor_negociado"),
        **_cash_flow(read("emp_flujo_caja")),
    }


def _cash_flow(table: pl.DataFrame) -> dict[str, object]:
    """The workbook's own sums add up fractions of cents and round at the end, and so do these."""
    flow = table.filter(pl.col("origen") == "flujo_de_caja")
    month = pl.col("mes").cast(pl.Date).dt.strftime("%Y-%m").alias("mes")
    first = flow.filter(pl.col("mes") == pl.col("mes").min())
    exact = "desembolso_planeado_sin_redondear"
    return {
        "emprestito/flujo_caja.rows": first.get_column("n_filas").sum(),
        "emprestito/flujo_caja.total": _pesos(flow, exact),
        "emprestito/flujo_caja.por_banco": _by(flow, "banco_crudo", exact),
        "emprestito/flujo_caja.por_mes": _by(flow.with_columns(month), "mes", exact),
    }


def _sum(frame: pl.DataFrame, of: pl.Expr, where: pl.Expr) -> int:
    return int(frame.filter(where).select(of.sum()).item())


def _by(frame: pl.DataFrame, key: str, column: str) -> dict[str, Decimal]:
    return {str(name): _pesos(group, column) for (name,), group in frame.group_by(key)}


def _pesos(frame: pl.DataFrame, column: str) -> Decimal:
    total = frame.get_column(column).cast(pl.Decimal(38, 4)).sum()
    return Decimal(total).quantize(CENT)
