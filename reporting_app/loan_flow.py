"""The loan's disbursements by month, its banks, and how concentrated its contracts are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.loan_figures import Loan
from reporting_app.month_columns import month_columns
from reporting_app.page import Card, Drawing
from reporting_app.performance import Performance, read_performance
from reporting_app.subject import drawing, rows_if_there, source_of, with_total
from reporting_app.tables import Kind, Row, Table, TableColumn, exact

_MONTHS = """
SELECT origen, mes, CAST(sum(desembolso_planeado) AS DECIMAL(38, 2)) AS planeado,
       CAST(sum(desembolso_real) AS DECIMAL(38, 2)) AS real
FROM vigentes.emp_flujo_caja GROUP BY origen, mes ORDER BY origen, mes
"""
_BANKS = """
SELECT banco, cupo, valor_negociado, n_proyectos_negociados, tasa, plazo, disponible_hasta
FROM vigentes.emp_bancos ORDER BY cupo DESC NULLS LAST, banco
"""
_MODERATE, _HIGH = Decimal(1500), Decimal(2500)


@dataclass(frozen=True, kw_only=True)
class LoanFlow:
    """How the loan's money flows: charts and tables of disbursements and banks, and its performance."""

    drawings: Sequence[Drawing]
    tables: Sequence[Table]
    performance: Performance


def concentration(rows: Sequence[Row], name: str) -> Decimal | None:
    """IHH: the sum of the squared shares (in percent) of the contracts' value per `name`; None without any value.

    From 0 to 10 000; below 1500 there is little concentration, above 2500 much. Source: domain brief §4.13.
    """
    values: dict[object, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["valor_contrato"] is not None:
            values[row[name]] += exact(row["valor_contrato"])
    whole = sum(values.values(), Decimal(0))
    if not whole:
        return None
    return sum(((value / whole * 100) ** 2 for value in values.values()), Decimal(0))


def concentration_cards(loan: Loan) -> list[Card]:
    """How concentrated the contracts are by bank and by supplier."""
    return [
        _card(_("Concentration by bank (IHH)"), concentration(loan.contracts, "banco")),
        _card(_("Concentration by supplier (IHH)"), concentration(loan.contracts, "proveedor")),
    ]


def loan_flow(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> LoanFlow:
    """Disbursements, banks and performance; the two origins tell the same money and are never added."""
    months: list[Row] = [
        {**row, "origen": origin_in_words(str(row["origen"]))} for row in rows_if_there(warehouse, _MONTHS)
    ]
    banks = rows_if_there(warehouse, _BANKS)
    source, banks_source = source_of(loads, "emp_flujo_caja"), source_of(loads, "emp_bancos")
    origins = sorted({str(row["origen"]) for row in months}) or [""]
    drawings = [_by_month(number, origin, months, source) for number, origin in enumerate(origins)]
    limit = drawing(
        "g-cupos",
        _("Credit limit by bank"),
        banks,
        label="banco",
        value="cupo",
        text=wording.large,
        source=banks_source,
        series=1,
    )
    return LoanFlow(
        drawings=[*drawings, limit],
        tables=[_months_table(months, source), _banks_table(banks, banks_source)],
        performance=read_performance(warehouse, loads),
    )


def origin_in_words(origin: str) -> str:
    """Where a row of the flow was read, as the reader says it; as it is stored where there is no word for it."""
    words = {"flujo_de_caja": _("cash flow by bank"), "base_de_contratos": _("base of contracts")}
    return words.get(origin, origin)


def _by_month(number: int, origin: str, rows: Sequence[Row], source: str) -> Drawing:
    heading = _("Disbursements planned and real by month")
    series: dict[str, dict[date, Decimal]] = {
        word: {
            row["mes"]: exact(row[name])  # type: ignore[misc] # a date column
            for row in rows
            if row["origen"] == origin and row[name] is not None
        }
        for word, name in ((_("planned"), "planeado"), (_("real"), "real"))
    }
    told = {word if said else f"{word}: {wording.no_data()}": said for word, said in series.items()}
    return Drawing(
        heading=f"{heading} ({origin})" if origin else heading,
        svg=month_columns(f"g-desembolsos-{number}", told, title=heading),
        source=source,
    )


def _card(label: str, index: Decimal | None) -> Card:
    if index is None:
        return Card(label=label, value=wording.no_data(), note=_("sum of squared shares"))
    word, mood = (
        (_("low"), "bien")
        if index < _MODERATE
        else (_("moderate"), "regular")
        if index <= _HIGH
        else (_("high"), "mal")
    )
    return Card(
        label=label,
        value=wording.whole(index),
        note=_("{level} concentration; {most} is a single one").format(level=word, most=wording.whole(10_000)),
        mood=mood,
    )


def _months_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Disbursements by month"),
        caption=_("Disbursements by origin and month; the origins tell the same money and are never added"),
        columns=(
            TableColumn(name="origen", heading=_("Origin")),
            TableColumn(name="mes", heading=_("Month"), kind=Kind.DATE),
            TableColumn(name="planeado", heading=_("Planned"), kind=Kind.PESOS),
            TableColumn(name="real", heading=_("Real"), kind=Kind.PESOS),
        ),
        rows=rows,
        source=source,
    )


def _banks_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Banks of the loan"),
        caption=_("Banks of the loan and their terms"),
        columns=(
            TableColumn(name="banco", heading=_("Bank")),
            TableColumn(name="cupo", heading=_("Credit limit"), kind=Kind.PESOS),
            TableColumn(name="valor_negociado", heading=_("Negotiated"), kind=Kind.PESOS),
            TableColumn(name="n_proyectos_negociados", heading=_("Projects"), kind=Kind.WHOLE),
            TableColumn(name="tasa", heading=_("Rate"), wide=True),
            TableColumn(name="plazo", heading=_("Term"), wide=True),
            TableColumn(name="disponible_hasta", heading=_("Available until"), kind=Kind.DATE),
        ),
        rows=with_total(rows, "banco", "cupo", "valor_negociado"),
        source=source,
    )
