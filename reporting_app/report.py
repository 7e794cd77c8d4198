"""The contents of the report: which figures stand where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from etl_kit.settings import Source
from reporting_app import wording
from reporting_app.budget_figures import (
    Budget,
    city_by_cut,
    city_totals,
    latest_table,
    monthly_table,
    short_name,
    vigencia_table,
)
from reporting_app.charts import Bar, bars, lines_by_year
from reporting_app.loan_figures import (
    Loan,
    by_bank_table,
    by_state_table,
    contracts_table,
    index_table,
    loan_totals,
    processes_table,
)
from reporting_app.page import Card, Drawing, Page, Section
from reporting_app.quality_figures import (
    ROWS_PER_RULE_ON_PAGE,
    Quality,
    all_rules_table,
    class_in_words,
    failing_rows_table,
    loads_table,
    rules_table,
    scores_table,
)
from reporting_app.tables import Row, Table, exact, ratio

SOURCES = {
    Source.DEMO: "ciudad inventada (datos de demostración)",
    Source.PORTAL: "datos.gov.co y página de la Alcaldía",
    Source.FILES: "carpeta de instantáneas guardadas",
}
INVENTED = "DATOS INVENTADOS: esta ciudad de demostración no existe. Ninguna cifra de este informe es real."
TITLE = "Informe de contratación del empréstito y ejecución presupuestal"
_MOODS = {
    "EXCELLENT": "bien",
    "GOOD": "bien",
    "ACCEPTABLE": "regular",
    "NEEDS_IMPROVEMENT": "regular",
    "CRITICAL": "mal",
}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that the report is made of, read from one warehouse and its quality file."""

    source: Source
    budget: Budget
    loan: Loan
    quality: Quality
    loads: Sequence[Row]
    made_at: datetime
    run_id: str

    @property
    def loaded_at(self) -> datetime | None:
        """When the warehouse was last loaded."""
        ends = [row["fin"] for row in self.loads if isinstance(row["fin"], datetime)]
        return max(ends, default=None)

    @property
    def secop_cut(self) -> date | None:
        """The day up to which the contracts are true."""
        cuts = [row["fecha_corte"] for row in self.loads if row["tabla"] == "contratos_secop"]
        return next((cut for cut in cuts if isinstance(cut, date)), None)


def page_of(contents: Contents) -> Page:
    """The page."""
    return Page(
        title=f"{'DATOS INVENTADOS · ' if contents.source.invented else ''}{TITLE}",
        banner=INVENTED if contents.source.invented else "",
        facts=facts(contents),
        sections=[
            _summary(contents),
            _budget_section(contents.budget),
            _loan_section(contents.loan),
            _quality_section(contents.quality),
            _sources_section(contents),
        ],
        footer=(
            "Las cifras salen del almacén de datos tal como se cargó; lo que no está dice «sin datos» y nunca se "
            "estima. Los valores son pesos colombianos. Los porcentajes de ejecución son ejecución ÷ presupuesto "
            "modificado."
        ),
    )


def facts(contents: Contents) -> list[tuple[str, str]]:
    """What the head of the page and the first sheet say about the report."""
    return [
        ("Fuente de los datos", SOURCES[contents.source]),
        ("Corte del presupuesto", wording.long_date(contents.budget.last_cut)),
        ("Corte de SECOP II", wording.long_date(contents.secop_cut)),
        ("Última carga del almacén", wording.moment(contents.loaded_at)),
        ("Informe generado", wording.moment(contents.made_at)),
        ("Identificador de la corrida", contents.run_id),
    ]


def about_of(contents: Contents) -> list[tuple[str, str]]:
    """The first sheet of the workbook: facts and first figures as text."""
    banner = [("ATENCIÓN", INVENTED)] if contents.source.invented else []
    cards = [(card.label, f"{card.value} ({card.note})") for card in _summary(contents).cards]
    return [("Informe", TITLE), *banner, *facts(contents), *cards]


