"""Tables of a report: one description from which the page and the workbook are both written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto

from reporting_app import wording

Row = Mapping[str, object]


class Kind(Enum):
    """What a column holds, and so how it is written and aligned."""

    TEXT = auto()
    WHOLE = auto()
    PESOS = auto()
    PERCENT = auto()
    HEAT = auto()  # a percentage whose cell is shaded by its value
    POINTS = auto()
    INDEX = auto()  # a quotient as such: 0.92
    DATE = auto()
    MOMENT = auto()

    @property
    def numeric(self) -> bool:
        """Whether values stand right-aligned."""
        return self in {Kind.WHOLE, Kind.PESOS, Kind.PERCENT, Kind.HEAT, Kind.POINTS, Kind.INDEX}


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column: `name` in the rows, `heading` for people; `wide` may break over lines.

    `link` names the column that holds the address, beside the page, to which a cell leads; without one it does not.
    """

    name: str
    heading: str
    kind: Kind = Kind.TEXT
    wide: bool = False
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its caption and the place its figures come from.

    `sheet` is its name in the workbook, at most 31 characters. A row whose `total` is true is set apart. `on_page` is
    how many rows the page shows; the workbook always has all of them. `warnings` stand above it on the page.
    """

    sheet: str
    caption: str
    columns: Sequence[TableColumn]
    rows: Sequence[Row]
    source: str
    on_page: int = 200
    warnings: Sequence[str] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show; then readers see "no data"."""
        return not self.rows


def ratio(part: object, of: object) -> Decimal | None:
    """`part / of` with six decimals; None if either is missing or `of` is zero."""
    if part is None or of is None:
        return None
    divisor = exact(of)
    return (exact(part) / divisor).quantize(Decimal("0.000001"), ROUND_HALF_UP) if divisor else None


def exact(number: object) -> Decimal:
    """A number of the warehouse as Decimal; it never holds binary fractions.

    Raises:
        TypeError: it is no whole number and no Decimal.
    """
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise TypeError(f"expected a whole number or a Decimal, not {number!r}")
    return Decimal(number)


def maybe(number: object) -> Decimal | None:
    """`exact`, and None for None."""
    return None if number is None else exact(number)


def total(rows: Iterable[Row], name: str) -> Decimal | None:
    """The sum of a column; None if no row has a value, since nothing is not zero."""
    values = [exact(row[name]) for row in rows if row[name] is not None]
    return sum(values, Decimal(0)) if values else None


def in_words(value: object, kind: Kind) -> str:
    """A cell as people read it; an absent value reads "no data" and never zero."""
    if value is None:
        return wording.no_data()
    if isinstance(value, datetime):
        return wording.moment(value)
    if isinstance(value, date):
        return wording.short_date(value)
    if kind in _NUMBERS and not isinstance(value, str):  # a word among numbers, as "—" where none applies, stays
        return _NUMBERS[kind](exact(value))
    return str(value)


def cell_in_words(row: Row, column: TableColumn) -> str:
    """A cell of a table as people read it; blank where a row of totals has nothing to say of a column."""
    if row.get("total") and column.name not in row:
        return ""
    return in_words(row.get(column.name), column.kind)


_NUMBERS: Mapping[Kind, Callable[[Decimal], str]] = {
    Kind.WHOLE: wording.whole,
    Kind.PESOS: wording.pesos,
    Kind.PERCENT: wording.percent,
    Kind.HEAT: wording.percent,
    Kind.POINTS: wording.points,
    Kind.INDEX: wording.index,
}
