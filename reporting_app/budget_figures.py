"""Budget figures: execution per organismo and month, and per vigencia."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from etl_kit.organismos import organismo_by_code
from etl_kit.quality import Finding, rows_of
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.tables import Kind, Row, Table, TableColumn, ratio, total

CUTS_SHOWN = 12
"""Cuts in the table of organismos and months: the latest ones."""

BY_ORGANISMO = """
SELECT cod_centro_gestor, max(nombre_centro_gestor) AS nombre, periodo_corte,
       CAST(sum(ppto_inicial) AS DECIMAL(38, 2)) AS ppto_inicial,
       CAST(sum(ppto_modificado) AS DECIMAL(38, 2)) AS ppto_modificado,
       CAST(sum(ejecucion) AS DECIMAL(38, 2)) AS ejecucion,
       CAST(sum(total_acumul_obligac) AS DECIMAL(38, 2)) AS obligado,
       CAST(sum(pagos) AS DECIMAL(38, 2)) AS pagos
FROM vigentes.ejecucion_detalle WHERE vigencia = 'Actual'
GROUP BY cod_centro_gestor, periodo_corte ORDER BY periodo_corte, cod_centro_gestor
"""
BY_VIGENCIA = """
SELECT periodo_corte, vigencia, count(*) AS lineas,
       CAST(sum(ppto_inicial) AS DECIMAL(38, 2)) AS ppto_inicial,
       CAST(sum(ppto_modificado) AS DECIMAL(38, 2)) AS ppto_modificado,
       CAST(sum(ejecucion) AS DECIMAL(38, 2)) AS ejecucion,
       CAST(sum(pagos) AS DECIMAL(38, 2)) AS pagos
FROM vigentes.ejecucion_detalle GROUP BY periodo_corte, vigencia ORDER BY periodo_corte DESC, vigencia
"""
SOURCES = """
SELECT periodo_corte, string_agg(DISTINCT fuente, ', ' ORDER BY fuente) AS fuente
FROM vigentes.ejecucion_detalle GROUP BY periodo_corte ORDER BY periodo_corte
"""

_AMOUNTS = ("ppto_inicial", "ppto_modificado", "ejecucion", "obligado", "pagos")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the warehouse says about the budget: sums in exact pesos, one row per group."""

    by_organismo: Sequence[Row]
    by_vigencia: Sequence[Row]
    sources: Mapping[date, str]
    untrusted: frozenset[tuple[date, str]]

    @property
    def cuts(self) -> list[date]:
        """The cuts, oldest first."""
        return sorted(self.sources)

    @property
    def last_cut(self) -> date | None:
        """The latest cut; None without any data."""
        return max(self.sources, default=None)

    @property
    def doubtful(self) -> frozenset[date]:
        """The cuts with labels of vigencia that are not trustworthy, and so percentages that are not either."""
        return frozenset(cut for cut, _vigencia in self.untrusted if cut in self.sources)

    def latest(self) -> list[Row]:
        """The rows per organismo of the latest cut."""
        return [row for row in self.by_organismo if row["periodo_corte"] == self.last_cut]

    def source_of(self, cuts: Sequence[date]) -> str:
        """The files that the figures of these cuts come from, and the latest of them."""
        files = sorted({self.sources[cut] for cut in cuts if cut in self.sources})
        if not files:
            return wording.no_data()
        return _("{files} · cut: {day}").format(files=", ".join(files), day=wording.long_date(max(cuts)))


def read_budget(warehouse: duckdb.DuckDBPyConnection, carried_months: Finding) -> Budget:
    """Read the budget; `carried_months` is what rule PR009 found: the months whose vigencias are not trustworthy."""
    return Budget(
        by_organismo=rows_of(warehouse, BY_ORGANISMO),
        by_vigencia=rows_of(warehouse, BY_VIGENCIA),
        sources={_day(row["periodo_corte"]): str(row["fuente"]) for row in rows_of(warehouse, SOURCES)},
        untrusted=frozenset((_day(row.key["periodo_corte"]), str(row.key["vigencia"])) for row in carried_months.rows),
    )


def monthly_table(budget: Budget) -> Table:
    """Execution % per organismo (vigencia Actual), one column per cut, with the city's total below."""
    cuts = budget.cuts[-CUTS_SHOWN:]
    shown = [row for row in budget.by_organismo if row["periodo_corte"] in cuts]
    codes = sorted({str(row["cod_centro_gestor"]) for row in shown})
    names = {str(row["cod_centro_gestor"]): str(row["nombre"]) for row in shown}
    rows: list[Row] = [
        {"codigo": code, "organismo": full_name(code, names[code]), **_percentages(shown, cuts, code)} for code in codes
    ]
    if rows:
        rows.append({"codigo": "", "organismo": _("Whole city"), "total": True, **_percentages(shown, cuts, None)})
    return Table(
        sheet=_("Execution by month"),
        caption=_("Share executed by department and cut (vigencia Actual): executed ÷ modified budget"),
        columns=(
            TableColumn(name="codigo", heading=_("Code")),
            TableColumn(name="organismo", heading=_("Department"), wide=True),
            *(TableColumn(name=cut.isoformat(), heading=_month(budget, cut), kind=Kind.HEAT) for cut in cuts),
        ),
        rows=rows,
        source=budget.source_of(cuts),
        warnings=doubts(budget, cuts),
    )


