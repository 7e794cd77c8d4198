"""What an operator does to the SQLite file as a whole: check it, copy it, forget what is old."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from orchestrator.core.errors import StoreUnusable, UsageError
from orchestrator.core.states import ExecutionStatus
from orchestrator.stores import migrating, sql
from orchestrator.stores.connecting import put_in_place, write_private
from orchestrator.stores.damage import BACKUP_EXISTS, DAMAGED, FOREIGN, translated
from orchestrator.stores.head_file import HeadFile
from orchestrator.stores.pruning import Age, prunable
from orchestrator.stores.records import read_request, read_time
from orchestrator.stores.sqlite_file import SqliteFile, check_commits
from orchestrator.stores.sqlite_reading import sound_events

MOST_FAULTS = 100
"""Faults that SQLite lists at most."""


class SqliteUpkeep:
    """Works on the file at `path` while stores of this and other processes use it; see `Upkeep` for the promises."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet: `check` must be able to look at a file that no store would open."""
        self._path = Path(os.path.realpath(path))

    def check(self) -> list[str]:
        """Every fault in the file: of its pages and indexes, of its references, and of the chain of each event log."""
        try:
            with translated(self._path), closing(self._look()) as connection:
                if connection.execute("PRAGMA application_id").fetchone()[0] != migrating.APPLICATION_ID:
                    return [str(StoreUnusable(FOREIGN, path=str(self._path)))]
                faults = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})")]
                if faults != ["ok"]:
                    return [line for fault in faults for line in fault.splitlines()]
                strays = connection.execute("PRAGMA foreign_key_check").fetchall()
                references = [f"a row of {table} has no counterpart in {parent}" for table, _, parent, _ in strays]
                return [*dict.fromkeys(references), *self._faults_of_content(connection)]
        except StoreUnusable as damage:
            return [_words_of(damage)]

    def backup(self, path: str) -> None:
        """Write a whole, checked copy to `path`, with a count of commits of its own; raises UsageError where it exists.

        Readers and writers go on meanwhile; what they store after it began is not in the copy.
        """
        target = Path(path).absolute()
        draft = target.with_name(f"{target.name}.{os.urandom(8).hex()}.new")
        with translated(self._path):
            source = self._look()
        with closing(source), translated(target):
            if target.exists():
                raise UsageError(BACKUP_EXISTS, path=str(target))
            try:
                write_private(draft, b"")
                identity = self._copy(source, draft)
                if not put_in_place(draft, target):
                    raise UsageError(BACKUP_EXISTS, path=str(target))
            finally:
                for left in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm")):
                    with suppress(FileNotFoundError):
                        left.unlink()
        with closing(HeadFile(target, identity["store_id"])) as head:
            head.write(identity["commits"])

    def prune(self, *, before: datetime, keep: int) -> list[str]:
        """Forget what ended before `before`, save the newest `keep` of all; returns their ids, the newest first.

        One transaction each, so that nobody waits longer than the largest of them takes.
        """
        with closing(_Pruning(self._path)) as file:
            return file.prune(before=before, keep=keep)

    def schema_version(self) -> int:
        """Number of the last schema file that was applied."""
        with translated(self._path), closing(self._look()) as connection:
            return migrating.schema_version(connection)

    def _look(self) -> sqlite3.Connection:
        """A connection that changes nothing."""
        connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            migrating.schema_version(connection)  # SQLite opens the file when it is first asked for something
        except BaseException:
            connection.close()
            raise
        return connection

    def _faults_of_content(self, connection: sqlite3.Connection) -> list[str]:
        """Commits that are missing, and event logs that are not as they were stored."""
        if migrating.schema_version(connection) != migrating.known_migrations()[-1].version:
            return []  # another version's tables, which this one would read wrongly
        faults = []
        try:
            check_commits(connection, self._path)
        except StoreUnusable as loss:
            faults.append(_words_of(loss))
        connection.execute("BEGIN")  # all logs as they stand at one instant
        for row in connection.execute(sql.AGES).fetchall():
            try:
                sound_events(connection, row["execution_id"], path=self._path)
            except StoreUnusable as damage:
                faults.append(_words_of(damage))
        return faults

    def _copy(self, source: sqlite3.Connection, draft: Path) -> sqlite3.Row:
        """Copy the database and return the copy's identity; raises StoreUnusable where the copy is not sound."""
        with closing(sqlite3.connect(draft)) as copy:
            source.backup(copy)  # in one step, on one reading transaction: no writer can make it start anew
            copy.row_factory = sqlite3.Row
            verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise StoreUnusable(DAMAGED, path=str(self._path), detail=str(verdict).splitlines()[-1])
            identity: sqlite3.Row = copy.execute(sql.IDENTITY).fetchone()
            return identity


class _Pruning(SqliteFile):
    def prune(self, *, before: datetime, keep: int) -> list[str]:
        forgotten = []
        for execution_id in prunable(self._ages(), before=before, keep=keep):
            with self._writing() as connection:
                values = (execution_id,) * 4
                if connection.execute(sql.FORGET_EXECUTION, values).rowcount:
                    forgotten.append(execution_id)
        if forgotten:
            with self._writing() as connection:
                connection.execute(sql.FORGET_UNUSED_SNAPSHOTS)
        return forgotten

    def _ages(self) -> list[Age]:
        sources: dict[str, set[str]] = {}
        with self._reading() as connection:
            for execution_id, source in connection.execute(sql.RESULTS_TAKEN_OVER).fetchall():
                sources.setdefault(execution_id, set()).add(source)
            for execution_id, request in connection.execute(sql.REQUESTS_NOT_DONE).fetchall():
                sources.setdefault(execution_id, set()).update(read_request(request).outputs_from.values())
            rows = connection.execute(sql.AGES).fetchall()
        return self._records(lambda row: _age(row, sources.get(row["execution_id"], set())), rows)


def _words_of(damage: StoreUnusable) -> str:
    """The database's own words, where it said any."""
    return str(damage.message.facts.get("detail", damage))


def _age(row: sqlite3.Row, sources: set[str]) -> Age:
    repeated = row["rerun_of"]
    return Age(
        execution_id=row["execution_id"],
        created_at=datetime.fromisoformat(row["created_at"]),
        ended_at=read_time(row["ended_at"]) if ExecutionStatus(row["status"]).final else None,
        sources=frozenset(sources if repeated is None else sources | {repeated}),
    )
