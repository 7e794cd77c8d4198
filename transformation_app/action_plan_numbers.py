"""Shares and quantities as the Cuadro 1S writes them: fractions, percentages, words for what was not programmed."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import polars as pl

from etl_kit.columns import DType
from etl_kit.datasets.action_plan import QUANTITY
from etl_kit.dates import date_expr
from etl_kit.money import MILLIONTH, RATIO, THREE_AFTER_POINT
from etl_kit.rejects import Rejects
from etl_kit.text import NULL_WORDS, plain_column, plain_key

NOTHING: Final = (NULL_WORDS - {"0"}) | {"na", "np"}
"""Words for no value; `NP` is *no programado*."""

NO_SHARE: Final = "no es una proporción legible"
NO_QUANTITY: Final = "no es una cantidad legible"
NO_DATE: Final = "la fecha no es de este siglo"
_NUMBER: Final = re.compile(r"([-−]?\d+)(?:[.,](\d+))?(e[-+]?\d{1,2})?", re.IGNORECASE)
_LARGEST_SHARE: Final = Decimal(10) ** 6
_LARGEST_QUANTITY: Final = Decimal(10) ** 14
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2100, 1, 1)


@dataclass(frozen=True, kw_only=True)
class ParsedNumber:
    """A read number; or a `problem` if something is there that cannot be read; neither for no value."""

    value: Decimal | None = None
    problem: str | None = None


def parse_share(text: str | None) -> ParsedNumber:
    """A share where 1 is the whole: `0.24`, `0,24` and `24%` are the same; rounded to the sixth decimal.

    Shares above 1 are read as they stand: that a share is too large is for a check to say.
    """
    said = _said(text)
    if said is None:
        return ParsedNumber()
    bare = said.removesuffix("%").rstrip()
    number = _decimal(bare)
    if number is None:
        return ParsedNumber(problem=NO_SHARE)
    return _within(number / 100 if bare != said else number, _LARGEST_SHARE, NO_SHARE)


def parse_quantity(text: str | None) -> ParsedNumber:
    """An amount of something; `1.234` could be thousands or thousandths and is refused, as money is."""
    said = _said(text)
    if said is None:
        return ParsedNumber()
    number = None if re.match(THREE_AFTER_POINT, said) else _decimal(said)
    return ParsedNumber(problem=NO_QUANTITY) if number is None else _within(number, _LARGEST_QUANTITY, NO_QUANTITY)


def read_shares(frame: pl.DataFrame, columns: Iterable[str], *, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the text `columns` as shares; refused cells become NULL and go to `rejects`.

    `frame` holds `fila` and `fuente`.
    """
    return _read(frame, columns, parse_share, RATIO, rejects)


def read_quantities(frame: pl.DataFrame, columns: Iterable[str], *, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the text `columns` as quantities; refused cells become NULL and go to `rejects`."""
    return _read(frame, columns, parse_quantity, QUANTITY, rejects)


def tidy(name: str) -> pl.Expr:
    """Single spaces, no line breaks; NULL where the text says that there is none, in words or by a lone zero."""
    text = pl.col(name).str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(~plain_column(text).is_in(NOTHING | {"0"})).then(text).alias(name)


def only_this_century(frame: pl.DataFrame, columns: Iterable[str], *, rejects: Rejects) -> pl.DataFrame:
    """`frame`, still as text, without dates such as `1/3/0205`; they go to `rejects`."""
    wrong = {name: _outside(name) for name in columns}
    for name, outside in wrong.items():
        rejects.add_frame(refused(frame.filter(outside), name, NO_DATE))
    return frame.with_columns(pl.when(~outside).then(pl.col(name)).alias(name) for name, outside in wrong.items())


def refused(rows: pl.DataFrame, column: str, motive: str) -> pl.DataFrame:
    """`rows` as `Rejects.add_frame` wants them: the text of one cell each."""
    return rows.select(
        "fila",
        pl.lit(column).alias("columna"),
        pl.col(column).alias("valor_crudo"),
        pl.lit(motive).alias("motivo"),
        "fuente",
    )


def _read(
    frame: pl.DataFrame,
    columns: Iterable[str],
    parse: Callable[[str | None], ParsedNumber],
    dtype: DType,
    rejects: Rejects,
) -> pl.DataFrame:
    read = []
    for name in columns:
        texts = frame.get_column(name)
        known = {text: parse(text) for text in texts.unique().to_list()}
        unread = {text: parsed.problem for text, parsed in known.items() if parsed.problem}
        if unread:
            motive = next(iter(unread.values()))
            rejects.add_frame(refused(frame.filter(pl.col(name).is_in(list(unread))), name, str(motive)))
        read.append(pl.Series(name, [known[text].value for text in texts.to_list()], dtype=dtype))
    return frame.with_columns(read)


def _outside(name: str) -> pl.Expr:
    day = date_expr(pl.col(name))
    return ((day < _FIRST_DAY) | (day >= _LAST_DAY)).fill_null(value=False)


def _said(text: str | None) -> str | None:
    """`text` trimmed; None for a word that means no value."""
    if text is None:
        return None
    said = text.strip()
    return None if plain_key(said) in NOTHING else said


def _decimal(text: str) -> Decimal | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    return Decimal(f"{found[1].replace('−', '-')}.{found[2] or '0'}{found[3] or ''}")


def _within(number: Decimal, limit: Decimal, problem: str) -> ParsedNumber:
    value = number.quantize(MILLIONTH, rounding=ROUND_HALF_EVEN) if abs(number) < limit else limit
    return ParsedNumber(value=value) if abs(value) < limit else ParsedNumber(problem=problem)
