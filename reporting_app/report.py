"""The report as a whole: its first page, the pages of its subjects, and the tables of its workbook."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from etl_kit.settings import Source
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import Budget, city_totals
from reporting_app.loan_figures import Loan, loan_totals
from reporting_app.page import Card, Page, Section
from reporting_app.quality_figures import Quality, class_in_words, loads_table
from reporting_app.subject import Subject
from reporting_app.tables import Row, Table, maybe

INDEX = "informe"
SOURCES = {
    Source.DEMO: "ciudad inventada (datos de demostración)",
    Source.PORTAL: "datos.gov.co y página de la Alcaldía",
    Source.FILES: "carpeta de instantáneas guardadas",
}
INVENTED = "DATOS INVENTADOS: esta ciudad de demostración no existe. Ninguna cifra de este informe es real."
TITLE = "Informe de los datos de la ciudad"
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


def page_of(contents: Contents) -> Page:
    """The first page: the main figures, a way to every subject, and where everything comes from."""
    return _page(
        contents,
        INDEX,
        TITLE,
        [_summary(contents), _subjects_section(contents), _sources_section(contents)],
    )


def subject_page(contents: Contents, subject: Subject) -> Page:
    """The page of one subject."""
    return _page(contents, subject.name, subject.heading, [subject.section])


def _page(contents: Contents, name: str, heading: str, sections: Sequence[Section]) -> Page:
    invented = contents.source.invented
    return Page(
        title=f"{'DATOS INVENTADOS · ' if invented else ''}{heading}",
        heading=heading,
        banner=INVENTED if invented else "",
        facts=facts(contents),
        sections=sections,
        others=[
            (f"{INDEX}.html", _("Start")),
            *((f"{subject.name}.html", subject.heading) for subject in contents.subjects),
            (f"{name}.xlsx", _("This page in Excel")),
        ],
        here=f"{name}.html",
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


def about_of(contents: Contents, subject: Subject | None = None) -> list[tuple[str, str]]:
    """The first sheet of a workbook: facts and first figures as text, of the whole report or of one subject."""
    banner = [("ATENCIÓN", INVENTED)] if contents.source.invented else []
    cards = _summary(contents).cards if subject is None else subject.section.cards
    shown = [(card.label, f"{card.value} ({card.note})") for card in cards]
    return [("Informe", TITLE if subject is None else subject.heading), *banner, *facts(contents), *shown]


def tables_of(contents: Contents) -> list[Table]:
    """The tables of the whole workbook: those of every page in full, and the loads."""
    return [*(table for subject in contents.subjects for table in subject.tables), loads_table(contents.loads)]


def _summary(contents: Contents) -> Section:
    budget, loan = city_totals(contents.budget), loan_totals(contents.loan)
    cut = f"al {wording.long_date(contents.budget.last_cut)}" if contents.budget.last_cut else wording.NO_DATA
    run = contents.quality.run
    cards = [
        Card(
            label="Presupuesto modificado",
            value=wording.large(budget["ppto_modificado"]),
            note=f"vigencia Actual, {cut}",
        ),
        Card(
            label="Ejecución del presupuesto",
            value=wording.percent(budget["pct_ejecucion"]),
            note=wording.large(budget["ejecucion"]),
        ),
        Card(
            label="Pagos del presupuesto",
            value=wording.large(budget["pagos"]),
            note=f"{wording.percent(budget['pct_pagos'])} de lo ejecutado",
        ),
        Card(
            label="Contratos del empréstito",
            value=wording.whole(maybe(loan["contratos"])),
            note=f"valor: {wording.large(maybe(loan['valor_contrato']))}",
        ),
        Card(
            label="Pagado a contratos del empréstito",
            value=wording.percent(maybe(loan["pct_pagado"])),
            note=wording.large(maybe(loan["valor_pagado"])),
        ),
        Card(
            label="Calidad de los datos (0 a 100)",
            value=wording.points(maybe(run["puntaje"])) if run else wording.NO_DATA,
            note=f"{class_in_words(run['clase'])}; {run['reglas_falladas']} de {run['reglas']} reglas incumplidas"
            if run
            else "sin validación",
            mood=_MOODS.get(str(run["clase"]), "") if run else "",
        ),
    ]
    return Section(ident="resumen", heading="Resumen", lead="Las cifras principales del último corte.", cards=cards)


def _subjects_section(contents: Contents) -> Section:
    return Section(
        ident="temas",
        heading=_("Subjects"),
        lead=_("One page for each, with its charts, maps, tables and a workbook."),
        cards=[
            replace(
                subject.card,
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
        heading="Fuentes y cargas",
        lead="De dónde viene cada tabla, hasta qué día vale y qué cambió en su última carga.",
        folded=[loads_table(contents.loads)],
    )
