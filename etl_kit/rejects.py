"""What was refused on the way to a dataset: counted and kept, never dropped in silence."""

from dataclasses import dataclass, field

import polars as pl

REJECTED: dict[str, pl.DataType] = {
    "dataset": pl.String(),
    "fila": pl.Int64(),
    "columna": pl.String(),
    "valor_crudo": pl.String(),
    "motivo": pl.String(),
    "fuente": pl.String(),
}


@dataclass(kw_only=True)
class Rejects:
    """Collects refused cells and rows of one dataset.

    `fila` is the row's number in its source, from 1; None for a whole file. `columna` is None for a whole row.
    """

    dataset: str
    _frames: list[pl.DataFrame] = field(default_factory=list)

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
        self._frames.append(pl.DataFrame([row], schema=REJECTED, orient="row"))

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Keep many: `frame` has the columns of `REJECTED`, `dataset` aside."""
        if frame.height:
            named = frame.with_columns(pl.lit(self.dataset).alias("dataset"))
            self._frames.append(named.select(pl.col(name).cast(dtype) for name, dtype in REJECTED.items()))

    def extend(self, other: "Rejects") -> None:
        """Keep all that `other` holds, under this dataset's name."""
        self.add_frame(other.frame())

    def frame(self) -> pl.DataFrame:
        """All refusals, in an order that does not depend on when they were found."""
        if not self._frames:
            return pl.DataFrame(schema=REJECTED)
        return pl.concat(self._frames).sort("fuente", "fila", "columna", "motivo", nulls_last=True)

    def __len__(self) -> int:
        return sum(frame.height for frame in self._frames)
