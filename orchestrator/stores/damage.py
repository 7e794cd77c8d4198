"""What went wrong with the database file, in words that name it and a way out."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.core.errors import StoreUnusable
from orchestrator.core.messages import N_

LOCKED = N_(
    "the state store {path} stayed locked by another process for too long ({detail}); try again when it is done"
)
FULL = N_("no space is left for the state store {path} ({detail}); free some; what is recorded is kept")
READ_ONLY = N_("the state store {path} cannot be written ({detail}); check its folder, its owner and the mount")
DAMAGED = N_(
    "the state store {path} is damaged ({detail}); put a backup in its place or move it away, with its -wal file"
)
NO_DATABASE = N_("the state store {path} is no database ({detail}); put a backup in its place or move it away")
FOREIGN = N_("{path} is a database, but not a state store of this orchestrator; choose another file")
NEWER = N_(
    "the state store {path} was written by a newer version (schema {found}; this version knows {known}); "
    "update the orchestrator"
)
MOVED_AWAY = N_("the state store {path} was removed or replaced while it was in use; nothing more is written")
LOST_FILE = N_(
    "the state store {path} is gone, but its journal {journal} is still there; "
    "put the file back or move the journal away"
)
LOST_COMMITS = N_(
    "the state store {path} lacks its last {count} commit(s): its journal {journal} was lost, or an older copy put in "
    "its place; put back what was there, the -wal file too, or accept the loss with `etl db check --accept`"
)
BACKUP_EXISTS = N_("{path} exists already; choose another name for the backup")
FAILED_BEFORE = N_("the state store {path} failed before and is not used again by this process; start it anew")
CLOSED = N_("the state store {path} is closed")
INHERITED = N_("the state store {path} was opened by the parent process; a forked child opens its own")
CANNOT_SERVE = N_("the state store {path} cannot be used ({detail})")

_TEMPLATES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_FORMAT: DAMAGED,
    sqlite3.SQLITE_NOTADB: NO_DATABASE,
    0: DAMAGED,  # raised by Python's module, which could not decode what it read
}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise StoreUnusable, naming `path`, for what the file system and SQLite raise in the block.

    Mistakes of ours (a statement that does not fit the schema, say) pass through untranslated where SQLite tells them
    apart: an error in the program is no fault of the file.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error
    except UnicodeDecodeError as error:  # a damaged schema, whose text Python wanted to quote in its own error
        raise StoreUnusable(DAMAGED, path=str(path), detail=error.reason) from error
    except OSError as error:
        template = FULL if error.errno in _NO_SPACE else READ_ONLY
        raise StoreUnusable(template, path=str(path), detail=error.strerror or str(error)) from error


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise StoreUnusable where a record cannot be read from its row: our own writing never looks like that."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreUnusable(DAMAGED, path=str(path), detail=f"{type(error).__name__}: {error}"[:200]) from error


def unusable(path: Path, error: sqlite3.DatabaseError) -> StoreUnusable:
    """The StoreUnusable that tells of `error`."""
    return StoreUnusable(_TEMPLATES.get(primary_code(error), CANNOT_SERVE), path=str(path), detail=str(error))


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without the details; 0 where the error did not come from SQLite itself."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
