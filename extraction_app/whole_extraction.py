"""All rows of a dataset, the city's or the country's: streamed into a snapshot, or what changed since the last one."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from etl_kit.dates import today_in_colombia
from etl_kit.errors import EtlError, UnreadableInput
from etl_kit.people import people_key, pseudonym, without_people
from etl_kit.places import Places
from etl_kit.settings import Contracts, EtlSettings, Source
from etl_kit.snapshots import Snapshot, line_of, snapshots_of, write_lines
from etl_kit.translation import _
from extraction_app.delta import NoRowId, open_delta
from extraction_app.loan_extraction import Universe
from extraction_app.loan_references import NIT
from extraction_app.soda import READINGS, ROW_ID, UPDATED_AT, CountMismatch, Row, SodaClient, soql_text

logger = logging.getLogger(__name__)

Progress = Callable[[float, float | None], object]
"""Takes rows done and rows in all."""

PAGE_OF_MANY: Final = 10_000
"""Rows a page when there are millions: some 30 MB of text, which both sides hold in memory at once."""

FULL_EVERY: Final = timedelta(days=7)
"""What was changed is asked for in between; rows that only vanished are seen by their count, or here."""

LARGEST_DELTA: Final = 500_000
"""Changed rows beyond which everything is read anew."""

_FIELDS: Final = f"{ROW_ID}, {UPDATED_AT}, *"


class NotFitting(EtlError):
    """What changed does not make the earlier snapshot into what the portal has now: everything must be read."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A snapshot, and how it came about; `changed` and `added` are None where everything was read."""

    path: Path
    rows: int
    mode: str
    changed: int | None = None
    added: int | None = None


