"""Monthly budget files as the city publishes them: semicolon CSV with every habit of the original, and a workbook."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import xlsxwriter

from demo_city.budget import Balance, Row
from demo_city.budget_layout import MONEY_HEADERS, Cell, Layout, layout_of

MONTHS: Final = {1: "ENERO", 2: "FEBRERO", 3: "MARZO", 4: "ABRIL", 5: "MAYO"}
BARE_NEGATIVES: Final = (2025, 4)
"""The cut in which large negatives have no thousands separators."""

PARENTHESES: Final = (2025, 3)
"""The cut whose first negative stands in parentheses."""

_BARE_FROM: Final = 50_000_000
_WORKBOOK_DATE: Final = datetime(2025, 5, 5)  # noqa: DTZ001 - a workbook property has no zone
_BLANK_ROWS: Final = 120


def csv_name(year: int, month: int) -> str:
    """Return for instance `EJECUCION_ABRIL_2025.csv`."""
    return f"EJECUCION_{MONTHS[month]}_{year}.csv"


def csv_bytes(rows: Sequence[Row], year: int, month: int) -> bytes:
    """The monthly CSV: `;`, UTF-8 with BOM, LF, line breaks inside quoted fields, ` -   ` for zero."""
    layout = layout_of(year, month)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(layout.headers)
    parentheses = (year, month) == PARENTHESES
    for row in rows:
        cells = []
        for cell in layout.cells(row):
            cells.append(cell if isinstance(cell, str) else _money(cell, year, month, parentheses=parentheses))
            parentheses = parentheses and not (isinstance(cell, int) and cell < 0)
        writer.writerow(cells)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def workbook_name(month: int) -> str:
    """Return a name such as the city uses: the V-date is the day of its publication, not the cut."""
    return f"{month}. Ejecucion_Def_{MONTHS[month].capitalize()}_Inversion_2025 V202505{month:02d}.xlsx"


def workbook_bytes(rows: Sequence[Row], filled: int, year: int, month: int) -> bytes:
    """The month as a workbook: pivots of all `rows`, but only the first `filled` rows in sheet DEFINITIVO.

    `Centro Gestor` is a number here, BPIN stays text; formatted blank rows follow the data.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _WORKBOOK_DATE})  # or the same city would give other bytes each time
        _write_pivot(book, "PROPÓSITO", [(row.line.project.branch.top[1], row.balance) for row in rows])
        _write_pivot(book, "RETO", [(row.line.project.branch.middle[1], row.balance) for row in rows])
        _write_definitivo(book, rows[:filled], layout_of(year, month))
        by_department = [(row.line.project.department.name, row) for row in rows]
        _write_pivot(book, "ORGANISMOS", [(name, row.balance) for name, row in by_department])
        actual = [(name, row.balance) for name, row in by_department if row.line.vigencia == "Actual"]
        _write_pivot(book, "AVANCE GENERAL", actual)
        _write_pivot(book, "EJECUCION X FUENTE", [(row.line.fund.classification, row.balance) for row in rows])
        loan = [(name, row.balance) for name, row in by_department if row.line.fund.loan]
        _write_pivot(book, "EMPRÉSTITO", loan)
    return buffer.getvalue()


def _money(amount: int, year: int, month: int, *, parentheses: bool) -> str:
    if amount == 0:
        return " -   "
    grouped = f"{abs(amount):,}".replace(",", ".")
    if amount > 0:
        return f" {grouped} "
    if parentheses:
        return f"({grouped})"
    if (year, month) == BARE_NEGATIVES and amount <= -_BARE_FROM:
        return str(amount)
    return f"-{grouped} "


def _write_definitivo(book: xlsxwriter.Workbook, rows: Sequence[Row], layout: Layout) -> None:
    sheet = book.add_worksheet("DEFINITIVO")
    grey = book.add_format({"bg_color": "#F2F2F2"})
    sheet.write_row(0, 0, [header.strip() for header in layout.headers])
    numeric = {layout.headers.index(name) for name in ("Centro Gestor", "Propósito", "Reto", "Programa")}
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(layout.cells(row)):
            _write_cell(sheet, number, column, int(cell) if column in numeric else cell)
    for number in range(len(rows) + 1, len(rows) + 1 + _BLANK_ROWS):
        sheet.write_blank(number, 0, None, grey)


def _write_cell(sheet: "xlsxwriter.worksheet.Worksheet", row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, cell)


def _write_pivot(book: xlsxwriter.Workbook, title: str, amounts: Sequence[tuple[str, Balance]]) -> None:
    """A control table: sums per label, below three lines of heading as in the original."""
    sheet = book.add_worksheet(title)
    sheet.write_string(0, 0, f"EJECUCIÓN PRESUPUESTAL - {title}")
    sheet.write_row(3, 0, ["Etiquetas de fila", *(f"Suma de {name}" for name in MONEY_HEADERS)])
    sums: dict[str, list[int]] = {}
    for label, balance in amounts:
        total = sums.setdefault(label, [0] * len(MONEY_HEADERS))
        sums[label] = [a + b for a, b in zip(total, balance.columns(), strict=True)]
    lines = sorted(sums.items())
    lines.append(("Total general", [sum(column) for column in zip(*sums.values(), strict=True)]))
    for number, (label, figures) in enumerate(lines, start=4):
        sheet.write_string(number, 0, label)
        sheet.write_row(number, 1, figures)


SHIFTED_LABELS: Final = 12
REPEATED_KEYS: Final = 3


def with_traps_of_2024(rows: Sequence[Row]) -> tuple[list[Row], dict[str, list[int]]]:
    """The month of 2024 with its two known faults, and the positions (0 = first data row) of the rows concerned.

    `vigencia_corrida`: lines of the current year labelled Reservas although they have an initial budget.
    `llave_repetida`: rows that repeat the natural key of an earlier row with other amounts.
    """
    faulty = list(rows)
    candidates = [place for place, row in enumerate(rows) if row.line.vigencia == "Actual" and row.balance.inicial > 0]
    shifted = candidates[5 : 5 + SHIFTED_LABELS]
    for place in shifted:
        faulty[place] = replace(faulty[place], line=replace(faulty[place].line, vigencia="Reservas"))
    repeated = candidates[30 : 30 + REPEATED_KEYS]
    for place in repeated:
        faulty.append(Row(line=faulty[place].line, balance=Balance(inicial=1_000_000)))
    added = list(range(len(rows), len(faulty)))
    return faulty, {"vigencia_corrida": shifted, "llave_repetida": added}
