"""The loan's workbooks: of each kind of sheet the newest, as text under our own column names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import fastexcel
import polars as pl

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.originals import EXTRACTED_BY, Original, current_originals
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.translation import _
from transformation_app.loan_layout import COLUMNS, Kind, Layout, MonthColumn, layout_of

FOLDER: Final = "emprestito"
WORKBOOK: Final = ".xlsx"
REPEATED_HEADER: Final = "encabezado repetido: solo cuenta la primera columna"

_HEADER_WITHIN: Final = 30
"""Rows from the top in which headers are looked for."""
_STAMPS: Final = (
    (r"(?<!\d)(20\d{2}-\d{2}-\d{2})(?!\d)", "%Y-%m-%d"),
    (r"(?<!\d)(20\d{6})(?!\d)", "%Y%m%d"),
    (r"(?<!\d)(\d{2}-\d{2}-20\d{2})(?!\d)", "%d-%m-%Y"),
    (r"(?<![\d-])(\d{2}-\d{2}-\d{2})(?![\d-])", "%d-%m-%y"),
)

Row = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet of the loan's workbooks.

    Attributes:
        kind: what it is about.
        book: the workbook's name, which is the `fuente` of its rows.
        title: the sheet's own name.
        cut: the day that the workbook's name tells; None if it tells none.
        rows: all text: our columns, those of months by `MonthColumn.name`, and `fila`, `fuente`. Columns the sheet
            lacks are NULL. Blank rows are no rows.
        months: its columns of months.
        repeated: headers that came a second time, whose columns do not count.
    """

    kind: Kind
    book: str
    title: str
    cut: date | None
    rows: pl.DataFrame
    months: tuple[MonthColumn, ...] = ()
    repeated: tuple[str, ...] = ()

    def note_repeated(self, rejects: Rejects) -> None:
        """Keep in `rejects` the columns that were left out."""
        for header in self.repeated:
            rejects.add(motivo=REPEATED_HEADER, fuente=self.book, columna=header)


@dataclass(frozen=True, kw_only=True)
class LoanBooks:
    """The sheet that speaks for each kind; what was left out is in `warnings` and, if it is damaged, in `unread`."""

    sheets: Mapping[Kind, Sheet] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


def loan_books(places: Places) -> LoanBooks:
    """What the current workbooks of the loan hold; without any, nothing but a warning."""
    try:
        originals = current_originals(places.raw(FOLDER), made_by=EXTRACTED_BY)
    except MissingInput as error:
        return LoanBooks(warnings=[_("going on without an input: {reason}").format(reason=error)])
    return read_books(originals)


def read_books(originals: Iterable[Original]) -> LoanBooks:
    """Of all sheets in `originals` the one of each kind that speaks.

    The workbook whose name tells the latest day speaks; of the same day, the sheet with more rows.
    """
    found: list[Sheet] = []
    unread: dict[str, str] = {}
    for original in originals:
        if not original.name.lower().endswith(WORKBOOK):
            continue
        try:
            found += read_workbook(original.path.read_bytes(), name=original.name)
        except (UnreadableInput, OSError) as error:
            unread[original.name] = str(error)
    sheets: dict[Kind, Sheet] = {}
    warnings = [_("{name} was left out: {reason}").format(name=name, reason=why) for name, why in unread.items()]
    for kind in Kind:
        candidates = sorted((sheet for sheet in found if sheet.kind is kind), key=_rank)
        if not candidates:
            warnings.append(_("no workbook of the loan holds '{kind}'").format(kind=kind))
            continue
        sheets[kind] = candidates[-1]
        warnings += [
            _("'{kind}' comes from {chosen}; {other} was left out").format(
                kind=kind, chosen=_place(candidates[-1]), other=_place(other)
            )
            for other in candidates[:-1]
        ]
    return LoanBooks(sheets=sheets, warnings=warnings, unread=unread)


def read_workbook(content: bytes, *, name: str) -> list[Sheet]:
    """The loan's sheets of one workbook; others in it are passed over.

    Raises:
        UnreadableInput: it is damaged.
    """
    try:
        workbook = fastexcel.read_excel(content)
        # As text, and later read as a machine's numbers: else Excel's types decide per column what a BP is.
        frames = {
            title: workbook.load_sheet(title, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for title in workbook.sheet_names
        }
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(name, str(error)) from error
    sheets = (_sheet(name, title, list(frame.iter_rows())) for title, frame in frames.items())
    return [sheet for sheet in sheets if sheet is not None]


def cut_of_name(name: str) -> date | None:
    """The one day that a workbook's name tells: `04-09-25 …` is the 4th of September; `… V20250815 …`.

    None if it tells none or several.
    """
    days = set()
    for pattern, form in _STAMPS:
        for said in re.findall(pattern, name):
            try:
                days.add(datetime.strptime(said, form).date())  # noqa: DTZ007 - only the day is kept
            except ValueError:
                continue
    return days.pop() if len(days) == 1 else None


def _sheet(name: str, title: str, rows: Sequence[Row]) -> Sheet | None:
    for place, cells in enumerate(rows[:_HEADER_WITHIN]):
        layout = layout_of(cells)
        if layout is not None:
            return Sheet(
                kind=layout.kind,
                book=name,
                title=title,
                cut=cut_of_name(name),
                rows=_frame(layout, rows[place + 1 :], first=place + 2, name=name),
                months=tuple(layout.months),
                repeated=tuple(layout.repeated),
            )
    return None


def _frame(layout: Layout, rows: Sequence[Row], *, first: int, name: str) -> pl.DataFrame:
    places = {**layout.columns, **{month.name: position for month, position in layout.months.items()}}
    said = [
        (number, row)
        for number, row in enumerate(rows, start=first)
        if any((row[position] or "").strip() for position in places.values())
    ]
    wanted = [*dict.fromkeys([*COLUMNS[layout.kind], *places])]
    cells: dict[str, list[str | None]] = {
        ours: [row[places[ours]] for _number, row in said] if ours in places else [None] * len(said) for ours in wanted
    }
    return pl.DataFrame(
        {"fila": [number for number, _row in said], "fuente": [name] * len(said), **cells},
        schema={"fila": pl.Int64(), "fuente": pl.String(), **dict.fromkeys(wanted, pl.String())},
    )


def _rank(sheet: Sheet) -> tuple[date, int, str, str]:
    return sheet.cut or date.min, sheet.rows.height, sheet.book, sheet.title


def _place(sheet: Sheet) -> str:
    return f"{sheet.book} ({sheet.title})"
