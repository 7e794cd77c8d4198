"""Figures of the city loan: its contracts by bank and by state, and what the index names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from etl_kit.organismos import organismo_by_code
from etl_kit.quality import rows_of
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.subject import source_of
from reporting_app.tables import Kind, Row, Table, TableColumn, ratio, total

CONTRACTS = """
SELECT id_contrato, referencia_contrato, cod_centro_gestor, nombre_centro_gestor, banco, estado_contrato, proveedor,
       fecha_firma, fecha_fin_contrato, valor_contrato, valor_facturado, valor_pagado, pct_pagado, bpin
FROM vigentes.contratos_secop WHERE es_emprestito ORDER BY valor_contrato DESC NULLS LAST, id_contrato
"""
PROCESSES = """
SELECT referencia_proceso, cod_centro_gestor, nombre_centro_gestor, bancos,
       coalesce(estado_procedimiento, estado_indice) AS estado, encontrado_en_secop,
       precio_base, valor_adjudicacion, n_contratos
FROM vigentes.emp_procesos ORDER BY referencia_proceso
"""
INDEX = """
SELECT banco, count(*) AS lineas, count(DISTINCT referencia_contrato) AS contratos,
       count(DISTINCT id_contrato) AS contratos_en_secop
FROM vigentes.emp_contratos_index GROUP BY banco ORDER BY banco
"""


@dataclass(frozen=True, kw_only=True)
class Loan:
    """What the warehouse says about the loan."""

    contracts: Sequence[Row]
    processes: Sequence[Row]
    index: Sequence[Row]
    loads: Mapping[str, Row]

    def source_of(self, table: str) -> str:
        """The files a table was last loaded from, and the day up to which they are true."""
        return source_of(list(self.loads.values()), table)


def read_loan(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> Loan:
    """Read the loan's contracts, processes and index; `loads` is the last load of each table."""
    return Loan(
        contracts=[{**row, "organismo": _organismo(row)} for row in rows_of(warehouse, CONTRACTS)],
        processes=[{**row, "organismo": _organismo(row)} for row in rows_of(warehouse, PROCESSES)],
        index=rows_of(warehouse, INDEX),
        loads={str(load["tabla"]): load for load in loads},
    )


def loan_totals(loan: Loan) -> dict[str, object]:
    """Number of contracts, their value, what is paid, and the share of it; None where nothing is known."""
    value, paid = total(loan.contracts, "valor_contrato"), total(loan.contracts, "valor_pagado")
    return {
        "contratos": len(loan.contracts) or None,
        "valor_contrato": value,
        "valor_pagado": paid,
        "pct_pagado": ratio(paid, value),
    }


def by_bank_table(loan: Loan) -> Table:
    """Loan contracts per bank."""
    return _grouped_table(
        loan,
        "banco",
        sheet=_("Contracts by bank"),
        heading=_("Bank"),
        caption=_("Loan contracts by bank, in pesos"),
    )


def by_state_table(loan: Loan) -> Table:
    """Loan contracts per state in SECOP II."""
    return _grouped_table(
        loan,
        "estado_contrato",
        sheet=_("Contracts by state"),
        heading=_("State"),
        caption=_("Loan contracts by state, in pesos"),
    )


def contracts_table(loan: Loan) -> Table:
    """Every loan contract, the largest first."""
    return Table(
        sheet=_("Loan contracts"),
        caption=_("Loan contracts, from the largest to the smallest"),
        columns=(
            TableColumn(name="referencia_contrato", heading=_("Reference")),
            TableColumn(name="organismo", heading=_("Department")),
            TableColumn(name="banco", heading=_("Bank")),
            TableColumn(name="estado_contrato", heading=_("State")),
            TableColumn(name="proveedor", heading=_("Supplier"), wide=True),
            TableColumn(name="fecha_firma", heading=_("Signed"), kind=Kind.DATE),
            TableColumn(name="fecha_fin_contrato", heading=_("End"), kind=Kind.DATE),
            TableColumn(name="valor_contrato", heading=_("Value"), kind=Kind.PESOS),
            TableColumn(name="valor_pagado", heading=_("Paid"), kind=Kind.PESOS),
            TableColumn(name="pct_pagado", heading=_("% paid"), kind=Kind.HEAT),
        ),
        rows=loan.contracts,
        source=loan.source_of("contratos_secop"),
        on_page=40,
    )


