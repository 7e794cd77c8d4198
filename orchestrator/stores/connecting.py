"""Opens the SQLite file with care: made whole or not at all, and refused by name where it is not sound.

The database file is never opened here by any other way than SQLite's own. POSIX drops all locks that a process holds on
a file as soon as the process closes any descriptor of it, so a look into the header by `open` would free the locks of
another store on the same file.
"""

import os
import sqlite3
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orchestrator.core.errors import StoreUnusable
from orchestrator.stores import sql
from orchestrator.stores.damage import DAMAGED, FOREIGN, LOST_FILE, MOVED_AWAY, NO_DATABASE, READ_ONLY, translated
from orchestrator.stores.migrating import (
    APPLICATION_ID,
    Migration,
    known_migrations,
    migrate,
    new_database_image,
    schema_version,
)

BUSY_TIMEOUT = timedelta(seconds=10)
CHECKED_WHOLE = 8 * 1024 * 1024
"""Bytes up to which all of a file is checked when it is opened, at about 6 ms a MiB. Larger ones show damage in use."""
MOST_JOURNAL_KEPT = 16 * 1024 * 1024
"""Bytes that the journal may keep on the disk once its content is in the database."""


@dataclass(frozen=True, kw_only=True)
class FileIdentity:
    """Which file stands under a path: device and inode."""

    device: int
    inode: int


def path_in_url(place: str) -> Path:
    """The absolute path in what follows `sqlite://`: `/home/x`, `//home/x` and `/C:/x` alike."""
    bare = place.lstrip("/")
    return Path(bare) if Path(bare).drive else Path("/", bare)


def open_database(
    path: Path, *, busy_timeout: timedelta = BUSY_TIMEOUT
) -> tuple[sqlite3.Connection, FileIdentity | None]:
    """Connect to the state store at `path`, made where nothing is; raises StoreUnusable.

    A connection may be used by several threads, one at a time. SQLite opens all its descriptors with O_CLOEXEC, so no
    program that is started from here sees the file; a forked child must not use the connection.
    """
    with translated(path):
        if not _present(path):
            _create(path)
        identity = file_identity(path)
        checked = _check_beneath_journal(path, busy_timeout)
        # never create: a file that vanishes now is an error, not an empty store
        connection = _connect(path, "rw", busy_timeout)
        try:
            _prepare(connection, path, known_migrations(), checked=checked)
            _check_unmoved(path, identity)
        except BaseException:
            connection.close()
            raise
    return connection, identity


def _connect(path: Path, mode: str, busy_timeout: timedelta) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout.total_seconds(),
        isolation_level=None,
        check_same_thread=False,
    )


def _check_beneath_journal(path: Path, busy_timeout: timedelta) -> bool:
    """Where a journal lies beside the file, check both before anything could be written; True where that was done.

    A connection that may write copies the journal into the database when it is closed: of a journal that belongs to
    another database nothing would be left but damage, in a file that was sound.
    """
    if _size(path.with_name(f"{path.name}-wal")) == 0:
        return False
    connection = _connect(path, "ro", busy_timeout)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StoreUnusable(FOREIGN, path=str(path))
        connection.execute("PRAGMA cell_size_check = ON")
        return _check_whole(connection, path)
    finally:
        connection.close()


def _check_whole(connection: sqlite3.Connection, path: Path) -> bool:
    """Check all of a file that is not too large for it; indexes too: one that lost entries would hide events."""
    if path.stat().st_size > CHECKED_WHOLE:
        return False
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise StoreUnusable(DAMAGED, path=str(path), detail=str(verdict).splitlines()[-1])
    return True


def file_identity(path: Path) -> FileIdentity | None:
    """Which file `path` leads to; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before every transaction: half the cost of Path.stat
    except FileNotFoundError:
        return None
    return FileIdentity(device=found.st_dev, inode=found.st_ino)


def write_private(path: Path, content: bytes) -> None:
    """A new file of mode 0600 from its first instant on, durable on return."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - there is no path to open: only a descriptor has its mode
        path.chmod(0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def put_in_place(draft: Path, path: Path) -> bool:
    """Give the complete file `draft` the name `path`, durably; False where something bears it already, which stays."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links, such as FAT: there two that come at once may collide
        if path.exists():
            return False
        draft.rename(path)
    _sync_folder(path.parent)
    return True


def _check_unmoved(path: Path, identity: FileIdentity | None) -> None:
    if file_identity(path) != identity:
        raise StoreUnusable(MOVED_AWAY, path=str(path))


def _present(path: Path) -> bool:
    """True where a file stands that may be a state store; raises StoreUnusable where it cannot be one."""
    journal = path.with_name(f"{path.name}-wal")
    journal_has_content = _size(journal) > 0  # before the file: a rival that creates both makes the file first
    try:
        found = path.stat()
    except FileNotFoundError:
        if journal_has_content:
            raise StoreUnusable(LOST_FILE, path=str(path), journal=str(journal)) from None
        return False
    if not stat.S_ISREG(found.st_mode):
        raise StoreUnusable(NO_DATABASE, path=str(path), detail="no regular file")
    if found.st_size == 0:  # ours are made whole, so this one has lost its content
        raise StoreUnusable(NO_DATABASE, path=str(path), detail="zero length")
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreUnusable(READ_ONLY, path=str(path), detail="read-only")
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _create(path: Path) -> None:
    """Put a complete, empty state store at `path`, readable by its owner only; a rival's is left as it is.

    It is written beside and linked into place: nobody ever sees half of it, and it is durable before its name is.
    """
    _make_private_folder(path.parent)
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
    try:
        write_private(draft, new_database_image())
        put_in_place(draft, path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _make_private_folder(folder: Path) -> None:
    """Mode 0700 whatever the umask; a folder that is already there keeps the mode it has."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)  # a umask such as 0277 would have left it unusable
    _sync_folder(folder.parent)  # or a power cut takes the folder, and the store with it


def _sync_folder(folder: Path) -> None:
    """Make a new name in `folder` durable, where the platform lets a folder be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prepare(connection: sqlite3.Connection, path: Path, migrations: list[Migration], *, checked: bool) -> None:
    connection.row_factory = sqlite3.Row
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreUnusable(FOREIGN, path=str(path))  # before anything is changed in what may be another's
    for pragma in (
        "synchronous = FULL",  # in WAL mode the default would lose acknowledged moves with the power
        "foreign_keys = ON",
        "case_sensitive_like = ON",
        "cell_size_check = ON",  # damaged pages are refused where they are read
        "trusted_schema = OFF",
        f"journal_size_limit = {MOST_JOURNAL_KEPT}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnusable(READ_ONLY, path=str(path), detail=f"journal mode {mode}")
    if schema_version(connection) < 1:
        raise StoreUnusable(DAMAGED, path=str(path), detail="no schema version")
    migrate(connection, path, migrations)
    if not checked:
        _check_whole(connection, path)
    if connection.execute(sql.IDENTITY).fetchone() is None:
        raise StoreUnusable(DAMAGED, path=str(path), detail="no identity")
