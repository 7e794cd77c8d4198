"""The journey that contracts and processes of the loan share: from the index to a snapshot without personal data."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from etl_kit.dates import today_in_colombia
from etl_kit.errors import EtlError
from etl_kit.people import people_key, protect_people
from etl_kit.places import Places
from etl_kit.settings import EtlSettings
from etl_kit.snapshots import latest_snapshot, write_snapshot
from etl_kit.translation import _
from extraction_app.loan_references import Batch, Matches, Wanted, batches, matching_rows, wanted_references
from extraction_app.retries import SourceTrouble
from extraction_app.soda import ROW_ID, Row, SodaClient

logger = logging.getLogger(__name__)

INDEX: Final = "indice_emprestito"
INDEX_TASK: Final = "extract_indice_emprestito"
_TROUBLED_BATCHES: Final = 2
_EXAMPLES: Final = 10


@dataclass(frozen=True, kw_only=True)
class Universe:
    """A dataset of the portal and how the loan's index leads to its rows.

    Attributes:
        name: of the raw snapshot, and of the declared personal columns.
        dataset: id on the portal.
        column: holds the reference.
        index_column: list of references in the index.
        key: tells rows apart in messages.
    """

    name: str
    dataset: str
    column: str
    index_column: str
    key: str


class LoanIncomplete(EtlError):
    """Some references could not be asked for: the rest is no success either, and nothing was written."""

    def __init__(
        self,
        universe: Universe,
        *,
        found: Sequence[str],
        not_found: Sequence[str],
        failed: Sequence[str],
        cause: SourceTrouble,
    ) -> None:
        super().__init__(
            _(
                "{name}: {failed_count} references could not be asked for ({failed}); {found_count} were found "
                "({found}) and {not_found_count} not ({not_found}); nothing was written. Cause: {cause}. "
                "Try again with: etl run --tasks extract_{name}"
            ).format(
                name=universe.name,
                failed_count=len(failed),
                failed=some_of(failed),
                found_count=len(found),
                found=some_of(found),
                not_found_count=len(not_found),
                not_found=some_of(not_found),
                cause=cause,
            )
        )
        self.found = tuple(found)
        self.not_found = tuple(not_found)
        self.failed = tuple(failed)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What came of asking: matches, the references of requests that failed, and the numbers of the reading."""

    matches: Matches
    failed: tuple[str, ...] = ()
    cause: SourceTrouble | None = None
    queries: tuple[str, ...] = ()
    pages: int = 0
    candidates: int = 0


def extract_loan(
    settings: EtlSettings,
    universe: Universe,
    client: SodaClient,
    *,
    now: datetime,
    cross_check: Callable[[Wanted], list[str]] | None = None,
) -> dict[str, object]:
    """Fetch the rows the loan's index names and leave them as today's snapshot; safe to repeat.

    Args:
        settings: where things lie.
        universe: which dataset.
        client: an open client of the source.
        now: the moment, aware.
        cross_check: gives further warnings about what the index asks for.

    Returns:
        The task's output: rows, the lists found, not_found, failed (empty) and unsupported, warnings.

    Raises:
        MissingInput: the index has not been extracted.
        LoanIncomplete: a request failed after all attempts; the lists are in the error.
    """
    places = Places.of(settings)
    index = latest_snapshot(places.raw(INDEX), made_by=INDEX_TASK)
    wanted = wanted_references(index.rows, universe.index_column)
    reached = ask_for(client, universe, wanted.references)
    rows = protect_people(
        (_published(row) for reference in wanted.references for row in reached.matches.rows.get(reference, ())),
        universe.name,
        key=people_key(places.people_key),
    )
    found = tuple(reference for reference in wanted.references if reference in reached.matches.rows)
    missing = [reference for reference in wanted.references if reference not in reached.matches.rows]
    not_found = tuple(reference for reference in missing if reference not in reached.failed)
    _log_lists(universe, found=found, not_found=not_found, failed=reached.failed, wanted=wanted)
    if reached.cause is not None:
        raise LoanIncomplete(
            universe, found=found, not_found=not_found, failed=reached.failed, cause=reached.cause
        ) from reached.cause
    warnings = warnings_of(universe, reached.matches, not_found)
    warnings += cross_check(wanted) if cross_check is not None else []
    for warning in warnings:
        logger.warning("%s: %s", universe.name, warning)
    lists: dict[str, object] = {
        "found": list(found),
        "not_found": list(not_found),
        "failed": [],
        "unsupported": [{"text": entry.text, "reason": entry.reason} for entry in wanted.unsupported],
        "warnings": warnings,
    }
    about = lists | _about(settings, universe, reached, rows, now) | {"index": index.path.name}
    path = write_snapshot(
        places.raw(universe.name),
        rows=rows,
        about=about,
        day=today_in_colombia(now),
        limit_mb=settings.raw_limit_mb,
    )
    logger.info("%s: %d rows for %d references -> %s", universe.name, len(rows), len(found), path.name)
    return {"status": "success", "rows": len(rows), "path": str(path), **lists}


