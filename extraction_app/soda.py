"""Reading datasets of the open-data portal through SODA: whole, in a stable order, and counted."""

import json
import logging
from dataclasses import dataclass
from typing import Final

from etl_kit.translation import _
from extraction_app.http_source import HttpSource, Reply
from extraction_app.retries import NoAnswer, SourceTrouble

logger = logging.getLogger(__name__)

Row = dict[str, object]

ROW_ID: Final = ":id"
PAGE_SIZE: Final = 1_000
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
            reading = self._pages(dataset, where, before)
            after = self.count(dataset, where)
            distinct = len({row.get(ROW_ID) for row in reading.rows})
            if before == after == len(reading.rows) == distinct:
                return reading
            counted, read = after, distinct
            logger.warning("%s: %d rows before, %d read, %d after", dataset, before, distinct, after)
        raise CountMismatch(dataset, counted=counted, read=read)

    def count(self, dataset: str, where: str) -> int:
        """How many rows of `dataset` there are for which `where` holds."""
        parameters = {"$select": "count(*)", "$where": where}
        return self.http.get(self._address(dataset), _counted, parameters=parameters)

    def _pages(self, dataset: str, where: str, expected: int) -> Reading:
        rows: list[Row] = []
        pages = 0
        while True:
            page = self.http.get(
                self._address(dataset),
                _rows,
                parameters={
                    "$select": ":*,*",
                    "$where": where,
                    "$order": ROW_ID,  # without an order the pages may overlap
                    "$limit": str(self.page_size),
                    "$offset": str(pages * self.page_size),
                },
            )
            rows += page
            pages += 1
            # a server that disregards $offset would give full pages for ever
            if len(page) < self.page_size or len(rows) > expected + self.page_size:
                logger.info("%s: %d rows in %d pages", dataset, len(rows), pages)
                return Reading(rows=rows, pages=pages)

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
