"""The figures of control_totals.json that the procurement plan answers for, computed from its tables."""

from collections.abc import Callable

import polars as pl


def figures(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    """Dotted name in the control file → value; `read` gives a dataset's frame by its name.

    Only the current plan counts: what an older week left behind is in no control total.
    """
    plan = read("paa").filter(pl.col("vigente"))
    loan = read("emp_paa").filter(pl.col("vigente"))
    return {
        "paa.rows": plan.height,
        "paa.id_unique": plan.get_column("id").n_unique(),
        "paa.organismos": plan.get_column("cod_centro_gestor").n_unique(),
        "paa.valor_total_estimado": plan.get_column("valor_total_estimado").sum(),
        "paa.emprestito_rows": loan.height,
        "paa.emprestito_valor": loan.get_column("valor_total_estimado").sum(),
        "paa.bp_validos": plan.get_column("bp").count(),
        "paa.con_proceso": plan.filter(pl.col("tiene_proceso")).height,
        "paa.vencidas": plan.filter(pl.col("vencida")).height,
    }