def ask_for(client: SodaClient, universe: Universe, references: Sequence[str]) -> Reached:
    """Ask for all `references`, batch by batch; a failed batch is noted and the next one tried.

    After two failed batches the rest counts as failed unasked: each costs minutes of waiting.
    """
    candidates: dict[object, Row] = {}
    failed: list[str] = []
    cause: SourceTrouble | None = None
    troubled = pages = 0
    plan: list[Batch] = list(batches(references, universe.column))
    for number, batch in enumerate(plan, start=1):
        if troubled >= _TROUBLED_BATCHES:
            failed += batch.references
            continue
        try:
            reading = client.read_all(universe.dataset, batch.where)
        except SourceTrouble as trouble:
            logger.warning("%s: request %d of %d failed: %s", universe.name, number, len(plan), trouble)
            failed += batch.references
            cause = cause or trouble
            troubled += 1
            continue
        pages += reading.pages
        candidates |= {row[ROW_ID]: row for row in reading.rows}
        logger.info("%s: request %d of %d, %d candidates", universe.name, number, len(plan), len(reading.rows))
    return Reached(
        matches=matching_rows(candidates.values(), references, universe.column),
        failed=tuple(failed),
        cause=cause,
        queries=tuple(batch.where for batch in plan),
        pages=pages,
        candidates=len(candidates),
    )


def warnings_of(universe: Universe, matches: Matches, not_found: Sequence[str]) -> list[str]:
    """What a reader should know about the matches: namesakes left out, and references that several rows bear."""
    warnings = []
    namesakes = [reference for reference in not_found if reference in matches.namesakes]
    if namesakes:
        examples = [f"{reference} ({', '.join(matches.namesakes[reference])})" for reference in namesakes]
        warnings.append(
            _(
                "not found, though the same number exists with another year or none, which is not taken: {examples}"
            ).format(examples=some_of(examples))
        )
    for reference, rows in sorted(matches.rows.items()):
        keys = sorted({str(row.get(universe.key)) for row in rows})
        if len(keys) > 1:
            warnings.append(
                _("{reference} stands for {count} different rows, all taken: {keys}").format(
                    reference=reference, count=len(keys), keys=some_of(keys)
                )
            )
    return warnings


def some_of(texts: Sequence[str]) -> str:
    """The first few of `texts`, and how many more there are."""
    if not texts:
        return "-"
    more = len(texts) - _EXAMPLES
    shown = ", ".join(texts[:_EXAMPLES])
    return _("{shown} and {count} more").format(shown=shown, count=more) if more > 0 else shown


def _published(row: Row) -> Row:
    """The row as the dataset has it, without the portal's system fields."""
    return {name: value for name, value in row.items() if not name.startswith(":")}


def _about(
    settings: EtlSettings, universe: Universe, reached: Reached, rows: Sequence[Row], now: datetime
) -> dict[str, object]:
    canonical = json.dumps(rows, ensure_ascii=False, sort_keys=True)
    return {
        "dataset": universe.dataset,
        "query": list(reached.queries),
        "pages": reached.pages,
        "count": reached.candidates,
        "rows": len(rows),
        "retrieved_at": now.isoformat(),
        "sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        "source": settings.source.value,
        "source_label": settings.source.label(),
        "invented": settings.source.invented,
        "run_id": settings.run_id,
    }


def _log_lists(
    universe: Universe, *, found: Sequence[str], not_found: Sequence[str], failed: Sequence[str], wanted: Wanted
) -> None:
    logger.info("%s: found %d: %s", universe.name, len(found), ", ".join(found))
    if not_found:
        logger.warning("%s: not found %d: %s", universe.name, len(not_found), ", ".join(not_found))
    if failed:
        logger.error("%s: failed %d: %s", universe.name, len(failed), ", ".join(failed))
    for entry in wanted.unsupported:
        logger.warning("%s: %s cannot be asked for: %s", universe.name, entry.text, entry.reason)
