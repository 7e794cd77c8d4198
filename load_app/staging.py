"""The staged side of a load: transformed files into typed tables with keys, and tables to receive them."""

from collections.abc import Iterable

import duckdb
import polars as pl

from etl_kit.datasets import Dataset
from etl_kit.errors import MissingInput
from etl_kit.files import read_parquet
from etl_kit.places import Places
from etl_kit.translation import _
from etl_kit.warehouse import STAGING, ArrowStream
from load_app.statements import COLUMNS_OF, CREATE_SCHEMAS, KEY_OF, WITHDRAWN_AT, TableStatements

_NEXT = "__nueva"


def read_datasets(places: Places, datasets: Iterable[Dataset]) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """The transformed frames by dataset name, and a warning for each non-critical one that is not there.

    Raises:
        MissingInput: a critical dataset is absent.
    """
    frames: dict[str, pl.DataFrame] = {}
    warnings = []
    for dataset in datasets:
        try:
            frames[dataset.name] = dataset.conform(
                read_parquet(places.transformed(dataset.name), made_by=dataset.made_by)
            )
        except MissingInput as missing:
            if dataset.critical:
                raise
            warnings.append(_("table {table} stays as it was: {reason}").format(table=dataset.name, reason=missing))
    return frames, warnings


def stage(
    connection: duckdb.DuckDBPyConnection, datasets: Iterable[Dataset], frames: dict[str, pl.DataFrame]
) -> list[str]:
    """Fill the staging schema and make every published table ready for its new rows.

    A dataset without a frame gets an empty table if it has none yet, so that whoever reads finds "no data" and not
    an error. Returns warnings.
    """
    for statement in CREATE_SCHEMAS:
        connection.execute(statement)
    warnings = []
    for dataset in datasets:
        statements = TableStatements(dataset)
        frame = frames.get(dataset.name)
        _stage_frame(connection, statements, dataset.empty() if frame is None else frame)
        warnings += _make_ready(connection, dataset, statements)
        connection.execute(statements.current_view())
        if frame is None:
            connection.execute(statements.unstage())
    return warnings


def _stage_frame(connection: duckdb.DuckDBPyConnection, statements: TableStatements, frame: pl.DataFrame) -> None:
    connection.register("entrada", ArrowStream(frame))
    for statement in statements.stage():
        connection.execute(statement)
    connection.unregister("entrada")


def _make_ready(connection: duckdb.DuckDBPyConnection, dataset: Dataset, statements: TableStatements) -> list[str]:
    """Make the published table, or give it the dataset's present shape and keep what fits."""
    wanted = {**_columns(connection, STAGING, dataset.name), WITHDRAWN_AT: "TIMESTAMP WITH TIME ZONE"}
    present = _columns(connection, "main", dataset.name)
    if not present:
        for statement in statements.create():
            connection.execute(statement)
        return []
    key = connection.execute(KEY_OF, {"table": dataset.name}).fetchone()
    if present == wanted and key is not None and tuple(key[0]) == dataset.key:
        return []
    name = f"{dataset.name}{_NEXT}"
    for statement in statements.create(name):
        connection.execute(statement)
    keeps_rows = key is not None and tuple(key[0]) == dataset.key
    if keeps_rows:
        shared = {column: dtype for column, dtype in wanted.items() if column in present}
        connection.execute(statements.carry_over(name, shared))
    connection.execute(statements.drop())
    connection.execute(statements.rename(name))
    if keeps_rows:
        return [_("table {table} got its new columns; its rows were kept").format(table=dataset.name)]
    return [_("table {table} has a new key and was filled afresh").format(table=dataset.name)]


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    rows = connection.execute(COLUMNS_OF, {"schema": schema, "table": table}).fetchall()
    return {str(name): str(dtype) for name, dtype in rows}