def latest_table(budget: Budget) -> Table:
    """Amounts per organismo at the latest cut (vigencia Actual), with the city's total below."""
    rows: list[Row] = [
        {
            "codigo": row["cod_centro_gestor"],
            "organismo": full_name(str(row["cod_centro_gestor"]), str(row["nombre"])),
            **{name: row[name] for name in _AMOUNTS},
            "pct_ejecucion": ratio(row["ejecucion"], row["ppto_modificado"]),
            "pct_pagos": ratio(row["pagos"], row["ejecucion"]),
        }
        for row in budget.latest()
    ]
    if rows:
        rows.append({"codigo": "", "organismo": _("Whole city"), "total": True, **city_totals(budget)})
    return Table(
        sheet=_("Execution at latest cut"),
        caption=_("Execution by department at {day} (vigencia Actual), in pesos").format(
            day=wording.long_date(budget.last_cut)
        ),
        columns=(
            TableColumn(name="codigo", heading=_("Code")),
            TableColumn(name="organismo", heading=_("Department"), wide=True),
            TableColumn(name="ppto_inicial", heading=_("Initial budget"), kind=Kind.PESOS),
            TableColumn(name="ppto_modificado", heading=_("Modified budget"), kind=Kind.PESOS),
            TableColumn(name="ejecucion", heading=_("Executed"), kind=Kind.PESOS),
            TableColumn(name="pct_ejecucion", heading=_("% executed"), kind=Kind.HEAT),
            TableColumn(name="obligado", heading=_("Obligated"), kind=Kind.PESOS),
            TableColumn(name="pagos", heading=_("Payments"), kind=Kind.PESOS),
            TableColumn(name="pct_pagos", heading=_("Payments ÷ executed"), kind=Kind.PERCENT),
        ),
        rows=rows,
        source=budget.source_of([budget.last_cut] if budget.last_cut else []),
        warnings=doubts(budget, [budget.last_cut] if budget.last_cut else []),
    )


def vigencia_table(budget: Budget) -> Table:
    """Amounts per cut and vigencia, latest first; a month whose vigencia labels cannot be trusted says so."""
    return Table(
        sheet=_("Execution by vigencia"),
        caption=_("Execution by cut and vigencia, in pesos"),
        columns=(
            TableColumn(name="periodo_corte", heading=_("Cut"), kind=Kind.DATE),
            TableColumn(name="vigencia", heading="Vigencia"),
            TableColumn(name="lineas", heading=_("Lines"), kind=Kind.WHOLE),
            TableColumn(name="ppto_inicial", heading=_("Initial budget"), kind=Kind.PESOS),
            TableColumn(name="ppto_modificado", heading=_("Modified budget"), kind=Kind.PESOS),
            TableColumn(name="ejecucion", heading=_("Executed"), kind=Kind.PESOS),
            TableColumn(name="pct_ejecucion", heading=_("% executed"), kind=Kind.HEAT),
            TableColumn(name="pagos", heading=_("Payments"), kind=Kind.PESOS),
            TableColumn(name="confianza", heading=_("Reliable?"), wide=True),
        ),
        rows=[
            {
                **row,
                "pct_ejecucion": ratio(row["ejecucion"], row["ppto_modificado"]),
                "confianza": _trust(budget, _day(row["periodo_corte"])),
            }
            for row in budget.by_vigencia
        ],
        source=budget.source_of(budget.cuts),
    )


def doubts(budget: Budget, cuts: Sequence[date]) -> list[str]:
    """One warning for those of `cuts` whose vigencias are not trustworthy, with the file of each; [] if all are."""
    doubtful = [cut for cut in cuts if cut in budget.doubtful]
    if not doubtful:
        return []
    told = "; ".join(f"{wording.short_month(cut)} ({budget.sources[cut]})" for cut in doubtful)
    return [
        _("⚠ The vigencias of these files are not reliable, nor are their percentages: {months}").format(months=told)
    ]


def city_totals(budget: Budget) -> dict[str, Decimal | None]:
    """The city's sums and shares at the latest cut (vigencia Actual); None where there is no data."""
    sums = {name: total(budget.latest(), name) for name in _AMOUNTS}
    return {
        **sums,
        "pct_ejecucion": ratio(sums["ejecucion"], sums["ppto_modificado"]),
        "pct_pagos": ratio(sums["pagos"], sums["ejecucion"]),
    }


def city_by_cut(budget: Budget) -> dict[date, Decimal | None]:
    """The city's execution share per cut (vigencia Actual), oldest first."""
    return {cut: _share(budget.by_organismo, cut, None) for cut in budget.cuts}


def full_name(code: str, published: str) -> str:
    """An organismo's name of the catalogue, or as it was published where the catalogue has none."""
    known = organismo_by_code(code)
    return published if known is None else known.name


def short_name(code: str, published: str) -> str:
    """An organismo's name short enough for a chart."""
    known = organismo_by_code(code)
    return published if known is None else known.short


def _percentages(rows: Sequence[Row], cuts: Sequence[date], code: str | None) -> dict[str, Decimal | None]:
    return {cut.isoformat(): _share(rows, cut, code) for cut in cuts}


def _share(rows: Sequence[Row], cut: date, code: str | None) -> Decimal | None:
    """Execution share at a cut, of one organismo or of the whole city."""
    chosen = [row for row in rows if row["periodo_corte"] == cut and code in (None, row["cod_centro_gestor"])]
    return ratio(total(chosen, "ejecucion"), total(chosen, "ppto_modificado"))


def _month(budget: Budget, cut: date) -> str:
    return f"{wording.short_month(cut)} ⚠" if cut in budget.doubtful else wording.short_month(cut)


def _trust(budget: Budget, cut: date) -> str:
    flagged = sorted(vigencia for month, vigencia in budget.untrusted if month == cut)
    if not flagged:
        return _("yes")
    return _("no: rows of {labels} with an initial budget").format(labels=", ".join(flagged))


def _day(value: object) -> date:
    assert isinstance(value, date)  # the column's type
    return value
