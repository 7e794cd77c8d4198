"""The warehouse as one schema per source in a PostgreSQL database."""

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any, Final

import duckdb
import polars as pl
import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from etl_kit.datasets import Dataset
from etl_kit.errors import MissingInput
from etl_kit.settings import Source
from etl_kit.translation import _
from etl_kit.warehouse import OtherSource, WarehouseBusy
from etl_kit.warehouse_address import WarehouseRefused, WarehouseUnreachable, shown, why_unreachable
from etl_kit.warehouse_mirror import frames_of, mirror
from etl_kit.warehouse_port import ALL, LOAD_LOG, PATIENCE, WITHDRAWN_AT, Dialect, Shape, TableName, listed, shapes_from

STAGED_IN: Final = "pg_temp"
"""Staging tables belong to the load's session: they are written without a journal and end with it, however it ends."""

CONNECT_SECONDS: Final = 15
LOCK_SECONDS: Final = 60
_LOST = ("08", "57P")  # classes of codes: the connection broke, the server goes down
_ROWS_PER_WRITE = 5_000
_LOCK_FAMILY = 0x45544C  # "ETL", so as not to meet locks of other programs
_SESSION = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL extra_float_digits = 1",  # a float's text is read back as the same float
    f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL work_mem = '64MB'",  # joins of two whole tables by wide keys
    "SET LOCAL temp_buffers = '32MB'",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)