def processes_table(loan: Loan) -> Table:
    """Every process that the index names, found in SECOP II or not."""
    return Table(
        sheet=_("Loan processes"),
        caption=_("Procurement processes that the index of the loan names"),
        columns=(
            TableColumn(name="referencia_proceso", heading=_("Process")),
            TableColumn(name="organismo", heading=_("Department")),
            TableColumn(name="bancos", heading=_("Bank")),
            TableColumn(name="estado", heading=_("State")),
            TableColumn(name="en_secop", heading=_("In SECOP II?")),
            TableColumn(name="precio_base", heading=_("Base price"), kind=Kind.PESOS),
            TableColumn(name="valor_adjudicacion", heading=_("Awarded"), kind=Kind.PESOS),
            TableColumn(name="n_contratos", heading=_("Contracts"), kind=Kind.WHOLE),
        ),
        rows=[{**row, "en_secop": _("yes") if row["encontrado_en_secop"] else _("no")} for row in loan.processes],
        source=loan.source_of("emp_procesos"),
        on_page=25,
    )


def index_table(loan: Loan) -> Table:
    """How many contracts the index names per bank, and how many of them are in SECOP II."""
    return Table(
        sheet=_("Index of the loan"),
        caption=_("Contracts that the index of the loan names, and how many were found in SECOP II"),
        columns=(
            TableColumn(name="banco", heading=_("Bank")),
            TableColumn(name="lineas", heading=_("Lines of the index"), kind=Kind.WHOLE),
            TableColumn(name="contratos", heading=_("Contracts named"), kind=Kind.WHOLE),
            TableColumn(name="contratos_en_secop", heading=_("Found in SECOP II"), kind=Kind.WHOLE),
        ),
        rows=loan.index,
        source=loan.source_of("emp_contratos_index"),
    )


def _grouped_table(loan: Loan, column: str, *, sheet: str, heading: str, caption: str) -> Table:
    groups: dict[str, list[Row]] = {}
    for row in loan.contracts:
        groups.setdefault(str(row[column] or wording.no_data()), []).append(row)
    rows: list[Row] = [{"grupo": name, **_sums(members)} for name, members in groups.items()]
    rows.sort(key=lambda row: (-(row["valor_contrato"] or 0), str(row["grupo"])))  # type: ignore[operator] # a Decimal
    if rows:
        rows.append({"grupo": "Total", "total": True, **_sums(loan.contracts)})
    return Table(
        sheet=sheet,
        caption=caption,
        columns=(
            TableColumn(name="grupo", heading=heading),
            TableColumn(name="contratos", heading=_("Contracts"), kind=Kind.WHOLE),
            TableColumn(name="valor_contrato", heading=_("Value"), kind=Kind.PESOS),
            TableColumn(name="valor_pagado", heading=_("Paid"), kind=Kind.PESOS),
            TableColumn(name="pct_pagado", heading=_("% paid"), kind=Kind.HEAT),
        ),
        rows=rows,
        source=loan.source_of("contratos_secop"),
    )


def _organismo(row: Row) -> str | None:
    """The department's short name; as published where the catalogue has none."""
    known = organismo_by_code(row["cod_centro_gestor"])
    return known.short if known is not None else row["nombre_centro_gestor"]  # type: ignore[return-value] # a text column


def _sums(rows: Sequence[Row]) -> Mapping[str, object]:
    value, paid = total(rows, "valor_contrato"), total(rows, "valor_pagado")
    return {
        "contratos": len(rows),
        "valor_contrato": value,
        "valor_pagado": paid,
        "pct_pagado": ratio(paid, value),
    }
