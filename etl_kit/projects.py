"""Keys of investment projects: the city's BP and the nation's BPIN, always text."""

import re

import polars as pl

BP = re.compile(r"(?:BP)?-?(\d{8})", re.IGNORECASE)
BPIN = r"^(\d{13}|\d{15})$"


def normalise_bp(value: object) -> str | None:
    """`BP` and eight digits: `26005432` and `BP-26005432` → `BP26005432`; None for anything else."""
    found = BP.fullmatch("" if value is None else str(value).strip())
    return None if found is None else f"BP{found[1]}"


def normalise_bpin(value: object) -> str | None:
    """Thirteen digits (fifteen for participatory budget) as text; None for anything else, a float included.

    A float has lost its last digits or may have: it is refused, not repaired.
    """
    text = str(value).strip()  # a float always shows a point or an exponent, and so never fits
    return text if re.match(BPIN, text) else None


def bp_expr(text: pl.Expr) -> pl.Expr:
    """The vectorised `normalise_bp` for a column of text."""
    digits = text.str.strip_chars().str.extract(r"^(?i:BP)?-?(\d{8})$", 1)
    return pl.when(digits.is_not_null()).then(pl.concat_str(pl.lit("BP"), digits))


def bpin_expr(text: pl.Expr) -> pl.Expr:
    """The vectorised `normalise_bpin` for a column of text."""
    return text.str.strip_chars().str.extract(BPIN, 1)
