"""Weekly workbooks of the procurement plan as frames of text under our own column names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import fastexcel
import polars as pl

from etl_kit.datasets.paa import PAA_MONEY
from etl_kit.errors import UnreadableInput
from etl_kit.text import text_column
from etl_kit.translation import _
from transformation_app.paa_layout import COUNT_COLUMNS, PAA_COLUMNS, columns_by_name, is_header, junk_headers

HEADER_WITHIN: Final = 30
"""Rows from the top in which the header is looked for."""

WEEK: Final = re.compile(r"(?<![A-Za-z])W[\s_-]{0,2}0*([1-9]\d?)(?!\d)", re.IGNORECASE)
VERSION: Final = re.compile(r"\s*V\s*(\d+)\b", re.IGNORECASE)
COLUMNS: Final = ("fila", "fuente", *PAA_COLUMNS)


@dataclass(frozen=True, kw_only=True, eq=False)  # frames have no yes-or-no equality
class WeeklyPlan:
    """One workbook.

    Attributes:
        name: of the file.
        week: as the file name tells it.
        year: of the plan, by most of its rows.
        version: of the sheet (`V28 …`), 0 if it tells none.
        lines: shape (n, 2 + len(PAA_COLUMNS)), cells as text, NULL where nothing is said; rows not yet judged.
        absent: headers of the plan that the sheet lacks.
        junk: headers that are none of the plan's.
    """

    name: str
    week: int
    year: int
    version: int
    lines: pl.DataFrame
    absent: tuple[str, ...] = field(default=())
    junk: tuple[str, ...] = field(default=())

    @property
    def cut(self) -> date:
        """The last day of its week (ISO 8601): nothing in the plan is younger."""
        return date.fromisocalendar(self.year, self.week, 7)

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """Orders plans from the oldest to the current one; of one week, the newer version or the longer sheet."""
        return (self.year, self.week, self.version, self.lines.height, self.name)


def week_of_name(name: str) -> int | None:
    """The week that a file name tells, such as `DACP W-31 PAA BD.xlsx`; None unless exactly one stands there."""
    weeks = {int(week) for week in WEEK.findall(name)}
    return weeks.pop() if len(weeks) == 1 else None


def read_plan(content: bytes, *, name: str) -> WeeklyPlan:
    """The plan that a workbook holds.

    Of several sheets with the plan's columns the one of the highest version counts, then the one with most rows.

    Raises:
        UnreadableInput: the workbook is damaged, no sheet has the plan's columns, or nobody tells week or year.
    """
    week = week_of_name(name)
    if week is None:
        raise UnreadableInput(name, _("its name tells no single week, such as W-31"))
    sheets = _sheets(content, name)
    if not sheets:
        essential = ", ".join(PAA_COLUMNS[one] for one in ("id", "nombre_centro_gestor", "valor_total_estimado"))
        raise UnreadableInput(name, _("no sheet has the columns {columns} of the plan").format(columns=essential))
    version, header, body = max(sheets, key=lambda sheet: (sheet[0], sheet[2].height))
    columns = columns_by_name(header, filled=lambda place: _has_values(body, place))
    lines = _lines(body, columns, name)
    year = _year_of(lines)
    if year is None or not _exists(year, week):
        raise UnreadableInput(name, _("its rows tell no year that has a week {week}").format(week=week))
    return WeeklyPlan(
        name=name,
        week=week,
        year=year,
        version=version,
        lines=lines,
        absent=tuple(theirs for ours, theirs in PAA_COLUMNS.items() if ours not in columns),
        junk=tuple(junk_headers(header, columns)),
    )


_Sheet = tuple[int, Sequence[str | None], pl.DataFrame]
"""Version, header, and the rows below with `fila`, their number as a spreadsheet counts."""


def _sheets(content: bytes, name: str) -> list[_Sheet]:
    """The sheets that hold the plan."""
    try:
        workbook = fastexcel.read_excel(content)
        frames = {
            title: workbook.load_sheet(title, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for title in workbook.sheet_names
        }
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(name, str(error)) from error
    return [sheet for title, frame in frames.items() if (sheet := _sheet(title, frame)) is not None]


def _sheet(title: str, frame: pl.DataFrame) -> _Sheet | None:
    top = frame.head(HEADER_WITHIN).rows()
    place = next((number for number, cells in enumerate(top) if is_header(cells)), None)
    if place is None:
        return None
    version = VERSION.match(title)
    numbered = frame.with_row_index("fila", offset=1).with_columns(pl.col("fila").cast(pl.Int64))
    return (int(version[1]) if version else 0, top[place], numbered.slice(place + 1))


def _has_values(body: pl.DataFrame, place: int) -> bool:
    column = body.to_series(place + 1)  # after `fila`
    return bool((column.str.strip_chars() != "").any())


def _lines(body: pl.DataFrame, columns: dict[str, int], name: str) -> pl.DataFrame:
    """The rows with anything in a column of the plan, texts in single spaces, absent columns NULL."""
    named = body.select(
        "fila",
        pl.lit(name).alias("fuente"),
        *(_said(ours, body.columns[columns[ours] + 1]) for ours in PAA_COLUMNS if ours in columns),
        *(pl.lit(None, dtype=pl.String).alias(ours) for ours in PAA_COLUMNS if ours not in columns),
    )
    return named.filter(~pl.all_horizontal(pl.col(*PAA_COLUMNS).is_null())).select(COLUMNS)


def _said(ours: str, theirs: str) -> pl.Expr:
    """What a cell says; `0` stands for nothing in texts, but is an amount or a count in the other columns."""
    single = pl.col(theirs).str.replace_all(r"\s+", " ").str.strip_chars()
    if ours in PAA_MONEY:
        return pl.when(single != "").then(single).alias(ours)
    return text_column(single, zero_is_null=ours not in COUNT_COLUMNS).alias(ours)


def _year_of(lines: pl.DataFrame) -> int | None:
    years = lines.get_column("anio").str.extract(r"^(20\d{2})(?:\.0)?$", 1).drop_nulls()
    if years.is_empty():
        return None
    return int(max(years.value_counts().rows(), key=lambda counted: (counted[1], counted[0]))[0])


def _exists(year: int, week: int) -> bool:
    return week <= date(year, 12, 28).isocalendar().week  # 28 December is always in a year's last week
