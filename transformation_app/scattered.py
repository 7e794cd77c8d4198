"""Rows too many for memory, dealt out to files by key, so that all rows of one key can be looked at together."""

import shutil
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl

from etl_kit.files import make_folder

PREFIX: Final = ".partes-"
_DEAL: Final = "__parte"
_SIZE = struct.Struct("<Q")
_LEFTOVER_AFTER = 24 * 60 * 60  # seconds; no transform takes so long, so whoever made it was killed


class Scattered:
    """Takes frames of one schema and gives them back in parts; no key stands in two parts.

    Up to `hold` rows stay in memory and come back as one part. Beyond that they go to `files` files, and the memory
    that is needed is that of `hold` rows or of one part, whichever is more. Rows of a key keep their order.
    """

    def __init__(self, folder: Path, *, key: pl.Expr, hold: int = 80_000, files: int = 64) -> None:
        self._paths = [folder / f"{number:03d}" for number in range(files)]
        self._rows = [0] * files
        self._key = key
        self._hold = hold
        self._held: list[pl.DataFrame] = []
        self._rows_held = 0
        self._dealt = False

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows."""
        self._held.append(frame)
        self._rows_held += frame.height
        if self._rows_held > self._hold:
            self._deal()

    def parts(self) -> Iterator[pl.DataFrame]:
        """All rows, part by part; at least one part if any frame was taken, even an empty one."""
        if not self._dealt:
            if self._held:
                yield pl.concat(self._held)
            return
        self._deal()
        frames: list[pl.DataFrame] = []
        rows = 0
        for path, count in zip(self._paths, self._rows, strict=True):
            if frames and rows + count > self._hold:
                yield pl.concat(frames)
                frames, rows = [], 0
            frames.extend(frames_of(path))
            rows += count
            path.unlink(missing_ok=True)
        yield pl.concat(frames)

    def _deal(self) -> None:
        if self._rows_held:
            number = (self._key.hash(seed=0) % len(self._paths)).alias(_DEAL)
            dealt = pl.concat(self._held).with_columns(number).partition_by(_DEAL, as_dict=True, include_key=False)
            for (which,), frame in dealt.items():
                append_frame(self._paths[int(which)], frame)
                self._rows[int(which)] += frame.height
        self._held, self._rows_held, self._dealt = [], 0, True


@contextmanager
def room_beside(folder: Path) -> Iterator[Path]:
    """A folder below `folder` for what memory cannot hold, gone when the block ends; what killed ones left goes too."""
    for left in make_folder(folder).glob(f"{PREFIX}*"):
        if time.time() - left.stat().st_mtime > _LEFTOVER_AFTER:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as room:
        yield Path(room)


def append_frame(path: Path, frame: pl.DataFrame) -> None:
    """Add `frame` to a file of frames, its length before it."""
    content = BytesIO()
    frame.write_ipc_stream(content, compression="zstd")
    with path.open("ab") as file:
        file.write(_SIZE.pack(content.tell()))
        file.write(content.getbuffer())


def frames_of(path: Path) -> Iterator[pl.DataFrame]:
    """The frames that were added to a file, one at a time."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while head := file.read(_SIZE.size):
            yield pl.read_ipc_stream(BytesIO(file.read(_SIZE.unpack(head)[0])))
