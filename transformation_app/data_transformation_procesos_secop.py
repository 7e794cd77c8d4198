"""SECOP II processes into `procesos_secop`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from etl_kit.datasets import PROCESOS_SECOP
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.snapshots import Snapshot
from etl_kit.text import text_column
from transformation_app.inputs import contracts_snapshot, if_present, processes_snapshot
from transformation_app.scattered import Scattered, append_frame, frames_of, room_beside
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frames
from transformation_app.secop_processes import clean_processes, process_warnings, with_contract_flag
from transformation_app.streamed_results import Pace, Told, account, expected_rows, write_parts

KEY: Final = pl.coalesce(text_column("id_del_proceso"), pl.col("fila").cast(pl.String))
"""What a row is dealt out by: all awards of a process come together; rows without an id go anywhere."""

_NAMES_A_CONTRACT: Final = {"proceso_compra": CONTRACTS["proceso_compra"]}


def main(*, source: str | None = None, home: str | None = None, etl_context: Told | None = None) -> dict[str, object]:
    """Leave one row per process, award and supplier; safe to repeat.

    Whether a process led to a contract needs the extracted contracts; without them `tiene_contrato` is NULL. Memory
    does not grow with the rows: what it cannot hold lies beside the output until the task ends.

    Raises:
        MissingInput: no processes have been extracted; the message names the command that does it.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    warnings: list[str] = []
    snapshot = processes_snapshot(places)
    contracts = if_present(contracts_snapshot, places, warnings)
    rejects = Rejects(dataset=PROCESOS_SECOP.name)
    pace = Pace(told=etl_context, expected=expected_rows(snapshot))
    now = datetime.now(UTC)
    versions = 0
    with room_beside(places.transformed(PROCESOS_SECOP.name).parent) as room:
        signed = None if contracts is None else _signed(contracts, room / "contratos")
        lines = Scattered(room, key=KEY)
        for frame in text_frames(snapshot, PROCESSES):
            lines.add(frame)
            pace.read(frame.height)

        def processes() -> Iterator[pl.DataFrame]:
            nonlocal versions
            for part in lines.parts():
                cleaned = clean_processes(part, cut=snapshot.day, rejects=rejects)
                versions += part.select(text_column("id_del_proceso").count()).item()
                yield with_lineage(
                    with_contract_flag(cleaned, None if signed is None else frames_of(signed)),
                    fuente=pl.col("fuente"),
                    fecha_corte=snapshot.day,
                    run_id=settings.run_id,
                    now=now,
                )
                pace.wrote(part.height)

        rows = write_parts(places, PROCESOS_SECOP, processes())
    return account(
        places,
        rows={PROCESOS_SECOP: rows},
        rejects={PROCESOS_SECOP.name: rejects},
        warnings=[*warnings, *process_warnings(versions - rows)],
        pace=pace,
    )


def _signed(contracts: Snapshot, path: Path) -> Path:
    """Write which processes the contracts name to a file of frames; returns its path."""
    for frame in text_frames(contracts, _NAMES_A_CONTRACT):
        append_frame(path, frame.select(pl.col("proceso_compra").drop_nulls().unique()))
    return path
