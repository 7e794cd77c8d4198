"""What a table of the warehouse is: its key, its columns, what its rows point at, and how a frame is made to fit."""

from dataclasses import dataclass

import polars as pl

from etl_kit.columns import Column, DType
from etl_kit.errors import DuplicateKeys, MissingColumns, WrongValues
from etl_kit.translation import NOTHING, Text, _


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """`columns` name rows of `dataset` by its key; how many do is reported, and enforced only if `enforced`.

    A load checks what is enforced, and the database holds it, too; but where that takes an index of every row (DuckDB),
    one that is not `indexed` is left to the load: of millions of rows it would not fit into memory.
    """

    columns: tuple[str, ...]
    dataset: str
    enforced: bool = False
    indexed: bool = True


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A table of the warehouse.

    Attributes:
        name: of the table and of its parquet file.
        key: what makes a row unique; never NULL.
        columns: in their order, lineage last.
        made_by: the task that transforms it.
        critical: whether the pipeline fails without it.
        foreign_keys: what its rows point at.
        newer_by: the column that says which of two versions of a row is newer, where every load brings all rows as of
            one day: the day of the source's last change (of equal ones the later cut is newer), or `fecha_corte` where
            the cut alone decides. None where loads are not snapshots of one whole: then the last load wins.
        about: what a row is; it completes the sentence "A row is".
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    made_by: str
    critical: bool
    foreign_keys: tuple[ForeignKey, ...] = ()
    about: Text = NOTHING
    newer_by: str | None = None

    @property
    def schema(self) -> dict[str, DType]:
        """Types by column, in order."""
        return {column.name: column.dtype for column in self.columns}

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with exactly the dataset's columns, order and types, sorted by its key; further columns go.

        Raises:
            MissingColumns: a column is absent.
            WrongValues: a value does not fit its type, or is NULL where it may not be.
            DuplicateKeys: two rows share a key.
        """
        absent = [name for name in self.schema if name not in frame.columns]
        if absent:
            raise MissingColumns(self.name, absent, present=frame.columns)
        typed = frame.select(self._typed(frame, column) for column in self.columns)
        self._check_required(typed)
        repeated = typed.group_by(self.key).len().filter(pl.col("len") > 1).sort(self.key)
        if repeated.height:
            examples = repeated.select(self.key).head(3).rows()
            raise DuplicateKeys(self.name, self.key, examples, repeated.height)
        return typed.sort(self.key)

    def empty(self) -> pl.DataFrame:
        """No rows, but every column."""
        return pl.DataFrame(schema=self.schema)

    def _typed(self, frame: pl.DataFrame, column: Column) -> pl.Series:
        try:
            return frame.get_column(column.name).cast(column.dtype)
        except pl.exceptions.PolarsError as error:
            raise WrongValues(self.name, column.name, str(error)) from error

    def _check_required(self, frame: pl.DataFrame) -> None:
        for column in self.columns:
            absent = frame.get_column(column.name).null_count() if column.required else 0
            if absent:
                reason = _("{count} rows have no value, and each must").format(count=absent)
                raise WrongValues(self.name, column.name, reason)
