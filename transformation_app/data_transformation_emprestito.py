"""The loan's index, with what SECOP and the budget know about it, into the `emp_*` tables."""

from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import EMP_CONTRATOS_INDEX, EMP_PROCESOS, EMP_PROYECTOS, Dataset
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.snapshots import Snapshot
from etl_kit.translation import _
from transformation_app.inputs import (
    bpin_catalogue,
    contracts_snapshot,
    if_present,
    index_snapshot,
    processes_snapshot,
)
from transformation_app.loan_index import index_lines
from transformation_app.loan_tables import loan_processes, loan_projects, loan_references
from transformation_app.results import write_results
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame
from transformation_app.secop_contracts import clean_contracts
from transformation_app.secop_processes import clean_processes


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Leave the loan's references, projects and processes; safe to repeat.

    Without the catalogue of projects it goes on and says so; `motivo_sin_bpin` tells row by row.

    Raises:
        MissingInput: index, contracts or processes have not been extracted; the message names the command.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    warnings: list[str] = []
    rejects = Rejects(dataset=EMP_CONTRATOS_INDEX.name)
    frames = loan_frames(
        index_snapshot(places),
        contracts=contracts_snapshot(places),
        processes=processes_snapshot(places),
        catalogue=if_present(bpin_catalogue, places, warnings),
        rejects=rejects,
        run_id=settings.run_id,
        now=datetime.now(UTC),
    )
    warnings.extend(loan_warnings(frames[EMP_CONTRATOS_INDEX], frames[EMP_PROCESOS]))
    return write_results(places, frames=frames, rejects={EMP_CONTRATOS_INDEX.name: rejects}, warnings=warnings)


def loan_frames(
    index: Snapshot,
    *,
    contracts: Snapshot,
    processes: Snapshot,
    catalogue: pl.DataFrame | None,
    rejects: Rejects,
    run_id: str,
    now: datetime,
) -> dict[Dataset, pl.DataFrame]:
    """The three datasets from the snapshots; cells of SECOP that cannot be read are kept by SECOP's own transforms."""
    fuente = index.fuente
    lines = index_lines(index.rows, rejects=rejects, fuente=fuente).with_columns(pl.lit(fuente).alias("fuente"))
    aside = Rejects(dataset="secop")
    signed = clean_contracts(
        text_frame(contracts.rows, CONTRACTS, fuente=contracts.fuente),
        cut=contracts.day,
        rejects=aside,
    )
    published = clean_processes(
        text_frame(processes.rows, PROCESSES, fuente=processes.fuente),
        cut=processes.day,
        rejects=aside,
    )
    references = loan_references(lines, contracts=signed, catalogue=catalogue)
    frames = {
        EMP_PROYECTOS: loan_projects(references),
        EMP_CONTRATOS_INDEX: references,
        EMP_PROCESOS: loan_processes(references, processes=published, contracts=signed),
    }
    return {
        each: with_lineage(frame, fuente=pl.col("fuente"), fecha_corte=index.day, run_id=run_id, now=now)
        for each, frame in frames.items()
    }


def loan_warnings(references: pl.DataFrame, processes: pl.DataFrame) -> list[str]:
    """Sentences on references that SECOP does not have, and on BPIN in which index and catalogue differ."""
    warnings = []
    wanted = references.filter(pl.col("referencia_contrato").is_not_null())
    unfound = wanted.filter(pl.col("id_contrato").is_null()).get_column("referencia_contrato").unique().sort().to_list()
    if unfound:
        warnings.append(
            _("{count} contract references of the index have no single contract in SECOP: {references}").format(
                count=len(unfound),
                references=", ".join(unfound),
            ),
        )
    absent = processes.filter(~pl.col("encontrado_en_secop")).get_column("referencia_proceso").sort().to_list()
    if absent:
        warnings.append(
            _("{count} process references of the index are not in SECOP: {references}").format(
                count=len(absent),
                references=", ".join(absent),
            ),
        )
    apart = references.filter(pl.col("bpin") != pl.col("bpin_indice")).get_column("bp").unique().sort().to_list()
    if apart:
        warnings.append(
            _("the index gives {bps} another BPIN than the catalogue; the catalogue's counts").format(
                bps=", ".join(apart),
            ),
        )
    return warnings
