"""SECOP II contracts into `contratos_secop` and its bridge to projects."""

from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import CONTRATO_BPIN, CONTRATOS_SECOP, Dataset
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.snapshots import Snapshot
from etl_kit.translation import _
from transformation_app.contract_projects import disagreements, with_project
from transformation_app.inputs import bpin_catalogue, contracts_snapshot, if_present, index_snapshot
from transformation_app.loan_index import index_lines
from transformation_app.results import write_results
from transformation_app.secop_columns import CONTRACTS, text_frame
from transformation_app.secop_contracts import clean_contracts, contract_warnings


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Leave one row per contract and one per contract and project; safe to repeat.

    Without the loan's index or the catalogue of projects it goes on and says so; `motivo_sin_bpin` tells row by row.

    Raises:
        MissingInput: no contracts have been extracted; the message names the command that does it.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    warnings: list[str] = []
    rejects = Rejects(dataset=CONTRATOS_SECOP.name)
    frames = contract_frames(
        contracts_snapshot(places),
        index=if_present(index_snapshot, places, warnings),
        catalogue=if_present(bpin_catalogue, places, warnings),
        rejects=rejects,
        warnings=warnings,
        run_id=settings.run_id,
        now=datetime.now(UTC),
    )
    return write_results(places, frames=frames, rejects={CONTRATOS_SECOP.name: rejects}, warnings=warnings)


def contract_frames(
    snapshot: Snapshot,
    *,
    index: Snapshot | None,
    catalogue: pl.DataFrame | None,
    rejects: Rejects,
    warnings: list[str],
    run_id: str,
    now: datetime,
) -> dict[Dataset, pl.DataFrame]:
    """Both datasets from a snapshot of contracts; sentences for the reader are appended to `warnings`."""
    aside = Rejects(dataset="indice_emprestito")  # transform_emprestito keeps these
    lines = None if index is None else index_lines(index.rows, rejects=aside, fuente=index.fuente)
    raw = text_frame(snapshot.rows, CONTRACTS, fuente=snapshot.fuente)
    contracts = clean_contracts(raw, cut=snapshot.day, rejects=rejects)
    warnings.extend(contract_warnings(raw, contracts))
    projects, bridge = with_project(contracts, index=lines, catalogue=catalogue, rejects=rejects)
    warnings.extend(disagreement_warnings(projects))
    return {
        each: with_lineage(frame, fuente=pl.col("fuente"), fecha_corte=snapshot.day, run_id=run_id, now=now)
        for each, frame in ((CONTRATOS_SECOP, projects), (CONTRATO_BPIN, bridge))
    }


def disagreement_warnings(contracts: pl.DataFrame) -> list[str]:
    """Sentences on where the loan's index and SECOP contradict each other."""
    sentences = {
        "in_index_without_credit": _("{count} contracts of the loan's index are registered without credit resources"),
        "credit_not_in_index": _("{count} contracts with credit resources are not in the loan's index"),
        "other_bpin": _("{count} contracts have another BPIN in SECOP than by the loan's index; SECOP's counts"),
    }
    counts = disagreements(contracts)
    return [sentences[kind].format(count=count) for kind, count in counts.items() if count]
