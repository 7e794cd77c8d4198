"""Changed rows, kept aside on disk until they take their places among the rows of an earlier snapshot."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from etl_kit.errors import EtlError
from etl_kit.files import make_folder
from etl_kit.translation import _

# Names are sorted, so the row's own `:id` is the first there can be; a quote within a text is written `\"`.
_ID: Final = re.compile(rb'":id": ("(?:[^"\\]|\\.)*"|-?\d+)')


class NoRowId(EtlError):
    """A row of a snapshot has no `:id`, so nothing can take its place."""

    def __init__(self) -> None:
        super().__init__(_("a row of the earlier snapshot has no :id"))


@dataclass(kw_only=True)
class Delta:
    """Rows by their `:id`: the text on disk, its place in memory (some 200 bytes a row).

    The order of ids is the portal's own and not that of their texts; that is why rows are not merged like sorted lists.

    Attributes:
        changed: rows that took the place of a different one.
        added: rows that were not there.
    """

    file: IO[bytes]
    places: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    end: int = 0
    changed: int = 0
    added: int = 0

    def take(self, lines: Iterable[bytes]) -> None:
        """Keep `lines` of a snapshot; of two with the same id the later one counts."""
        for line in lines:
            self.file.write(line)
            self.places[row_id(line)] = (self.end, len(line))
            self.end += len(line)

    def merged(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """`lines` with changed rows in their places and new ones at the end; the delta is empty afterwards."""
        self.file.flush()
        for line in lines:
            place = self.places.pop(row_id(line), None)
            if place is None:
                yield line
                continue
            newer = self._read(place)
            self.changed += newer != line
            yield newer
        self.added = len(self.places)
        for place in self.places.values():
            yield self._read(place)
        self.places = {}

    def _read(self, place: tuple[int, int]) -> bytes:
        start, length = place
        self.file.seek(start)
        return self.file.read(length)


@contextmanager
def open_delta(folder: Path) -> Iterator[Delta]:
    """An empty delta with a nameless file in `folder`, gone when the context ends."""
    with tempfile.TemporaryFile(dir=make_folder(folder)) as file:
        yield Delta(file=file)


def row_id(line: bytes) -> bytes:
    """The `:id` of a snapshot's line as it is written there; raises NoRowId."""
    found = _ID.search(line)
    if found is None:
        raise NoRowId
    return found[1]
