"""What a load and its readers ask of a warehouse, whichever database holds it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import polars as pl

from etl_kit.columns import DType
from etl_kit.datasets import Dataset
from etl_kit.lineage import FECHA_CORTE, FUENTE, RUN_ID

WITHDRAWN_AT: Final = "retirado_en"
"""When a row's key was first missing from what was loaded; NULL while the row is current."""

MOMENT: Final = pl.Datetime("us", "UTC")
"""The type of every moment that a warehouse keeps."""

LOAD_LOG: Final = "carga_log"
LOAD_LOG_COLUMNS: Final[Mapping[str, DType]] = {
    RUN_ID: pl.String,
    "tabla": pl.String,
    "insertados": pl.Int64,
    "actualizados": pl.Int64,
    "sin_cambio": pl.Int64,
    "retirados": pl.Int64,
    "filas": pl.Int64,
    "inicio": MOMENT,
    "fin": MOMENT,
    FUENTE: pl.String,
    FECHA_CORTE: pl.Date,
}
"""One row per load and table: what changed, and what it was loaded from; `fin` − `inicio` is the time spent on it."""

ALL: Final = "TRUE"
"""The condition that every row meets."""

PATIENCE: Final = timedelta(seconds=60)
"""How long a writer waits for another one."""


@dataclass(frozen=True, kw_only=True)
class TableName:
    """A table or view; its text is the name as SQL takes it."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a table is: types by column in the database's own words, its key, and what its rows must point at."""

    columns: Mapping[str, str]
    key: tuple[str, ...] = ()
    points_at: frozenset[tuple[tuple[str, ...], str]] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one database calls what a load needs; all other SQL is the same for all.

    Attributes:
        tables: the schema of the published tables.
        staging: the schema of tables that a load prepares; gone when it ends.
        views: the schema of the views that show each table without its withdrawn rows.
        view: how such a view is called, with `{table}` in it.
        types: the database's word for each type of a column; a Decimal's has two places to fill.
        text_order: what follows the type of a text, so that texts compare by their bytes as in polars.
        bound: how a value's place is written, with `{name}` in it.
        attempt: `{value}` cast to `{dtype}`, or NULL if it does not fit.
        indexes_references: whether the database keeps an index for each foreign key.
        analyze: has the database look at `{columns}` of a `{table}` that was just filled, where it would otherwise
            plan as if it were empty; empty where it knows by itself.
    """

    tables: str
    staging: str
    views: str
    view: str
    types: Mapping[type[pl.DataType], str]
    text_order: str
    bound: str
    attempt: str
    analyze: str
    indexes_references: bool

    def table_of(self, name: str) -> TableName:
        """The published table."""
        return TableName(schema=self.tables, name=name)

    def staged(self, name: str) -> TableName:
        """The table that a load fills before it touches the published one."""
        return TableName(schema=self.staging, name=name)

    def view_of(self, name: str) -> TableName:
        """The view of current rows."""
        return TableName(schema=self.views, name=self.view.format(table=name))

    def type_of(self, dtype: DType) -> str:
        """The type of a column in the database's words, as its catalogue reports it.

        Raises:
            KeyError: no table has such a column yet; add its word to the dialects.
        """
        made = dtype() if isinstance(dtype, type) else dtype
        word = self.types[type(made)]
        return word.format(made.precision, made.scale) if isinstance(made, pl.Decimal) else word

    def value(self, name: str) -> str:
        """The place of the bound value `name`."""
        return self.bound.format(name=name)


class Publication(Protocol):
    """A load under way: all it does is seen at once when its block ends well, and never otherwise."""

    @property
    def dialect(self) -> Dialect:
        """The words of this database."""

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> int:
        """Run a statement; the number of rows that it wrote."""

    def ask(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    def append(self, table: TableName, frame: pl.DataFrame) -> None:
        """Put the rows of `frame` into a table that has its columns."""

    def show_file(self, table: TableName, path: Path, columns: Mapping[str, str]) -> bool:
        """Let a staging table be a parquet file, so that its rows are not copied; False where that cannot be.

        Args:
            table: there is none of this name yet.
            path: a file that nobody writes to; another one may take its place.
            columns: the database's types by column.
        """

    def batches(self, table: TableName) -> Sequence[str]:
        """Conditions on the rows of a staging table that is called `nueva`; each row meets one of them.

        A statement that joins all columns is run once for each, so that it needs memory for so many rows only.
        """

    def shapes_of(self, tables: Collection[TableName]) -> dict[TableName, Shape]:
        """What each of these tables and views is now; one that there is not is left out."""

    def checking(self, *, staged: Collection[str]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A DuckDB connection that shows the load as it stands, for the rules of a gate.

        Tables named in `staged` are in schema `preparacion`, the others in `vigentes`, the load log in `main`.
        """


class Warehouse(Protocol):
    """The published tables of one source.

    Whoever reads sees the state that one load left, whole; a load that fails, or whose process is killed at any
    instruction, leaves no trace but what the next one clears. One load at a time.
    """

    @property
    def place(self) -> str:
        """Where it is, for messages and accounts; never with a user or a password."""

    def publishing(self, *, patience: timedelta = PATIENCE) -> AbstractContextManager[Publication]:
        """Begin a load; it is published when the block ends well.

        Raises:
            OtherSource: it holds another source's data.
            WarehouseBusy: another load did not end within `patience`.
            WarehouseUnreadable, WarehouseUnreachable, WarehouseRefused: it cannot be written.
        """

    def reading(self, *, made_by: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with every table in `main` and the current rows of each in `vigentes`.

        Raises:
            MissingInput: nothing was loaded yet; the text names the task `made_by` that does it.
            OtherSource, WarehouseBusy, WarehouseUnreadable, WarehouseUnreachable: it cannot be read.
        """

    def read_table(self, dataset: Dataset, *, made_by: str) -> pl.DataFrame:
        """The current rows of one table, with the dataset's types and sorted by its key.

        Raises:
            as `reading`.
        """


def shapes_from(
    columns: Iterable[tuple[TableName, str, str]], constraints: Iterable[tuple[TableName, Sequence[str], str | None]]
) -> dict[TableName, Shape]:
    """What a catalogue says, by table.

    Args:
        columns: table, name and type of each column, in the table's order.
        constraints: table, columns and target of each foreign key; the primary key has no target.
    """
    types: dict[TableName, dict[str, str]] = {}
    for table, name, dtype in columns:
        types.setdefault(table, {})[name] = dtype
    keys: dict[TableName, tuple[str, ...]] = {}
    points_at: dict[TableName, set[tuple[tuple[str, ...], str]]] = {}
    for table, names, target in constraints:
        if target is None:
            keys[table] = tuple(names)
        else:
            points_at.setdefault(table, set()).add((tuple(names), target))
    return {
        table: Shape(columns=its, key=keys.get(table, ()), points_at=frozenset(points_at.get(table, ())))
        for table, its in types.items()
    }


def quoted(name: str) -> str:
    """An identifier as SQL takes it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def listed(names: Collection[str]) -> str:
    """Identifiers with commas between."""
    return ", ".join(quoted(name) for name in names)
