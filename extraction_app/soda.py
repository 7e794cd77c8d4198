"""Reading datasets of the open-data portal through SODA: page after page, whole, and counted."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from etl_kit.translation import _
from extraction_app.http_source import HttpSource, Reply
from extraction_app.retries import NoAnswer, SourceTrouble

logger = logging.getLogger(__name__)

Row = dict[str, object]

ROW_ID: Final = ":id"
UPDATED_AT: Final = ":updated_at"
PAGE_SIZE: Final = 1_000
LARGEST_PAGE: Final = 50_000
"""Rows that the portal gives at once, at most."""

ALL_FIELDS: Final = ":*, *"
READINGS: Final = 2
"""How often a query is read whole before its count is given up as never matching."""


class CountMismatch(SourceTrouble):
    """The rows read are not as many as the source says it has, even on reading them again."""

    temporary = False

    def __init__(self, dataset: str, *, counted: int, read: int) -> None:
        super().__init__(
            _(
                "dataset {dataset} says it has {counted} rows but gave {read}; "
                "it may be changing right now: run the task again later"
            ).format(dataset=dataset, counted=counted, read=read)
        )
        self.dataset = dataset
        self.counted = counted
        self.read = read


class PagesRepeat(SourceTrouble):
    """A page holds rows of the page before: the source disregards the condition that asks for what follows."""

    temporary = False

    def __init__(self, dataset: str, *, page: int) -> None:
        super().__init__(
            _("page {page} of dataset {dataset} repeats rows of the page before; the source cannot be paged").format(
                dataset=dataset, page=page
            )
        )
        self.dataset = dataset
        self.page = page


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All rows of a query as received (system fields included), and how many pages they came in."""

    rows: list[Row]
    pages: int


@dataclass(frozen=True, kw_only=True)
class SodaClient:
    """Queries to the datasets below `base_url`; `http` brings token and retries."""

    http: HttpSource
    base_url: str
    page_size: int = PAGE_SIZE

    def read_all(self, dataset: str, where: str) -> Reading:
        """All rows of `dataset` for which `where` holds; none is an answer too: an empty list.

        The rows are counted before and after; if the counts or the rows differ, all is read once more.

        Raises:
            SourceTrouble: a request failed for good, or the rows never matched their count.
        """
        counted = read = 0
        for _reading in range(READINGS):
            before = self.count(dataset, where)
            reading = self._whole(dataset, where, before)
            after = self.count(dataset, where)
            distinct = len({row.get(ROW_ID) for row in reading.rows})
            if before == after == len(reading.rows) == distinct:
                return reading
            counted, read = after, distinct
            logger.warning("%s: %d rows before, %d read, %d after", dataset, before, distinct, after)
        raise CountMismatch(dataset, counted=counted, read=read)

    def read_pages(
        self, dataset: str, where: str, *, expected: int | None = None, fields: str = ALL_FIELDS
    ) -> Iterator[list[Row]]:
        """The rows of `dataset` for which `where` holds ("": all), a page at a time, in the order of their ids.

        A page is asked for by the id that ends the one before (`:id > '…'`), so the last page costs the portal as
        little as the first. Ids are texts without a meaning: in which order they come is the portal's affair.

        Args:
            dataset: its id.
            where: a condition.
            expected: a count; reading ends when a page more than that has come.
            fields: what to select; `:id` must be among it.

        Raises:
            SourceTrouble: a request failed for good, or pages repeat.
        """
        before: set[object] = set()
        condition, read, number = where, 0, 0
        while True:
            page = self.http.get(
                self._address(dataset),
                _rows,
                parameters={
                    "$select": fields,
                    **({"$where": condition} if condition else {}),
                    "$order": ROW_ID,
                    "$limit": str(self.page_size),
                },
            )
            number += 1
            read += len(page)
            ids = {row.get(ROW_ID) for row in page}
            if not before.isdisjoint(ids):
                raise PagesRepeat(dataset, page=number)
            if page:
                yield page
            if len(page) < self.page_size or (expected is not None and read > expected + self.page_size):
                logger.info("%s: %d rows in %d pages", dataset, read, number)
                return
            before = ids
            following = f"{ROW_ID} > {soql_text(str(page[-1].get(ROW_ID)))}"
            condition = f"{following} AND ({where})" if where else following

    def count(self, dataset: str, where: str) -> int:
        """How many rows of `dataset` there are for which `where` holds ("": all)."""
        parameters = {"$select": "count(*)"} | ({"$where": where} if where else {})
        return self.http.get(self._address(dataset), _counted, parameters=parameters)

    def newest(self, dataset: str, where: str) -> str | None:
        """When a row of `dataset` for which `where` holds was last updated, as the portal writes it; None: no row."""
        parameters = {"$select": UPDATED_AT} | ({"$where": where} if where else {})
        rows = self.http.get(
            self._address(dataset), _rows, parameters={**parameters, "$order": f"{UPDATED_AT} DESC", "$limit": "1"}
        )
        moment = rows[0].get(UPDATED_AT) if rows else None
        return None if moment is None else str(moment)

    def _whole(self, dataset: str, where: str, expected: int) -> Reading:
        pages = list(self.read_pages(dataset, where, expected=expected))
        return Reading(rows=[row for page in pages for row in page], pages=max(1, len(pages)))

    def _address(self, dataset: str) -> str:
        return f"{self.base_url}/resource/{dataset}.json"


def _rows(reply: Reply) -> list[Row]:
    """The rows of an answer; a maintenance page with status 200 is no answer."""
    try:
        rows = json.loads(reply.body)
    except ValueError as error:
        raise NoAnswer(reply.place, _("it is not JSON ({error})").format(error=error)) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NoAnswer(reply.place, _("it is not a list of rows"))
    return rows


def _counted(reply: Reply) -> int:
    try:
        (row,) = _rows(reply)
        (value,) = row.values()
        return int(str(value))
    except ValueError as error:
        raise NoAnswer(reply.place, _("the count is no number")) from error


def soql_text(text: str) -> str:
    """`text` as a SoQL string literal."""
    return "'" + text.replace("'", "''") + "'"
