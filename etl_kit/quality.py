"""Quality rules as data, what they find in a warehouse, and the score that follows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from string import Template

import duckdb
import polars as pl

from etl_kit.datasets import WAREHOUSE
from etl_kit.translation import Text

ROWS_KEPT = 200
"""Failing rows kept per rule; the true count stands beside them."""

_KEYS = {dataset.name: frozenset(dataset.key) for dataset in WAREHOUSE}
_COUNT = Template("SELECT count(*) FROM ($failing) AS filas")
_SOME = Template("SELECT * FROM ($failing) AS filas ORDER BY ALL LIMIT $limit")
_COUNT_TABLE = Template("SELECT count(*) FROM $schema.$table")
_EXISTS = "SELECT 1 FROM information_schema.tables WHERE table_schema = $schema AND table_name = $table"
_USE = Template("SET search_path = '$schemas'")
_PREVIOUS = "CREATE OR REPLACE TEMP TABLE conteos_anteriores (tabla VARCHAR PRIMARY KEY, filas BIGINT NOT NULL)"
_REMEMBER = "INSERT INTO temp.conteos_anteriores VALUES (?, ?)"
_TODAY = "SET VARIABLE hoy = CAST(? AS DATE)"


class Severity(StrEnum):
    """How much a failing row weighs; a critical one stops a gated load."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"

    @property
    def weight(self) -> int:
        """Points a failing row costs. Source: domain brief §4.12."""
        return {Severity.CRITICAL: 10, Severity.HIGH: 5, Severity.MEDIUM: 2, Severity.LOW: 1}[self]


class QualityClass(StrEnum):
    """A score in words, from 90, 75, 60, 40 and 0 points on."""

    EXCELLENT = "EXCELLENT"
    GOOD = "GOOD"
    ACCEPTABLE = "ACCEPTABLE"
    NEEDS_IMPROVEMENT = "NEEDS_IMPROVEMENT"
    CRITICAL = "CRITICAL"


