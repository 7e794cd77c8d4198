"""The page of the loan: its contracts by bank and state, how concentrated they are, and how its money flows."""

from collections.abc import Sequence

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
from reporting_app.loan_flow import concentration_cards
from reporting_app.page import Card, Drawing, Section
from reporting_app.subject import Subject
from reporting_app.tables import Table, exact, maybe


def loan_subject(loan: Loan, flow: tuple[Sequence[Drawing], Sequence[Table]]) -> Subject:
    """The page of the loan: contracts, processes, index, and its `flow` of money."""
    drawings, tables = flow
    totals = loan_totals(loan)
    return Subject(
        name="emprestito",
        section=_loan_section(loan, drawings, tables),
        tables=[
            by_bank_table(loan),
            by_state_table(loan),
            contracts_table(loan),
            index_table(loan),
            processes_table(loan),
            *tables,
        ],
        card=Card(
            label="Empréstito",
            value=wording.large(maybe(totals["valor_contrato"])),
            note=f"contratos en SECOP II: {wording.whole(maybe(totals['contratos']))}",
        ),
    )


def _loan_section(loan: Loan, more: Sequence[Drawing], more_tables: Sequence[Table]) -> Section:
    banks, states = by_bank_table(loan), by_state_table(loan)
    return Section(
        ident="emprestito",
        heading="Empréstito",
        lead="Contratos que el índice del empréstito nombra y que están publicados en SECOP II.",
        cards=concentration_cards(loan),
        drawings=[
            Drawing(heading="Valor contratado por banco", svg=_group_bars("g-bancos", banks, 2), source=banks.source),
            Drawing(
                heading="Valor contratado por estado", svg=_group_bars("g-estados", states, 3), source=states.source
            ),
            *more,
        ],
        folded=[banks, states, index_table(loan), contracts_table(loan), processes_table(loan), *more_tables],
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
    return bars(ident, drawn, title=f"{table.caption}; entre paréntesis, cuántos", series=series)
