"""What quality rules found, by the department (centro gestor) that answers for the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from string import Template

import duckdb

from etl_kit.datasets import WAREHOUSE, Dataset
from etl_kit.organismos import ORGANISMOS
from etl_kit.quality import FailingRow, Finding, Rule, Score, looking_at, overall, rows_of, score

ROWS_PER_RULE = 100
"""Failing rows kept per centro gestor and rule; the true count stands beside them."""

_CENTRE = "cod_centro_gestor"
_BPIN, _PROJECTS = "bpin", "datos_caracteristicos_proyectos"
_DATASETS = {dataset.name: dataset for dataset in WAREHOUSE}
_NAMES = {organismo.code: organismo.name for organismo in ORGANISMOS}
_OF_ITSELF = Template("SELECT $key, cod_centro_gestor AS centro FROM $table WHERE cod_centro_gestor IS NOT NULL")
_OF_ANOTHER = Template(
    "SELECT $key, otra.cod_centro_gestor AS centro FROM $table AS una JOIN $other AS otra ON $same"
    " WHERE otra.cod_centro_gestor IS NOT NULL"
)
_COUNTED = Template("SELECT centro, count(*) AS filas FROM ($owners) AS duenos GROUP BY centro")
_FAILING = Template(
    "SELECT duenos.centro AS centro_que_responde, count(*) OVER (PARTITION BY duenos.centro) AS total_que_falla, fila.*"
    " FROM ($failing) AS fila JOIN ($owners) AS duenos ON $same"
    " QUALIFY row_number() OVER (PARTITION BY duenos.centro ORDER BY $key) <= $limit"
    " ORDER BY centro_que_responde, $key"
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How many rows of a centro gestor break a rule, and some of them."""

    rule: Rule
    failed: int
    rows: tuple[FailingRow, ...]


@dataclass(frozen=True, kw_only=True)
class Centre:
    """A centro gestor: its score, overall and per table that holds rows of it, and its own faults."""

    code: str
    name: str
    score: Score
    tables: Mapping[str, Score]
    faults: tuple[Fault, ...]

    @property
    def failed(self) -> int:
        """All its failures; a row that breaks two rules counts twice."""
        return sum(fault.failed for fault in self.faults)


def owners(dataset: Dataset) -> str | None:
    """The query of the key and the `centro` of each row; None if nothing says whose the rows are.

    A row says so itself, or its project does, or what it points at.
    """
    if _CENTRE in dataset.schema:
        return _OF_ITSELF.substitute(key=", ".join(dataset.key), table=dataset.name)
    for columns, other in _pointers(dataset):
        if _CENTRE in other.schema and len(columns) == len(other.key):
            same = " AND ".join(f"una.{a} = otra.{b}" for a, b in zip(columns, other.key, strict=True))
            key = ", ".join(f"una.{name}" for name in dataset.key)
            return _OF_ANOTHER.substitute(key=key, table=dataset.name, other=other.name, same=same)
    return None


def judge_centres(
    connection: duckdb.DuckDBPyConnection,
    findings: Iterable[Finding],
    datasets: Sequence[Dataset],
    *,
    schemas: Sequence[str],
    today: date,
    previous_rows: Mapping[str, int],
) -> tuple[Centre, ...]:
    """The centros gestores that the tables name, by code; only rules about single rows count, each for its owner."""
    known = {dataset.name: query for dataset in datasets if (query := owners(dataset)) is not None}
    with looking_at(connection, schemas=schemas, today=today, previous_rows=previous_rows):
        rows = {table: found for table, query in known.items() if (found := _count(connection, query))}
        faults: dict[str, list[Fault]] = {}
        for finding in findings:
            if finding.failed and finding.rule.table in rows:
                for code, fault in _faults(connection, finding.rule, known[finding.rule.table]):
                    faults.setdefault(code, []).append(fault)
    codes = sorted({code for found in rows.values() for code in found})
    return tuple(_centre(code, rows, faults.get(code, [])) for code in codes)


def _pointers(dataset: Dataset) -> list[tuple[tuple[str, ...], Dataset]]:
    pointers = [(foreign.columns, _DATASETS[foreign.dataset]) for foreign in dataset.foreign_keys]
    project = [((_BPIN,), _DATASETS[_PROJECTS])] if _BPIN in dataset.schema and dataset.name != _PROJECTS else []
    return [*project, *pointers]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    """Rows by centro gestor; none if a table is not there."""
    try:
        found = connection.execute(_COUNTED.substitute(owners=query)).fetchall()
    except duckdb.CatalogException:
        return {}
    return {str(code): int(rows) for code, rows in found}


def _faults(connection: duckdb.DuckDBPyConnection, rule: Rule, query: str) -> list[tuple[str, Fault]]:
    """The rule's failures by centro gestor; none of a rule that is not about single rows."""
    key = _DATASETS[rule.table].key
    if set(rule.key) != set(key):
        return []
    same = " AND ".join(f"fila.{name} = duenos.{name}" for name in key)
    listed = ", ".join(f"fila.{name}" for name in key)
    found = rows_of(
        connection,
        _FAILING.substitute(failing=rule.failing, owners=query, same=same, key=listed, limit=ROWS_PER_RULE),
    )
    grouped: dict[str, list[dict[str, object]]] = {}
    for row in found:
        grouped.setdefault(str(row["centro_que_responde"]), []).append(row)
    return [(code, _fault(rule, rows)) for code, rows in grouped.items()]


def _fault(rule: Rule, rows: Sequence[Mapping[str, object]]) -> Fault:
    extra = {*rule.key, "centro_que_responde", "total_que_falla"}
    total = rows[0]["total_que_falla"]
    assert isinstance(total, int)  # a count
    kept = tuple(
        FailingRow(
            key={name: row[name] for name in rule.key},
            values={name: value for name, value in row.items() if name not in extra},
        )
        for row in rows
    )
    return Fault(rule=rule, failed=total, rows=kept)


def _centre(code: str, rows: Mapping[str, Mapping[str, int]], faults: Sequence[Fault]) -> Centre:
    tables = {}
    for table, found in rows.items():
        if code in found:
            own = [Finding(rule=f.rule, checked=f.failed, failed=f.failed) for f in faults if f.rule.table == table]
            tables[table] = score(own, found[code])
    return Centre(
        code=code, name=_NAMES.get(code, code), score=overall(tables.values()), tables=tables, faults=tuple(faults)
    )
