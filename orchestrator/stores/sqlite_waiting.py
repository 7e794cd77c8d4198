"""Executions in a SQLite store that wait for workers, the keys they were asked for under, and who may ask."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from orchestrator.core.errors import AskedBefore, NoSuchExecution, NoSuchToken, QueueFull, TokenNameTaken
from orchestrator.core.executions import Execution
from orchestrator.core.storing import Queueing, Token
from orchestrator.stores import sql
from orchestrator.stores.records import (
    read_execution,
    read_request,
    read_token,
    time_text,
    token_values,
)
from orchestrator.stores.sqlite_file import SqliteFile


class SqliteWaiting(SqliteFile):
    """The part of the store that workers and servers need, and nobody else."""

    def send_to_workers(self, execution_id: str) -> None:
        """From now on a worker may take it, until it has ended; raises NoSuchExecution."""
        with self._writing() as connection:
            if not connection.execute(sql.SEND_TO_WORKERS, (execution_id,)).fetchall():
                raise NoSuchExecution(execution_id)

    def waiting_for_workers(self, *, at: datetime, limit: int = 50) -> list[Execution]:
        """Executions that are for workers, have not ended and that nobody owns at `at`; the oldest first."""
        rows = self._read(sql.WAITING_FOR_WORKERS, time_text(at), limit)
        return self._records(lambda row: read_execution(row, read_request(row["request"])), rows)

    def asked_before(self, key: str, *, body_sha256: str, at: datetime) -> str | None:
        """The execution that was asked for under `key`; raises AskedBefore where another body came with it."""
        earliest = time_text(at - Queueing().remembered)
        for row in self._read(sql.ASKED_BEFORE_SINCE, key, earliest):
            if row["body_sha256"] != body_sha256:
                raise AskedBefore(row["execution_id"], same=False)
            return str(row["execution_id"])
        return None

    def keep_token(self, token: Token) -> None:
        """Store a new token; raises TokenNameTaken."""
        with self._writing() as connection:
            if not connection.execute(sql.KEEP_TOKEN, token_values(token)).fetchall():
                raise TokenNameTaken(token.name)

    def tokens(self) -> list[Token]:
        """All that were ever kept, the oldest first."""
        return self._records(read_token, self._read(sql.TOKENS))

    def revoke_token(self, name: str, *, at: datetime) -> None:
        """From now on it opens nothing; raises NoSuchToken."""
        with self._writing() as connection:
            if not connection.execute(sql.REVOKE_TOKEN, (time_text(at), name)).fetchall():
                raise NoSuchToken(name)


def get_in_line(connection: sqlite3.Connection, queueing: Queueing, at: datetime) -> Callable[[str], None]:
    """Check key and room; what is returned keeps the key for the id that was reserved meanwhile.

    Raises AskedBefore, QueueFull.
    """
    connection.execute(sql.FORGET_OLD_KEYS, (time_text(at - queueing.remembered),))
    key = queueing.key
    if key is not None:
        for row in connection.execute(sql.ASKED_BEFORE, (key,)).fetchall():
            raise AskedBefore(row["execution_id"], same=row["body_sha256"] == queueing.body_sha256)
    waiting = connection.execute(sql.COUNT_WAITING).fetchone()["waiting"]
    if waiting >= queueing.most_waiting:
        raise QueueFull(waiting)

    def keep_key(execution_id: str) -> None:
        if key is not None:
            connection.execute(sql.KEEP_KEY, (key, queueing.body_sha256, execution_id, time_text(at)))

    return keep_key
