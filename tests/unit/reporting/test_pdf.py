"""What the typesetter is given: quoted texts only, and no file where the extra is not installed."""

import sys

from reporting_app.page import Card, Section
from reporting_app.pdf import typst_text, write_pdf
from reporting_app.subject import Subject
from reporting_app.tables import Table, TableColumn


def subject_with(value):
    table = Table(
        sheet="Hoja",
        caption="Una tabla",
        columns=(TableColumn(name="nombre", heading="Nombre"),),
        rows=[{"nombre": value}],
        source="a.csv",
    )
    card = Card(label="Cuántos", value=value, note="nota")
    section = Section(ident="parte", heading="Parte", lead="De qué trata.", cards=[card])
    return Subject(name="parte", section=section, tables=[table])


def test_what_comes_from_data_stays_within_its_quotes():
    text = typst_text("Título", "", [("Corte", "hoy")], [subject_with('#read("/x") \\ " fin')])

    assert '"#read(\\"/x\\") \\\\ \\" fin"' in text
    assert '#read("/x")' not in text


def test_without_the_extra_there_is_no_pdf(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)

    content = write_pdf("Título", "", [("Corte", "hoy")], [subject_with("1")], [])

    assert content is None
