"""Load the transformed datasets into the warehouse of their source."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import WAREHOUSE, Dataset
from etl_kit.places import Places
from etl_kit.quality import Finding, score
from etl_kit.quality_log import Origin, PastRun, keep_run, make_tables, quality_file
from etl_kit.quality_rules import RULES
from etl_kit.settings import EtlSettings, read_settings
from etl_kit.translation import _
from etl_kit.warehouse import publishing
from load_app.gate import QualityGateFailed, check_gate
from load_app.merging import Changes, current_rows, merge_all
from load_app.staging import read_datasets, stage
from load_app.statements import DROP_STAGING

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a load did: changes per table, rules asked by the gate (0 without one), and warnings."""

    changes: dict[str, Changes]
    rules_asked: int
    warnings: list[str]


def main(*, source: str | None = None, home: str | None = None, gate: bool = False) -> dict[str, object]:
    """Merge the transformed files into the warehouse and publish it whole; safe to repeat.

    Args:
        source: as `ETL_SOURCE`.
        home: as `ETL_HOME`.
        gate: ask the critical quality rules first, and publish nothing if one is broken.

    Raises:
        MissingInput: a critical dataset was not transformed yet.
        QualityGateFailed: with `gate`; the failing rows are in the source's quality file.
        OtherSource, WarehouseBusy, WarehouseUnreadable: the warehouse cannot be written; it stays as it was.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    frames, missing = read_datasets(places, WAREHOUSE)
    try:
        loaded = load(settings, places, WAREHOUSE, frames, gate=gate)
    except QualityGateFailed as failed:
        _keep_failing_rows(settings, places, failed.findings)
        raise
    warnings = [*missing, *loaded.warnings]
    for warning in warnings:
        logger.warning("%s", warning)
    return {
        "status": "success",
        "rows": sum(changes.rows for changes in loaded.changes.values()),
        "tables": {name: changes.as_output() for name, changes in loaded.changes.items()},
        "gate": {"asked": gate, "rules": loaded.rules_asked},
        "warnings": warnings,
        "source": settings.source.value,
        "source_label": settings.source.label(),
        "warehouse": str(places.warehouse),
        "files": {_("Data warehouse"): str(places.warehouse)},
    }


def load(
    settings: EtlSettings,
    places: Places,
    datasets: Sequence[Dataset],
    frames: dict[str, pl.DataFrame],
    *,
    gate: bool,
) -> Loaded:
    """Stage `frames`, check them if there is a gate, merge them and publish."""
    staged = [dataset for dataset in datasets if dataset.name in frames]
    with publishing(places.warehouse, source=settings.source) as connection:
        warnings = stage(connection, datasets, frames)
        before = current_rows(connection, datasets)
        rules_asked = check_gate(connection, RULES, today=_now().date(), previous_rows=before) if gate else 0
        changes = merge_all(connection, staged, run_id=settings.run_id, clock=_now)
        connection.execute(DROP_STAGING)
    for name, change in changes.items():
        logger.info(
            "%s: %d inserted, %d updated, %d unchanged, %d withdrawn",
            name,
            change.inserted,
            change.updated,
            change.unchanged,
            change.withdrawn,
        )
    return Loaded(changes=changes, rules_asked=rules_asked, warnings=warnings)


def _keep_failing_rows(settings: EtlSettings, places: Places, findings: Sequence[Finding]) -> None:
    with publishing(quality_file(places), source=settings.source) as connection:
        make_tables(connection)
        keep_run(
            connection,
            run_id=settings.run_id,
            origin=Origin.GATE,
            at=_now(),
            findings=findings,
            overall=score(findings, sum(finding.checked for finding in findings)),
            tables={},
            past=PastRun(),
        )


def _now() -> datetime:
    return datetime.now(UTC)
