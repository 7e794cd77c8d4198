"""The open database file of a store: its transactions, who may use it, and when somebody changed it."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import TypeVar

from orchestrator.core.errors import StoreUnusable
from orchestrator.stores import sql
from orchestrator.stores.changes import Changes
from orchestrator.stores.connecting import BUSY_TIMEOUT, file_identity, open_database
from orchestrator.stores.damage import (
    CLOSED,
    FAILED_BEFORE,
    INHERITED,
    LOST_COMMITS,
    MOVED_AWAY,
    primary_code,
    readable,
    translated,
)
from orchestrator.stores.head_file import HeadFile

LOOK = 1.0
"""Seconds between two looks for what other processes stored: SQLite has nobody who would tell."""

R = TypeVar("R")


class SqliteFile:
    """One connection for all threads of this process, which take turns. Every method may raise StoreUnusable.

    A forked child must open its own: the parent's is refused there.
    """

    def __init__(self, path: Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> None:
        """Open the file, made where it is missing; `busy_timeout` is the patience with others. Raises StoreUnusable."""
        self._path = Path(os.path.realpath(path))
        self._lock = RLock()
        self._process = os.getpid()
        self._failed = False
        self._changes = Changes(of=self._path)
        self._connection: sqlite3.Connection | None
        self._connection, self._identity = open_database(self._path, busy_timeout=busy_timeout)
        try:
            with translated(self._path):
                self._head = _open_head(self._connection, self._path)
                _empty_journal(self._connection)
                self._version = _data_version(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def wait_for_change(self, timeout: float) -> bool:
        """Wait until something was stored since this was last true, at most `timeout` seconds; True where it was.

        What this very object stored counts, too, and what others of this process did is known at once. `close` ends
        the wait.
        """
        deadline = time.monotonic() + timeout
        self._usable()
        while True:
            left = deadline - time.monotonic()
            if self._changed_elsewhere(left) or self._changes.wait(min(LOOK, left)):
                return True
            if self._changes.closed or time.monotonic() >= deadline:
                return False

    def close(self) -> None:
        """Let go of the file; a running call of another thread ends first. Calling it twice does no harm."""
        self._changes.close()
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                self._head.close()
                with translated(self._path):
                    connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its beginning on; counted where it changed anything."""
        with self._lock:
            # take the write lock before reading, or two processes decide on the same row
            with self._transaction("BEGIN IMMEDIATE") as connection:
                before, commits = connection.total_changes, 0
                yield connection
                if connection.total_changes != before:
                    commits = connection.execute(sql.COUNT_COMMIT).fetchall()[0]["commits"]
            if commits:
                self._head.raise_to(commits)  # never before the commit has returned: the count would claim too much
                self._changes.note()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN") as connection:  # several statements see one instant
            yield connection

    def _read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """All rows of one statement, which is a transaction by itself."""
        with self._lock, translated(self._path):
            return self._usable().execute(statement, values).fetchall()

    def _records(self, reader: Callable[[sqlite3.Row], R], rows: Iterable[sqlite3.Row]) -> list[R]:
        with readable(self._path):
            return [reader(row) for row in rows]

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self._path):
            connection = self._usable()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                # after a failed write or fsync nobody knows what is on the disk: only a fresh start reads it anew (F29)
                self._failed |= isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_IOERR
                _roll_back(connection)
                raise

    def _usable(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreUnusable(CLOSED, path=str(self._path))
        if self._process != os.getpid():
            raise StoreUnusable(INHERITED, path=str(self._path))
        if self._failed:
            raise StoreUnusable(FAILED_BEFORE, path=str(self._path))
        if file_identity(self._path) != self._identity:
            raise StoreUnusable(MOVED_AWAY, path=str(self._path))
        return self._connection

    def _changed_elsewhere(self, patience: float) -> bool:
        """Whether another connection has committed since this was last asked; False where ours is busy for too long."""
        if not self._lock.acquire(timeout=max(0.0, patience)):
            return False
        try:
            if self._changes.closed:
                return False
            with translated(self._path):
                before, self._version = self._version, _data_version(self._usable())
        finally:
            self._lock.release()
        return self._version != before


def accept_loss(path: Path) -> int:
    """Let the database at `path` be used as it is although commits were lost; returns how many.

    0 where none were. Raises StoreUnusable where the file cannot serve for another reason.
    """
    path = Path(os.path.realpath(path))
    connection, _ = open_database(path)
    try:
        with translated(path):
            store_id, commits = connection.execute(sql.IDENTITY).fetchone()
            with closing(HeadFile(path, store_id)) as head:
                lost: int = max(0, head.read() - commits)
                head.write(commits)
    finally:
        connection.close()
    return lost


def _open_head(connection: sqlite3.Connection, path: Path) -> HeadFile:
    """The count beside the database; raises StoreUnusable where it tells of commits that the database lacks."""
    head = HeadFile(path, connection.execute(sql.IDENTITY).fetchone()["store_id"])
    try:
        head.raise_to(_all_commits(connection, head, path))
    except BaseException:
        head.close()
        raise
    return head


def check_commits(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreUnusable where the count beside the database tells of commits that it lacks; nothing is changed."""
    store_id = connection.execute(sql.IDENTITY).fetchone()["store_id"]
    with closing(HeadFile(path, store_id, make=False)) as head:
        _all_commits(connection, head, path)


def _all_commits(connection: sqlite3.Connection, head: HeadFile, path: Path) -> int:
    told = head.read()  # before the database is asked: what others commit meanwhile makes it know more, never less
    commits: int = connection.execute(sql.IDENTITY).fetchone()["commits"]
    if told > commits:
        raise StoreUnusable(LOST_COMMITS, path=str(path), journal=f"{path}-wal", count=told - commits)
    return commits


def _empty_journal(connection: sqlite3.Connection) -> None:
    """Bring into the database, flushed, what the journal holds, as far as nobody else is at it.

    Whoever wrote it may have died of a failed flush, after which the kernel takes lost pages for clean: what is written
    behind them would be lost with them when the power fails (F29).
    """
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_FULL:  # what is recorded can be read without any space
            raise


def _data_version(connection: sqlite3.Connection) -> int:
    """A number that changes as soon as another connection has committed."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


def _roll_back(connection: sqlite3.Connection) -> None:
    """Undo; SQLite has done so itself after some errors, and a failing rollback must not hide the first error."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return
