"""What tasks report of tables, their quality and files, by the convention of docs/reported_outputs.md.

Tolerant of any JSON: what has another shape says nothing, and is never an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from orchestrator.core.outcomes import JSON

MOST_TABLES: Final = 500
MOST_RULES: Final = 500
MOST_TEXTS: Final = 100
"""Warnings, and paths of one list."""
LONGEST: Final = 1000
"""Characters of a text; what follows is cut."""
LARGEST: Final = 10**15
"""Of a number: beyond it, it is none that a table could have."""
SEVERITIES: Final = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
"""In their order; further ones follow."""

ROWS, NEW, CHANGED = ("rows", "filas"), ("new", "inserted", "insertados"), ("changed", "updated", "actualizados")
UNCHANGED, GONE = ("unchanged", "sin_cambio"), ("gone", "withdrawn", "retirados")
REFUSED, CUT = ("refused", "rejected", "rechazados"), ("cut", "corte")


@dataclass(frozen=True, kw_only=True)
class TableLoad:
    """What a load did to one table; None where it was not told."""

    name: str
    rows: int | None = None
    """Current rows after the load."""
    new: int | None = None
    changed: int | None = None
    unchanged: int | None = None
    gone: int | None = None
    refused: int | None = None
    cut: date | None = None
    """The day up to which its rows are true."""


@dataclass(frozen=True, kw_only=True)
class TableQuality:
    """How good one table was found to be."""

    score: Decimal | None = None
    grade: str = ""
    faults: int | None = None
    refused: int | None = None


@dataclass(frozen=True, kw_only=True)
class BrokenRule:
    """A rule that rows of a table do not keep."""

    severity: str
    table: str
    rule: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What a task found of the quality of the tables."""

    score: Decimal | None = None
    """Points out of 100."""
    grade: str = ""
    previous_score: Decimal | None = None
    previous_run: str = ""
    worst_table: str = ""
    asked: int | None = None
    not_evaluated: int | None = None
    tables: Mapping[str, TableQuality] = field(default_factory=dict)
    broken: Sequence[BrokenRule] = ()
    """The gravest first."""

    @property
    def trend(self) -> Decimal | None:
        """Points gained since the run before; None where there was none."""
        if self.score is None or self.previous_score is None:
            return None
        return self.score - self.previous_score


def tables_of(output: JSON) -> dict[str, TableLoad]:
    """The tables that a task loaded, in its order; a table of which only the quality is told was not loaded."""
    return {_text(name): _load(name, facts) for name, facts in _tables(output) if _is_load(facts)}


def quality_of(output: JSON) -> Quality | None:
    """What a task found of the quality; None where it told of none."""
    if not isinstance(output, dict):
        return None
    judged = {_text(name): _table_quality(facts) for name, facts in _tables(output)}
    tables = {name: table for name, table in judged.items() if table.score is not None}
    score, broken = _points(output.get("score")), _broken(output.get("broken"))
    if score is None and not tables and not broken:
        return None
    rules, worst = output.get("rules"), output.get("worst_table")
    asked, missed = (rules.get("asked"), rules.get("not_evaluated")) if isinstance(rules, dict) else (None, None)
    return Quality(
        score=score,
        grade=_text(output.get("class")),
        previous_score=_points(output.get("previous_score")),
        previous_run=_text(output.get("previous_run")),
        worst_table=_text(worst.get("table") if isinstance(worst, dict) else worst),
        asked=_count(asked),
        not_evaluated=_count(missed),
        tables=tables,
        broken=broken,
    )


def cut_of(output: JSON) -> date | None:
    """The day up to which all that a task loaded is true; None where it was not told."""
    return _day(_first(output, CUT)) if isinstance(output, dict) else None


def warnings_of(output: JSON) -> list[str]:
    """What a task warned of."""
    return _texts(output.get("warnings")) if isinstance(output, dict) else []


def pages_of(output: JSON) -> list[str]:
    """Paths of pages that a reported file leads to."""
    return _texts(output.get("pages")) if isinstance(output, dict) else []


def _tables(output: JSON) -> Iterable[tuple[str, dict[str, JSON]]]:
    tables = output.get("tables") if isinstance(output, dict) else None
    if not isinstance(tables, dict):
        return []
    return [(name, facts) for name, facts in tables.items() if name and isinstance(facts, dict)][:MOST_TABLES]


def _is_load(facts: Mapping[str, JSON]) -> bool:
    counted = any(_count(_first(facts, names)) is not None for names in (NEW, CHANGED, UNCHANGED, GONE))
    return counted or (_count(_first(facts, ROWS)) is not None and "score" not in facts)


def _load(name: str, facts: Mapping[str, JSON]) -> TableLoad:
    return TableLoad(
        name=_text(name),
        rows=_count(_first(facts, ROWS)),
        new=_count(_first(facts, NEW)),
        changed=_count(_first(facts, CHANGED)),
        unchanged=_count(_first(facts, UNCHANGED)),
        gone=_count(_first(facts, GONE)),
        refused=_count(_first(facts, REFUSED)),
        cut=_day(_first(facts, CUT)),
    )


def _table_quality(facts: Mapping[str, JSON]) -> TableQuality:
    return TableQuality(
        score=_points(facts.get("score")),
        grade=_text(facts.get("class")),
        faults=_count(facts.get("faults")),
        refused=_count(_first(facts, REFUSED)),
    )


def _broken(told: JSON) -> list[BrokenRule]:
    """`{severity: {"table.rule": count}}`; a name without a dot is a rule of no one table."""
    found = []
    for severity, rules in told.items() if isinstance(told, dict) else ():
        for name, count in rules.items() if isinstance(rules, dict) else ():
            failed = _count(count)
            if failed:
                table, _dot, rule = name.rpartition(".")
                found.append(BrokenRule(severity=_text(severity), table=_text(table), rule=_text(rule), count=failed))
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    found.sort(key=lambda one: (order.get(one.severity, len(order)), one.severity, -one.count, one.table, one.rule))
    return found[:MOST_RULES]


def _first(facts: Mapping[str, JSON], names: Iterable[str]) -> JSON:
    return next((facts[name] for name in names if name in facts), None)


def _count(value: JSON) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= LARGEST else None


def _points(value: JSON) -> Decimal | None:
    """A number, as such or as text: text keeps it exact."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)) > 40:  # noqa: PLR2004
        return None
    try:
        points = Decimal(str(value))
    except InvalidOperation:
        return None
    return points if points.is_finite() and abs(points) <= LARGEST else None


def _day(value: JSON) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: JSON) -> str:
    """Half a character, which a task may have returned and no page can hold, is spelt out."""
    return value[:LONGEST].encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def _texts(value: JSON) -> list[str]:
    found = [_text(one) for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return found[:MOST_TEXTS]
