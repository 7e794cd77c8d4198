"""The page of the budget: execution per organismo and month, per vigencia, and in its parts."""

from collections.abc import Sequence
from datetime import date

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
from reporting_app.page import Card, Drawing, Section
from reporting_app.subject import Subject
from reporting_app.tables import Table, ratio


def budget_subject(budget: Budget, parts: tuple[Sequence[Drawing], Sequence[Table]]) -> Subject:
    """The page of the budget: whole, per organismo and month, and its `parts`."""
    drawings, tables = parts
    return Subject(
        name="presupuesto",
        section=_budget_section(budget, drawings, tables),
        tables=[monthly_table(budget), latest_table(budget), vigencia_table(budget), *tables],
        card=Card(
            label="Ejecución presupuestal",
            value=wording.percent(city_totals(budget)["pct_ejecucion"]),
            note=f"al {wording.long_date(budget.last_cut)}" if budget.last_cut else wording.NO_DATA,
        ),
    )


def _budget_section(budget: Budget, more: Sequence[Drawing], more_tables: Sequence[Table]) -> Section:
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
            *more,
        ],
        folded=[monthly_table(budget), vigencia_table(budget), latest_table(budget), *more_tables],
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