_NOTICE_THE_DEAD = "SET LOCAL client_connection_check_interval = '1s'"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(family)s, hashtext(%(schema)s))"
_LOCK_HOLDER = """
SELECT l.pid, a.application_name FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %(family)s
    AND l.objid::bigint = (hashtext(%(schema)s)::bigint & 4294967295)
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HAS_SCHEMA = "SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s"
_IS_EMPTY = """
SELECT NOT EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s)
"""
_TABLES = """
SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND (c.relname = ANY (%(own)s) OR EXISTS (
    SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = %(withdrawn)s AND NOT a.attisdropped
)) ORDER BY c.relname
"""
_COLUMNS = """
SELECT asked.name, attname::text, format_type(atttypid, atttypmod) FROM unnest(%(tables)s::text[]) AS asked (name)
JOIN pg_attribute ON attrelid = to_regclass(asked.name)
WHERE attnum > 0 AND NOT attisdropped ORDER BY asked.name, attnum
"""
_CONSTRAINTS = """
SELECT asked.name, ARRAY(
    SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (number, place)
    JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place
), r.relname::text
FROM unnest(%(tables)s::text[]) AS asked (name)
JOIN pg_constraint AS c ON c.conrelid = to_regclass(asked.name) LEFT JOIN pg_class AS r ON r.oid = c.confrelid
WHERE c.contype IN ('p', 'f')
"""
_IDENTITY = "almacen"
_CREATE_SCHEMA = Template("CREATE SCHEMA $schema")
_CREATE_IDENTITY = Template(
    "CREATE TABLE $table (fuente text PRIMARY KEY, etiqueta text NOT NULL, inventado boolean NOT NULL,"
    " creado_en timestamptz NOT NULL)"
)
_READ_IDENTITY = Template("SELECT fuente FROM $table")
_WRITE_IDENTITY = Template("INSERT INTO $table VALUES (%(fuente)s, %(etiqueta)s, %(inventado)s, now())")
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HOLD = Template("LOCK TABLE $tables IN ACCESS SHARE MODE")
_COPY_IN = Template("COPY $table ($columns) FROM STDIN (FORMAT csv)")


def dialect_of(source: Source) -> Dialect:
    """The words of PostgreSQL for a source."""
    schema = f"etl_{source.value}"
    return Dialect(
        tables=schema,
        staging=STAGED_IN,
        views=schema,
        view="{table}_vigentes",
        types={
            pl.String: "text",
            pl.Int64: "bigint",
            pl.Float64: "double precision",
            pl.Boolean: "boolean",
            pl.Date: "date",
            pl.Datetime: "timestamp with time zone",
            pl.Decimal: "numeric({},{})",
        },
        text_order=' COLLATE "C"',
        bound="%({name})s",
        attempt="CASE WHEN pg_input_is_valid({value}::text, '{dtype}') THEN CAST({value}::text AS {dtype}) END",
        analyze="ANALYZE {table} ({columns})",
        indexes_references=False,
    )


@dataclass(frozen=True, kw_only=True)
class PostgresWarehouse:
    """A schema that a load changes in one transaction; `folder` is where a reader's copy lies while it is read."""

    url: str = field(repr=False)
    source: Source
    folder: Path

    @property
    def place(self) -> str:
        """The address without user and password, and the schema."""
        return f"{shown(self.url)} ({self.dialect.tables})"

    @property
    def dialect(self) -> Dialect:
        """The words of this source's schema."""
        return dialect_of(self.source)

    @contextmanager
    def publishing(self, *, patience: timedelta = PATIENCE) -> Iterator["PostgresPublication"]:
        """As `Warehouse.publishing`: one transaction; readers see the old rows until it is committed."""
        with self._connected() as connection:
            self._begin(connection, "BEGIN")
            self._wait_for_turn(connection, patience)
            self._claim(connection)
            yield PostgresPublication(connection, self.dialect, self.folder)
            connection.execute("COMMIT")

    @contextmanager
    def reading(self, *, made_by: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `Warehouse.reading`: a private copy of the schema as it was at one moment."""
        with mirror(self.folder) as copy:
            with self._connected() as connection:
                for name in self._snapshot(connection, made_by=made_by):
                    copy.add_table(connection, self.dialect.table_of(name), name)
            yield copy.connection

    def read_table(self, dataset: Dataset, *, made_by: str) -> pl.DataFrame:
        """As `Warehouse.read_table`."""
        with self._connected() as connection:
            view = self.dialect.view_of(dataset.name)
            if dataset.name not in self._snapshot(connection, made_by=made_by):
                raise MissingInput(Path(str(view).replace('"', "")), made_by=made_by)
            shapes = PostgresPublication(connection, self.dialect, self.folder).shapes_of([view])
            frames = frames_of(connection, view, shapes[view].columns)  # every published table has its view
            return dataset.conform(pl.concat(frames))

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        """Open a session of this block, with the driver's errors in our own words."""
        connection = self._connect()
        try:
            yield connection
        except (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure) as error:
            raise WarehouseBusy(self.place, _("unknown process")) from error
        except psycopg.Error as error:
            if error.sqlstate is None or error.sqlstate.startswith(_LOST):
                raise WarehouseUnreachable(self.place, why_unreachable(error.sqlstate, str(error))) from error
            raise WarehouseRefused(self.place, error.diag.message_primary or type(error).__name__) from error
        finally:
            connection.close()  # without a commit this takes all back

    def _connect(self) -> psycopg.Connection:
        """Connect; the driver's error is not chained, since its text may hold parts of a mistyped address."""
        try:
            timeout = conninfo_to_dict(self.url).get("connect_timeout", CONNECT_SECONDS)
            return psycopg.connect(
                self.url,
                autocommit=True,  # transactions begin and end where this module says so
                client_encoding="utf8",
                connect_timeout=timeout,
                prepare_threshold=None,  # prepared statements do not get through every pooler
                application_name=f"etl load (pid {os.getpid()})",
            )
        except psycopg.OperationalError as error:
            reason = why_unreachable(error.sqlstate, str(error))
        except psycopg.Error:
            reason = _(
                "it is no address of PostgreSQL; signs such as @ : / # in a password are written as %40 and so on"
            )
        raise WarehouseUnreachable(self.place, reason)

    def _begin(self, connection: psycopg.Connection, begin: str) -> None:
        connection.execute(begin)
        for statement in _SESSION:
            connection.execute(statement)
        # a server notices that the client was killed only when it sends something, unless it is told to look;
        # servers before 14, and some systems, cannot
        with suppress(psycopg.Error), connection.transaction():
            connection.execute(_NOTICE_THE_DEAD)

    def _wait_for_turn(self, connection: psycopg.Connection, patience: timedelta) -> None:
        which = {"family": _LOCK_FAMILY, "schema": self.dialect.tables}
        give_up_at = time.monotonic() + patience.total_seconds()
        while connection.execute(_TRY_LOCK, which).fetchone() != (True,):
            if time.monotonic() >= give_up_at:
                holder = connection.execute(_LOCK_HOLDER, which).fetchone()
                raise WarehouseBusy(self.place, _holder(holder))
            time.sleep(0.05)

    def _claim(self, connection: psycopg.Connection) -> None:
        """Make the schema this source's, or raise for somebody else's."""
        schema = self.dialect.tables
        identity = self.dialect.table_of(_IDENTITY)
        if connection.execute(_HAS_SCHEMA, {"schema": schema}).fetchone() is None:
            connection.execute(_CREATE_SCHEMA.substitute(schema=schema))
        if connection.execute(_IS_EMPTY, {"schema": schema}).fetchone() != (True,):
            self._check_owner(connection, self._tables(connection))
            return
        connection.execute(_CREATE_IDENTITY.substitute(table=identity))
        about = {"fuente": self.source.value, "etiqueta": self.source.label(), "inventado": self.source.invented}
        connection.execute(_WRITE_IDENTITY.substitute(table=identity), about)

    def _snapshot(self, connection: psycopg.Connection, *, made_by: str) -> list[str]:
        """Begin to read what one load left; the names of the tables.

        The tables are held before the first query, which is when the snapshot is taken: a load that makes a table
        anew would otherwise leave us an empty one.
        """
        tables = self._tables(connection)
        if not tables:
            raise MissingInput(Path(self.dialect.tables), made_by=made_by)
        self._begin(connection, _SNAPSHOT)
        held = ", ".join(str(self.dialect.table_of(name)) for name in tables)
        connection.execute(_HOLD.substitute(tables=held))
        self._check_owner(connection, tables)
        return tables

    def _tables(self, connection: psycopg.Connection) -> list[str]:
        return PostgresPublication(connection, self.dialect, self.folder).tables()

    def _check_owner(self, connection: psycopg.Connection, tables: Collection[str]) -> None:
        identity = self.dialect.table_of(_IDENTITY)
        statement = _READ_IDENTITY.substitute(table=identity)
        owner = connection.execute(statement).fetchone() if _IDENTITY in tables else None
        if owner is None:
            raise WarehouseRefused(self.place, _("it does not say whose data it holds"))
        if owner[0] != self.source.value:
            raise OtherSource(self.place, holds=str(owner[0]), wanted=self.source.value)


class PostgresPublication:
    """A load in an open transaction."""

    def __init__(self, connection: psycopg.Connection, dialect: Dialect, folder: Path) -> None:
        self._connection = connection
        self._dialect = dialect
        self._folder = folder

    @property
    def dialect(self) -> Dialect:
        """The words of this source's schema."""
        return self._dialect

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> int:
        """As `Publication.execute`."""
        return max(self._connection.execute(statement, values).rowcount, 0)  # -1 where rows are not what it is about

    def ask(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """As `Publication.ask`."""
        return self._connection.execute(statement, values).fetchall()

    def append(self, table: TableName, frame: pl.DataFrame) -> None:
        """As `Publication.append`, by COPY.

        Every text stands in quotes and NULL is nothing at all, so "" and NULL stay two things.
        """
        statement = _COPY_IN.substitute(table=table, columns=listed(frame.columns))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for part in frame.iter_slices(_ROWS_PER_WRITE):
                text = BytesIO()
                part.write_csv(text, include_header=False, quote_style="non_numeric")
                copy.write(text.getbuffer())

    def show_file(self, table: TableName, path: Path, columns: Mapping[str, str]) -> bool:
        """As `Publication.show_file`: a server does not see our files."""
        del table, path, columns
        return False

    def batches(self, table: TableName) -> Sequence[str]:
        """As `Publication.batches`: the server keeps to its own bounds."""
        del table
        return [ALL]

    def shapes_of(self, tables: Collection[TableName]) -> dict[TableName, Shape]:
        """As `Publication.shapes_of`."""
        asked = {str(table): table for table in tables}
        return shapes_from(
            ((asked[name], *rest) for name, *rest in self.ask(_COLUMNS, {"tables": list(asked)})),
            ((asked[name], *rest) for name, *rest in self.ask(_CONSTRAINTS, {"tables": list(asked)})),
        )

    def tables(self) -> list[str]:
        """The tables of ours that the schema holds; somebody may keep others beside them."""
        own = {"own": [_IDENTITY, LOAD_LOG], "withdrawn": WITHDRAWN_AT}
        return [str(name) for (name,) in self.ask(_TABLES, {"schema": self._dialect.tables, **own})]

    @contextmanager
    def checking(self, *, staged: Collection[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """As `Publication.checking`: a private copy of what the transaction holds."""
        with mirror(self._folder) as copy:
            for name in self.tables():
                if name not in staged:
                    copy.add_table(self._connection, self._dialect.table_of(name), name)
            for name in staged:
                copy.add_staged(self._connection, self._dialect.staged(name), name)
            yield copy.connection


def _holder(row: tuple[Any, ...] | None) -> str:
    if row is None:
        return _("unknown process")
    return f"{row[1]}, PostgreSQL pid {row[0]}" if row[1] else f"PostgreSQL pid {row[0]}"
