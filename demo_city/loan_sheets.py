"""Workbooks from plain rows, the same bytes for the same rows."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime

import xlsxwriter

Cell = str | int | float | datetime | None


def workbook_of(sheets: Mapping[str, Sequence[Sequence[Cell]]], *, made: datetime) -> bytes:
    """A workbook with those sheets; texts stay texts, days are days, None is no cell.

    Args:
        sheets: rows by sheet name.
        made: what the workbook says of its own making; else the clock would change its bytes.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": made})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    match cell:
                        case None:
                            continue
                        case str():
                            sheet.write_string(number, column, cell)
                        case datetime():
                            sheet.write_datetime(number, column, cell, day)
                        case _:
                            sheet.write_number(number, column, cell)
    return buffer.getvalue()
