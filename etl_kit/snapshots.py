"""Raw snapshots of what an interface answered: one compressed file per day, written and read as a stream.

A file is gzip over lines of JSON: `{"about": …}`, one row a line, and last `{"end": {"rows": …, "sha256": …}}`; without
that last line it is damaged. Earlier snapshots were one JSON document with `about` and `rows`; they can still be read.
"""

import gzip
import hashlib
import json
import logging
import re
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.files import write_whole
from etl_kit.translation import _

logger = logging.getLogger(__name__)

Row = dict[str, object]

NAME: Final = re.compile(r"\d{4}-\d{2}-\d{2}\.json\.gz")
KEEP: Final = 30
"""Snapshots of a folder that remain, one a day."""

LIMIT_MB: Final = 2_000
"""Megabytes (10^6 bytes) that the snapshots of a folder may take; the newest stays even if it alone takes more."""

_LEVEL: Final = 6  # a country of rows takes a third less than at level 1, for a sixth more time
_BUFFER: Final = 1 << 20
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str)


class Snapshot:
    """What was received on `day`: rows as they came (less personal data) and `about` how they were asked for.

    Rows of large extractions bear the portal's `:id` and `:updated_at`. Nothing but `about` is read before it is asked
    for; damage further on is met while reading, as UnreadableInput.
    """

    def __init__(self, *, about: Mapping[str, object], path: Path, rows: list[Row] | None = None) -> None:
        self.about = about
        self.path = path
        self._rows = rows

    @property
    def day(self) -> date:
        """The day of the snapshot, which is the cut of its data."""
        return date.fromisoformat(self.path.name[:10])

    @property
    def fuente(self) -> str:
        """The snapshot's name for lineage: its folder and file."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def rows(self) -> list[Row]:
        """All rows in memory: for datasets that are small for sure, `pieces` for others."""
        if self._rows is None:
            self._rows = [row for piece in self.pieces() for row in piece]
        return self._rows

    def pieces(self, size: int = 50_000) -> Iterator[list[Row]]:
        """The rows in the order of the file, at most `size` at a time; a snapshot without rows has no piece.

        Raises:
            UnreadableInput: the file is damaged, perhaps after some pieces have been given.
        """
        piece: list[Row] = []
        with closing(self.lines()) as lines:
            for line in lines:
                piece.append(self._row(line))
                if len(piece) == size:
                    yield piece
                    piece = []
        if piece:
            yield piece

    def lines(self) -> Generator[bytes, None, None]:
        """Each row as its line in the file, without the line's end; see `line_of`.

        Raises:
            UnreadableInput: the file is damaged, perhaps after some lines have been given.
        """
        if self._rows is not None:
            yield from map(line_of, self._rows)
            return
        try:
            yield from _checked_lines(self.path)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise UnreadableInput(self.path, str(error) or type(error).__name__) from error

    def _row(self, line: bytes) -> Row:
        try:
            row: Row = json.loads(line)
        except ValueError as error:  # damage shows here before the end of the file tells of it
            raise UnreadableInput(self.path, str(error)) from error
        return row


def line_of(row: Mapping[str, object]) -> bytes:
    """`row` as one line of a snapshot: JSON with sorted names, so that equal rows are equal lines.

    Half a character, which JSON can say and UTF-8 cannot, becomes a question mark.
    """
    return _ENCODER.encode(row).encode(errors="replace")


def write_snapshot(
    folder: Path,
    *,
    rows: Iterable[Mapping[str, object]],
    about: Mapping[str, object],
    day: date,
    keep: int = KEEP,
    limit_mb: int = LIMIT_MB,
) -> Path:
    """Write `<folder>/<day>.json.gz`, over an earlier snapshot of the same day; returns its path.

    The bytes depend only on `rows`, `about` and `day`. Rows are taken one at a time, so memory does not grow with them;
    if taking them fails, nothing has changed on disk. Then older snapshots are removed: see `remove_old`.
    """
    return write_lines(folder, lines=map(line_of, rows), about=about, day=day, keep=keep, limit_mb=limit_mb)


def write_lines(
    folder: Path,
    *,
    lines: Iterable[bytes],
    about: Mapping[str, object],
    day: date,
    keep: int = KEEP,
    limit_mb: int = LIMIT_MB,
) -> Path:
    """The same as `write_snapshot`, from rows that are lines already."""
    path = write_whole(folder / f"{day.isoformat()}.json.gz", lambda file: _write(file, lines, about))
    remove_old(folder, keep=keep, limit_mb=limit_mb)
    return path


def remove_old(folder: Path, *, keep: int = KEEP, limit_mb: int = LIMIT_MB) -> list[str]:
    """Remove the oldest snapshots until at most `keep` remain and they take at most `limit_mb`; the newest stays.

    Returns:
        The names of what was removed, which are in the log, too.
    """
    removed = []
    taken = 0
    for number, path in enumerate(reversed(_snapshots_of(folder))):
        taken += path.stat().st_size
        if number > 0 and (number >= keep or taken > limit_mb * 1_000_000):
            path.unlink(missing_ok=True)
            removed.append(path.name)
    if removed:
        logger.info(
            "%s: removed %d old snapshots (at most %d and %d MB are kept): %s",
            *(folder.name, len(removed), keep, limit_mb, ", ".join(removed)),
        )
    return removed


def latest_snapshot(folder: Path, *, made_by: str) -> Snapshot:
    """The newest snapshot of `folder`.

    Raises:
        MissingInput: there is none; `made_by` is the task that makes it.
        UnreadableInput: the newest is damaged; an older one is never taken silently instead.
    """
    found = _snapshots_of(folder)
    if not found:
        raise MissingInput(folder / "<YYYY-MM-DD>.json.gz", made_by=made_by)
    return read_snapshot(found[-1])


def snapshots_of(folder: Path) -> Iterator[Snapshot]:
    """The snapshots of `folder`, the newest first; one that cannot be read is left out and said in the log."""
    for path in reversed(_snapshots_of(folder)):
        try:
            yield read_snapshot(path)
        except UnreadableInput as error:
            logger.warning("%s", error)


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot at `path`; only its first line is read.

    Raises:
        UnreadableInput: it is no snapshot.
    """
    try:
        with gzip.open(path, "rb") as file:
            content = json.loads(file.readline())
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise UnreadableInput(path, str(error) or type(error).__name__) from error
    about = content.get("about") if isinstance(content, dict) else None
    if not isinstance(about, dict):
        raise UnreadableInput(path, _("it does not hold 'about' and 'rows'"))
    if "rows" not in content:
        return Snapshot(about=about, path=path)
    if not isinstance(content["rows"], list):
        raise UnreadableInput(path, _("it does not hold 'about' and 'rows'"))
    return Snapshot(about=about, path=path, rows=content["rows"])