def tables_of(contents: Contents) -> list[Table]:
    """The tables of the workbook: those of the page in full, and every rule."""
    return [
        monthly_table(contents.budget),
        latest_table(contents.budget),
        vigencia_table(contents.budget),
        by_bank_table(contents.loan),
        by_state_table(contents.loan),
        contracts_table(contents.loan),
        index_table(contents.loan),
        processes_table(contents.loan),
        scores_table(contents.quality),
        rules_table(contents.quality),
        all_rules_table(contents.quality),
        failing_rows_table(contents.quality),
        loads_table(contents.loads),
    ]


def _summary(contents: Contents) -> Section:
    budget, loan = city_totals(contents.budget), loan_totals(contents.loan)
    cut = f"al {wording.long_date(contents.budget.last_cut)}" if contents.budget.last_cut else wording.NO_DATA
    run = contents.quality.run
    cards = [
        Card(
            label="Presupuesto modificado",
            value=wording.millions(budget["ppto_modificado"]),
            note=f"vigencia Actual, {cut}",
        ),
        Card(
            label="Ejecución del presupuesto",
            value=wording.percent(budget["pct_ejecucion"]),
            note=wording.millions(budget["ejecucion"]),
        ),
        Card(
            label="Pagos del presupuesto",
            value=wording.millions(budget["pagos"]),
            note=f"{wording.percent(budget['pct_pagos'])} de lo ejecutado",
        ),
        Card(
            label="Contratos del empréstito",
            value=wording.whole(_maybe(loan["contratos"])),
            note=f"valor: {wording.millions(_maybe(loan['valor_contrato']))}",
        ),
        Card(
            label="Pagado a contratos del empréstito",
            value=wording.percent(_maybe(loan["pct_pagado"])),
            note=wording.millions(_maybe(loan["valor_pagado"])),
        ),
        Card(
            label="Calidad de los datos (0 a 100)",
            value=wording.points(_maybe(run["puntaje"])) if run else wording.NO_DATA,
            note=f"{class_in_words(run['clase'])}; {run['reglas_falladas']} de {run['reglas']} reglas incumplidas"
            if run
            else "sin validación",
            mood=_MOODS.get(str(run["clase"]), "") if run else "",
        ),
    ]
    return Section(ident="resumen", heading="Resumen", lead="Las cifras principales del último corte.", cards=cards)


def _budget_section(budget: Budget) -> Section:
    latest = sorted(
        ((row, ratio(row["ejecucion"], row["ppto_modificado"])) for row in budget.latest()),
        key=lambda pair: (pair[1] is None, -(pair[1] or 0)),
    )
    drawn = [
        Bar(
            label=short_name(str(row["cod_centro_gestor"]), str(row["nombre"])),
            value=share,
            text=wording.percent(share),
        )
        for row, share in latest
        if share is not None
    ]
    by_month = {(cut.year, cut.month): share for cut, share in city_by_cut(budget).items() if share is not None}
    cut = wording.long_date(budget.last_cut)
    organismos = f"Ejecución por organismo al {cut}"
    return Section(
        ident="presupuesto",
        heading="Ejecución presupuestal",
        lead=(
            "Inversión por organismo. Los valores se acumulan desde enero hasta cada corte; los porcentajes oficiales "
            "usan solo la vigencia Actual."
        ),
        warnings=[_untrusted(month, budget) for month in sorted({month for month, _vigencia in budget.untrusted})],
        drawings=[
            Drawing(
                heading=organismos,
                svg=bars("g-organismos", drawn, title=organismos),
                source=budget.source_of([budget.last_cut] if budget.last_cut else []),
            ),
            Drawing(
                heading="Ejecución acumulada de la ciudad, mes a mes",
                svg=lines_by_year("g-meses", by_month, title="Ejecución acumulada de la ciudad por mes y año"),
                source=budget.source_of(budget.cuts),
            ),
            Drawing(
                heading=f"Ejecución por vigencia al {cut}",
                svg=_vigencia_bars(budget),
                source=budget.source_of([budget.last_cut] if budget.last_cut else []),
            ),
        ],
        tables=[monthly_table(budget), vigencia_table(budget)],
        folded=[latest_table(budget)],
    )


