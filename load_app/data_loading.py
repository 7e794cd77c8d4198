"""Load the transformed datasets into the warehouse of their source."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from etl_kit.datasets import WAREHOUSE, Dataset
from etl_kit.places import Places
from etl_kit.quality import Finding, score
from etl_kit.quality_log import Origin, PastRun, keep_run, make_tables, quality_file
from etl_kit.quality_rules import RULES
from etl_kit.settings import EtlSettings, read_settings
from etl_kit.translation import _
from etl_kit.warehouse import publishing
from etl_kit.warehouse_choice import LOADER, open_warehouse
from etl_kit.warehouse_port import Publication, Warehouse
from load_app.cuts import last_cut, latest_cuts
from load_app.exports import export_tables
from load_app.gate import QualityGateFailed, check_gate
from load_app.inputs import Input, find_inputs
from load_app.merging import Changes, current_rows, merge_all
from load_app.shaping import make_ready
from load_app.staging import stage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a load did: changes per table, rules asked by the gate (0 without one), and warnings.

    `cuts` has every table of the warehouse, also those that this load left alone.
    """

    changes: dict[str, Changes]
    cuts: dict[str, date | None]
    rules_asked: int
    warnings: list[str]


def main(*, source: str | None = None, home: str | None = None, gate: bool | None = None) -> dict[str, object]:
    """Merge the transformed files into the warehouse, publish it whole and export its tables; safe to repeat.

    Args:
        source: as `ETL_SOURCE`.
        home: as `ETL_HOME`.
        gate: ask the critical quality rules first, and publish nothing if one is broken; None as `ETL_GATE`.

    Returns:
        Changes per table with the latest `cut` of its current rows, the `cut` of the whole, and where all lies; as
        docs/reported_outputs.md has it, which the dashboard reads.

    Raises:
        MissingInput: a critical dataset was not transformed yet.
        MissingColumns, WrongValues, DuplicateKeys, DanglingReferences: the files do not fit the warehouse.
        QualityGateFailed: with `gate`; the failing rows are in the source's quality file.
        OtherSource, WarehouseBusy, WarehouseUnreadable, WarehouseUnreachable, WarehouseRefused, MissingDriver: the
            warehouse cannot be written; it stays as it was.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    inputs, missing = find_inputs(places, WAREHOUSE)
    asked = settings.gate if gate is None else gate
    warehouse = open_warehouse(settings)
    try:
        loaded = load(warehouse, WAREHOUSE, inputs, run_id=settings.run_id, gate=asked)
    except QualityGateFailed as failed:
        _keep_failing_rows(settings, places, failed.findings)
        raise
    folder = places.data / "publicado" / settings.source
    with warehouse.reading(made_by=LOADER) as connection:
        exported = export_tables(connection, WAREHOUSE, folder)
    warnings = [*missing, *loaded.warnings, *exported.warnings]
    for warning in warnings:
        logger.warning("%s", warning)
    file = {} if settings.warehouse_url else {_("Data warehouse"): str(places.warehouse)}
    return {
        "status": "success",
        "rows": sum(changes.rows for changes in loaded.changes.values()),
        "tables": {
            name: {**changes.as_output(), "cut": _iso(loaded.cuts[name])} for name, changes in loaded.changes.items()
        },
        "cut": _iso(last_cut(loaded.cuts)),
        "gate": {"asked": asked, "rules": loaded.rules_asked},
        "warnings": warnings,
        "source": settings.source.value,
        "source_label": settings.source.label(),
        "warehouse": warehouse.place,
        "exports": exported.files,
        "files": {**file, _("Published tables"): str(folder)},
    }


def load(
    warehouse: Warehouse,
    datasets: Sequence[Dataset],
    inputs: Mapping[str, Input],
    *,
    run_id: str,
    gate: bool,
) -> Loaded:
    """Stage `inputs`, check them if there is a gate, merge them and publish all at once.

    Args:
        warehouse: where to.
        datasets: every table of the warehouse; one without an input stays as it was.
        inputs: by dataset name.
        run_id: of the execution, for the log.
        gate: as `main`.
    """
    staged = [dataset for dataset in datasets if dataset.name in inputs]
    with warehouse.publishing() as publication:
        warnings = make_ready(publication, datasets)
        prepared = stage(publication, staged, inputs)
        warnings.extend(prepared.warnings)
        rules_asked = _pass_gate(publication, datasets, staged) if gate else 0
        changes = merge_all(publication, staged, known=datasets, run_id=run_id, clock=_now, staging=prepared.took)
        cuts = latest_cuts(publication, datasets)
    for name, change in changes.items():
        logger.info(
            "%s: %d inserted, %d updated, %d unchanged, %d withdrawn",
            name,
            change.inserted,
            change.updated,
            change.unchanged,
            change.withdrawn,
        )
        if change.older:
            text = _("{count} rows of {table} were older than those published, which stay")
            warnings.append(text.format(count=change.older, table=name))
    return Loaded(changes=changes, cuts=cuts, rules_asked=rules_asked, warnings=warnings)


def _pass_gate(publication: Publication, datasets: Sequence[Dataset], staged: Sequence[Dataset]) -> int:
    before = current_rows(publication, datasets)
    with publication.checking(staged=[dataset.name for dataset in staged]) as connection:
        return check_gate(connection, RULES, today=_now().date(), previous_rows=before)


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


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _now() -> datetime:
    return datetime.now(UTC)
