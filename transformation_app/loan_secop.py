"""What SECOP II says of the loan, picked from snapshots that may hold a country's contracts and processes."""

from collections.abc import Mapping, Sequence

import polars as pl

from etl_kit.rejects import Rejects
from etl_kit.snapshots import Snapshot
from transformation_app.secop_cells import references_of, text_cell
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame, text_frames
from transformation_app.secop_contracts import clean_contracts
from transformation_app.secop_processes import clean_processes


def loan_processes_in(snapshot: Snapshot, lines: pl.DataFrame) -> pl.DataFrame:
    """The cleaned processes whose reference the index names; `lines` as `loan_index.index_lines` makes them.

    Cells that cannot be read are kept by SECOP's own transforms.
    """
    wanted = lines.get_column("referencia_proceso_normalizada").drop_nulls()
    raw = _bearing(snapshot, PROCESSES, reference="referencia_proceso", wanted=wanted)
    return clean_processes(raw, cut=snapshot.day, rejects=Rejects(dataset="secop"))


def loan_contracts_in(snapshot: Snapshot, lines: pl.DataFrame, *, processes: pl.DataFrame) -> pl.DataFrame:
    """The cleaned contracts whose reference the index names, and those signed in one of `processes`."""
    wanted = lines.get_column("referencia_contrato_normalizada").drop_nulls()
    signed = processes.get_column("proceso_compra").drop_nulls()
    raw = _bearing(snapshot, CONTRACTS, reference="referencia_contrato", wanted=wanted, signed=signed)
    return clean_contracts(raw, cut=snapshot.day, rejects=Rejects(dataset="secop"))


def _bearing(
    snapshot: Snapshot,
    columns: Mapping[str, Sequence[str]],
    *,
    reference: str,
    wanted: pl.Series,
    signed: pl.Series | None = None,
) -> pl.DataFrame:
    """The rows as received with one of the references `wanted`, or with a portfolio in `signed`."""
    found = [text_frame([], columns, fuente=snapshot.fuente)]
    for frame in text_frames(snapshot, columns):
        named = references_of(frame.get_column(reference)).filter(
            pl.col("referencia_normalizada").is_in(wanted.implode())
        )
        bears = pl.col(reference).is_in(named.get_column(reference).implode())
        in_process = (
            pl.lit(value=False) if signed is None else text_cell(pl.col("proceso_compra")).is_in(signed.implode())
        )
        found.append(frame.filter(bears.fill_null(value=False) | in_process.fill_null(value=False)))
    return pl.concat(found)
