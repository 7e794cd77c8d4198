"""The transformed files, read piece by piece so that their size is no matter."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from etl_kit.datasets import Dataset
from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.places import Places
from etl_kit.translation import _

ROWS_PER_PIECE: Final = 50_000

ROWS_COPIED: Final = 100_000
"""A file of more rows is read in place where the database can: a copy of it would take the disk that it has to fit."""


class Input(Protocol):
    """The rows of one dataset; every piece conforms to it, but a key may stand in two of them."""

    def pieces(self) -> Iterator[pl.DataFrame]:
        """The rows in pieces, at least one even if it is empty."""

    def large_file(self) -> Path | None:
        """The parquet file that holds the same rows, if they are many."""


@dataclass(frozen=True, kw_only=True)
class TransformedFile:
    """The parquet file that a transform left."""

    path: Path
    dataset: Dataset

    def pieces(self) -> Iterator[pl.DataFrame]:
        """As `Input.pieces`.

        Raises:
            MissingInput: the file is gone.
            UnreadableInput: it is no parquet file, or another one took its place meanwhile.
            MissingColumns, WrongValues, DuplicateKeys: it does not fit its dataset.
        """
        before = self._identity()
        for number in range(max(1, -(-self._rows() // ROWS_PER_PIECE))):
            yield self.dataset.conform(self._read(number * ROWS_PER_PIECE))
            if self._identity() != before:
                raise UnreadableInput(self.path, _("it changed while it was read; run the load again"))

    def large_file(self) -> Path | None:
        """As `Input.large_file`."""
        return self.path if self._rows() > ROWS_COPIED else None

    def _rows(self) -> int:
        return int(self._collected(self._scan().select(pl.len())).item())

    def _read(self, first: int) -> pl.DataFrame:
        return self._collected(self._scan().slice(first, ROWS_PER_PIECE))

    def _scan(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.path, glob=False, hive_partitioning=False)

    def _collected(self, frame: pl.LazyFrame) -> pl.DataFrame:
        try:
            return frame.collect()
        except FileNotFoundError as error:
            raise MissingInput(self.path, made_by=self.dataset.made_by) from error
        except pl.exceptions.PolarsError as error:
            raise UnreadableInput(self.path, str(error)) from error

    def _identity(self) -> tuple[int, ...]:
        try:
            about = self.path.stat()
        except FileNotFoundError as error:
            raise MissingInput(self.path, made_by=self.dataset.made_by) from error
        return about.st_ino, about.st_size, about.st_mtime_ns


def find_inputs(places: Places, datasets: Iterable[Dataset]) -> tuple[dict[str, Input], list[str]]:
    """The transformed files by dataset name, and a warning for each non-critical one that is not there.

    Raises:
        MissingInput: a critical dataset is absent.
    """
    inputs: dict[str, Input] = {}
    warnings = []
    for dataset in datasets:
        path = places.transformed(dataset.name)
        if path.is_file():
            inputs[dataset.name] = TransformedFile(path=path, dataset=dataset)
            continue
        missing = MissingInput(path, made_by=dataset.made_by)
        if dataset.critical:
            raise missing
        warnings.append(_("table {table} stays as it was: {reason}").format(table=dataset.name, reason=missing))
    return inputs, warnings
