"""Money as people and machines write it, into exact pesos; what cannot be read is refused, never guessed.

The rule (domain brief, section 3): blanks, `$` and `COP` go; nothing left is NULL and a lone dash is zero; a minus or
parentheses make it negative; with both separators the last one is decimal; dots alone are thousands if they stand in
groups of three; a comma alone is decimal if one or two digits follow. All else is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum

import polars as pl

from etl_kit.rejects import Rejects

MONEY = pl.Decimal(20, 2)
"""The type of a column of money: pesos, with cents where there are any."""

RATIO = pl.Decimal(12, 6)
"""The type of a share of money: 0.5 is half."""

CENT = Decimal("0.01")
MILLIONTH = Decimal("0.000001")
TOO_LARGE = Decimal(10) ** 18

# The same patterns serve `re` and the expressions of polars; Rust's syntax has no look-around, so they have none.
CURRENCY = r"(?i)cop|\$"
SHAPE = r"^\s*(\()?\s*([-−])?\s*([0-9][0-9.,]*)?\s*([-−])?\s*(\))?\s*$"
WHOLE = r"^[0-9]+$"
DOTTED = r"^[1-9][0-9]{0,2}(?:\.[0-9]{3})+$"
DOTTED_AND_CENTS = r"^[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]{1,2}$"
COMMAS_AND_CENTS = r"^[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]{1,2}$"
COMMA_CENTS = r"^[0-9]+,[0-9]{1,2}$"
DECIMAL_POINT = r"^[0-9]+\.[0-9]+$"
THREE_AFTER_POINT = r"^[1-9][0-9]{0,2}\.[0-9]{3}$"

REFUSED = "no es un valor en dinero legible"


class Spelling(Enum):
    """Who wrote the number.

    COLOMBIAN: a person or a Colombian spreadsheet; `1.250` is a thousand and a quarter.
    MACHINE: an interface or a workbook's number cell; `1250.5` has a decimal point. Longer fractions are rounded to
    the cent (half to even). `1.250` could be either, so it is refused; anything else a person may have typed into a
    cell is read as COLOMBIAN.
    """

    COLOMBIAN = "colombian"
    MACHINE = "machine"


@dataclass(frozen=True, kw_only=True)
class ParsedMoney:
    """A read value: `pesos` or, if something is there that cannot be read, `problem`; neither for a blank."""

    pesos: Decimal | None = None
    problem: str | None = None


def parse_money(value: object, *, spelling: Spelling = Spelling.COLOMBIAN) -> ParsedMoney:
    """`value` in pesos, exact to the cent; numbers pass, texts follow the rule of this module."""
    if value is None:
        return ParsedMoney()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _of_number(Decimal(str(value)))
    shape = re.match(SHAPE, re.sub(CURRENCY, " ", str(value)))
    return ParsedMoney(problem=REFUSED) if shape is None else _of_shape(*shape.groups(), spelling=spelling)


def money_expr(text: pl.Expr, *, spelling: Spelling = Spelling.COLOMBIAN) -> pl.Expr:
    """The vectorised `parse_money` for a column of text: `MONEY`, NULL where blank or unreadable."""
    shape = _shaped(text)
    opened, minus, digits, trailing, closed = (shape.struct.field(str(group)) for group in range(1, 6))
    marks = opened.is_not_null().cast(pl.Int8) + minus.is_not_null() + trailing.is_not_null()
    balanced = (opened.is_not_null() == closed.is_not_null()) & (marks <= 1)
    amount = _amount_expr(digits, spelling)
    signed = pl.when(marks == 1).then(-amount).otherwise(amount)
    dash = digits.is_null() & opened.is_null() & closed.is_null() & (marks == 1)
    return pl.when(dash).then(pl.lit(Decimal(0), dtype=MONEY)).when(balanced & digits.is_not_null()).then(signed)


def money_refused(text: pl.Expr, *, spelling: Spelling = Spelling.COLOMBIAN) -> pl.Expr:
    """True where something stands that `money_expr` cannot read."""
    return _says_something(text) & money_expr(text, spelling=spelling).is_null()


def read_money(
    frame: pl.DataFrame,
    columns: Iterable[str],
    *,
    rejects: Rejects,
    spelling: Spelling = Spelling.COLOMBIAN,
) -> pl.DataFrame:
    """`frame` with the text `columns` read as `MONEY`; refused cells become NULL and go to `rejects`.

    `frame` holds `fila` (the row's number in its source) and `fuente`.
    """
    names = list(columns)
    read = frame.select(money_expr(pl.col(name), spelling=spelling).alias(name) for name in names)
    for name in names:
        unread = frame.select("fila", "fuente", pl.col(name).alias("valor_crudo")).filter(
            read.get_column(name).is_null()
        )
        rejects.add_frame(
            unread.filter(_says_something(pl.col("valor_crudo"))).with_columns(
                pl.lit(name).alias("columna"),
                pl.lit(REFUSED).alias("motivo"),
            ),
        )
    return frame.with_columns(read)


def ratio_expr(part: str, whole: str) -> pl.Expr:
    """`part` / `whole`, two columns of `MONEY`, as Decimal(12,6) rounded half away from zero, without any float.

    NULL if `whole` is zero, if either is NULL, or if the ratio has more than six digits before its point.
    """
    numerator = pl.col(part).to_physical().cast(pl.Int128)  # cents, so that the scales cancel out
    denominator = pl.col(whole).to_physical().cast(pl.Int128)
    size = (numerator.abs() * 2_000_000 + denominator.abs()) // (denominator.abs() * 2)
    sign = pl.when((numerator < 0) != (denominator < 0)).then(-1).otherwise(1)
    millionths = pl.when(denominator != 0).then(size * sign)
    return (millionths.cast(pl.Decimal(38, 0)) * MILLIONTH).cast(RATIO, strict=False)


def _of_number(number: Decimal) -> ParsedMoney:
    if not number.is_finite() or abs(number) >= TOO_LARGE:
        return ParsedMoney(problem=REFUSED)
    return ParsedMoney(pesos=number.quantize(CENT, rounding=ROUND_HALF_EVEN))


def _of_shape(  # one parameter for each group of SHAPE
    opened: str | None,
    minus: str | None,
    digits: str | None,
    trailing: str | None,
    closed: str | None,
    *,
    spelling: Spelling,
) -> ParsedMoney:
    marks = sum(mark is not None for mark in (opened, minus, trailing))
    if (opened is None) != (closed is None) or marks > 1:
        return ParsedMoney(problem=REFUSED)
    if digits is None:
        return _of_nothing(dash=marks == 1, parentheses=opened is not None)
    amount = _amount(digits, spelling)
    if amount is None:
        return ParsedMoney(problem=REFUSED)
    return _of_number(-amount if marks else amount)


def _of_nothing(*, dash: bool, parentheses: bool) -> ParsedMoney:
    if parentheses:
        return ParsedMoney(problem=REFUSED)
    return ParsedMoney(pesos=Decimal("0.00") if dash else None)


def _amount(digits: str, spelling: Spelling) -> Decimal | None:
    if spelling is Spelling.MACHINE and re.match(DECIMAL_POINT, digits):
        return None if re.match(THREE_AFTER_POINT, digits) else Decimal(digits)
    if re.match(WHOLE, digits):
        return Decimal(digits)
    if re.match(DOTTED, digits):
        return Decimal(digits.replace(".", ""))
    if re.match(DOTTED_AND_CENTS, digits) or re.match(COMMA_CENTS, digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    if re.match(COMMAS_AND_CENTS, digits):
        return Decimal(digits.replace(",", ""))
    return None


def _says_something(text: pl.Expr) -> pl.Expr:
    return (text.str.replace_all(CURRENCY, " ").str.strip_chars() != "").fill_null(value=False)


def _shaped(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(CURRENCY, " ").str.extract_groups(SHAPE)


def _amount_expr(digits: pl.Expr, spelling: Spelling) -> pl.Expr:
    without_dots = digits.str.replace_all(".", "", literal=True)
    colombian = (
        pl.when(digits.str.contains(WHOLE))
        .then(digits)
        .when(digits.str.contains(DOTTED))
        .then(without_dots)
        .when(digits.str.contains(DOTTED_AND_CENTS) | digits.str.contains(COMMA_CENTS))
        .then(without_dots.str.replace(",", ".", literal=True))
        .when(digits.str.contains(COMMAS_AND_CENTS))
        .then(digits.str.replace_all(",", "", literal=True))
    )
    if spelling is Spelling.COLOMBIAN:
        return colombian.cast(MONEY, strict=False)
    point = digits.str.contains(DECIMAL_POINT)
    exact = pl.when(~digits.str.contains(THREE_AFTER_POINT)).then(digits)
    return pl.when(point).then(exact).otherwise(colombian).cast(MONEY, strict=False)
