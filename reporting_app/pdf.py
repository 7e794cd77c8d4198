"""The report as PDF: first figures and the head of every table, no charts; made where the extra `pdf` is installed."""

from collections.abc import Sequence

from etl_kit.translation import _, language
from reporting_app import wording
from reporting_app.page import Card
from reporting_app.subject import Subject
from reporting_app.tables import Row, Table, TableColumn, cell_in_words

_ROWS = 25
_MANY_COLUMNS = 9
# the typesetter brings its own fonts: nothing is fetched, and the file holds what it needs
_STYLE = """
#set page(paper: "a4", flipped: true, margin: (x: 12mm, top: 16mm, bottom: 14mm))
#set page(numbering: "1 / 1", header: [{header}])
#set text(size: 8.5pt, lang: "{language}", region: "co")
#set par(leading: 0.5em)
#set table(stroke: 0.3pt + rgb("#9aa7ba"), inset: 3pt, fill: (_, y) => if y == 0 {{ rgb("#dfe7f3") }})
#show heading.where(level: 1): set text(size: 15pt, fill: rgb("#12386b"))
#show heading.where(level: 2): set text(size: 10.5pt)
#show heading.where(level: 2): set block(above: 1.4em, below: 0.6em, sticky: true)
"""


def write_pdf(
    title: str, banner: str, about: Sequence[tuple[str, str]], subjects: Sequence[Subject], more: Sequence[Table]
) -> bytes | None:
    """The PDF's bytes; None where the extra `pdf` is not installed."""
    try:
        import typst  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - an extra: nobody needs it who wants no PDF
    except ImportError:
        return None
    return bytes(typst.compile(typst_text(title, banner, about, subjects, more).encode()))


def typst_text(
    title: str, banner: str, about: Sequence[tuple[str, str]], subjects: Sequence[Subject], more: Sequence[Table] = ()
) -> str:
    """The report in the language of the typesetter; whatever comes from data is a quoted text, never markup.

    `banner` stands on every page, `more` are tables behind those of the subjects.
    """
    header = f'#text(size: 8pt, weight: "bold", fill: rgb("#93261a"), {_quoted(banner)})' if banner else ""
    style = _STYLE.format(header=header, language="es" if language() == "es" else "en")
    facts = "\n".join(f"#strong({_quoted(name)}): #{_quoted(value)} \\" for name, value in about)
    head = f"#heading(level: 1, {_quoted(title)})\n{facts}"
    return "\n".join([style, head, *(_subject(subject) for subject in subjects), *(_table(table) for table in more)])


def _subject(subject: Subject) -> str:
    section = subject.section
    pieces = [f"#pagebreak()\n#heading(level: 1, {_quoted(subject.heading)})", f"#{_quoted(section.lead)}\n"]
    pieces += [_warning(warning) for warning in section.warnings]
    pieces += [_card(card) for card in section.cards]
    pieces += [_table(table) for table in subject.tables]
    return "\n".join(pieces)


def _card(card: Card) -> str:
    return f"- #strong({_quoted(card.label)}): #{_quoted(card.value)} #{_quoted(f'({card.note})')}"


def _warning(warning: str) -> str:
    return f'#text(fill: rgb("#8a1f11"), {_quoted(warning)})\n'


def _table(table: Table) -> str:
    title = f"#heading(level: 2, {_quoted(table.caption)})"
    source = f"#text(size: 7pt, {_quoted(_('Source: {source}').format(source=table.source))})\n"
    warnings = "".join(_warning(warning) for warning in table.warnings)
    if table.empty:
        return f"{title}\n{warnings}{source}#emph({_quoted(wording.no_data())})\n"
    widths = ", ".join("1fr" if column.wide else "auto" for column in table.columns)
    sides = ", ".join("right" if column.kind.numeric else "left" for column in table.columns)
    heads = ", ".join(f"strong({_quoted(column.heading)})" for column in table.columns)
    cells = ", ".join(_cell(row, column) for row in table.rows[:_ROWS] for column in table.columns)
    more = ""
    if len(table.rows) > _ROWS:
        told = _("{shown} of {count} rows are shown; all are in the Excel workbook, sheet “{sheet}”.")
        count = wording.whole(len(table.rows))
        more = f"#emph({_quoted(told.format(shown=_ROWS, count=count, sheet=table.sheet))})\n"
    size = "6.5pt" if len(table.columns) > _MANY_COLUMNS else "7.5pt"
    drawn = f"#table(columns: ({widths},), align: ({sides},), table.header({heads}), {cells})"
    return f"{title}\n{warnings}#[#set text(size: {size})\n{drawn}]\n{more}{source}"


def _cell(row: Row, column: TableColumn) -> str:
    words = _quoted(cell_in_words(row, column))
    return f"strong({words})" if row.get("total") else words


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
