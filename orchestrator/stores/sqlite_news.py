"""What happened in a SQLite store, in the order in which it was stored, and how much of it."""

from collections.abc import Mapping

from orchestrator.core.storing import Placed
from orchestrator.stores import sql
from orchestrator.stores.event_records import read_event
from orchestrator.stores.sqlite_file import SqliteFile


class SqliteNews(SqliteFile):
    """The part of the store that looks at all executions at once."""

    def events_after(self, position: int, *, limit: int = 1000, execution_id: str | None = None) -> list[Placed]:
        """Events of all executions, or of one, stored after `position`, in the order in which they were stored."""
        if execution_id is None:
            rows = self._read(sql.EVENTS_AFTER, position, position, limit)
        else:
            rows = self._read(sql.EVENTS_OF_ONE_AFTER, execution_id, position, position, limit)
        return self._records(lambda row: Placed(position=row["position"], event=read_event(row)), rows)

    def last_position(self) -> int:
        """The place of the latest event; 0 before the first."""
        return int(self._read(sql.LAST_POSITION)[0]["events"])

    def numbers(self) -> Mapping[str, Mapping[str, int]]:
        """How many `executions`, `task_runs` and `attempts` are in each state; `refused_writes` under `total`."""
        with self._reading() as connection:
            counted = {
                "executions": connection.execute(sql.EXECUTIONS_BY_STATUS).fetchall(),
                "task_runs": connection.execute(sql.TASK_RUNS_BY_STATUS).fetchall(),
                "attempts": connection.execute(sql.ATTEMPTS_BY_STATUS).fetchall(),
            }
            refused = connection.execute(sql.ALL_REFUSED_WRITES).fetchone()["number"]
        numbers = {what: {row["status"]: row["number"] for row in rows} for what, rows in counted.items()}
        return numbers | {"refused_writes": {"total": refused}}