_FLOORS = (
    (Decimal(90), QualityClass.EXCELLENT),
    (Decimal(75), QualityClass.GOOD),
    (Decimal(60), QualityClass.ACCEPTABLE),
    (Decimal(40), QualityClass.NEEDS_IMPROVEMENT),
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that must hold in one table.

    Attributes:
        rule_id: family and number, such as `PR001`; unique together with `table`.
        family: what kind of quality it is about.
        table: the table whose score it counts in.
        about: what must hold; said in the reader's language, and stored with the result in the data's (Spanish).
        checked: SELECT of one number: how many items were looked at.
        failing: SELECT of the items that break the rule: the columns of `key` first, then what explains it.
        key: the columns of `failing` that tell which item it is.
        scored: whether what fails costs points; not where other rules count each of the same faults already.

    Both statements name tables without a schema. They may use `getvariable('hoy')`, the day of the check, and
    `temp.conteos_anteriores (tabla, filas)`, the row counts before this load or validation.
    """

    rule_id: str
    family: Text
    severity: Severity
    table: str
    about: Text
    checked: str
    failing: str
    key: tuple[str, ...]
    scored: bool = True

    @property
    def about_rows(self) -> bool:
        """Whether its items are rows of its table; else they are columns, months, or the table as a whole."""
        return frozenset(self.key) == _KEYS.get(self.table, frozenset(self.key))


@dataclass(frozen=True, kw_only=True)
class FailingRow:
    """One item that breaks a rule: which one, and the values that show it."""

    key: Mapping[str, object]
    values: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule found: `failed` of `checked` items, and some of them in `rows`.

    `not_evaluated` says why a rule could not be asked, such as a table that was never loaded; then the counts are 0.
    """

    rule: Rule
    checked: int = 0
    failed: int = 0
    rows: tuple[FailingRow, ...] = ()
    not_evaluated: str | None = None

    @property
    def state(self) -> str:
        """`cumple`, `falla` or `no_evaluada`."""
        if self.not_evaluated is not None:
            return "no_evaluada"
        return "falla" if self.failed else "cumple"

    @property
    def cost(self) -> int:
        """The points that a score loses: the weight for each failing row, once for what is not about single rows.

        A table of six rows in which twenty columns are half empty is not twenty rows wrong.
        """
        if not self.rule.scored:
            return 0
        return self.rule.severity.weight * (self.failed if self.rule.about_rows else min(self.failed, 1))

    @property
    def coverage(self) -> Decimal | None:
        """Share of the items that keep the rule, in percent with two decimals; None if there was nothing to look at."""
        if not self.checked:
            return None
        return _two_decimals(Decimal(100 * (self.checked - self.failed)) / self.checked)


@dataclass(frozen=True, kw_only=True)
class Score:
    """Points from 0 to 100 of `rows` rows and `refused` ones; None where there is nothing to judge.

    `faults` is how many times a row, or the table, breaks a rule that costs points.
    """

    rows: int
    points: Decimal | None
    refused: int = 0
    faults: int = 0

    @property
    def quality_class(self) -> QualityClass | None:
        """The class the points fall into."""
        if self.points is None:
            return None
        return next((name for floor, name in _FLOORS if self.points >= floor), QualityClass.CRITICAL)


def run_rules(
    connection: duckdb.DuckDBPyConnection,
    rules: Iterable[Rule],
    *,
    schemas: Sequence[str],
    today: date,
    previous_rows: Mapping[str, int],
) -> tuple[Finding, ...]:
    """Ask every rule; tables are looked up in `schemas`, first come first served.

    Nothing is written but temporary objects, so a read-only connection will do. The search path of the
    connection is set back to `main` at the end.
    """
    with looking_at(connection, schemas=schemas, today=today, previous_rows=previous_rows):
        return tuple(_ask(connection, rule) for rule in rules)


@contextmanager
def looking_at(
    connection: duckdb.DuckDBPyConnection, *, schemas: Sequence[str], today: date, previous_rows: Mapping[str, int]
) -> Iterator[None]:
    """Within the block the statements of rules mean what they say; as `run_rules`."""
    connection.execute(_USE.substitute(schemas=",".join(schemas)))
    try:
        connection.execute(_TODAY, [today])
        connection.execute(_PREVIOUS)
        if previous_rows:
            connection.executemany(_REMEMBER, [list(entry) for entry in previous_rows.items()])
        yield
    finally:
        connection.execute(_USE.substitute(schemas="main"))


def count_rows(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """The number of rows of a table or view; 0 if there is none of that name."""
    found = connection.execute(_EXISTS, {"schema": schema, "table": table}).fetchone()
    return _number(connection, _COUNT_TABLE.substitute(schema=schema, table=table)) if found is not None else 0


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    """The rows of a query by column name, with exact decimals and aware datetimes."""
    return pl.DataFrame(connection.sql(query)).rows(named=True)


def score(findings: Iterable[Finding], rows: int, *, refused: int = 0) -> Score:
    """max(0, 100 − Σ costs / (n × 10) × 100), where n is `rows` and `refused`. Source: domain brief §4.12.

    A row that was refused at the door counts in n and loses its ten points: nothing of it arrived.
    """
    found = tuple(findings)
    faults = sum(finding.failed for finding in found if finding.rule.scored)
    if not rows + refused:
        return Score(rows=0, points=None)
    lost = sum(finding.cost for finding in found) + refused * Severity.CRITICAL.weight
    points = Decimal(100) - Decimal(lost * 100) / ((rows + refused) * 10)
    return Score(rows=rows, points=_two_decimals(max(Decimal(0), points)), refused=refused, faults=faults)


def overall(scores: Iterable[Score]) -> Score:
    """The mean of the tables' points, each table as heavy as any other: a large clean one hides no small poor one."""
    judged = [each for each in scores if each.points is not None]
    if not judged:
        return Score(rows=0, points=None)
    total = sum((each.points for each in judged if each.points is not None), Decimal(0))
    return Score(
        rows=sum(each.rows for each in judged),
        points=_two_decimals(total / len(judged)),
        refused=sum(each.refused for each in judged),
        faults=sum(each.faults for each in judged),
    )


def _ask(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Finding:
    try:
        checked = _number(connection, rule.checked)
        failed = _number(connection, _COUNT.substitute(failing=rule.failing))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        return Finding(rule=rule, not_evaluated=str(error).splitlines()[0])
    if not failed:
        return Finding(rule=rule, checked=checked)
    some = rows_of(connection, _SOME.substitute(failing=rule.failing, limit=ROWS_KEPT))
    kept = tuple(
        FailingRow(
            key={name: row[name] for name in rule.key},
            values={name: value for name, value in row.items() if name not in rule.key},
        )
        for row in some
    )
    return Finding(rule=rule, checked=checked, failed=failed, rows=kept)


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row is not None else 0


def _two_decimals(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)
