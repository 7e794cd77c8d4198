"""Reading an event log from SQLite, and what it proves of itself."""

import sqlite3
from pathlib import Path

from orchestrator.core.errors import StoreUnusable
from orchestrator.core.events import Event
from orchestrator.stores import sql
from orchestrator.stores.chaining import first_fault
from orchestrator.stores.damage import DAMAGED, readable
from orchestrator.stores.event_records import read_event


def sound_events(connection: sqlite3.Connection, execution_id: str, *, path: Path, after: int = 0) -> list[Event]:
    """The event log from `after` on, exclusive, read in the caller's transaction; empty for an unknown execution.

    Raises StoreUnusable, naming the execution and the first event in question, where it is not as it was stored.
    """
    start = max(after, 1)  # with `after` itself, whose chain the next one holds
    end = connection.execute(sql.END_OF_LOG, (execution_id,)).fetchone()
    rows = connection.execute(sql.EVENTS_FROM, (execution_id, start)).fetchall()
    if end is None:
        return []
    with readable(path):
        fault = first_fault(
            rows, execution_id=execution_id, start=start, last_seq=end["last_seq"], last_chain=end["last_chain"]
        )
    if fault is not None:
        detail = f"events of {execution_id} are missing or not as they were stored, from number {fault} on"
        raise StoreUnusable(DAMAGED, path=str(path), detail=detail)
    with readable(path):
        return [read_event(row) for row in rows if row["seq"] > after]