def _snapshots_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json.gz") if NAME.fullmatch(path.name))


def _write(file: BinaryIO, lines: Iterable[bytes], about: Mapping[str, object]) -> None:
    digest = hashlib.sha256()
    rows = 0
    buffer: list[bytes] = [line_of({"about": dict(about)})]
    waiting = 0
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0) as packed:

        def write_out() -> None:
            packed.write(b"\n".join((*buffer, b"")))
            buffer.clear()

        write_out()
        for line in lines:
            buffer.append(line)
            rows += 1
            waiting += len(line)
            if waiting > _BUFFER:
                digest.update(b"\n".join((*buffer, b"")))
                write_out()
                waiting = 0
        digest.update(b"\n".join((*buffer, b"")))
        buffer.append(line_of({"end": {"rows": rows, "sha256": digest.hexdigest()}}))
        write_out()


def _checked_lines(path: Path) -> Iterator[bytes]:
    """The lines of rows; raises ValueError if the last line is not there or tells of other rows."""
    digest = hashlib.sha256()
    rows = 0
    with gzip.open(path, "rb") as file:
        file.readline()  # about
        held = file.readline()
        for line in file:
            digest.update(held)
            rows += 1
            yield held[:-1]
            held = line
    end = json.loads(held) if held.endswith(b"\n") else None
    told = end.get("end") if isinstance(end, dict) else None
    if told != {"rows": rows, "sha256": digest.hexdigest()}:
        raise ValueError(_("its last line is missing or tells of other rows"))
