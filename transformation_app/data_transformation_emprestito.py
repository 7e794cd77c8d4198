"""The loan's index and workbooks, with what SECOP and the budget know about them, into the `emp_*` tables."""

from datetime import UTC, date, datetime

import polars as pl

from etl_kit.datasets import (
    EMP_BANCOS,
    EMP_CONTRATOS_INDEX,
    EMP_CONTRATOS_PLAN,
    EMP_FLUJO_CAJA,
    EMP_FLUJO_CONTRATOS,
    EMP_INCORPORACIONES,
    EMP_NEGOCIACIONES,
    EMP_PROCESOS,
    EMP_PROYECTOS,
    EMP_SEGUIMIENTO,
    Dataset,
)
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
from transformation_app.loan_book_tables import BookTables, book_tables
from transformation_app.loan_books import loan_books
from transformation_app.loan_index import index_lines
from transformation_app.loan_projects import completed_projects
from transformation_app.loan_secop import loan_contracts_in, loan_processes_in
from transformation_app.loan_tables import loan_processes, loan_projects, loan_references
from transformation_app.loan_terms import bank_catalogue, limit_warnings
from transformation_app.results import write_results

BANK_COLUMNS = ("banco", "banco_linea", "banco_crudo", "fuente")


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Leave the loan's banks, projects, references, processes and cash flow; safe to repeat.

    Without the catalogue of projects, or without workbooks, it goes on and says so: `motivo_sin_bpin` tells row by row,
    and the tables of the workbooks stay empty.

    Raises:
        MissingInput: index, contracts or processes have not been extracted; the message names the command.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    warnings: list[str] = []
    index = index_snapshot(places)
    books = loan_books(places)
    tables = book_tables(books)
    rejects = Rejects(dataset=EMP_CONTRATOS_INDEX.name)
    now = datetime.now(UTC)
    frames = loan_frames(
        index,
        contracts=contracts_snapshot(places),
        processes=processes_snapshot(places),
        catalogue=if_present(bpin_catalogue, places, warnings),
        tables=tables,
        rejects=rejects,
        run_id=settings.run_id,
        now=now,
    )
    frames |= book_frames(tables, cut=index.day, run_id=settings.run_id, now=now)
    warnings.extend(loan_warnings(frames[EMP_CONTRATOS_INDEX], frames[EMP_PROCESOS]))
    warnings.extend([*books.warnings, *tables.warnings, *limit_warnings(frames[EMP_BANCOS])])
    return write_results(
        places,
        frames=frames,
        rejects={EMP_CONTRATOS_INDEX.name: rejects, **tables.rejects},
        warnings=warnings,
    )


def loan_frames(
    index: Snapshot,
    *,
    contracts: Snapshot,
    processes: Snapshot,
    catalogue: pl.DataFrame | None,
    rejects: Rejects,
    run_id: str,
    now: datetime,
    tables: BookTables | None = None,
) -> dict[Dataset, pl.DataFrame]:
    """The datasets that the index heads; cells of SECOP that cannot be read are kept by SECOP's own transforms.

    `tables` is what the workbooks add: banks and projects that only they name, terms and negotiated sums.
    """
    books = tables or BookTables()
    fuente = index.fuente
    lines = index_lines(index.rows, rejects=rejects, fuente=fuente).with_columns(pl.lit(fuente).alias("fuente"))
    published = loan_processes_in(processes, lines)
    signed = loan_contracts_in(contracts, lines, processes=published)
    references = loan_references(lines, contracts=signed, catalogue=catalogue)
    projects = completed_projects(
        loan_projects(references),
        agreed=books.negotiated,
        put_in=books.incorporated,
        planned=books.contracts,
        catalogue=catalogue,
    )
    banks = bank_catalogue(
        pl.concat([lines.select(BANK_COLUMNS), *(each.select(BANK_COLUMNS) for each in books.naming_banks)]),
        terms=books.terms,
        agreed=books.negotiated,
    )
    frames = {
        EMP_BANCOS: banks,
        EMP_PROYECTOS: projects,
        EMP_CONTRATOS_INDEX: references,
        EMP_PROCESOS: loan_processes(references, processes=published, contracts=signed),
    }
    return {
        each: with_lineage(frame, fuente=pl.col("fuente"), fecha_corte=index.day, run_id=run_id, now=now)
        for each, frame in frames.items()
    }


def book_frames(tables: BookTables, *, cut: date, run_id: str, now: datetime) -> dict[Dataset, pl.DataFrame]:
    """The datasets that come from workbooks alone; empty without them.

    The cut of a row is the day that its workbook's name tells, or else `cut`.
    """
    frames: dict[Dataset, pl.DataFrame | None] = {
        EMP_NEGOCIACIONES: tables.negotiated,
        EMP_INCORPORACIONES: tables.incorporated,
        EMP_CONTRATOS_PLAN: tables.contracts,
        EMP_FLUJO_CONTRATOS: tables.contract_flow,
        EMP_FLUJO_CAJA: tables.cash_flow,
        EMP_SEGUIMIENTO: tables.followed,
    }
    day = pl.col("fuente").replace_strict(tables.cuts, default=None, return_dtype=pl.Date).fill_null(cut)
    return {
        each: each.empty()
        if frame is None
        else with_lineage(frame, fuente=pl.col("fuente"), fecha_corte=day, run_id=run_id, now=now)
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