def extract_whole(
    settings: EtlSettings,
    universe: Universe,
    client: SodaClient,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Leave all rows of `universe` that `settings.contracts` names as today's snapshot; safe to repeat.

    Memory does not grow with the rows. If anything fails, the snapshots on disk are as they were. Only rows updated
    since the newest snapshot of the same query are asked for, unless a week has passed since all were read,
    `settings.full` says so, or the result would have another count than the portal.

    Args:
        settings: where things lie, and which rows.
        universe: which dataset.
        client: an open client of the source; its page size bounds memory.
        now: the moment, aware.
        progress: is told how far it has come.

    Returns:
        The task's output: rows, path, mode ("full" or "delta"), changed and added of a delta, seconds and
        rows_per_second.

    Raises:
        SourceTrouble: a request failed for good, or the rows never matched their count.
    """
    started = time.monotonic()
    job = _Job(settings=settings, universe=universe, client=client, now=now, progress=progress or _nobody)
    earlier = job.earlier()
    written = job.add_to(earlier) if earlier is not None else None
    if written is None:
        written = job.read_all()
    seconds = max(time.monotonic() - started, 0.001)
    logger.info(
        "%s: %d rows (%s) in %.1f s -> %s", *(universe.name, written.rows, written.mode, seconds, written.path.name)
    )
    return {
        "status": "success",
        "contracts": settings.contracts.value,
        "rows": written.rows,
        "path": str(written.path),
        "mode": written.mode,
        "changed": written.changed,
        "added": written.added,
        "seconds": round(seconds, 1),
        "rows_per_second": round(written.rows / seconds),
        "warnings": [],
    }


def condition_of(contracts: Contracts) -> str:
    """The `$where` of a universe of contracts or processes; "" asks for all of the dataset."""
    return f"nit_entidad={soql_text(NIT)}" if contracts is Contracts.ENTITY else ""


@dataclass(frozen=True, kw_only=True)
class _Job:
    settings: EtlSettings
    universe: Universe
    client: SodaClient
    now: datetime
    progress: Progress

    @property
    def places(self) -> Places:
        return Places.of(self.settings)

    @property
    def folder(self) -> Path:
        return self.places.raw(self.universe.name)

    @property
    def where(self) -> str:
        return condition_of(self.settings.contracts)

    @property
    def today(self) -> date:
        return today_in_colombia(self.now)

    def earlier(self) -> Snapshot | None:
        """The snapshot to which changes may be added; None if everything must be read."""
        # the ids of a folder's rows come from their content: a changed row is no changed row there but another one
        if self.settings.full or self.settings.source is Source.FILES:
            return None
        for snapshot in snapshots_of(self.folder):
            about = snapshot.about
            if all(about.get(name) == value for name, value in self._query().items()) and about.get("newest"):
                full_on = date.fromisoformat(str(about["full_on"]))
                return snapshot if timedelta(0) <= self.today - full_on < FULL_EVERY else None
        return None

    def read_all(self) -> Written:
        """Read everything; once more if rows came or went meanwhile."""
        for _reading in range(READINGS - 1):
            try:
                return self._read_all_once()
            except CountMismatch as mismatch:
                logger.warning("%s; reading it once more", mismatch)
        return self._read_all_once()

    def _read_all_once(self) -> Written:
        dataset, where = self.universe.dataset, self.where
        newest = self.client.newest(dataset, where)  # before the rows: what changes meanwhile is asked for next time
        before = self.client.count(dataset, where)
        read = 0

        def lines() -> Iterator[bytes]:
            nonlocal read
            for page in self.client.read_pages(dataset, where, expected=before, fields=_FIELDS):
                yield from self._protected_lines(page)
                read += len(page)
                self.progress(read, before)
            after = self.client.count(dataset, where)
            if not before == read == after:
                raise CountMismatch(dataset, counted=after, read=read)

        path = self._write(lines(), count=before, newest=newest, mode="full", full_on=self.today.isoformat())
        return Written(path=path, rows=read, mode="full")

    def add_to(self, earlier: Snapshot) -> Written | None:
        """The earlier snapshot with what changed since; None if it does not fit together."""
        try:
            return self._add_to(earlier)
        except (NotFitting, NoRowId, UnreadableInput) as reason:
            logger.warning("%s; reading everything", reason)
            return None

    def _add_to(self, earlier: Snapshot) -> Written:
        dataset = self.universe.dataset
        since = f"{UPDATED_AT} >= {soql_text(str(earlier.about['newest']))}"
        where = f"{since} AND {self.where}" if self.where else since
        newest = self.client.newest(dataset, self.where)
        before = self.client.count(dataset, self.where)
        expected = self.client.count(dataset, where)
        if expected > LARGEST_DELTA or expected * 2 > before:
            raise NotFitting(_("{count} of {total} rows changed").format(count=expected, total=before))
        with open_delta(self.folder) as delta:
            for page in self.client.read_pages(dataset, where, expected=expected, fields=_FIELDS):
                delta.take(self._protected_lines(page))
            merged = 0

            def lines() -> Iterator[bytes]:
                nonlocal merged
                for line in delta.merged(earlier.lines()):
                    yield line
                    merged += 1
                    if merged % PAGE_OF_MANY == 0:
                        self.progress(merged, before)
                after = self.client.count(dataset, self.where)
                if not before == merged == after:
                    raise NotFitting(
                        _("with what changed there are {count} rows, and the portal has {total}").format(
                            count=merged, total=after
                        )
                    )
                self.progress(merged, before)

            full_on = str(earlier.about["full_on"])
            path = self._write(lines(), count=before, newest=newest, mode="delta", full_on=full_on)
            return Written(path=path, rows=merged, mode="delta", changed=delta.changed, added=delta.added)

    def _query(self) -> dict[str, object]:
        """What must be the same in a snapshot for changes to be added to it: the question, and the pseudonyms."""
        return {
            "dataset": self.universe.dataset,
            "contracts": self.settings.contracts.value,
            "query": [self.where],
            "people": pseudonym("", key=people_key(self.places.people_key)),
        }

    def _protected_lines(self, rows: Iterable[Row]) -> Iterator[bytes]:
        key = people_key(self.places.people_key)
        return map(line_of, without_people(rows, self.universe.name, key=key))

    def _write(self, lines: Iterable[bytes], *, count: int, newest: str | None, mode: str, full_on: str) -> Path:
        settings = self.settings
        about = {
            **self._query(),
            "count": count,
            "newest": newest,
            "mode": mode,
            "full_on": full_on,
            "retrieved_at": self.now.isoformat(),
            "source": settings.source.value,
            "source_label": settings.source.label(),
            "invented": settings.source.invented,
            "run_id": settings.run_id,
        }
        return write_lines(self.folder, lines=lines, about=about, day=self.today, limit_mb=settings.raw_limit_mb)


def _nobody(_done: float, _total: float | None) -> None:
    """Nobody wants to know how far it has come."""
