"""The page of the loan: how it does, its contracts by bank and state, how concentrated they are, and its money."""

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.charts import Bar, bars
from reporting_app.loan_figures import (
    Loan,
    by_bank_table,
    by_state_table,
    contracts_table,
    index_table,
    loan_totals,
    processes_table,
)
from reporting_app.loan_flow import LoanFlow, concentration_cards
from reporting_app.page import Card, Drawing, Section
from reporting_app.performance_page import (
    performance_cards,
    performance_drawings,
    performance_lead,
    performance_warnings,
    verdict,
)
from reporting_app.performance_tables import performance_tables
from reporting_app.subject import Subject
from reporting_app.tables import Table, exact, maybe


def loan_subject(loan: Loan, flow: LoanFlow) -> Subject:
    """The page of the loan: performance first, then contracts, processes, index, and its `flow` of money."""
    totals = loan_totals(loan)
    words, mood = verdict(flow.performance)
    tables = [
        *performance_tables(flow.performance),
        by_bank_table(loan),
        by_state_table(loan),
        contracts_table(loan),
        index_table(loan),
        processes_table(loan),
        *flow.tables,
    ]
    return Subject(
        name="emprestito",
        section=_loan_section(loan, flow, tables),
        tables=tables,
        card=Card(
            label=_("Loan"),
            value=wording.large(maybe(totals["valor_contrato"])),
            note=_("contracts in SECOP II: {count} · on plan? {verdict}").format(
                count=wording.whole(maybe(totals["contratos"])), verdict=words
            ),
            mood=mood,
            source=flow.performance.sources["secop"],
        ),
    )


def _loan_section(loan: Loan, flow: LoanFlow, tables: list[Table]) -> Section:
    banks, states = by_bank_table(loan), by_state_table(loan)
    return Section(
        ident="emprestito",
        heading=_("Loan"),
        lead=performance_lead(flow.performance),
        warnings=performance_warnings(flow.performance),
        cards=[*performance_cards(flow.performance), *concentration_cards(loan)],
        source=flow.performance.sources["todo"],
        drawings=[
            *performance_drawings(flow.performance),
            Drawing(heading=_("Contracted value by bank"), svg=_group_bars("g-bancos", banks, 2), source=banks.source),
            Drawing(
                heading=_("Contracted value by state"), svg=_group_bars("g-estados", states, 3), source=states.source
            ),
            *flow.drawings,
        ],
        folded=tables,
    )


def _group_bars(ident: str, table: Table, series: int) -> str:
    drawn = [
        Bar(
            label=str(row["grupo"]),
            value=exact(row["valor_contrato"]),
            text=f"{wording.large(exact(row['valor_contrato']))} ({row['contratos']})",
        )
        for row in table.rows
        if not row.get("total") and row["valor_contrato"] is not None
    ]
    return bars(
        ident, drawn, title=_("{caption}; how many, in parentheses").format(caption=table.caption), series=series
    )
