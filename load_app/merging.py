"""The published side of a load: staged rows merged by key, changes counted and logged, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from etl_kit.datasets import Dataset
from load_app.statements import CREATE_LOG, LOG_TABLE, TableStatements


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a load did to one table; `rows` is the number of current rows after it."""

    inserted: int
    updated: int
    unchanged: int
    withdrawn: int
    rows: int

    def as_output(self) -> dict[str, int]:
        """The counts under the names that the log table uses."""
        return {
            "insertados": self.inserted,
            "actualizados": self.updated,
            "sin_cambio": self.unchanged,
            "retirados": self.withdrawn,
            "filas": self.rows,
        }


def merge_all(
    connection: duckdb.DuckDBPyConnection, datasets: Sequence[Dataset], *, run_id: str, clock: Callable[[], datetime]
) -> dict[str, Changes]:
    """Merge the staged tables of `datasets` in one transaction and log each of them.

    A staged row whose compared values equal the published ones leaves the published row alone, lineage included.
    A published row whose key is not staged is marked withdrawn at this moment; coming back clears the mark and
    counts as an update.
    """
    connection.execute(CREATE_LOG)
    connection.execute("BEGIN")
    try:
        changes = {dataset.name: _merge(connection, dataset, run_id=run_id, clock=clock) for dataset in datasets}
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return changes


def current_rows(connection: duckdb.DuckDBPyConnection, datasets: Sequence[Dataset]) -> dict[str, int]:
    """The number of current published rows of each table."""
    return {dataset.name: _number(connection, TableStatements(dataset).count_current()) for dataset in datasets}


def _merge(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, *, run_id: str, clock: Callable[[], datetime]
) -> Changes:
    began_at = clock()
    statements = TableStatements(dataset)
    provenance = connection.execute(statements.provenance()).fetchone()
    assert provenance is not None  # an aggregate without groups always has one row
    staged, cut, source = provenance
    updated = _number(connection, statements.update())
    inserted = _number(connection, statements.insert())
    withdrawn = _number(connection, statements.withdraw(), {"now": began_at})
    changes = Changes(
        inserted=inserted,
        updated=updated,
        unchanged=staged - inserted - updated,
        withdrawn=withdrawn,
        rows=_number(connection, statements.count_current()),
    )
    log = [run_id, dataset.name, *changes.as_output().values(), began_at, clock(), source, cut]
    connection.execute(LOG_TABLE, log)
    return changes


def _number(connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, object] | None = None) -> int:
    row = connection.execute(statement, values).fetchone()
    return int(row[0]) if row is not None else 0
