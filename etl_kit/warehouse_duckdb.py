"""The warehouse as one DuckDB file per source."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Any, Final

import duckdb
import polars as pl

from etl_kit.datasets import Dataset
from etl_kit.errors import MissingInput
from etl_kit.files import make_folder
from etl_kit.settings import Source
from etl_kit.warehouse import CURRENT, STAGING, ArrowStream, draft_of, inputs_of, publishing, reading
from etl_kit.warehouse_port import ALL, PATIENCE, Dialect, Shape, TableName, listed, quoted, shapes_from

DUCKDB: Final = Dialect(
    tables="main",
    staging=STAGING,
    views=CURRENT,
    view="{table}",
    types={
        pl.String: "VARCHAR",
        pl.Int64: "BIGINT",
        pl.Float64: "DOUBLE",
        pl.Boolean: "BOOLEAN",
        pl.Date: "DATE",
        pl.Datetime: "TIMESTAMP WITH TIME ZONE",
        pl.Decimal: "DECIMAL({},{})",
    },
    text_order="",
    bound="${name}",
    attempt="TRY_CAST({value} AS {dtype})",
    analyze="",
    indexes_references=True,
)
ROWS_OF_A_BATCH: Final = 100_000
"""Rows of a file that are compared in all their columns at once; more would not fit into `memory_limit`."""

_SCHEMAS = (
    f"DROP SCHEMA IF EXISTS {STAGING} CASCADE",
    f"CREATE SCHEMA {STAGING}",
    f"CREATE SCHEMA IF NOT EXISTS {CURRENT}",
)
_DROP_STAGING = f"DROP SCHEMA {STAGING} CASCADE"
_ROW = "__fila"
_SHOW = Template(
    "CREATE VIEW $table AS SELECT $values, file_row_number AS __fila"
    " FROM read_parquet('$path', file_row_number = true, hive_partitioning = false)"
)
_COUNT = Template("SELECT count(*) FROM $table")
_ALL = Template("SELECT * FROM $table")
_APPEND = Template("INSERT INTO $table ($columns) SELECT $columns FROM entrada")
_COLUMNS = """
SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
WHERE NOT internal ORDER BY schema_name, table_name, column_index
"""
_CONSTRAINTS = """
SELECT schema_name, table_name, constraint_column_names, referenced_table FROM duckdb_constraints()
WHERE constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')
"""


@dataclass(frozen=True, kw_only=True)
class DuckdbWarehouse:
    """A file that a load copies, changes and renames over the old one; see `etl_kit.warehouse.publishing`."""

    path: Path
    source: Source

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self.path)

    @contextmanager
    def publishing(self, *, patience: timedelta = PATIENCE) -> Iterator["DuckdbPublication"]:
        """As `Warehouse.publishing`: the private copy of the file makes one transaction of the whole block."""
        with publishing(self.path, source=self.source, patience=patience) as connection:
            for statement in _SCHEMAS:
                connection.execute(statement)
            yield DuckdbPublication(connection, inputs_of(draft_of(self.path)))
            connection.execute(_DROP_STAGING)

    @contextmanager
    def reading(self, *, made_by: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `Warehouse.reading`: the file itself, opened read-only."""
        with reading(self.path, source=self.source, made_by=made_by) as connection:
            yield connection

    def read_table(self, dataset: Dataset, *, made_by: str) -> pl.DataFrame:
        """As `Warehouse.read_table`."""
        with self.reading(made_by=made_by) as connection:
            view = DUCKDB.view_of(dataset.name)
            if not DuckdbPublication(connection, self.path.parent).shapes_of([view]):
                raise MissingInput(self.path, made_by=made_by)
            return dataset.conform(pl.DataFrame(connection.sql(_ALL.substitute(table=view))))


class DuckdbPublication:
    """A load into an open DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._shown: dict[TableName, int] = {}

    @property
    def dialect(self) -> Dialect:
        """The words of DuckDB."""
        return DUCKDB

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> int:
        """As `Publication.execute`."""
        row = self._connection.execute(statement, values).fetchone()
        return row[0] if row is not None and isinstance(row[0], int) else 0

    def ask(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """As `Publication.ask`."""
        return self._connection.execute(statement, values).fetchall()

    def append(self, table: TableName, frame: pl.DataFrame) -> None:
        """As `Publication.append`, by handing the frame's memory over."""
        append(self._connection, table, frame)

    def show_file(self, table: TableName, path: Path, columns: Mapping[str, str]) -> bool:
        """As `Publication.show_file`: a view of the file by a name of our own, so that nobody can put another there."""
        link = make_folder(self._folder) / f"{table.name}.parquet"
        link.unlink(missing_ok=True)
        try:
            os.link(path, link)
        except OSError:  # another disk, or a file system without hard links
            return False
        values = ", ".join(f"CAST({quoted(name)} AS {word}) AS {quoted(name)}" for name, word in columns.items())
        place = str(link).replace("'", "''")
        self._connection.execute(_SHOW.substitute(table=table, values=values, path=place))
        ((self._shown[table],),) = self.ask(_COUNT.substitute(table=table))
        return True

    def batches(self, table: TableName) -> Sequence[str]:
        """As `Publication.batches`: rows of a file by their numbers, which lets whole row groups be passed over."""
        rows = self._shown.get(table, 0)
        if rows <= ROWS_OF_A_BATCH:
            return [ALL]
        return [
            f"nueva.{_ROW} BETWEEN {first} AND {first + ROWS_OF_A_BATCH - 1}"
            for first in range(0, rows, ROWS_OF_A_BATCH)
        ]

    def shapes_of(self, tables: Collection[TableName]) -> dict[TableName, Shape]:
        """As `Publication.shapes_of`: the catalogue is walked whole for any question, so it is asked once."""
        every = shapes_from(self._catalogue(_COLUMNS), self._catalogue(_CONSTRAINTS))
        return {table: every[table] for table in tables if table in every}

    def _catalogue(self, statement: str) -> list[tuple[Any, ...]]:
        return [(TableName(schema=schema, name=name), *rest) for schema, name, *rest in self.ask(statement)]

    @contextmanager
    def checking(self, *, staged: Collection[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `Publication.checking`: the load's own connection shows all of it."""
        del staged
        yield self._connection


def append(connection: duckdb.DuckDBPyConnection, table: TableName, frame: pl.DataFrame) -> None:
    """Put the rows of `frame` into a table that has its columns."""
    connection.register("entrada", ArrowStream(frame))
    connection.execute(_APPEND.substitute(table=table, columns=listed(frame.columns)))
    connection.unregister("entrada")