def _vigencia_bars(budget: Budget) -> str:
    latest = [row for row in budget.by_vigencia if row["periodo_corte"] == budget.last_cut]
    shares = [(str(row["vigencia"]), ratio(row["ejecucion"], row["ppto_modificado"])) for row in latest]
    drawn = [Bar(label=name, value=share, text=wording.percent(share)) for name, share in shares if share is not None]
    return bars("g-vigencias", drawn, title="Ejecución por vigencia en el último corte", series=2)


def _untrusted(month: date, budget: Budget) -> str:
    labels = sorted(vigencia for cut, vigencia in budget.untrusted if cut == month)
    return (
        f"Las vigencias del corte de {wording.long_date(month)} no son confiables: hay filas de {', '.join(labels)} "
        "con presupuesto inicial, así que las etiquetas pueden estar corridas. Sus porcentajes por vigencia no deben "
        "citarse."
    )


def _loan_section(loan: Loan) -> Section:
    banks, states = by_bank_table(loan), by_state_table(loan)
    return Section(
        ident="emprestito",
        heading="Empréstito",
        lead="Contratos que el índice del empréstito nombra y que están publicados en SECOP II.",
        drawings=[
            Drawing(heading="Valor contratado por banco", svg=_group_bars("g-bancos", banks, 2), source=banks.source),
            Drawing(
                heading="Valor contratado por estado", svg=_group_bars("g-estados", states, 3), source=states.source
            ),
        ],
        tables=[banks, states, index_table(loan)],
        folded=[contracts_table(loan), processes_table(loan)],
    )


def _group_bars(ident: str, table: Table, series: int) -> str:
    drawn = [
        Bar(
            label=str(row["grupo"]),
            value=exact(row["valor_contrato"]),
            text=f"{wording.millions(exact(row['valor_contrato']))} ({row['contratos']})",
        )
        for row in table.rows
        if not row.get("total") and row["valor_contrato"] is not None
    ]
    return bars(ident, drawn, title=f"{table.caption}; entre paréntesis, cuántos", series=series)


def _quality_section(quality: Quality) -> Section:
    drawn = [
        Bar(label=str(row["tabla"]), value=exact(row["puntaje"]), text=wording.points(exact(row["puntaje"])))
        for row in quality.tables
        if row["puntaje"] is not None
    ]
    broken = [row for row in quality.results if row["estado"] == "falla"]
    by_severity = [
        Card(
            label=f"Reglas incumplidas de severidad {word}",
            value=str(len(rows)),
            note=f"{_items(rows)} hallazgos",
            mood=mood,
        )
        for word, mood, rows in _severities(broken)
    ]
    return Section(
        ident="calidad",
        heading="Calidad de los datos",
        lead=(
            "Cada fila que incumple una regla resta según su severidad: crítica 10, alta 5, media 2, baja 1, sobre "
            "diez puntos por fila. Las filas señaladas no se borran: se publican y se muestran aquí."
        ),
        cards=by_severity if quality.run else (),
        drawings=[
            Drawing(
                heading="Puntaje por tabla (0 a 100)",
                svg=bars("g-calidad", drawn, title="Puntaje de calidad por tabla"),
                source=quality.source,
            )
        ],
        tables=[rules_table(quality)],
        folded=[scores_table(quality), failing_rows_table(quality, per_rule=ROWS_PER_RULE_ON_PAGE)],
    )


def _severities(broken: Sequence[Row]) -> list[tuple[str, str, list[Row]]]:
    grouped = (
        ("CRITICAL", "crítica", "mal"),
        ("HIGH", "alta", "mal"),
        ("MEDIUM", "media", "regular"),
        ("LOW", "baja", ""),
    )
    chosen = [(word, mood, [row for row in broken if row["severidad"] == name]) for name, word, mood in grouped]
    return [(word, mood if rows else "bien", rows) for word, mood, rows in chosen]


def _items(rows: Sequence[Row]) -> str:
    return wording.whole(sum((exact(row["fallidas"]) for row in rows), Decimal(0)))


def _sources_section(contents: Contents) -> Section:
    return Section(
        ident="fuentes",
        heading="Fuentes y cargas",
        lead="De dónde viene cada tabla, hasta qué día vale y qué cambió en su última carga.",
        tables=[loads_table(contents.loads)],
    )


def _maybe(number: object) -> Decimal | None:
    return None if number is None else exact(number)
