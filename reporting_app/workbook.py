"""The report as a workbook: the page's tables with typed numbers, ready to filter and sum."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.tables import Kind, Row, Table, TableColumn, in_words

_NUMBER_FORMATS = {
    Kind.WHOLE: "#,##0",
    Kind.PERCENT: "0.0%",
    Kind.HEAT: "0.0%",
    Kind.POINTS: "0.0",
    Kind.INDEX: "0.00",
    Kind.DATE: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
}
_WIDTHS = {Kind.PESOS: 22, Kind.DATE: 12, Kind.MOMENT: 17, Kind.WHOLE: 12, Kind.PERCENT: 11, Kind.HEAT: 11}
_WIDE, _NARROW, _LONGEST_GUESS = 46, 12, 32
_LONGEST_SHEET = 31  # characters: Excel refuses more
_FIRST_ROW = 3  # caption, source, headings


def write_workbook(about: Sequence[tuple[str, str]], tables: Sequence[Table]) -> bytes:
    """The workbook's bytes: a first sheet of `about` pairs, then one sheet per table with frozen headings."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": _("Report on data"), "company": _("City of Santiago de Cali")})
        formats = _Formats(book)
        _write_about(book.add_worksheet(_("Summary")), about, formats)
        for table in tables:
            _write_table(book.add_worksheet(table.sheet[:_LONGEST_SHEET]), table, formats)
    return buffer.getvalue()


class _Formats:
    """The cell formats of one workbook, made once each."""

    def __init__(self, book: Workbook) -> None:
        self.title: Format = book.add_format({"bold": True, "font_size": 13})
        self.note: Format = book.add_format({"italic": True, "font_color": "#555555"})
        self.heading: Format = book.add_format(
            {"bold": True, "bg_color": "#1B3F73", "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"}
        )
        self.cells: dict[tuple[Kind, bool], Format] = {
            (kind, total): book.add_format(_look(kind, total=total)) for kind in Kind for total in (False, True)
        }


def _look(kind: Kind, *, total: bool) -> dict[str, object]:
    look: dict[str, object] = {"valign": "top"}
    if kind is Kind.PESOS:
        look["num_format"] = f'"{wording.money_sign()}" #,##0'
    elif kind in _NUMBER_FORMATS:
        look["num_format"] = _NUMBER_FORMATS[kind]
    if total:
        look |= {"bold": True, "top": 1}
    return look


def _write_about(sheet: Worksheet, about: Sequence[tuple[str, str]], formats: _Formats) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    for row, (name, value) in enumerate(about):
        sheet.write_string(row, 0, name, formats.title if row == 0 else None)
        sheet.write_string(row, 1, value, formats.title if row == 0 else None)


def _write_table(sheet: Worksheet, table: Table, formats: _Formats) -> None:
    sheet.write_string(0, 0, table.caption, formats.title)
    sheet.write_string(1, 0, _("Source: {source}").format(source=table.source), formats.note)
    for position, column in enumerate(table.columns):
        sheet.write_string(_FIRST_ROW - 1, position, column.heading, formats.heading)
        sheet.set_column(position, position, _width(table, column))
    sheet.freeze_panes(_FIRST_ROW, 0)
    if table.empty:
        sheet.write_string(_FIRST_ROW, 0, wording.no_data())
        return
    for number, row in enumerate(table.rows, _FIRST_ROW):
        for position, column in enumerate(table.columns):
            look = formats.cells[column.kind, bool(row.get("total"))]
            _write_cell(sheet, number, position, row.get(column.name), look)
    sheet.autofilter(_FIRST_ROW - 1, 0, _FIRST_ROW - 1 + len(table.rows), len(table.columns) - 1)


def _write_cell(sheet: Worksheet, row: int, column: int, value: object, look: Format) -> None:
    """Write a value as what it is; an absent one stays blank, so that sums and filters see no text."""
    match value:
        case None:
            sheet.write_blank(row, column, None, look)
        case datetime():
            sheet.write_datetime(row, column, value.astimezone(wording.BOGOTA).replace(tzinfo=None), look)
        case date():
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001 - a day
        case bool():
            sheet.write_boolean(row, column, value, look)
        case int() | Decimal():
            sheet.write_number(row, column, float(value), look)  # the format knows no other numbers
        case _:
            sheet.write_string(row, column, str(value), look)


def _width(table: Table, column: TableColumn) -> int:
    if column.kind in _WIDTHS:
        return _WIDTHS[column.kind]
    if column.wide:
        return _WIDE
    longest = max((len(_text(row, column)) for row in table.rows), default=0)
    return min(max(longest, len(column.heading), _NARROW), _LONGEST_GUESS) + 2


def _text(row: Row, column: TableColumn) -> str:
    return in_words(row.get(column.name), column.kind)
