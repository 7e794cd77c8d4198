"""The report as one HTML page that needs nothing but itself: no script, no font, no request."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from pathlib import Path
from string import Template

from etl_kit.translation import _, language
from reporting_app import wording
from reporting_app.tables import Kind, Row, Table, TableColumn, cell_in_words

_HERE = Path(__file__).parent
_HEAT_STEPS = (Decimal("0.2"), Decimal("0.4"), Decimal("0.6"), Decimal("0.8"))


@dataclass(frozen=True, kw_only=True)
class Card:
    """A figure to be seen first: what it is, its value in words, a note; `mood` is "", "bien", "regular" or "mal".

    `source` is where the value comes from, if the section does not say it for all of its cards. `link` leads to a file
    beside the page and reads `link_text`.
    """

    label: str
    value: str
    note: str
    mood: str = ""
    source: str = ""
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A chart with its heading and source; `legend` is pairs of style and words, `warnings` stand above it.

    `svg` is its markup, an SVG or a list of bars; an empty one reads "no data".
    """

    heading: str
    svg: str
    source: str
    legend: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page: heading, one sentence, warnings, cards, charts, tables, and tables that start folded.

    `source` is where the values of its cards come from.
    """

    ident: str
    heading: str
    lead: str
    warnings: Sequence[str] = ()
    cards: Sequence[Card] = ()
    source: str = ""
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()
    folded: Sequence[Table] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """The whole page: `facts` stand in its head; `banner` is a warning above all, or "".

    `heading` is its main heading, the title if not given; `others` are the files beside it, each with its name: this
    page's own is `here`.
    """

    title: str
    banner: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    footer: str
    heading: str = ""
    others: Sequence[tuple[str, str]] = ()
    here: str = ""


def write_page(page: Page) -> str:
    """The page as HTML text; everything that comes from data is escaped."""
    return Template((_HERE / "page.html").read_text(encoding="utf-8")).substitute(
        language="es" if language() == "es" else "en",
        title=escape(page.title),
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        banner=f'<p class="inventado" role="alert">{escape(page.banner)}</p>' if page.banner else "",
        facts="\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in page.facts),
        heading=escape(page.heading or page.title),
        skip=escape(_("Skip to the contents")),
        city=escape(_("City of Santiago de Cali")),
        pages=escape(_("Pages of the report")),
        index="\n".join(_link(page, file, name) for file, name in page.others)
        or "\n".join(f'<li><a href="#{part.ident}">{escape(part.heading)}</a></li>' for part in page.sections),
        sections="\n".join(_section(part) for part in page.sections),
        footer=f"<p>{escape(page.footer)}</p>",
    )


def _link(page: Page, file: str, name: str) -> str:
    current = ' aria-current="page"' if file == page.here else ""
    return f'<li><a href="{escape(file, quote=True)}"{current}>{escape(name)}</a></li>'


def _section(part: Section) -> str:
    pieces = [
        f'<section id="{part.ident}" aria-labelledby="{part.ident}-h">',
        f'<h2 id="{part.ident}-h">{escape(part.heading)}</h2><p>{escape(part.lead)}</p>',
        _warnings(part.warnings),
    ]
    if part.cards:
        pieces.append(f'<ul class="tarjetas">{"".join(_card(card) for card in part.cards)}</ul>')
        pieces += [_source(part.source)] if part.source else []
    if part.drawings:
        pieces.append(f'<div class="pareja">{"".join(_drawing(drawing) for drawing in part.drawings)}</div>')
    pieces += [f'<div class="caja">{_table(table)}</div>' for table in part.tables]
    pieces += [_folded(table) for table in part.folded]
    return "\n".join([*pieces, "</section>"])


def _card(card: Card) -> str:
    return (
        f'<li class="tarjeta {card.mood}"><p class="rotulo">{escape(card.label)}</p>'
        f'<p class="valor">{escape(card.value)}</p><p class="nota">{escape(card.note)}</p>'
        f"{_source(card.source) if card.source else ''}{_card_link(card)}</li>"
    )


def _card_link(card: Card) -> str:
    return f'<p><a href="{escape(card.link, quote=True)}">{escape(card.link_text)}</a></p>' if card.link else ""


def _drawing(drawing: Drawing) -> str:
    shown = drawing.svg or f'<p class="sin-datos">{wording.no_data()}</p>'
    return (
        f'<div class="caja dibujo"><h3>{escape(drawing.heading)}</h3>{_warnings(drawing.warnings)}{shown}'
        f"{_legend(drawing)}{_source(drawing.source)}</div>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    return "".join(f'<p class="advertencia">{escape(warning)}</p>' for warning in warnings)


def _legend(drawing: Drawing) -> str:
    items = "".join(f'<li><span class="muestra {style}"></span>{escape(words)}</li>' for style, words in drawing.legend)
    return f'<ul class="leyenda">{items}</ul>' if items else ""


def _folded(table: Table) -> str:
    count = wording.no_data() if table.empty else _("{count} rows").format(count=wording.whole(len(table.rows)))
    summary = f"<summary>{escape(table.caption)} ({count})</summary>"
    return f'<details class="caja">{summary}{_table(table)}</details>'


def _table(table: Table) -> str:
    caption = f"<caption><span>{escape(table.caption)}</span></caption>"
    if table.empty:
        body = f'<tbody><tr><td class="vacia">{wording.no_data()}</td></tr></tbody>'
        return f"<table>{caption}{body}</table>{_source(table.source)}"
    head = "".join(_heading(column) for column in table.columns)
    rows = "".join(_row(row, table.columns) for row in _shown(table))
    cut = len(table.rows) - len(_shown(table))
    shown, all_rows = wording.whole(len(_shown(table))), wording.whole(len(table.rows))
    told = _("{shown} of {count} rows are shown; all are in the Excel workbook, sheet “{sheet}”.")
    more = f'<p class="fuente">{escape(told.format(shown=shown, count=all_rows, sheet=table.sheet))}</p>'
    return (
        f'{_warnings(table.warnings)}<div class="tabla" tabindex="0" role="region" '
        f'aria-label="{escape(table.caption, quote=True)}">'
        f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"{more if cut else ''}{_source(table.source)}"
    )


def _shown(table: Table) -> Sequence[Row]:
    return table.rows[: table.on_page]


def _heading(column: TableColumn) -> str:
    return f'<th scope="col"{_classes(_column_classes(column))}>{escape(column.heading)}</th>'


def _row(row: Row, columns: Sequence[TableColumn]) -> str:
    first, *others = columns
    cells = f'<th scope="row"{_classes(_column_classes(first))}>{escape(cell_in_words(row, first))}</th>'
    cells += "".join(_cell(row, column) for column in others)
    return f'<tr class="total">{cells}</tr>' if row.get("total") else f"<tr>{cells}</tr>"


def _cell(row: Row, column: TableColumn) -> str:
    value = row.get(column.name)
    classes = _column_classes(column)
    if value is None:
        classes.append("vacia")
    elif column.kind is Kind.HEAT and isinstance(value, Decimal):
        classes.append(f"calor-{sum(value >= step for step in _HEAT_STEPS) + 1}")
    words = escape(cell_in_words(row, column))
    if column.link and row.get(column.link):
        words = f'<a href="{escape(str(row[column.link]), quote=True)}">{words}</a>'
    return f"<td{_classes(classes)}>{words}</td>"


def _column_classes(column: TableColumn) -> list[str]:
    return [*(["num"] if column.kind.numeric else []), *(["amplia"] if column.wide else [])]


def _classes(names: Sequence[str]) -> str:
    return f' class="{" ".join(names)}"' if names else ""


def _source(source: str) -> str:
    return f'<p class="fuente">{escape(_("Source: {source}").format(source=source))}</p>'
