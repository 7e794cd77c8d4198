"""What single cells of the procurement plan say: sources with their amounts, links, months, marks."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.dates import MONTHS
from etl_kit.money import Spelling, parse_money
from etl_kit.text import plain_column, plain_key

SERVICE: Final = "PS"
"""Stands for a link, a date or a commitment where a line is many service contracts (prestación de servicios)."""

UNREAD_AMOUNT: Final = "el valor de la fuente no es legible"
OTHER_SOURCES: Final = "FUENTE RECURSOS y FUENTE RECURSOS-VALOR no nombran las mismas fuentes"

KINDS_OF_LINK: Final = (
    ("ingreso", r"/login"),
    ("tienda_virtual", r"tienda-virtual"),
    ("proceso", r"secop\.gov\.co/.*/tendering/"),
)
"""Kind → what its address contains; an `ingreso` is the portal's log-in page and leads to no process."""
OTHER_LINK: Final = "otro"

_HOST: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/\S+")
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_NOTICE: Final = re.compile(r"CO1\.NTC\.\d+")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source of money of one line, and the part that it pays; `pesos` is None where nobody tells."""

    name: str
    pesos: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Link:
    """What the link's cell says: `kind` is `PS`, one of `KINDS_OF_LINK` or `otro`; None if no address is there."""

    kind: str | None
    address: str | None = None
    further: tuple[str, ...] = ()
    notice: str | None = None


def parse_sources(names: str | None, amounts: str | None) -> tuple[list[Source], list[str]]:
    """The sources of a line in their order, and what is wrong with them.

    Args:
        names: `source;source`, the column FUENTE RECURSOS.
        amounts: `source/amount;source/amount`, which counts; an amount may be absent, and then is unknown, not zero.

    Returns:
        Sources named only in `names` come last, without an amount.
    """
    declared = _parts(names)
    sources: list[Source] = []
    problems: list[str] = []
    for part in _parts(amounts):
        name, slash, amount = part.rpartition("/")
        if not slash or part in declared:  # `SGP 11/12` is a name, its slash no divider
            name, amount = part, ""
        read = parse_money(amount, spelling=Spelling.MACHINE)
        if read.problem:
            problems.append(UNREAD_AMOUNT)
        if name.strip():
            sources.append(Source(name=name.strip(), pesos=read.pesos))
    told = {plain_key(source.name) for source in sources}
    missing = [name for name in declared if plain_key(name) not in told]
    if amounts and declared and (missing or told - {plain_key(name) for name in declared}):
        problems.append(OTHER_SOURCES)
    return [*sources, *(Source(name=name, pesos=None) for name in missing)], list(dict.fromkeys(problems))


def parse_link(text: str | None) -> Link:
    """The addresses in a cell; one without `https://` gets it, and what is no address is left aside."""
    if text is None:
        return Link(kind=None)
    if plain_key(text) == SERVICE.lower():
        return Link(kind=SERVICE)
    addresses = list(dict.fromkeys(found for word in text.split() if (found := _address(word))))
    if not addresses:
        return Link(kind=None)
    first = addresses[0]
    kind = next((kind for kind, mark in KINDS_OF_LINK if re.search(mark, first, re.IGNORECASE)), OTHER_LINK)
    notice = _NOTICE.search(" ".join(addresses))
    return Link(
        kind=kind,
        address=first,
        further=tuple(addresses[1:]),
        notice=notice[0] if notice else None,
    )


def month_expr(text: pl.Expr) -> pl.Expr:
    """A column of month names as 1–12; NULL for anything else."""
    return plain_column(text).replace_strict(MONTHS, default=None, return_dtype=pl.Int64)


def service_expr(text: pl.Expr) -> pl.Expr:
    """Whether a cell says `PS`; a blank one does not."""
    return (plain_column(text) == SERVICE.lower()).fill_null(value=False)


def commitments_expr(text: pl.Expr) -> pl.Expr:
    """The numbers of commitments (RPC) in a cell, joined by "; "; NULL where something else is said."""
    only_numbers = text.str.contains(r"^\d{6,12}(?:[\s;,]+\d{6,12})*$")
    return pl.when(only_numbers).then(text.str.extract_all(r"\d+").list.join("; "))


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def _address(word: str) -> str | None:
    if _ADDRESS.fullmatch(word):
        return word
    return f"https://{word}" if _HOST.fullmatch(word) else None
