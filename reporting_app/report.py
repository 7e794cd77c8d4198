"""The report as a whole: its first page, the pages of its subjects, and the tables of its workbook."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from etl_kit.quality_words import class_in_words
from etl_kit.settings import Source
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import Budget, city_totals, doubts
from reporting_app.budget_page import at_last_cut
from reporting_app.load_figures import loads_table, refused_in_all, refused_table
from reporting_app.loan_figures import Loan, loan_totals
from reporting_app.page import Card, Page, Section
from reporting_app.quality_figures import Quality, rules_in_words, worst_in_words
from reporting_app.subject import Subject, source_of
from reporting_app.tables import Row, Table, maybe

INDEX = "informe"
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
    refused: Sequence[Row]
    subjects: Sequence[Subject]
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


def invented() -> str:
    """What stands above everything where the data is made up."""
    return _("INVENTED DATA: this demonstration city does not exist. No figure of this report is real.")


def title() -> str:
    """What the report is called."""
    return _("Report on the city's data")


def page_of(contents: Contents) -> Page:
    """The first page: the main figures, a way to every subject, and where everything comes from."""
    return _page(
        contents,
        INDEX,
        title(),
        [_summary(contents), _subjects_section(contents), _sources_section(contents)],
    )


def subject_page(contents: Contents, subject: Subject) -> Page:
    """The page of one subject."""
    return _page(contents, subject.name, subject.heading, [subject.section])


def _page(contents: Contents, name: str, heading: str, sections: Sequence[Section]) -> Page:
    made_up = contents.source.invented
    return Page(
        title=_("INVENTED DATA · {heading}").format(heading=heading) if made_up else heading,
        heading=heading,
        banner=invented() if made_up else "",
        facts=facts(contents),
        sections=sections,
        others=[
            (f"{INDEX}.html", _("Start")),
            *((f"{subject.name}.html", subject.heading) for subject in contents.subjects),
            (f"{name}.xlsx", _("This page in Excel")),
        ],
        here=f"{name}.html",
        footer=_(
            "Figures come from the data warehouse as it was loaded; what is not there reads “no data” and is never "
            "estimated. Amounts are Colombian pesos. Shares of execution are executed ÷ modified budget."
        ),
    )


def facts(contents: Contents) -> list[tuple[str, str]]:
    """What the head of the page and the first sheet say about the report."""
    return [
        (_("Source of the data"), contents.source.label()),
        (_("Cut of the budget"), wording.long_date(contents.budget.last_cut)),
        (_("Cut of SECOP II"), wording.long_date(contents.secop_cut)),
        (_("Last load of the warehouse"), wording.moment(contents.loaded_at)),
        (_("Report made"), wording.moment(contents.made_at)),
        (_("Id of the execution"), contents.run_id),
    ]


def about_of(contents: Contents, subject: Subject | None = None) -> list[tuple[str, str]]:
    """The first sheet of a workbook: facts and first figures as text, of the whole report or of one subject."""
    banner = [(_("ATTENTION"), invented())] if contents.source.invented else []
    cards = _summary(contents).cards if subject is None else subject.section.cards
    shown = [(card.label, f"{card.value} ({card.note})") for card in cards]
    return [(_("Report"), title() if subject is None else subject.heading), *banner, *facts(contents), *shown]


def tables_of(contents: Contents) -> list[Table]:
    """The tables of the whole workbook: those of every page in full, and the loads."""
    return [*(table for subject in contents.subjects for table in subject.tables), *sources_tables(contents)]


def sources_tables(contents: Contents) -> list[Table]:
    """Where the figures come from: the loads, and what was refused on the way."""
    return [loads_table(contents.loads), refused_table(contents.refused)]


def _summary(contents: Contents) -> Section:
    budget, loan = city_totals(contents.budget), loan_totals(contents.loan)
    cut = at_last_cut(contents.budget)
    last = [contents.budget.last_cut] if contents.budget.last_cut else []
    warned, budget_files = doubts(contents.budget, last), contents.budget.source_of(last)
    contract_files = source_of(contents.loads, "contratos_secop")
    run = contents.quality.run
    cards = [
        Card(
            label=_("Modified budget"),
            value=wording.large(budget["ppto_modificado"]),
            note=_("vigencia Actual, {cut}").format(cut=cut),
            source=budget_files,
        ),
        Card(
            label=_("Execution of the budget"),
            value=wording.percent(budget["pct_ejecucion"]),
            note=" ".join([wording.large(budget["ejecucion"]), *warned]),
            mood="mal" if warned else "",
            source=budget_files,
        ),
        Card(
            label=_("Payments of the budget"),
            value=wording.large(budget["pagos"]),
            note=_("{share} of what was executed").format(share=wording.percent(budget["pct_pagos"])),
            source=budget_files,
        ),
        Card(
            label=_("Contracts of the loan"),
            value=wording.whole(maybe(loan["contratos"])),
            note=_("value: {amount}").format(amount=wording.large(maybe(loan["valor_contrato"]))),
            source=contract_files,
        ),
        Card(
            label=_("Paid to contracts of the loan"),
            value=wording.percent(maybe(loan["pct_pagado"])),
            note=wording.large(maybe(loan["valor_pagado"])),
            source=contract_files,
        ),
        Card(
            label=_("Quality of the data (0 to 100)"),
            value=wording.points(maybe(run["puntaje"])) if run else wording.no_data(),
            note=(
                f"{class_in_words(run['clase'])}; {rules_in_words(run)}; {worst_in_words(contents.quality)}"
                if run
                else rules_in_words(run)
            ),
            mood=_MOODS.get(str(run["clase"]), "") if run else "",
            source=contents.quality.source,
        ),
    ]
    return Section(ident="resumen", heading=_("Summary"), lead=_("The main figures of the latest cut."), cards=cards)


def _subjects_section(contents: Contents) -> Section:
    return Section(
        ident="temas",
        heading=_("Subjects"),
        lead=_("One page for each, with its charts, maps, tables and a workbook."),
        cards=[
            replace(
                subject.card,
                source=subject.card.source or subject.section.source,
                link=f"{subject.name}.html",
                link_text=_("Open: {subject}").format(subject=subject.heading),
            )
            for subject in contents.subjects
            if subject.card is not None
        ],
    )


def _sources_section(contents: Contents) -> Section:
    return Section(
        ident="fuentes",
        heading=_("Sources and loads"),
        lead=_("Where each table comes from, up to which day it is true, and what its last load changed."),
        cards=[
            Card(
                label=_("Refused cells and rows"),
                value=wording.whole(refused_in_all(contents.refused)),
                note=_("kept with their raw text and the reason, never guessed"),
                source=refused_table(contents.refused).source,
            )
        ],
        folded=sources_tables(contents),
    )
