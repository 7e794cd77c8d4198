"""The schema's numbered files: which there are, and how a database gets those that it lacks."""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.errors import StoreUnusable
from orchestrator.stores import sql
from orchestrator.stores.damage import NEWER

SCHEMA = Path(__file__).parent / "schema"
APPLICATION_ID = 0x45544C4F
"""`ETLO`: stands in the header of every file of ours, so that another program's database is never touched."""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One numbered file; an applied one is never edited."""

    version: int
    path: Path

    def statements(self) -> Iterator[str]:
        """Its statements, one by one, so that they fit into the caller's transaction."""
        statement = ""
        for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""


def known_migrations(folder: Path = SCHEMA) -> list[Migration]:
    """All there are, in order; their numbers count from 1 without a gap."""
    return [
        Migration(version=int(path.name.partition("_")[0]), path=path) for path in sorted(folder.glob("[0-9]*_*.sql"))
    ]


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last file that was applied; 0 for an empty database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, path: Path, migrations: list[Migration]) -> None:
    """Apply what is missing, all or nothing; of several processes that try at once one does it.

    Raises StoreUnusable where the database is newer than the last of `migrations`.
    """
    latest = migrations[-1].version
    if _known_version(connection, path, latest) == latest:
        return
    connection.execute("BEGIN IMMEDIATE")  # look again under the write lock: another process may be migrating too
    try:
        found = _known_version(connection, path, latest)
        for migration in migrations:
            if migration.version > found:
                _apply(connection, migration)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def new_database_image() -> bytes:
    """The bytes of an empty state store with the whole schema and an identity of its own, in WAL mode."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection, Path(":memory:"), known_migrations())
        connection.execute(sql.KEEP_IDENTITY, (os.urandom(16).hex(),))
        image = bytearray(connection.serialize())
    finally:
        connection.close()
    image[18:20] = b"\x02\x02"  # "WAL" in the file's header: of processes that switch a new file at once, some fail
    return bytes(image)


def _known_version(connection: sqlite3.Connection, path: Path, latest: int) -> int:
    found = schema_version(connection)
    if found > latest:
        raise StoreUnusable(NEWER, path=str(path), found=found, known=latest)
    return found


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.statements():
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {migration.version:d}")  # a PRAGMA takes no bound values
