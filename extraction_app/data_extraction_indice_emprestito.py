"""Task extract_indice_emprestito: the loan's index, from its file to a raw snapshot."""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from etl_kit.dates import today_in_colombia
from etl_kit.errors import EtlError
from etl_kit.files import read_json
from etl_kit.people import people_key, protect_people
from etl_kit.places import Places
from etl_kit.settings import read_settings
from etl_kit.snapshots import write_snapshot
from etl_kit.translation import _
from extraction_app.http_source import now_in_utc
from extraction_app.loan_extraction import INDEX
from extraction_app.sources import MissingSource, open_source

logger = logging.getLogger(__name__)

INDEX_FILE: Final = Path("emprestito") / "indice_procesos_emprestito.json"
REFERENCES: Final = ("referencia_proceso", "referencia_contrato")


class UnusableIndex(EtlError):
    """The index is there but cannot be used; `problems` lists every fault with its row."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__(_("{path} cannot be used: {problems}").format(path=path, problems="; ".join(problems)))
        self.path = path
        self.problems = tuple(problems)


def main(*, home: str | None = None, source: str | None = None, **settings: Any) -> dict[str, object]:
    """Read the loan's index and leave it as today's snapshot, without contacts; safe to repeat.

    Args:
        home: see `etl_kit.settings`; so are all `settings`.
        source: demo, portal or files.
        settings: other fields of `EtlSettings`.

    Raises:
        MissingSource: there is no index; the text says where to put it.
        UnusableIndex: it is no list of rows with lists of references.
    """
    chosen = read_settings(home=home, source=source, **settings)
    now = now_in_utc()
    with open_source(chosen) as opened:
        path = opened.folder / INDEX_FILE
        if not path.is_file():
            raise MissingSource(path, _("put the loan's index there, a JSON list with one object per row"))
        content = read_json(path)
    rows = checked_index(path, content)
    places = Places.of(chosen)
    protected = protect_people(rows, INDEX, key=people_key(places.people_key))
    warnings = index_warnings(protected)
    about = {
        "dataset": INDEX,
        "query": str(INDEX_FILE),
        "pages": 1,
        "count": len(protected),
        "retrieved_at": now.isoformat(),
        "sha256": hashlib.sha256(json.dumps(protected, ensure_ascii=False, sort_keys=True).encode()).hexdigest(),
        "source": chosen.source.value,
        "source_label": chosen.source.label(),
        "invented": chosen.source.invented,
        "run_id": chosen.run_id,
        "warnings": warnings,
    }
    written = write_snapshot(
        places.raw(INDEX),
        rows=protected,
        about=about,
        day=today_in_colombia(now),
        limit_mb=chosen.raw_limit_mb,
    )
    logger.info("%s: %d rows -> %s", INDEX, len(protected), written.name)
    return {"status": "success", "rows": len(protected), "path": str(written), "warnings": warnings}


def checked_index(path: Path, content: object) -> list[dict[str, object]]:
    """The rows of an index.

    Raises:
        UnusableIndex: with every fault and its row, counted from 1.
    """
    if not isinstance(content, list):
        raise UnusableIndex(path, [_("it must be a list of rows")])
    problems = []
    for number, row in enumerate(content, start=1):
        if not isinstance(row, dict):
            problems.append(_("row {number} is not an object").format(number=number))
            continue
        problems += [
            _("row {number}: {column} must be a list of texts").format(number=number, column=column)
            for column in REFERENCES
            if not _is_list_of_texts(row.get(column, []))
        ]
    if problems:
        raise UnusableIndex(path, problems)
    return content


def index_warnings(rows: Sequence[dict[str, object]]) -> list[str]:
    """What a reader should know about the index: no row at all, or no reference in any."""
    if any(row.get(column) for row in rows for column in REFERENCES):
        return []
    return [_("the loan's index names no reference: no contract or process will be extracted")]


def _is_list_of_texts(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(text, str) for text in value))
