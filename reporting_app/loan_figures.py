"""Figures of the city loan: its contracts by bank and by state, and what the index names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from etl_kit.organismos import organismo_by_code
from etl_kit.quality import rows_of
from reporting_app import wording
from reporting_app.tables import Kind, Row, Table, TableColumn, in_words, ratio, total

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
        load = self.loads.get(table)
        if load is None:
            return wording.NO_DATA
        return f"{load['fuente'] or wording.NO_DATA} · corte: {in_words(load['fecha_corte'], Kind.DATE)}"


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
    return _grouped_table(loan, "banco", sheet="Contratos por banco", heading="Banco", by="banco")


def by_state_table(loan: Loan) -> Table:
    """Loan contracts per state in SECOP II."""
    return _grouped_table(loan, "estado_contrato", sheet="Contratos por estado", heading="Estado", by="estado")


def contracts_table(loan: Loan) -> Table:
    """Every loan contract, the largest first."""
    return Table(
        sheet="Contratos del empréstito",
        caption="Contratos del empréstito, del mayor al menor valor",
        columns=(
            TableColumn(name="referencia_contrato", heading="Referencia"),
            TableColumn(name="organismo", heading="Organismo"),
            TableColumn(name="banco", heading="Banco"),
            TableColumn(name="estado_contrato", heading="Estado"),
            TableColumn(name="proveedor", heading="Proveedor", wide=True),
            TableColumn(name="fecha_firma", heading="Firma", kind=Kind.DATE),
            TableColumn(name="fecha_fin_contrato", heading="Fin", kind=Kind.DATE),
            TableColumn(name="valor_contrato", heading="Valor", kind=Kind.PESOS),
            TableColumn(name="valor_pagado", heading="Pagado", kind=Kind.PESOS),
            TableColumn(name="pct_pagado", heading="% pagado", kind=Kind.HEAT),
        ),
        rows=loan.contracts,
        source=loan.source_of("contratos_secop"),
        on_page=40,
    )


def processes_table(loan: Loan) -> Table:
    """Every process that the index names, found in SECOP II or not."""
    return Table(
        sheet="Procesos del empréstito",
        caption="Procesos de contratación que nombra el índice del empréstito",
        columns=(
            TableColumn(name="referencia_proceso", heading="Proceso"),
            TableColumn(name="organismo", heading="Organismo"),
            TableColumn(name="bancos", heading="Banco"),
            TableColumn(name="estado", heading="Estado"),
            TableColumn(name="en_secop", heading="¿En SECOP II?"),
            TableColumn(name="precio_base", heading="Precio base", kind=Kind.PESOS),
            TableColumn(name="valor_adjudicacion", heading="Adjudicado", kind=Kind.PESOS),
            TableColumn(name="n_contratos", heading="Contratos", kind=Kind.WHOLE),
        ),
        rows=[{**row, "en_secop": "sí" if row["encontrado_en_secop"] else "no"} for row in loan.processes],
        source=loan.source_of("emp_procesos"),
        on_page=25,
    )


def index_table(loan: Loan) -> Table:
    """How many contracts the index names per bank, and how many of them are in SECOP II."""
    return Table(
        sheet="Índice del empréstito",
        caption="Contratos que nombra el índice del empréstito y cuántos se encontraron en SECOP II",
        columns=(
            TableColumn(name="banco", heading="Banco"),
            TableColumn(name="lineas", heading="Líneas del índice", kind=Kind.WHOLE),
            TableColumn(name="contratos", heading="Contratos nombrados", kind=Kind.WHOLE),
            TableColumn(name="contratos_en_secop", heading="Encontrados en SECOP II", kind=Kind.WHOLE),
        ),
        rows=loan.index,
        source=loan.source_of("emp_contratos_index"),
    )


def _grouped_table(loan: Loan, column: str, *, sheet: str, heading: str, by: str) -> Table:
    groups: dict[str, list[Row]] = {}
    for row in loan.contracts:
        groups.setdefault(str(row[column] or wording.NO_DATA), []).append(row)
    rows: list[Row] = [{"grupo": name, **_sums(members)} for name, members in groups.items()]
    rows.sort(key=lambda row: (-(row["valor_contrato"] or 0), str(row["grupo"])))  # type: ignore[operator] # a Decimal
    if rows:
        rows.append({"grupo": "Total", "total": True, **_sums(loan.contracts)})
    return Table(
        sheet=sheet,
        caption=f"Contratos del empréstito por {by}, en pesos",
        columns=(
            TableColumn(name="grupo", heading=heading),
            TableColumn(name="contratos", heading="Contratos", kind=Kind.WHOLE),
            TableColumn(name="valor_contrato", heading="Valor", kind=Kind.PESOS),
            TableColumn(name="valor_pagado", heading="Pagado", kind=Kind.PESOS),
            TableColumn(name="pct_pagado", heading="% pagado", kind=Kind.HEAT),
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
