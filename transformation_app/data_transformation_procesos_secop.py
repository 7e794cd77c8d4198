"""SECOP II processes into `procesos_secop`."""

from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import PROCESOS_SECOP
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from transformation_app.inputs import contracts_snapshot, if_present, processes_snapshot
from transformation_app.results import write_results
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame
from transformation_app.secop_processes import clean_processes, process_warnings, with_contract_flag


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Leave one row per process, award and supplier; safe to repeat.

    Whether a process led to a contract needs the extracted contracts; without them `tiene_contrato` is NULL.

    Raises:
        MissingInput: no processes have been extracted; the message names the command that does it.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    warnings: list[str] = []
    snapshot = processes_snapshot(places)
    contracts = if_present(contracts_snapshot, places, warnings)
    rejects = Rejects(dataset=PROCESOS_SECOP.name)
    raw = text_frame(snapshot.rows, PROCESSES, fuente=snapshot.fuente)
    processes = clean_processes(raw, cut=snapshot.day, rejects=rejects)
    warnings.extend(process_warnings(raw, processes))
    signed = None if contracts is None else text_frame(contracts.rows, CONTRACTS, fuente=contracts.fuente)
    frame = with_lineage(
        with_contract_flag(processes, signed),
        fuente=pl.col("fuente"),
        fecha_corte=snapshot.day,
        run_id=settings.run_id,
        now=datetime.now(UTC),
    )
    return write_results(
        places,
        frames={PROCESOS_SECOP: frame},
        rejects={PROCESOS_SECOP.name: rejects},
        warnings=warnings,
    )
