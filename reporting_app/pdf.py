"""The report as PDF: first figures and the head of every table, no charts; made where the extra `pdf` is installed."""

from collections.abc import Sequence

from etl_kit.translation import _
from reporting_app.page import Card
from reporting_app.subject import Subject
from reporting_app.tables import Table, in_words

_ROWS = 25
_STYLE = """
#set page(paper: "a4", flipped: true, margin: 12mm, numbering: "1")
#set text(size: 8pt)
#set table(stroke: 0.3pt + gray, inset: 3pt)
"""


def write_pdf(about: Sequence[tuple[str, str]], subjects: Sequence[Subject]) -> bytes | None:
    """The PDF's bytes; None where the extra `pdf` is not installed."""
    try:
        import typst  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - an extra: nobody needs it who wants no PDF
    except ImportError:
        return None
    return bytes(typst.compile(typst_text(about, subjects).encode()))


def typst_text(about: Sequence[tuple[str, str]], subjects: Sequence[Subject]) -> str:
    """The report in the language of the typesetter; whatever comes from data is a quoted text, never markup."""
    facts = "\n".join(f"#strong({_quoted(name)}): #{_quoted(value)} \\" for name, value in about)
    return "\n".join([_STYLE, facts, *(_subject(subject) for subject in subjects)])


def _subject(subject: Subject) -> str:
    pieces = [f"#pagebreak()\n#heading(level: 1, {_quoted(subject.heading)})", f"#{_quoted(subject.section.lead)}\n"]
    pieces += [_card(card) for card in subject.section.cards]
    pieces += [_table(table) for table in subject.tables]
    return "\n".join(pieces)


def _card(card: Card) -> str:
    return f"- #strong({_quoted(card.label)}): #{_quoted(card.value)} #{_quoted(f'({card.note})')}"


def _table(table: Table) -> str:
    title = f"#heading(level: 2, {_quoted(table.caption)})"
    source = f"#text(size: 7pt, {_quoted(_('Source: {source}').format(source=table.source))})\n"
    if table.empty:
        return f"{title}\n{source}#emph({_quoted(in_words(None, table.columns[0].kind))})\n"
    heads = ", ".join(f"strong({_quoted(column.heading)})" for column in table.columns)
    cells = ", ".join(
        _quoted(in_words(row.get(column.name), column.kind)) for row in table.rows[:_ROWS] for column in table.columns
    )
    more = f"#{_quoted(f'… {len(table.rows) - _ROWS} +')}\n" if len(table.rows) > _ROWS else ""
    return f"{title}\n{source}#table(columns: {len(table.columns)}, table.header({heads}), {cells})\n{more}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
