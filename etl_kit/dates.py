"""Dates as the sources write them; what cannot be read is an issue, never a guess."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import polars as pl

from etl_kit.rejects import Rejects
from etl_kit.text import or_none, plain_key, text_column

COLOMBIA = timezone(timedelta(hours=-5), "America/Bogota")
"""Colombia has no summer time; the sources write local time without a zone."""

MONTHS = {
    name: number
    for number, name in enumerate(
        (
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ),
        start=1,
    )
} | {"setiembre": 9}

EXCEL_EPOCH = date(1899, 12, 30)
FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000  # 1954 … 2119; other numbers are no dates
ISO = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
DAY_FIRST = r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?$"
SERIAL = r"^(\d{5})(?:\.\d+)?$"
YEAR = r"^((?:19|20)\d{2})$"

REFUSED = "no es una fecha legible"


@dataclass(frozen=True, kw_only=True)
class ParsedDate:
    """A read date; or only its `anio`; or an `issue` if something is there that cannot be read."""

    day: date | None = None
    anio: int | None = None
    issue: str | None = None


def parse_date(value: object) -> ParsedDate:
    """`value` as a date: ISO, day first with `/` or `-`, Excel's serial number, or a bare year (`anio` only)."""
    if isinstance(value, date):  # a datetime is one too
        return _read(value.date() if isinstance(value, datetime) else value)
    text = or_none(value)
    if text is None:
        return ParsedDate()
    if found := re.match(YEAR, text):
        return ParsedDate(anio=int(found[1]))
    day = _day_of(text)
    return ParsedDate(issue=REFUSED) if day is None else _read(day)


def date_expr(text: pl.Expr) -> pl.Expr:
    """The vectorised `parse_date` for a column of text: its `day`, NULL otherwise."""
    said = text_column(text)
    parts = said.str.extract_groups(DAY_FIRST)
    day, month, year = (parts.struct.field(str(n)).str.zfill(2) for n in (1, 2, 3))
    day_first = pl.concat_str(year, month, day, separator="-").str.to_date("%Y-%m-%d", strict=False)
    serial = said.str.extract(SERIAL, 1).cast(pl.Int32, strict=False)
    iso = said.str.extract(ISO, 1).str.to_date("%Y-%m-%d", strict=False)
    of_serial = pl.when(serial.is_between(FIRST_SERIAL, LAST_SERIAL)).then(
        pl.lit(EXCEL_EPOCH) + pl.duration(days=serial),
    )
    return pl.coalesce(iso, day_first, of_serial)


def date_refused(text: pl.Expr) -> pl.Expr:
    """True where something stands that is neither a date nor a bare year."""
    said = text_column(text)
    return (said.is_not_null() & date_expr(text).is_null() & ~said.str.contains(YEAR)).fill_null(value=False)


def read_dates(frame: pl.DataFrame, columns: list[str], *, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the text `columns` read as dates; refused cells become NULL and go to `rejects`.

    `frame` holds `fila` and `fuente`.
    """
    for name in columns:
        refused = frame.filter(date_refused(pl.col(name)))
        rejects.add_frame(
            refused.select(
                "fila",
                pl.lit(name).alias("columna"),
                pl.col(name).alias("valor_crudo"),
                pl.lit(REFUSED).alias("motivo"),
                "fuente",
            ),
        )
    return frame.with_columns(date_expr(pl.col(name)).alias(name) for name in columns)


def month_from_name(text: str) -> int | None:
    """1–12 for a Spanish month's name, however capitalised or accented; None for anything else."""
    return MONTHS.get(plain_key(text))


def last_day(year: int, month: int) -> date:
    """The last day of a month: the cut of a monthly file."""
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month_of_file_name(name: str) -> tuple[int, int] | None:
    """(year, month) that a file name tells, such as `EJECUCION_ABRIL_2025.csv`.

    None unless exactly one month word and exactly one four-digit year stand in it: a wrong period is worse than none.
    A version stamp (`V20250405`) is no year.
    """
    words = re.findall(r"[a-z]+", plain_key(name))
    months = {MONTHS[word] for word in words if word in MONTHS}
    years = {int(year) for year in re.findall(r"(?<!\d)(20\d{2})(?!\d)", name)}
    if len(months) != 1 or len(years) != 1:
        return None
    return years.pop(), months.pop()


def today_in_colombia(now: datetime) -> date:
    """The calendar day in Colombia at the aware moment `now`."""
    return now.astimezone(COLOMBIA).date()


def _day_of(text: str) -> date | None:
    try:
        if found := re.match(ISO, text):
            return date.fromisoformat(found[1])
        if found := re.match(DAY_FIRST, text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:  # the 31st of February
        return None
    if (found := re.match(SERIAL, text)) and FIRST_SERIAL <= int(found[1]) <= LAST_SERIAL:
        return EXCEL_EPOCH + timedelta(days=int(found[1]))
    return None


def _read(day: date) -> ParsedDate:
    return ParsedDate(day=day, anio=day.year)
