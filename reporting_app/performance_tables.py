"""The loan's performance as tables, for the page and for its workbook."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from etl_kit.loan_progress import BY_MONTH, CUMULATIVE
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.performance import Performance
from reporting_app.performance_figures import PACE_MONTHS
from reporting_app.tables import Kind, Row, Table, TableColumn

_NONE: Final = "—"
"""Where an indicator has no value of that unit."""


def performance_tables(performance: Performance) -> list[Table]:
    """All of them: what to look at first, the indicators, by bank and by department, by month, and every contract.

    Where no contract is to be looked at there is no table of them.
    """
    return [
        *([] if performance.nothing_to_look_at else [look_table(performance)]),
        indicators_table(performance),
        execution_table(performance, "banco"),
        execution_table(performance, "organismo"),
        earned_value_table(performance),
        months_table(performance),
        contracts_at_cut_table(performance),
        works_table(performance),
    ]


def reasons(row: Row) -> str:
    """Why a contract stands among those to look at."""
    words = {
        "callado": _("no report"),
        "lento": _("behind plan"),
        "caro": _("costs more than it earns"),
        "adelantado": _("money ahead of the works"),
    }
    return "; ".join(word for name, word in words.items() if row[name])


def contract_name(row: Row) -> str:
    """What people call a contract of the base: its project and which of its contracts."""
    said = [" ".join(str(row[name]).split()) for name in ("nombre_comercial", "contrato") if row[name]]
    return " · ".join(said) or str(row["clave"])


def look_table(performance: Performance) -> Table:
    """The contracts that are not on plan, or of which nobody says whether they are."""
    return Table(
        sheet=_("Contracts to look at"),
        caption=_("Contracts that are not on plan or do not report, the most money first"),
        columns=(
            *_names(),
            TableColumn(name="motivo", heading=_("Why"), wide=True),
            *_at_cut(),
            TableColumn(name="pendiente", heading=_("Behind, or not reported"), kind=Kind.PESOS),
        ),
        rows=[{**row, "motivo": reasons(row), "nombre": contract_name(row)} for row in _rows(performance.look)],
        source=performance.sources["base"],
        on_page=25,
    )


def indicators_table(performance: Performance) -> Table:
    """Every indicator with its formula and source."""
    whole, pace, ended, sources = performance.whole, performance.pace, performance.ended, performance.sources
    base, banks, secop = sources["base"], sources["bancos"], sources["secop"]
    rows: list[Row] = [
        _indicator(_("Negotiated"), _("agreed with the banks"), banks, pesos=whole.get("negociado")),
        _indicator(_("Committed"), _("value of the contracts signed in SECOP II"), secop,
                   pesos=whole.get("comprometido"), share=whole.get("pct_firmado")),
        _indicator(_("Planned by the cut (PV)"), _("planned disbursements up to the cut"), base,
                   pesos=whole.get("planeado")),
        _indicator(_("Disbursed by the cut (AC)"), _("real disbursements stated up to the cut"), base,
                   pesos=whole.get("real")),
        _indicator(_("Execution of what was negotiated"), _("disbursed ÷ negotiated; target: 70 %"), f"{base}; {banks}",
                   share=whole.get("pct_negociado")),
        _indicator(_("Execution of what is committed"), _("disbursed ÷ committed"), f"{base}; {secop}",
                   share=whole.get("pct_comprometido")),
        _indicator(_("Kept of the plan"), _("disbursed ÷ planned, of the contracts that state a disbursement"), base,
                   share=whole.get("cumplimiento")),
        _indicator(_("Balance"), _("negotiated − disbursed"), f"{banks}; {base}", pesos=whole.get("saldo")),
        _indicator(_("Paid according to SECOP II"), _("paid on the signed contracts; not the bank's disbursement"),
                   secop, pesos=whole.get("pagado_secop")),
        _indicator(_("Burn rate per month"),
                   _("mean disbursement of the last {count} months that state one").format(count=PACE_MONTHS), base,
                   pesos=pace.real),
        _indicator(_("Planned per month"), _("mean planned disbursement of the same months"), base, pesos=pace.planned),
        _indicator(_("Months left at that pace"), _("balance ÷ burn rate"), f"{banks}; {base}", index=pace.left),
        _indicator(_("Earned value (EV)"), _("real progress × value, of the contracts compared"), base,
                   pesos=whole.get("ev")),
        _indicator("CPI", _("EV ÷ AC, of the contracts that state planned, disbursed and progress"), base,
                   index=whole.get("cpi")),
        _indicator("SPI", _("EV ÷ PV, of the same contracts"), base, index=whole.get("spi")),
        _indicator(_("Success of processes"), _("awarded ÷ ended"), sources["procesos"], share=ended.get("tasa")),
    ]  # fmt: skip
    return Table(
        sheet=_("Loan indicators"),
        caption=_("Indicators of the loan and how they are computed"),
        columns=(
            TableColumn(name="indicador", heading=_("Indicator")),
            TableColumn(name="pesos", heading=_("Pesos"), kind=Kind.PESOS),
            TableColumn(name="parte", heading=_("Share"), kind=Kind.PERCENT),
            TableColumn(name="indice", heading=_("Index or months"), kind=Kind.INDEX),
            TableColumn(name="formula", heading=_("How it is computed"), wide=True),
            TableColumn(name="fuente", heading=_("Source"), wide=True),
        ),
        rows=rows,
        source="; ".join(dict.fromkeys([base, banks, secop])),
    )


def execution_table(performance: Performance, by: str) -> Table:
    """Negotiated, committed, planned and disbursed by `banco` or `organismo`."""
    bank = by == "banco"
    return Table(
        sheet=_("Execution by bank") if bank else _("Execution by department"),
        caption=_("Execution of the loan by bank") if bank else _("Execution of the loan by department"),
        columns=(
            TableColumn(name="grupo", heading=_("Bank") if bank else _("Department")),
            TableColumn(name="contratos", heading=_("Contracts planned"), kind=Kind.WHOLE),
            TableColumn(name="con_plan", heading=_("With disbursements due"), kind=Kind.WHOLE),
            TableColumn(name="con_real", heading=_("That report"), kind=Kind.WHOLE),
            TableColumn(name="negociado", heading=_("Negotiated"), kind=Kind.PESOS),
            TableColumn(name="comprometido", heading=_("Committed"), kind=Kind.PESOS),
            TableColumn(name="pct_firmado", heading=_("Committed ÷ negotiated"), kind=Kind.HEAT),
            TableColumn(name="planeado", heading=_("Planned by the cut"), kind=Kind.PESOS),
            TableColumn(name="real", heading=_("Disbursed"), kind=Kind.PESOS),
            TableColumn(name="pct_negociado", heading=_("Disbursed ÷ negotiated"), kind=Kind.HEAT),
            TableColumn(name="pct_comprometido", heading=_("Disbursed ÷ committed"), kind=Kind.HEAT),
            TableColumn(name="saldo", heading=_("Balance"), kind=Kind.PESOS),
            TableColumn(name="pagado_secop", heading=_("Paid according to SECOP II"), kind=Kind.PESOS),
        ),
        rows=_groups(performance, performance.banks if bank else performance.departments),
        source="; ".join(dict.fromkeys(performance.sources[name] for name in ("base", "bancos", "secop"))),
    )


def earned_value_table(performance: Performance) -> Table:
    """Earned value by bank and by department, and in total."""
    kinds = ((_("Bank"), performance.banks), (_("Department"), performance.departments))
    rows: list[Row] = [{"tipo": kind, **row} for kind, frame in kinds for row in _groups(performance, frame)[:-1]]
    whole: list[Row] = [{"tipo": "Total", "total": True, **performance.whole}] if performance.whole else []
    return Table(
        sheet=_("Earned value"),
        caption=_("Earned value of the contracts that state planned, disbursed and progress by the cut"),
        columns=(
            TableColumn(name="tipo", heading=_("By")),
            TableColumn(name="grupo", heading=_("Group")),
            TableColumn(name="comparados", heading=_("Contracts compared"), kind=Kind.WHOLE),
            TableColumn(name="pv", heading="PV", kind=Kind.PESOS),
            TableColumn(name="ev", heading="EV", kind=Kind.PESOS),
            TableColumn(name="ac", heading="AC", kind=Kind.PESOS),
            TableColumn(name="cpi", heading="CPI", kind=Kind.INDEX),
            TableColumn(name="spi", heading="SPI", kind=Kind.INDEX),
        ),
        rows=[*rows, *whole],
        source=performance.sources["base"],
    )


def months_table(performance: Performance) -> Table:
    """Planned and disbursed month by month, and in all by then."""
    return Table(
        sheet=_("Loan month by month"),
        caption=_("The loan month by month: planned, disbursed, earned, and what they add up to"),
        columns=(
            TableColumn(name="mes", heading=_("Month"), kind=Kind.DATE),
            TableColumn(name="planeado", heading=_("Planned"), kind=Kind.PESOS),
            TableColumn(name="real", heading=_("Disbursed"), kind=Kind.PESOS),
            TableColumn(name="planeado_acumulado", heading=_("Planned so far"), kind=Kind.PESOS),
            TableColumn(name="ganado_acumulado", heading=_("Earned so far"), kind=Kind.PESOS),
            TableColumn(name="real_acumulado", heading=_("Disbursed so far"), kind=Kind.PESOS),
        ),
        rows=_rows(performance.months),
        source=performance.sources["base"],
    )


def contracts_at_cut_table(performance: Performance) -> Table:
    """Every contract of the base at the cut."""
    return Table(
        sheet=_("Contracts at the cut"),
        caption=_("Every contract of the base at the cut: money and works"),
        columns=(
            *_names(),
            TableColumn(name="modo", heading=_("Progress is written")),
            *_at_cut(),
        ),
        rows=[{**row, "nombre": contract_name(row), "modo": _way(row)} for row in _rows(performance.contracts)],
        source=performance.sources["base"],
        on_page=25,
    )


def works_table(performance: Performance) -> Table:
    """Works against payments of the contracts signed in SECOP II."""
    return Table(
        sheet=_("Works against payments"),
        caption=_("Contracts signed in SECOP II: progress of their works in the project units, and payments"),
        columns=(
            TableColumn(name="referencia_contrato", heading=_("Reference")),
            TableColumn(name="organismo", heading=_("Department")),
            TableColumn(name="banco", heading=_("Bank")),
            TableColumn(name="valor_contrato", heading=_("Value"), kind=Kind.PESOS),
            TableColumn(name="valor_pagado", heading=_("Paid"), kind=Kind.PESOS),
            TableColumn(name="obras", heading=_("Interventions"), kind=Kind.WHOLE),
            TableColumn(name="repetidas", heading=_("Told by another file too"), kind=Kind.WHOLE),
            TableColumn(name="avance_real", heading=_("Progress of the works"), kind=Kind.PERCENT),
            TableColumn(name="financiero", heading=_("Paid ÷ value"), kind=Kind.PERCENT),
            TableColumn(name="brecha", heading=_("Money ahead of works"), kind=Kind.PERCENT),
        ),
        rows=_rows(performance.works),
        source=performance.sources["obras"],
        on_page=25,
        warnings=_merged(performance.works),
    )


def _merged(works: pl.DataFrame) -> list[str]:
    """That works told by two files count once, if there are any."""
    merged = works.get_column("repetidas").sum() or 0
    told = _("{count} interventions that another file tells too were left out: each counts once.")
    return [told.format(count=wording.whole(int(merged)))] if merged else []


def _names() -> Sequence[TableColumn]:
    return (
        TableColumn(name="nombre", heading=_("Contract"), wide=True),
        TableColumn(name="organismo", heading=_("Department")),
        TableColumn(name="banco", heading=_("Bank")),
    )


def _at_cut() -> Sequence[TableColumn]:
    return (
        TableColumn(name="valor_contrato", heading=_("Value"), kind=Kind.PESOS),
        TableColumn(name="planeado", heading=_("Planned by the cut"), kind=Kind.PESOS),
        TableColumn(name="real", heading=_("Disbursed"), kind=Kind.PESOS),
        TableColumn(name="ganado", heading=_("Earned (EV)"), kind=Kind.PESOS),
        TableColumn(name="avance_planeado", heading=_("Planned progress"), kind=Kind.PERCENT),
        TableColumn(name="avance_real", heading=_("Real progress"), kind=Kind.PERCENT),
        TableColumn(name="financiero", heading=_("Disbursed ÷ value"), kind=Kind.PERCENT),
        TableColumn(name="brecha", heading=_("Money ahead of works"), kind=Kind.PERCENT),
        TableColumn(name="cpi", heading="CPI", kind=Kind.INDEX),
        TableColumn(name="spi", heading="SPI", kind=Kind.INDEX),
    )


def _way(row: Row) -> str | None:
    """How a contract writes its progress, in the reader's language."""
    words = {BY_MONTH: _("by month"), CUMULATIVE: _("cumulative")}
    return words.get(str(row["modo"]))


def _groups(performance: Performance, frame: pl.DataFrame) -> list[Row]:
    """The rows of `by_group`, what has no name as no data, and the whole; [] where nothing is known."""
    rows: list[Row] = [{**row, "grupo": row["grupo"] or wording.no_data()} for row in _rows(frame)]
    return [*rows, {**performance.whole, "total": True}] if rows else []


def _rows(frame: pl.DataFrame) -> list[dict[str, object]]:
    return frame.rows(named=True)


def _indicator(
    name: str,
    formula: str,
    source: str,
    *,
    pesos: object = _NONE,
    share: object = _NONE,
    index: object = _NONE,
) -> Row:
    """A row of the indicators; a unit that is not given does not apply, which is not the same as no data."""
    return {"indicador": name, "pesos": pesos, "parte": share, "indice": index, "formula": formula, "fuente": source}
