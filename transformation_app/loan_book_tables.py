"""The loan's workbooks as tables, with what each of them refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.datasets import EMP_BANCOS, EMP_CONTRATOS_PLAN, EMP_FLUJO_CAJA, EMP_NEGOCIACIONES, EMP_SEGUIMIENTO
from etl_kit.rejects import Rejects
from etl_kit.translation import _
from transformation_app.loan_books import LoanBooks
from transformation_app.loan_cash_flow import (
    cash_flow,
    contract_flow,
    flow_of_contracts,
    note_subtotals,
    planned_contracts,
    with_totals,
)
from transformation_app.loan_follow_up import followed_processes
from transformation_app.loan_layout import Kind
from transformation_app.loan_terms import bank_terms, incorporations, negotiated


@dataclass(frozen=True, kw_only=True)
class BookTables:
    """What the workbooks say, as frames without lineage; None where no workbook says it.

    Attributes:
        cuts: the day that the name of a workbook tells, by name.
        rejects: by dataset.
        warnings: sentences on what the tables leave out.
    """

    terms: pl.DataFrame | None = None
    negotiated: pl.DataFrame | None = None
    incorporated: pl.DataFrame | None = None
    contracts: pl.DataFrame | None = None
    contract_flow: pl.DataFrame | None = None
    cash_flow: pl.DataFrame | None = None
    followed: pl.DataFrame | None = None
    cuts: Mapping[str, date] = field(default_factory=dict)
    rejects: Mapping[str, Rejects] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def naming_banks(self) -> list[pl.DataFrame]:
        """The frames that name banks."""
        frames = (self.terms, self.negotiated, self.contracts, self.cash_flow, self.followed)
        return [frame for frame in frames if frame is not None]


_REJECTS_BY_KIND: Final = {
    Kind.TERMS: EMP_BANCOS.name,
    Kind.NEGOTIATED: EMP_NEGOCIACIONES.name,
    Kind.PLAN: EMP_CONTRATOS_PLAN.name,
    Kind.CASH_FLOW: EMP_FLUJO_CAJA.name,
    Kind.FOLLOW_UP: EMP_SEGUIMIENTO.name,
}


def book_tables(books: LoanBooks) -> BookTables:
    """The tables of the sheets that speak; a workbook that could not be read is kept among the rejects of the plan."""
    rejects = {name: Rejects(dataset=name) for name in _REJECTS_BY_KIND.values()}
    for name, reason in books.unread.items():
        rejects[EMP_CONTRATOS_PLAN.name].add(motivo=reason, fuente=name)

    def table(kind: Kind, read: Callable[..., pl.DataFrame]) -> pl.DataFrame | None:
        sheet = books.sheets.get(kind)
        return None if sheet is None else read(sheet, rejects=rejects[_REJECTS_BY_KIND[kind]])

    agreed = table(Kind.NEGOTIATED, negotiated)
    contracts = table(Kind.PLAN, planned_contracts)
    flows = []
    by_contract = None
    if contracts is not None:
        months = books.sheets[Kind.PLAN].months
        by_contract = contract_flow(contracts, months, rejects=rejects[EMP_CONTRATOS_PLAN.name])
        note_subtotals(contracts, by_contract, rejects=rejects[EMP_CONTRATOS_PLAN.name])
        contracts = with_totals(contracts, by_contract)
        flows.append(flow_of_contracts(contracts, by_contract))
    if (told := table(Kind.CASH_FLOW, cash_flow)) is not None:
        flows.append(told)
    return BookTables(
        terms=table(Kind.TERMS, bank_terms),
        negotiated=agreed,
        incorporated=None if agreed is None else incorporations(agreed),
        contracts=contracts,
        contract_flow=by_contract,
        cash_flow=pl.concat(flows, how="diagonal") if flows else None,
        followed=table(Kind.FOLLOW_UP, followed_processes),
        cuts={sheet.book: sheet.cut for sheet in books.sheets.values() if sheet.cut is not None},
        rejects=rejects,
        warnings=_warnings(books, contracts, rejects),
    )


def _warnings(books: LoanBooks, contracts: pl.DataFrame | None, rejects: Mapping[str, Rejects]) -> list[str]:
    warnings = []
    refused = sum(len(each) for each in rejects.values()) - len(books.unread)
    if refused:
        warnings.append(
            _("{count} cells or rows of the loan's workbooks were refused and kept").format(count=refused),
        )
    if contracts is not None:
        homeless = contracts.filter(pl.col("banco").is_null())
        if homeless.height:
            warnings.append(
                _("{count} planned contracts over {amount} pesos name no bank").format(
                    count=homeless.height, amount=Decimal(homeless.get_column("valor_contrato").sum())
                ),
            )
    return warnings
