"""Workbooks of Cuadro 1S, opened: which of the two layouts one has, and its sheets as rows of text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import fastexcel
import polars as pl

from etl_kit.errors import UnreadableInput
from etl_kit.text import plain_key
from etl_kit.translation import _
from transformation_app import action_plan_layout as activities

HEADER_WITHIN: Final = 40
"""Rows from the top of a sheet in which its header is looked for."""

Rows = list[tuple[str | None, ...]]
HeaderTest = Callable[[activities.Cells], bool]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet as rows of text; `header` is the place of its header among them, from 0."""

    name: str
    rows: Rows
    header: int


@dataclass(frozen=True, kw_only=True)
class Book:
    """A workbook of Cuadro 1S.

    Attributes:
        sheets: how many the workbook has, hidden ones included.
        activities: the sheet of activities of layout A (since September 2024), or None.
        summary: the summary by organismo of layout B (until June 2024), or None.
        trees: the sheets of layout B that hold one organismo's projects each.
    """

    sheets: int
    activities: Sheet | None = None
    summary: Sheet | None = None
    trees: tuple[Sheet, ...] = ()


def open_book(content: bytes, *, name: str) -> Book:
    """What a workbook holds of Cuadro 1S; sheets are found by their headers, wherever they stand.

    Raises:
        UnreadableInput: it is damaged, or no sheet of it has a header of either layout.
    """
    try:
        workbook = fastexcel.read_excel(content)
        names = workbook.sheet_names
        visible = [(each, _rows(workbook, each)) for each in names if _is_visible(workbook, each)]
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(name, str(error)) from error
    for each, rows in visible:
        if (header := _place(rows, activities.is_header)) is not None:
            return Book(sheets=len(names), activities=Sheet(name=each, rows=rows, header=header))
    summaries = _sheets(visible, _is_summary_header)
    trees = _sheets(visible, is_tree_header)
    if not summaries and not trees:
        reason = _("no sheet has a header with Cód BPIN and Cód Actividad, nor the summary or tree of an organismo")
        raise UnreadableInput(name, reason)
    return Book(sheets=len(names), summary=summaries[0] if summaries else None, trees=tuple(trees))


def is_tree_header(cells: activities.Cells) -> bool:
    """Whether a row heads the tree of an organismo's projects."""
    return {"clase", "clasificacion (bp)"} <= {plain_key(cell) for cell in cells if cell}


def _is_summary_header(cells: activities.Cells) -> bool:
    return {"codigo", "organismo", "proyectos"} <= {plain_key(cell) for cell in cells if cell}


def _sheets(visible: list[tuple[str, Rows]], is_header: HeaderTest) -> list[Sheet]:
    found = ((name, rows, _place(rows, is_header)) for name, rows in visible)
    return [Sheet(name=name, rows=rows, header=header) for name, rows, header in found if header is not None]


def _place(rows: Rows, is_header: HeaderTest) -> int | None:
    return next((at for at, cells in enumerate(rows[:HEADER_WITHIN]) if is_header(cells)), None)


def _is_visible(workbook: fastexcel.ExcelReader, name: str) -> bool:
    return bool(workbook.load_sheet(name, header_row=None, n_rows=0).visible == "visible")


def _rows(workbook: fastexcel.ExcelReader, name: str) -> Rows:
    # As text: else Excel's types decide per column what a BPIN is.
    sheet: pl.DataFrame = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    return list(sheet.iter_rows())
