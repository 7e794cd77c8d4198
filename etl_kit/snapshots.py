"""Raw snapshots of what an interface answered: one compressed JSON file per day and query."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.files import write_bytes_atomic
from etl_kit.translation import _

NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.json\.gz")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What was received on `day`: `rows` as they came (less personal data) and `about` how they were asked for."""

    about: Mapping[str, object]
    rows: list[dict[str, object]]
    path: Path

    @property
    def day(self) -> date:
        """The day of the snapshot, which is the cut of its data."""
        return date.fromisoformat(self.path.name[:10])

    @property
    def fuente(self) -> str:
        """The snapshot's name for lineage: its folder and file."""
        return f"{self.path.parent.name}/{self.path.name}"


def write_snapshot(
    folder: Path,
    *,
    rows: list[dict[str, object]],
    about: Mapping[str, object],
    day: date,
) -> Path:
    """Write `<folder>/<day>.json.gz`, over an earlier snapshot of the same day; returns its path.

    The bytes depend only on the arguments: same rows, same file.
    """
    text = json.dumps({"about": dict(about), "rows": rows}, ensure_ascii=False, sort_keys=True, default=str)
    return write_bytes_atomic(folder / f"{day.isoformat()}.json.gz", gzip.compress(text.encode(), mtime=0))


def latest_snapshot(folder: Path, *, made_by: str) -> Snapshot:
    """The newest snapshot of `folder`.

    Raises:
        MissingInput: there is none; `made_by` is the task that makes it.
        UnreadableInput: the newest is damaged; an older one is never taken silently instead.
    """
    found = sorted(path for path in folder.glob("*.json.gz") if NAME.fullmatch(path.name))
    if not found:
        raise MissingInput(folder / "<YYYY-MM-DD>.json.gz", made_by=made_by)
    return read_snapshot(found[-1])


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot at `path`.

    Raises:
        UnreadableInput: it is no snapshot.
    """
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        about, rows = content["about"], content["rows"]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UnreadableInput(path, str(error) or type(error).__name__) from error
    if not isinstance(about, dict) or not isinstance(rows, list):
        raise UnreadableInput(path, _("it does not hold 'about' and 'rows'"))
    return Snapshot(about=about, rows=rows, path=path)
