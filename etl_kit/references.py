"""References of SECOP contracts and processes: one grammar, many spellings, and the year always counts."""

import re
from dataclasses import dataclass

import polars as pl

from etl_kit.text import or_none

# <organismo>.<area>.<series>….<number>, then the year after a dash, a dot or " DE ".
GROUPS = re.compile(r"(\d{4})((?:\.\d{1,3}){2,6})\.(\d{1,6})(?:-(\d{4}))?")
SUFFIXES = re.compile(r"\s*\(.*$", re.DOTALL)  # "(Manifestación de interés (Menor Cuantía)) (Presentación de oferta)"
AROUND_SIGNS = re.compile(r"\s*([.\-–—_])\s*")
YEAR_AT_END = re.compile(r"(?:\s+DE(?:L)?\s+|[.\-]|\s+)(20[0-4]\d)$", re.IGNORECASE)
BEFORE_IT = re.compile(r"^(?:NO|N°|Nº|REF)\.?\s*(?=\d)", re.IGNORECASE)
FULL_SERIES = 3  # groups between organismo and number, as in 010.26.1
PROCESS_SERIES = "32"  # contracts are 26, agreements 27


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference in its parts.

    Attributes:
        organismo: four digits, the code of the spending department.
        serie: the groups between, such as `010.26.1`.
        consecutivo: the number as written; `0577` and `577` are told apart, because SECOP does.
        year: None if the publisher left it out; then the reference equals none with a year.
    """

    organismo: str
    serie: str
    consecutivo: str
    year: int | None

    def __str__(self) -> str:
        stem = f"{self.organismo}.{self.serie}.{self.consecutivo}"
        return stem if self.year is None else f"{stem}-{self.year}"


def parse_reference(text: object) -> Reference | None:
    """`text` in its parts; None if it is no SECOP II reference, such as the purchase order `OC 150273`."""
    said = or_none(text)
    if said is None:
        return None
    bare = BEFORE_IT.sub("", SUFFIXES.sub("", said))
    tight = re.sub(r"[–—_]", "-", AROUND_SIGNS.sub(r"\1", bare)).strip(" .-")
    stem, year = _without_year(tight)
    found = GROUPS.fullmatch(stem)
    if found is None or found[4]:
        return None
    return Reference(organismo=found[1], serie=found[2][1:], consecutivo=found[3], year=year)


def normalise_reference(text: object) -> str | None:
    """The one spelling of a reference: `4151.010.32.1.0577- 2025` → `4151.010.32.1.0577-2025`.

    None if it is no SECOP II reference. A reference without a year stays without.
    """
    reference = parse_reference(text)
    return None if reference is None else str(reference)


def organismo_of(text: object) -> str | None:
    """The four-digit code of the spending department that a reference begins with; None if it is no reference."""
    reference = parse_reference(text)
    return None if reference is None else reference.organismo


def reference_column(column: str) -> pl.Expr:
    """The normalised references of a column of text, each distinct text looked at once."""
    return pl.col(column).map_batches(_normalise_all, return_dtype=pl.String)


def _normalise_all(texts: pl.Series) -> pl.Series:
    known = {text: normalise_reference(text) for text in texts.unique().to_list()}
    return pl.Series(texts.name, [known[text] for text in texts.to_list()], dtype=pl.String)


def _without_year(text: str) -> tuple[str, int | None]:
    """Split the year off the end, unless what looks like a year is the number: `4131.010.26.1.2024` has no year."""
    found = YEAR_AT_END.search(text)
    stem = GROUPS.fullmatch(text[: found.start()]) if found else None
    if found is None or stem is None:
        return text, None
    number_lost = stem[2].count(".") < FULL_SERIES and GROUPS.fullmatch(text) is not None
    if number_lost and text[found.start()] == ".":
        return text, None
    return text[: found.start()], int(found[1])
