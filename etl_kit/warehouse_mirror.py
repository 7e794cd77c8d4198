"""A private DuckDB copy of a PostgreSQL schema, so that rules and reports are written for one database only."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Final

import duckdb
import polars as pl
import psycopg

from etl_kit.columns import DType
from etl_kit.files import make_folder
from etl_kit.warehouse import CURRENT, STAGING, open_file
from etl_kit.warehouse_duckdb import DUCKDB, append
from etl_kit.warehouse_port import MOMENT, WITHDRAWN_AT, TableName, listed, quoted

BYTES_PER_FRAME: Final = 32 * 1024 * 1024
"""How much text is gathered before it becomes a frame; what bounds the memory of a reader."""

_PREFIX = ".espejo-"
_LEFTOVER_AFTER = 24 * 60 * 60  # seconds; nobody reads for so long, so whoever made it was killed
_TYPES: Mapping[str, DType] = {
    "text": pl.String,
    "bigint": pl.Int64,
    "double precision": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp with time zone": MOMENT,
}
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_COLUMNS = """
SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_COPY_OUT = Template("COPY (SELECT $columns FROM $table) TO STDOUT (FORMAT csv, FORCE_QUOTE *)")
_MICROSECONDS = Template("(extract(epoch FROM $column) * 1000000)::bigint")
_CREATE = Template("CREATE TABLE $table ($columns)")
_CREATE_VIEW = Template("CREATE VIEW $view AS SELECT $columns FROM $table WHERE $withdrawn IS NULL")


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """The copy under way: `connection` shows what was added."""

    connection: duckdb.DuckDBPyConnection

    def add_table(self, server: psycopg.Connection, table: TableName, name: str) -> None:
        """Copy a published table into `main`, with its view of current rows if rows of it can be withdrawn."""
        target = DUCKDB.table_of(name)
        columns = self._copy(server, table, target)
        if WITHDRAWN_AT in columns:
            shown = listed([column for column in columns if column != WITHDRAWN_AT])
            view = DUCKDB.view_of(name)
            self.connection.execute(
                _CREATE_VIEW.substitute(view=view, columns=shown, table=target, withdrawn=WITHDRAWN_AT)
            )

    def add_staged(self, server: psycopg.Connection, table: TableName, name: str) -> None:
        """Copy a table that a load prepares."""
        self._copy(server, table, DUCKDB.staged(name))

    def _copy(self, server: psycopg.Connection, table: TableName, target: TableName) -> Mapping[str, str]:
        found = server.execute(_COLUMNS, {"table": str(table)}).fetchall()
        columns = {str(name): str(word) for name, word in found}
        described = ", ".join(f"{quoted(name)} {DUCKDB.type_of(_type(word))}" for name, word in columns.items())
        self.connection.execute(_CREATE.substitute(table=target, columns=described))
        for frame in frames_of(server, table, columns):
            append(self.connection, target, frame)
        return columns


@contextmanager
def mirror(folder: Path) -> Iterator[Mirror]:
    """An empty copy in a file below `folder`, gone when the block ends."""
    _sweep(make_folder(folder))
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as place:
        connection = open_file(Path(place) / "espejo.duckdb", read_only=False)
        try:
            for schema in (STAGING, CURRENT):
                connection.execute(f"CREATE SCHEMA {schema}")
            yield Mirror(connection=connection)
        finally:
            connection.close()


def frames_of(server: psycopg.Connection, table: TableName, columns: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """The rows of a table or view in frames of bounded size, at least one; nothing is lost on the way.

    Args:
        server: in a transaction whose session shows floats in full.
        table: what to read.
        columns: PostgreSQL's types by column.
    """
    types = {name: _type(word) for name, word in columns.items()}
    selected = ", ".join(_selected(name, dtype) for name, dtype in types.items())
    yield pl.DataFrame(schema=types)
    for text in _texts(server, _COPY_OUT.substitute(columns=selected, table=table)):
        read = pl.read_csv(text, has_header=False, schema=dict.fromkeys(types, pl.String))
        yield read.select(_typed(name, dtype) for name, dtype in types.items())


def _texts(server: psycopg.Connection, statement: str) -> Iterator[BytesIO]:
    """What COPY sends, cut between rows: the server sends each row as a message of its own."""
    text, size = BytesIO(), 0
    with server.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            size += text.write(row)
            if size >= BYTES_PER_FRAME:
                text.seek(0)
                yield text
                text, size = BytesIO(), 0
    if size:
        text.seek(0)
        yield text


def _type(word: str) -> DType:
    numeric = _NUMERIC.fullmatch(word)
    return pl.Decimal(int(numeric[1]), int(numeric[2])) if numeric else _TYPES[word]


def _selected(name: str, dtype: DType) -> str:
    return _MICROSECONDS.substitute(column=quoted(name)) if dtype == MOMENT else quoted(name)


def _typed(name: str, dtype: DType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Boolean:
        return column == "t"
    if dtype == MOMENT:
        return column.cast(pl.Int64).cast(MOMENT)
    return column.str.to_date("%Y-%m-%d") if dtype == pl.Date else column.cast(dtype)


def _sweep(folder: Path) -> None:
    """Remove what killed readers left."""
    for left in folder.glob(f"{_PREFIX}*"):
        if time.time() - left.stat().st_mtime > _LEFTOVER_AFTER:
            shutil.rmtree(left, ignore_errors=True)
