"""The budget by goal of the plan and by funding source at the latest cut, and what was executed in each month."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import duckdb

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import Budget
from reporting_app.month_columns import month_columns
from reporting_app.page import Drawing
from reporting_app.subject import drawing, rows_if_there, with_total
from reporting_app.tables import Kind, Row, Table, TableColumn, exact, ratio, total

_GROUPED = """
SELECT {column} AS grupo, CAST(sum(ppto_modificado) AS DECIMAL(38, 2)) AS ppto_modificado,
       CAST(sum(ejecucion) AS DECIMAL(38, 2)) AS ejecucion, CAST(sum(pagos) AS DECIMAL(38, 2)) AS pagos
FROM vigentes.ejecucion_detalle
WHERE vigencia = 'Actual' AND periodo_corte = (SELECT max(periodo_corte) FROM vigentes.ejecucion_detalle)
GROUP BY grupo ORDER BY ppto_modificado DESC NULLS LAST, grupo
"""
GOALS = _GROUPED.format(column="nombre_proposito")
CHALLENGES = _GROUPED.format(column="nombre_reto")
FUNDS = _GROUPED.format(column="coalesce(clasificacion_fondo, nombre_fondo)")


def parts_of_budget(warehouse: duckdb.DuckDBPyConnection, budget: Budget) -> tuple[list[Drawing], list[Table]]:
    """Charts and tables of the budget's parts; without data they say so."""
    source = budget.source_of([budget.last_cut] if budget.last_cut else [])
    goals, challenges = _read(warehouse, GOALS), _read(warehouse, CHALLENGES)
    funds = _read(warehouse, FUNDS)
    flow = monthly_flow(budget)
    everything = budget.source_of(budget.cuts)
    alone = [wording.short_month(cut) for cut in budget.cuts if cut not in flow]
    drawings = [
        _shares("g-proposito", _("Execution by goal of the plan (propósito)"), goals, source, 1),
        _shares("g-fondo", _("Execution by funding source"), funds, source, 3),
        Drawing(
            heading=_("Executed and paid in each month"),
            svg=month_columns(
                "g-flujo",
                {
                    _("executed"): {month: amounts["ejecucion"] for month, amounts in flow.items()},
                    _("paid"): {month: amounts["pagos"] for month, amounts in flow.items()},
                },
                title=_("Executed and paid in each month"),
            ),
            source=everything,
            warnings=[
                _("Left out, since the cut of the month before is missing: {months}").format(months=", ".join(alone))
            ]
            if alone
            else [],
        ),
    ]
    tables = [
        _table(_("Budget by goal"), _("Budget by goal of the plan (propósito)"), goals, source),
        _table(_("Budget by challenge"), _("Budget by challenge of the plan (reto)"), challenges, source),
        _table(_("Budget by source"), _("Budget by funding source"), funds, source),
        _flow_table(flow, everything),
    ]
    return drawings, tables


def monthly_flow(budget: Budget) -> dict[date, dict[str, Decimal]]:
    """What was executed and paid between each cut and the one before in its year (vigencia Actual), by cut.

    A cut whose month before is missing stands for more than one month and is left out; January stands for itself.
    """
    sums = {cut: _sums([row for row in budget.by_organismo if row["periodo_corte"] == cut]) for cut in budget.cuts}
    flow: dict[date, dict[str, Decimal]] = {}
    for cut, amounts in sums.items():
        before = [other for other in sums if other.year == cut.year and other.month == cut.month - 1]
        if None in amounts.values() or (cut.month > 1 and not before):
            continue
        earlier = sums[before[-1]] if before else dict.fromkeys(amounts, Decimal(0))
        if None not in earlier.values():
            flow[cut] = {name: exact(amounts[name]) - exact(earlier[name]) for name in amounts}
    return flow


def _sums(rows: Sequence[Row]) -> dict[str, Decimal | None]:
    return {name: total(rows, name) for name in ("ejecucion", "pagos")}


def _read(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    return [_with_share(row) for row in rows_if_there(warehouse, query)]


def _with_share(row: Row) -> Row:
    return {**row, "pct": ratio(row["ejecucion"], row["ppto_modificado"])}


def _shares(ident: str, heading: str, rows: Sequence[Row], source: str, series: int) -> Drawing:
    return drawing(ident, heading, rows, label="grupo", value="pct", text=wording.percent, source=source, series=series)


def _table(sheet: str, caption: str, rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=sheet,
        caption=caption,
        columns=(
            TableColumn(name="grupo", heading=_("Group"), wide=True),
            TableColumn(name="ppto_modificado", heading=_("Modified budget"), kind=Kind.PESOS),
            TableColumn(name="ejecucion", heading=_("Executed"), kind=Kind.PESOS),
            TableColumn(name="pct", heading=_("% executed"), kind=Kind.HEAT),
            TableColumn(name="pagos", heading=_("Payments"), kind=Kind.PESOS),
        ),
        rows=[_with_share(row) for row in with_total(rows, "grupo", "ppto_modificado", "ejecucion", "pagos")],
        source=source,
    )


def _flow_table(flow: Mapping[date, Mapping[str, Decimal]], source: str) -> Table:
    return Table(
        sheet=_("Monthly flow"),
        caption=_("Executed and paid in each month: a cut less the one of the month before"),
        columns=(
            TableColumn(name="mes", heading=_("Month"), kind=Kind.DATE),
            TableColumn(name="ejecucion", heading=_("Executed"), kind=Kind.PESOS),
            TableColumn(name="pagos", heading=_("Payments"), kind=Kind.PESOS),
        ),
        rows=[{"mes": cut, **amounts} for cut, amounts in flow.items()],
        source=source,
    )
