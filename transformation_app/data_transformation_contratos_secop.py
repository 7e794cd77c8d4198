"""SECOP II contracts into `contratos_secop` and its bridge to projects."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

import polars as pl

from etl_kit.datasets import CONTRATO_BPIN, CONTRATOS_SECOP, Dataset
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.snapshots import Snapshot
from etl_kit.text import text_column
from etl_kit.translation import _
from transformation_app.contract_projects import Projects, disagreements, with_project
from transformation_app.inputs import bpin_catalogue, contracts_snapshot, if_present, index_snapshot
from transformation_app.loan_index import index_lines
from transformation_app.scattered import Scattered, append_frame, frames_of, room_beside
from transformation_app.secop_columns import CONTRACTS, text_frames
from transformation_app.secop_contracts import clean_contracts, contract_warnings, unequal_funding
from transformation_app.streamed_results import Pace, Told, account, expected_rows, write_parts

KEY: Final = pl.coalesce(text_column("id_contrato"), pl.col("fila").cast(pl.String))
"""What a row is dealt out by: all versions of a contract come together; rows without an id go anywhere."""


def main(*, source: str | None = None, home: str | None = None, etl_context: Told | None = None) -> dict[str, object]:
    """Leave one row per contract and one per contract and project; safe to repeat.

    Without the loan's index or the catalogue of projects it goes on and says so; `motivo_sin_bpin` tells row by row.
    Memory does not grow with the rows: what it cannot hold lies beside the output until the task ends.

    Raises:
        MissingInput: no contracts have been extracted; the message names the command that does it.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    warnings: list[str] = []
    snapshot = contracts_snapshot(places)
    transform = ContractParts(
        index=if_present(index_snapshot, places, warnings),
        catalogue=if_present(bpin_catalogue, places, warnings),
        cut=snapshot.day,
        run_id=settings.run_id,
        now=datetime.now(UTC),
    )
    pace = Pace(told=etl_context, expected=expected_rows(snapshot))
    folder = places.transformed(CONTRATOS_SECOP.name).parent
    with room_beside(folder) as room:
        lines = Scattered(room, key=KEY)
        for frame in text_frames(snapshot, CONTRACTS):
            lines.add(frame)
            pace.read(frame.height)

        def contracts() -> Iterator[pl.DataFrame]:
            for part in lines.parts():
                frames = transform.frames(part)
                append_frame(room / "puente", CONTRATO_BPIN.conform(frames[CONTRATO_BPIN]))
                yield frames[CONTRATOS_SECOP]
                pace.wrote(part.height)

        rows = {
            CONTRATOS_SECOP: write_parts(places, CONTRATOS_SECOP, contracts()),
            CONTRATO_BPIN: write_parts(places, CONTRATO_BPIN, frames_of(room / "puente")),
        }
    return account(
        places,
        rows=rows,
        rejects={CONTRATOS_SECOP.name: transform.rejects},
        warnings=[*warnings, *transform.warnings()],
        pace=pace,
    )


@dataclass(kw_only=True)
class ContractParts:
    """Both datasets from parts of a snapshot, no contract standing in two of them, and what is to be said of all.

    `index` and `catalogue` are None where they are absent.
    """

    index: Snapshot | None
    catalogue: pl.DataFrame | None
    cut: date
    run_id: str
    now: datetime
    rejects: Rejects = field(default_factory=lambda: Rejects(dataset=CONTRATOS_SECOP.name))
    _counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        aside = Rejects(dataset="indice_emprestito")  # transform_emprestito keeps these
        lines = None if self.index is None else index_lines(self.index.rows, rejects=aside, fuente=self.index.fuente)
        self._projects = Projects.of(index=lines, catalogue=self.catalogue)

    def frames(self, part: pl.DataFrame) -> dict[Dataset, pl.DataFrame]:
        """The datasets' rows of a part, as `secop_columns.text_frame` makes it."""
        contracts = clean_contracts(part, cut=self.cut, rejects=self.rejects)
        projects, bridge = with_project(contracts, known=self._projects, rejects=self.rejects)
        self._counts["versions"] += part.select(text_column("id_contrato").count()).item()
        self._counts["contracts"] += contracts.height
        self._counts["unequal"] += unequal_funding(contracts)
        self._counts.update(disagreements(projects))
        return {
            each: with_lineage(frame, fuente=pl.col("fuente"), fecha_corte=self.cut, run_id=self.run_id, now=self.now)
            for each, frame in ((CONTRATOS_SECOP, projects), (CONTRATO_BPIN, bridge))
        }

    def warnings(self) -> list[str]:
        """Sentences for the reader about all parts so far."""
        older = self._counts["versions"] - self._counts["contracts"]
        return [*contract_warnings(older=older, unequal=self._counts["unequal"]), *disagreement_warnings(self._counts)]


def disagreement_warnings(counts: Counter[str]) -> list[str]:
    """Sentences on where the loan's index and SECOP contradict each other."""
    sentences = {
        "in_index_without_credit": _("{count} contracts of the loan's index are registered without credit resources"),
        "credit_not_in_index": _("{count} contracts with credit resources are not in the loan's index"),
        "other_bpin": _("{count} contracts have another BPIN in SECOP than by the loan's index; SECOP's counts"),
    }
    return [text.format(count=counts[kind]) for kind, text in sentences.items() if counts[kind]]
