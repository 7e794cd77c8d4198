"""Which references the loan's index names, how they are asked for, and which rows really bear them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from etl_kit.references import Reference, parse_reference
from etl_kit.translation import _
from extraction_app.soda import Row, soql_text

NIT: Final = "890399011"
"""The city hall, under which all its departments buy. Source: domain brief §0."""

LONGEST_WHERE: Final = 3_500
"""Characters a `$where` may have once encoded; servers and proxies refuse addresses beyond some 8 000."""


@dataclass(frozen=True, kw_only=True)
class Unsupported:
    """A text of the index that is no SECOP II reference, and why it cannot be asked for."""

    text: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the index asks for: distinct references in their one spelling, sorted; and the texts that are none."""

    references: tuple[str, ...]
    unsupported: tuple[Unsupported, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A condition for several references at once; it also matches rows that only look like them."""

    where: str
    references: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Rows that bear a wanted reference, by reference; and namesakes: the same number with another year or none."""

    rows: dict[str, list[Row]]
    namesakes: dict[str, list[str]]


def wanted_references(index: Iterable[Row], column: str) -> Wanted:
    """The references in the lists of `column` of the loan's index."""
    references: set[str] = set()
    unsupported: dict[str, str] = {}
    for row in index:
        for text in _texts(row.get(column)):
            reference = parse_reference(text)
            if reference is None:
                unsupported[text] = _why_not(text)
            else:
                references.add(str(reference))
    return Wanted(
        references=tuple(sorted(references)),
        unsupported=tuple(Unsupported(text=text, reason=unsupported[text]) for text in sorted(unsupported)),
    )


def batches(references: Sequence[str], column: str, *, longest: int = LONGEST_WHERE) -> Iterator[Batch]:
    """Conditions that together match every spelling of `references` in `column`, each at most `longest` characters.

    A reference is asked for by its department and number, `LIKE '4151%0932%'`: spaces, ` DE 2022` and a missing year
    all fit. What else fits is told apart afterwards by `matching_rows`.
    """
    group: list[str] = []
    for reference in references:
        if group and len(urlencode({"$where": _where([*group, reference], column)})) > longest:
            yield Batch(where=_where(group, column), references=tuple(group))
            group = []
        group.append(reference)
    if group:
        yield Batch(where=_where(group, column), references=tuple(group))


def matching_rows(candidates: Iterable[Row], references: Iterable[str], column: str) -> Matches:
    """The rows whose reference is one of `references`, year and all; never another year, never without the year."""
    wanted = {reference: parse_reference(reference) for reference in references}
    by_number: dict[tuple[str, ...], list[str]] = {}
    for text, reference in wanted.items():
        by_number.setdefault(_number(reference), []).append(text)
    rows: dict[str, list[Row]] = {}
    namesakes: dict[str, set[str]] = {}
    for row in candidates:
        found = parse_reference(row.get(column))
        if found is None:
            continue
        for text in by_number.get(_number(found), ()):
            if str(found) == text:
                rows.setdefault(text, []).append(row)
            else:
                namesakes.setdefault(text, set()).add(str(found))
    return Matches(rows=rows, namesakes={text: sorted(others) for text, others in sorted(namesakes.items())})


def credit_condition() -> str:
    """The condition for everything the city pays from credit, in the index or not."""
    return f"nit_entidad={soql_text(NIT)} AND recursos_de_credito > 0"


def _where(references: Sequence[str], column: str) -> str:
    patterns = sorted({_pattern(reference) for reference in references})
    likes = " OR ".join(f"{column} LIKE {soql_text(pattern)}" for pattern in patterns)
    return f"nit_entidad={soql_text(NIT)} AND ({likes})"


def _pattern(text: str) -> str:
    reference = parse_reference(text)
    if reference is None:
        raise ValueError(
            f"{text!r} is no reference"
        )  # only parsed references come here: nothing else gets into a query
    return f"{reference.organismo}%{reference.consecutivo}%"


def _number(reference: Reference | None) -> tuple[str, ...]:
    assert reference is not None
    return (reference.organismo, reference.serie, reference.consecutivo)


def _texts(value: object) -> Iterator[str]:
    """The texts of a list, or of one text with commas, as older indexes have them; nothing for a null."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    for part in parts:
        text = " ".join(str(part).split()) if part is not None else ""
        if text:
            yield text


def _why_not(text: str) -> str:
    if text.upper().startswith("OC"):
        return _("a purchase order of the state's virtual shop (TVEC); it is not in SECOP II")
    return _("not a SECOP II reference such as 4151.010.26.1.0932-2025")
