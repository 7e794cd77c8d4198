"""What was refused on the way to a dataset: counted and kept, never dropped in silence."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import polars as pl

REJECTED: dict[str, pl.DataType] = {
    "dataset": pl.String(),
    "fila": pl.Int64(),
    "columna": pl.String(),
    "valor_crudo": pl.String(),
    "motivo": pl.String(),
    "fuente": pl.String(),
}


KEPT_PER_REASON: Final = 10_000
"""Refusals of one column and reason that are kept with their text; further ones are only counted.

A column that cannot be read at all would otherwise fill the disk with as many refusals as there are rows.
"""


@dataclass(kw_only=True)
class Rejects:
    """Collects refused cells and rows of one dataset.

    `fila` is the row's number in its source, from 1; None for a whole file. `columna` is None for a whole row. The
    length is how many were refused, `kept` how many of them `frame` shows.
    """

    dataset: str
    keep: int = KEPT_PER_REASON
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _counts: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    _kept: Counter[tuple[str | None, str]] = field(default_factory=Counter)

    def add(
        self,
        *,
        motivo: str,
        fuente: str,
        fila: int | None = None,
        columna: str | None = None,
        valor_crudo: str | None = None,
    ) -> None:
        """Keep one refusal."""
        row = (self.dataset, fila, columna, valor_crudo, motivo, fuente)
        self._take(pl.DataFrame([row], schema=REJECTED, orient="row"))

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Keep many: `frame` has the columns of `REJECTED`, `dataset` aside."""
        if frame.height:
            named = frame.with_columns(pl.lit(self.dataset).alias("dataset"))
            self._take(named.select(pl.col(name).cast(dtype) for name, dtype in REJECTED.items()))

    def extend(self, other: "Rejects") -> None:
        """Keep all that `other` holds, under this dataset's name."""
        self.add_frame(other.frame())
        self._counts.update(other.not_shown())

    def frame(self) -> pl.DataFrame:
        """The refusals that are kept, in an order that does not depend on when they were found."""
        if not self._frames:
            return pl.DataFrame(schema=REJECTED)
        return pl.concat(self._frames).sort("fuente", "fila", "columna", "motivo", nulls_last=True)

    @property
    def kept(self) -> int:
        """How many refusals `frame` shows."""
        return sum(self._kept.values())

    def not_shown(self) -> Counter[tuple[str | None, str]]:
        """How many refusals of each column and reason `frame` does not show."""
        return self._counts - self._kept

    def __len__(self) -> int:
        return sum(self._counts.values())

    def _take(self, refused: pl.DataFrame) -> None:
        reason = ("columna", "motivo")
        counts = {(column, why): count for column, why, count in refused.group_by(reason).len().rows()}
        self._counts.update(counts)
        room = {each: self.keep - self._kept[each] for each in counts}
        self._kept.update({each: min(count, room[each]) for each, count in counts.items()})
        if any(count > room[each] for each, count in counts.items()):
            places = pl.DataFrame(
                [(*each, left) for each, left in room.items()],
                schema={"columna": pl.String, "motivo": pl.String, "__sitio": pl.Int64},
                orient="row",
            )
            number = pl.int_range(pl.len()).over(reason)
            refused = (
                refused.join(places, on=reason, how="left", nulls_equal=True, maintain_order="left")
                .filter(number < pl.col("__sitio"))
                .drop("__sitio")
            )
        if refused.height:
            self._frames.append(refused)
