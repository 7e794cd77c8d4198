"""What the loan's workbooks share cell by cell: banks, departments, shares, lengths of time, keys by content."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.banks import bank_of
from etl_kit.datasets.loan import MONTHS_OF_TIME, UNROUNDED
from etl_kit.money import RATIO, Spelling, money_expr
from etl_kit.organismos import organismo_by_name
from etl_kit.rejects import Rejects
from etl_kit.text import plain_column, text_column
from transformation_app.loan_index import UNKNOWN_BANK

NO_BANK: Final = "sin banco"
"""Stands in a key where the workbook leaves the bank open."""
UNKNOWN_ORGANISMO: Final = "organismo desconocido"
NO_BP: Final = "el BP no tiene 8 dígitos"
NO_SHARE: Final = "no es un porcentaje legible"
NO_LENGTH: Final = "no es un plazo legible"
LOOKS_LIKE_TOTAL: Final = "la fila parece un total"

_SHARE: Final = r"^([-−]?[0-9]{1,5}(?:[.,][0-9]+)?)\s*(%)?$"
_DASH: Final = r"^\$?\s*[-−–]$"
_LENGTH: Final = r"^([0-9]{1,3}(?:[.,][0-9]{1,2})?)\s*\(?\s*(meses|mes|months?|anos?|years?)\s*\)?$"
_UNTIL: Final = r"^hasta el ([0-9]{1,2})[-/]([0-9]{1,2})[-/](20[0-9]{2}|[0-9]{2})$"
_MONTHS_PER_YEAR: Final = 12


def with_bank(rows: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """`rows` with `banco`, `banco_linea` and the trimmed `banco_crudo`, by the table of banks.

    A blank leaves `banco` NULL and `banco_linea` at `NO_BANK`; a bank nobody knows is `UNKNOWN_BANK`, its line the text
    as it stands, and goes to `rejects`.
    """
    said = rows.with_columns(text_column("banco_crudo"))
    named = said.with_columns(
        _by_text(said, "banco_crudo", _bank_name).alias("banco"),
        _by_text(said, "banco_crudo", _bank_line).fill_null(NO_BANK).alias("banco_linea"),
    )
    refuse(named.filter(pl.col("banco") == UNKNOWN_BANK), "banco_crudo", UNKNOWN_BANK, rejects)
    return named


def with_organismo(rows: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """`rows` with code and canonical name of the department in `organismo`; an unknown one keeps its own name."""
    said = rows.with_columns(text_column("organismo"))
    named = said.with_columns(
        _by_text(said, "organismo", _organismo_code).alias("cod_centro_gestor"),
        _by_text(said, "organismo", _organismo_name).alias("nombre_centro_gestor"),
    )
    strangers = named.filter(pl.col("organismo").is_not_null() & pl.col("cod_centro_gestor").is_null())
    refuse(strangers, "organismo", UNKNOWN_ORGANISMO, rejects)
    return named


def without_totals(rows: pl.DataFrame, identity: Sequence[str], *, rejects: Rejects) -> pl.DataFrame:
    """`rows` less those that say `total` in a column of `identity` or nothing in all of them, which are refused."""
    words = [plain_column(text_column(name)) for name in identity]
    total = pl.any_horizontal(word.str.contains(r"^(sub|gran )?total").fill_null(value=False) for word in words)
    nobody = pl.all_horizontal(word.is_null() for word in words)
    marked = rows.with_columns((total | nobody).alias("_total"))
    rejects.add_frame(
        marked.filter(pl.col("_total")).select(
            "fila",
            pl.lit(None, dtype=pl.String).alias("columna"),
            pl.concat_str(pl.exclude("fila", "fuente", "_total"), separator=";", ignore_nulls=True).alias(
                "valor_crudo"
            ),
            pl.lit(LOOKS_LIKE_TOTAL).alias("motivo"),
            "fuente",
        ),
    )
    return marked.filter(~pl.col("_total")).drop("_total")


def refuse(rows: pl.DataFrame, column: str, motive: str, rejects: Rejects) -> None:
    """Keep in `rejects` what stands in `column` of `rows`, which hold `fila` and `fuente`."""
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(column).alias("columna"),
            pl.col(column).alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        ),
    )


def share_expr(text: pl.Expr) -> pl.Expr:
    """A column of text as shares: `0.25`, `0,25` and `25 %` are a quarter, a lone dash is zero, else NULL.

    What has no `%` is taken as it stands: 35 stays 35, and a rule of quality asks about it.
    """
    parts = text.str.strip_chars().str.extract_groups(_SHARE)
    number = parts.struct.field("1").str.replace("−", "-", literal=True).str.replace(",", ".", literal=True)
    whole = number.cast(pl.Decimal(20, 8), strict=False)
    percent = whole.to_physical().cast(pl.Int128) // 100
    exact = (percent.cast(pl.Decimal(38, 0)) * Decimal("0.00000001")).cast(RATIO, strict=False)
    dash = text.str.strip_chars().str.contains(_DASH)
    return (
        pl.when(dash)
        .then(pl.lit(Decimal(0), dtype=RATIO))
        .when(parts.struct.field("2").is_not_null())
        .then(exact)
        .otherwise(number.cast(RATIO, strict=False))
    )


def months_expr(text: pl.Expr) -> pl.Expr:
    """A length of time in months: `3,5 (Months)` is 3.5, `12 años` is 144; anything else is NULL."""
    parts = plain_column(text).str.extract_groups(_LENGTH)
    number = parts.struct.field("1").str.replace(",", ".", literal=True).cast(pl.Decimal(6, 2), strict=False)
    years = parts.struct.field("2").str.contains("^(ano|year)")
    return pl.when(years).then((number * _MONTHS_PER_YEAR).cast(MONTHS_OF_TIME, strict=False)).otherwise(number)


def until_expr(text: pl.Expr) -> pl.Expr:
    """The day of `Hasta el 3-12-25`, day first; anything else is NULL."""
    parts = plain_column(text).str.extract_groups(_UNTIL)
    day, month, year = (parts.struct.field(str(number)).str.zfill(2) for number in (1, 2, 3))
    iso = pl.concat_str(pl.lit("20"), year.str.slice(-2), pl.lit("-"), month, pl.lit("-"), day)
    return iso.str.to_date("%Y-%m-%d", strict=False)


def unrounded_expr(text: pl.Expr) -> pl.Expr:
    """Money as a workbook holds it, to the ten-thousandth of a peso: what floats leave beyond that is noise."""
    exact = text.str.strip_chars().str.extract(r"^(-?[0-9]+\.[0-9]+)$", 1).cast(UNROUNDED, strict=False)
    read = money_expr(text, spelling=Spelling.MACHINE)
    return pl.when(read.is_not_null()).then(pl.coalesce(exact, read.cast(UNROUNDED)))


def with_key(rows: pl.DataFrame, identity: Sequence[str], order: Sequence[str]) -> pl.DataFrame:
    """`rows` with `clave`, a digest of what they say in `identity`, whatever their place in the sheet.

    Rows that say the same there are told apart by what they say in `order`, then by all else that they say.
    """
    ranked = rows.sort(by_content(rows, *identity, *order), nulls_last=True, maintain_order=True).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(identity).alias("_ordinal"),
    )
    keys = [_digest(said) for said in ranked.select(*identity, "_ordinal").iter_rows()]
    return ranked.with_columns(pl.Series("clave", keys, dtype=pl.String)).drop("_ordinal")


def by_content(rows: pl.DataFrame, *first: str) -> list[str]:
    """The columns to sort by so that the order is that of what rows say, `first` ones first, not of their places."""
    return [*first, *sorted(name for name in rows.columns if name not in {*first, "fila", "fuente"})]


def tidy(names: Iterable[str]) -> list[pl.Expr]:
    """The columns with trimmed text and single spaces, NULL where the words mean NULL."""
    return [text_column(pl.col(name).str.replace_all(r"\s+", " ")).alias(name) for name in names]


def joined(name: str) -> pl.Expr:
    """All that a group says in a column, once each, in one text."""
    return pl.col(name).drop_nulls().unique().sort().str.join("; ").replace("", None)


def total(name: str) -> pl.Expr:
    """The sum of a column over a group; NULL if all of it is."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())


def _digest(said: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()[:16]


def _by_text(rows: pl.DataFrame, name: str, answer: Callable[[str], str | None]) -> pl.Expr:
    """`answer` for each text of a column, each distinct one asked once."""
    texts = rows.get_column(name).drop_nulls().unique().to_list()
    return pl.col(name).replace_strict({text: answer(text) for text in texts}, default=None, return_dtype=pl.String)


def _bank_name(text: str) -> str:
    bank = bank_of(text)
    return UNKNOWN_BANK if bank is None else bank.name


def _bank_line(text: str) -> str:
    bank = bank_of(text)
    return text if bank is None else bank.line


def _organismo_code(text: str) -> str | None:
    organismo = organismo_by_name(text)
    return None if organismo is None else organismo.code


def _organismo_name(text: str) -> str:
    organismo = organismo_by_name(text)
    return text if organismo is None else organismo.name
