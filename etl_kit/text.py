"""Text as the sources write it: absent values in words, accents, padded and colliding headers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import polars as pl

# SECOP II writes "no value" in words, with its own misspellings, cut short or as a zero.
NULL_WORDS = frozenset(
    {
        "",
        "0",
        "-",
        "nan",
        "nat",
        "nd",
        "n/d",
        "n/a",
        "no aplica",
        "no aplica/no pertenece",
        "no adjudicado",
        "no d",
        "no defenido",
        "no definido",
        "null",
        "none",
        "sin descripcion",
    },
)
BLANKS = re.compile(r"\s+")


def or_none(value: object) -> str | None:
    """`value` as trimmed text; None if it says in words that there is none."""
    if value is None:
        return None
    text = str(value).strip()
    return None if plain_key(text) in NULL_WORDS else text


def text_column(column: str | pl.Expr, *, zero_is_null: bool = True) -> pl.Expr:
    """The vectorised `or_none`: trimmed text, NULL where the words mean NULL.

    SECOP writes `0` for an absent text; a column of counts passes `zero_is_null=False`.
    """
    text = (pl.col(column) if isinstance(column, str) else column).cast(pl.String).str.strip_chars()
    words = NULL_WORDS if zero_is_null else NULL_WORDS - {"0"}
    return pl.when(~plain_column(text).is_in(words)).then(text)


def strip_accents(text: str) -> str:
    """`text` with letters bare of accents: `Línea` → `Linea`, `ñ` → `n`."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


@lru_cache(maxsize=4096)  # the same words come with every row, and a name thrice
def plain_key(text: str) -> str:
    """`text` for comparing: without accents, lower case, single spaces."""
    return BLANKS.sub(" ", strip_accents(text)).strip().lower()


@lru_cache(maxsize=4096)  # the same hundred names come with every row
def source_key(name: str) -> str:
    """A publisher's column name for comparing: no accents, lower case, one `_` between words."""
    return re.sub(r"[^0-9a-z]+", "_", plain_key(name)).strip("_")


def plain_column(column: pl.Expr) -> pl.Expr:
    """The vectorised `plain_key`."""
    bare = column.str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return bare.str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()


def normalise_header(names: Iterable[object]) -> list[str]:
    """Column names trimmed and apart: the second `Programa` becomes `Programa.1`; case and accents stay.

    Case stays because `Programa` (activity code) and `PROGRAMA` are two columns of the 2024 budget files. An empty
    name becomes `columna_<n>`, n its position from 1.
    """
    seen: Counter[str] = Counter()
    apart = []
    for position, raw in enumerate(names, start=1):
        name = BLANKS.sub(" ", str(raw if raw is not None else "")).strip().removeprefix("\ufeff").strip()
        name = name or f"columna_{position}"
        apart.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return apart
