"""The page of the budget: execution per organismo and month, per vigencia, and in its parts."""

from collections.abc import Sequence
from datetime import date

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import (
    Budget,
    city_by_cut,
    city_totals,
    doubts,
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
            label=_("Budget execution"),
            value=wording.percent(city_totals(budget)["pct_ejecucion"]),
            note=" ".join([at_last_cut(budget), *_mark(budget)]),
            mood="mal" if _mark(budget) else "",
            source=budget.source_of([budget.last_cut] if budget.last_cut else []),
        ),
    )


def at_last_cut(budget: Budget) -> str:
    """The latest cut as a note to a figure: `al 31 de mayo de 2025`."""
    if budget.last_cut is None:
        return wording.no_data()
    return _("at {day}").format(day=wording.long_date(budget.last_cut))


def _mark(budget: Budget) -> list[str]:
    return [_("⚠ unreliable vigencias")] if budget.last_cut in budget.doubtful else []


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
    organismos = _("Execution by department at {day}").format(day=cut)
    last = [budget.last_cut] if budget.last_cut else []
    by_year = _("Accumulated execution of the city, month by month")
    warned = doubts(budget, last)
    return Section(
        ident="presupuesto",
        heading=_("Budget execution"),
        lead=_(
            "Investment by department. Amounts accumulate from January to each cut; the official percentages use only "
            "the vigencia Actual."
        ),
        warnings=[_untrusted(month, budget) for month in sorted({month for month, _vigencia in budget.untrusted})],
        drawings=[
            Drawing(
                heading=organismos,
                svg=bars("g-organismos", drawn, title=organismos),
                source=budget.source_of(last),
                warnings=warned,
            ),
            Drawing(
                heading=by_year,
                svg=lines_by_year(
                    "g-meses", by_month, title=by_year, doubtful={(day.year, day.month) for day in budget.doubtful}
                ),
                source=budget.source_of(budget.cuts),
                warnings=doubts(budget, budget.cuts),
            ),
            Drawing(
                heading=_("Execution by vigencia at {day}").format(day=cut),
                svg=_vigencia_bars(budget),
                source=budget.source_of(last),
                warnings=warned,
            ),
            *more,
        ],
        folded=[monthly_table(budget), vigencia_table(budget), latest_table(budget), *more_tables],
    )


def _vigencia_bars(budget: Budget) -> str:
    latest = [row for row in budget.by_vigencia if row["periodo_corte"] == budget.last_cut]
    shares = [(str(row["vigencia"]), ratio(row["ejecucion"], row["ppto_modificado"])) for row in latest]
    drawn = [Bar(label=name, value=share, text=wording.percent(share)) for name, share in shares if share is not None]
    return bars("g-vigencias", drawn, title=_("Execution by vigencia at the latest cut"), series=2)


def _untrusted(month: date, budget: Budget) -> str:
    labels = sorted(vigencia for cut, vigencia in budget.untrusted if cut == month)
    return _(
        "⚠ The vigencias of the cut of {day} are not reliable: rows of {labels} have an initial budget, so the labels "
        "may be shifted against the rows. Do not quote its percentages by vigencia. File: {file}."
    ).format(day=wording.long_date(month), labels=", ".join(labels), file=budget.sources.get(month, wording.no_data()))
