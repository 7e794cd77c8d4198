"""Ask every quality rule of the published warehouse and keep what was found."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from etl_kit.datasets import WAREHOUSE, Dataset
from etl_kit.places import Places
from etl_kit.quality import Finding, Rule, Score, Severity, count_rows, overall, run_rules, score
from etl_kit.quality_centres import Centre, judge_centres
from etl_kit.quality_log import Origin, PastRun, keep_run, last_run, make_tables, quality_file
from etl_kit.quality_rules import RULES
from etl_kit.settings import read_settings
from etl_kit.translation import _
from etl_kit.warehouse import CURRENT, publishing
from etl_kit.warehouse_choice import LOADER, open_warehouse
from validation_app.centre_files import write_centre_files

logger = logging.getLogger(__name__)

CENTRE_FOLDER = "por_centro_gestor"
"""The folder of reports with one workbook for each centro gestor: its own errors, and nobody else's."""

_TOTAL = "parece un total"
"""In the reason for which a transform refuses a line that sums up others."""

_BOGOTA = ZoneInfo("America/Bogota")


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Judge the published tables; the warehouse is only read, the results go to a file beside it.

    A run with the same execution id replaces its earlier results; all else is compared with the run before.

    Args:
        source: as `ETL_SOURCE`.
        home: as `ETL_HOME`.

    Returns:
        Score and class, overall and per table, the rules that are broken, and where the failing rows are.

    Raises:
        MissingInput: nothing was loaded yet.
        OtherSource, WarehouseBusy, WarehouseUnreadable: a file cannot be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    now = datetime.now(UTC)
    results = quality_file(places)
    with publishing(results, source=settings.source) as log:
        make_tables(log)
        past = last_run(log, run_id=settings.run_id, origin=Origin.VALIDATION)
        with open_warehouse(settings).reading(made_by=LOADER) as warehouse:
            today = now.astimezone(_BOGOTA).date()
            findings = judge(warehouse, RULES, today=today, previous_rows=past.rows)
            counts = row_counts(warehouse, WAREHOUSE)
            tables = table_scores(findings, counts, refused=refused_rows(places, counts))
            centres = judge_centres(
                warehouse, findings, WAREHOUSE, schemas=(CURRENT,), today=today, previous_rows=past.rows
            )
        whole = overall(tables.values())
        keep_run(
            log,
            run_id=settings.run_id,
            origin=Origin.VALIDATION,
            at=now,
            findings=findings,
            overall=whole,
            tables=tables,
            past=past,
            centres=centres,
        )
    folder = places.reports / CENTRE_FOLDER
    write_centre_files(folder, centres, source=settings.source, run_id=settings.run_id, at=now.astimezone(_BOGOTA))
    _log_broken(findings)
    return {
        "status": "success",
        "rows": whole.rows,
        "source": settings.source.value,
        "source_label": settings.source.label(),
        "results": str(results),
        "files": {_("Errors of each centro gestor"): str(folder)},
        **in_figures(findings, whole, tables, past, centres),
    }


def judge(
    warehouse: duckdb.DuckDBPyConnection, rules: Sequence[Rule], *, today: date, previous_rows: Mapping[str, int]
) -> tuple[Finding, ...]:
    """What the rules find in the current rows of the published tables."""
    return run_rules(warehouse, rules, schemas=(CURRENT,), today=today, previous_rows=previous_rows)


def row_counts(warehouse: duckdb.DuckDBPyConnection, datasets: Sequence[Dataset]) -> dict[str, int]:
    """Current rows per table; a table that this warehouse does not have yet counts as empty."""
    return {dataset.name: count_rows(warehouse, CURRENT, dataset.name) for dataset in datasets}


def refused_rows(places: Places, tables: Iterable[str]) -> dict[str, int]:
    """How many rows the transforms refused whole, by table; lines that look like a total are no rows of theirs."""
    return {table: _refused(places.rejected(table)) for table in tables}


def table_scores(
    findings: Sequence[Finding], rows: Mapping[str, int], *, refused: Mapping[str, int] | None = None
) -> dict[str, Score]:
    """The score of each table, from the rules about it and the rows that were refused on the way to it."""
    turned_away = refused or {}
    return {
        table: score(
            (finding for finding in findings if finding.rule.table == table), count, refused=turned_away.get(table, 0)
        )
        for table, count in rows.items()
    }


def in_figures(
    findings: Sequence[Finding],
    whole: Score,
    tables: Mapping[str, Score],
    past: PastRun,
    centres: Sequence[Centre] = (),
) -> dict[str, object]:
    """The outcome as plain values for the task's output; points are text, so that they stay exact."""
    broken = [finding for finding in findings if finding.failed]
    missed = [finding for finding in findings if finding.not_evaluated is not None]
    return {
        "score": _points(whole),
        "class": whole.quality_class,
        "worst_table": _worst(tables),
        "previous_run": past.run_id,
        "previous_score": None if past.points is None else str(past.points),
        "tables": {
            name: {
                "rows": table.rows,
                "refused": table.refused,
                "faults": table.faults,
                "score": _points(table),
                "class": table.quality_class,
            }
            for name, table in tables.items()
        },
        "centros_gestores": {
            centre.code: {"rows": centre.score.rows, "failed": centre.failed, "score": _points(centre.score)}
            for centre in centres
        },
        "rules": {"asked": len(findings), "broken": len(broken), "not_evaluated": len(missed)},
        "broken": {
            severity.value: {
                f"{finding.rule.table}.{finding.rule.rule_id}": finding.failed
                for finding in broken
                if finding.rule.severity is severity
            }
            for severity in Severity
        },
        "warnings": [
            _("rule {rule} of {table} could not be asked: {reason}").format(
                rule=finding.rule.rule_id, table=finding.rule.table, reason=finding.not_evaluated
            )
            for finding in missed
        ],
    }


def _worst(tables: Mapping[str, Score]) -> dict[str, object] | None:
    """The table with the fewest points, so that a good mean does not hide it; None if no table has rows."""
    judged = [(table.points, name) for name, table in tables.items() if table.points is not None]
    if not judged:
        return None
    points, name = min(judged)
    return {"table": name, "score": str(points), "class": tables[name].quality_class}


def _refused(file: Path) -> int:
    if not file.is_file():
        return 0
    whole = pl.col("columna").is_null() & pl.col("fila").is_not_null()
    rows = pl.scan_parquet(file).filter(whole & ~pl.col("motivo").str.contains(_TOTAL, literal=True))
    return int(rows.select(pl.struct("fuente", "fila").n_unique()).collect().item())


def _points(judged: Score) -> str | None:
    return None if judged.points is None else str(judged.points)


def _log_broken(findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.failed:
            logger.warning(
                "%s %s in %s: %d of %d (%s)",
                finding.rule.severity,
                finding.rule.rule_id,
                finding.rule.table,
                finding.failed,
                finding.checked,
                finding.rule.about,
            )
