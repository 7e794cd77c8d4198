"""How many commits the database has seen, told in a small file beside it, so that a lost journal is noticed.

SQLite cannot tell a database whose journal was lost from a sound one that is older. So each commit counts, and the
count is also written here, after the commit has returned. A count here that is higher than the database's own proves
that commits are missing; a lower one proves nothing. It is never flushed: after a power cut it may be behind, never
ahead of what is on the disk.
"""

import os
import struct
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

LAYOUT = struct.Struct(">Q8s")
"""The number of commits, then the start of a hash over it and the database's identity: 16 bytes."""


def head_path(database: Path) -> Path:
    """Where the count of `database` is kept."""
    return database.with_name(f"{database.name}.head")


class HeadFile:
    """The count of one database. Where it cannot be read or written the store works without: a commit is a commit."""

    def __init__(self, database: Path, store_id: str, *, make: bool = True) -> None:
        """Open it, made where it is missing; what another database (`store_id`) left there counts for nothing."""
        self._store_id = store_id.encode()
        self._descriptor: int | None = None
        path = head_path(database)
        with suppress(OSError):
            made = make and not path.exists()
            flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(path, flags | os.O_CREAT if made else flags, 0o600)
            if made:
                path.chmod(0o600)  # whatever the umask

    def read(self) -> int:
        """The count; 0 where there is none that can be read."""
        if self._descriptor is None:
            return 0
        with suppress(OSError):
            os.lseek(self._descriptor, 0, os.SEEK_SET)  # Windows has no pread
            content = os.read(self._descriptor, LAYOUT.size)
            if len(content) == LAYOUT.size:
                commits: int = LAYOUT.unpack(content)[0]
                if content == self._content(commits):
                    return commits
        return 0

    def raise_to(self, commits: int) -> None:
        """Tell that so many commits have returned; a higher count, by another process, stays."""
        if self.read() < commits:
            self.write(commits)

    def write(self, commits: int) -> None:
        """Set the count, whatever stood there."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, self._content(commits))

    def close(self) -> None:
        """Let go of the file; calling it twice does no harm."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _content(self, commits: int) -> bytes:
        return LAYOUT.pack(commits, sha256(self._store_id + b"%d" % commits).digest()[:8])
