"""What a transform of very many rows leaves behind: datasets written part by part, what was refused, an account."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

import polars as pl
from polars.io.plugins import register_io_source

from etl_kit.datasets import Dataset
from etl_kit.files import write_parquet, write_whole
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.snapshots import Snapshot
from etl_kit.translation import _

ROWS_OF_A_GROUP: Final = 50_000
"""Rows of a row group at most; whoever reads the file needs memory for one of them."""


class Told(Protocol):
    """Where a task says how far it is: the orchestrator's `etl_context`."""

    def progress(self, done: float, total: float | None = None) -> None:
        """`done` of `total` rows; None where nobody knows how many there are."""


@dataclass(kw_only=True)
class Pace:
    """Tells how far a task is that takes every row twice, reading and writing; and in the end how fast it was.

    `expected` is the number of rows, None where nobody knows it before they are read.
    """

    told: Told | None = None
    expected: int | None = None
    received: int = 0
    _written: int = 0
    _began: float = field(default_factory=time.monotonic)

    def read(self, rows: int) -> None:
        """Say that this many more rows were read."""
        self.received += rows
        self._tell(None if self.expected is None else max(self.expected, self.received))

    def wrote(self, rows: int) -> None:
        """Say that this many more rows were written or left out; all have been read."""
        self._written += rows
        self._tell(self.received)

    def figures(self) -> dict[str, object]:
        """What the task's output says: rows received, seconds and rows per second."""
        seconds = time.monotonic() - self._began
        return {
            "rows_received": self.received,
            "seconds": round(seconds, 2),
            "rows_per_second": round(self.received / seconds) if seconds else 0,
        }

    def _tell(self, rows: int | None) -> None:
        if self.told is not None:
            self.told.progress(self.received + self._written, None if rows is None else 2 * rows)


def expected_rows(snapshot: Snapshot) -> int | None:
    """How many rows a snapshot should have by its own account."""
    said = snapshot.about.get("rows")
    return said if isinstance(said, int) else None


def write_parts(places: Places, dataset: Dataset, parts: Iterable[pl.DataFrame]) -> int:
    """Write `parts` as the transformed file of `dataset`, a row group or more each; returns the number of rows.

    The file is whole or not there at all: if a part does not fit, or cannot be made, what was there before stays.

    Args:
        places: of this run's source.
        dataset: each part must fit it; keys that stand in two parts are not looked for.
        parts: lineage included; taken one at a time.

    Raises:
        MissingColumns, WrongValues, DuplicateKeys: a part does not fit its dataset.
    """
    rows = 0

    def conformed(*_hints: object) -> Iterator[pl.DataFrame]:
        nonlocal rows
        for part in parts:
            fitting = dataset.conform(part)
            rows += fitting.height
            yield from fitting.iter_slices(ROWS_OF_A_GROUP)

    def write(file: BinaryIO) -> None:
        source = register_io_source(conformed, schema=dataset.schema)
        source.sink_parquet(file, compression="zstd", row_group_size=ROWS_OF_A_GROUP, maintain_order=True)

    write_whole(places.transformed(dataset.name), write)
    return rows


def account(
    places: Places,
    *,
    rows: Mapping[Dataset, int],
    rejects: Mapping[str, Rejects],
    warnings: Sequence[str],
    pace: Pace,
) -> dict[str, object]:
    """Write what was refused on the way to each dataset; returns the task's account, as `results.write_results`."""
    said = list(warnings)
    for dataset in rows:
        refused = rejects.get(dataset.name, Rejects(dataset=dataset.name))
        write_parquet(places.rejected(dataset.name), refused.frame())
        if refused.kept < len(refused):
            text = _("of {count} refusals of {table} the first {kept} are kept with their text")
            said.append(text.format(count=len(refused), table=dataset.name, kept=refused.kept))
    return {
        "status": "success",
        "rows": {dataset.name: count for dataset, count in rows.items()},
        "rejected": {dataset.name: len(rejects.get(dataset.name, ())) for dataset in rows},
        "warnings": said,
        "source": places.source.value,
        "invented": places.source.invented,
        **pace.figures(),
    }
