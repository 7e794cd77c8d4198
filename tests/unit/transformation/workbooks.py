"""Small workbooks for tests."""

import io
from collections.abc import Sequence
from datetime import date

import xlsxwriter


def book(**sheets: Sequence[Sequence[object]]) -> bytes:
    """A workbook with these sheets; a date is a day, None is no cell."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(number, column, cell, day)
                    elif cell is not None:
                        sheet.write(number, column, cell)
    return buffer.getvalue()
