"""Monthly budget files, CSV or workbook, as frames of text under our own column names."""

import csv
import io
from collections.abc import Iterable

import fastexcel
import polars as pl

from etl_kit.errors import UnreadableInput
from etl_kit.money import Spelling
from etl_kit.rejects import Rejects
from etl_kit.text import normalise_header
from etl_kit.translation import _
from transformation_app.budget_layout import BUDGET_COLUMNS, columns_by_name, is_header

SHEET = "DEFINITIVO"
WORKBOOK = ".xlsx"
TEXT_SCHEMA = {"fila": pl.Int64(), "fuente": pl.String()} | dict.fromkeys(BUDGET_COLUMNS, pl.String())
RAGGED = "la fila no tiene tantas celdas como el encabezado"

Rows = list[tuple[int, list[str | None]]]
"""Rows of cells, each with its number in the file as a spreadsheet counts, from 1."""


def spelling_of(name: str) -> Spelling:
    """How the money of a file called `name` is written: by Excel's cells or in the Colombian manner."""
    return Spelling.MACHINE if name.lower().endswith(WORKBOOK) else Spelling.COLOMBIAN


def read_budget_file(content: bytes, *, name: str, rejects: Rejects) -> pl.DataFrame:
    """The lines of one file, all cells as text.

    Args:
        content: the whole file.
        name: the name it was published under, which becomes `fuente`; its ending tells the format.
        rejects: takes rows with a wrong number of cells.

    Returns:
        Shape (lines, 2 + len(BUDGET_COLUMNS)); columns the file lacks are NULL. Rows that are blank are no lines.

    Raises:
        UnreadableInput: the file is damaged, in another encoding, or has neither sheet nor header.
        MissingColumns: the header lacks a column without which a line means nothing.
    """
    rows = _workbook_rows(content, name) if name.lower().endswith(WORKBOOK) else _csv_rows(content, name)
    place = next((position for position, (_number, cells) in enumerate(rows) if is_header(cells)), None)
    if place is None:
        raise UnreadableInput(name, _("no header row with Centro Gestor, BPIN and BP in its first rows"))
    header = normalise_header(_without_empty_tail(rows[place][1]))
    columns = columns_by_name(header, name)
    lines = _lines(rows[place + 1 :], width=len(header), name=name, rejects=rejects)
    positions = {ours: header.index(theirs) for ours, theirs in columns.items()}
    cells_by_name: dict[str, list[str | None]] = {
        ours: [cells[position] for _number, cells in lines] for ours, position in positions.items()
    }
    frame = pl.DataFrame(
        {"fila": [number for number, _cells in lines], "fuente": [name] * len(lines), **cells_by_name},
        schema_overrides={
            column: dtype for column, dtype in TEXT_SCHEMA.items() if column in ("fila", "fuente", *cells_by_name)
        },
    )
    absent = [column for column in TEXT_SCHEMA if column not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(column) for column in absent).select(
        TEXT_SCHEMA.keys()
    )


def _lines(rows: Iterable[tuple[int, list[str | None]]], *, width: int, name: str, rejects: Rejects) -> Rows:
    lines: Rows = []
    for number, cells in rows:
        if not any(cell and cell.strip() for cell in cells):
            continue
        if len(cells) < width or any(cell and cell.strip() for cell in cells[width:]):
            raw = ";".join(cell or "" for cell in cells)
            rejects.add(motivo=RAGGED, fuente=name, fila=number, valor_crudo=raw)
            continue
        lines.append((number, cells))
    return lines


def _csv_rows(content: bytes, name: str) -> Rows:
    try:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        return [
            (number, list(cells)) for number, cells in enumerate(csv.reader(text, delimiter=";", strict=True), start=1)
        ]
    except UnicodeDecodeError as error:
        raise UnreadableInput(name, _("it is not UTF-8; save it as CSV UTF-8")) from error
    except csv.Error as error:
        raise UnreadableInput(name, str(error)) from error


def _workbook_rows(content: bytes, name: str) -> Rows:
    try:
        workbook = fastexcel.read_excel(content)
        named = {sheet.strip().upper(): sheet for sheet in workbook.sheet_names}
        if SHEET not in named:
            reason = _("there is no sheet {sheet}; there are {present}")
            raise UnreadableInput(name, reason.format(sheet=SHEET, present=", ".join(workbook.sheet_names)))
        # As text, and later read as a machine's numbers: else Excel's types decide per column what a BPIN is.
        sheet = workbook.load_sheet(named[SHEET], header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(name, str(error)) from error
    return [(number, list(cells)) for number, cells in enumerate(sheet.iter_rows(), start=1)]


def _without_empty_tail(cells: list[str | None]) -> list[str | None]:
    last = max((position for position, cell in enumerate(cells) if cell and cell.strip()), default=-1)
    return cells[: last + 1]
