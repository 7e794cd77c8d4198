"""Schedules in a SQLite store: what became of each slot, and up to where the slots are decided."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from orchestrator.core.errors import NoSuchSchedule, SlotTaken
from orchestrator.core.schedule_records import Pause, ScheduleState, Slot, SlotFate, SlotRecord
from orchestrator.stores import sql
from orchestrator.stores.records import message_text, read_message, time_text
from orchestrator.stores.sqlite_file import SqliteFile


class SqliteSchedules(SqliteFile):
    """The part of the store that schedulers need."""

    def begin_schedule(self, name: str, *, fingerprint: str, at: datetime) -> ScheduleState:
        """Its state; a new schedule, and one with another fingerprint, has no slots up to `at`."""
        rows = self._read(sql.SCHEDULE, name)
        if not rows or rows[0]["fingerprint"] != fingerprint:  # else nothing is written: schedulers ask all the time
            with self._writing() as connection:
                connection.execute(sql.BEGIN_SCHEDULE, (name, fingerprint, time_text(at)))
                rows = connection.execute(sql.SCHEDULE, (name,)).fetchall()
        return self._records(_state, rows)[0]

    def schedule_states(self) -> list[ScheduleState]:
        """All that were ever begun, by name."""
        return self._records(_state, self._read(sql.SCHEDULES))

    def decide_slots(self, name: str, records: Sequence[SlotRecord], *, until: datetime) -> None:
        """Keep the fates of slots that have none yet, and that those up to `until` are decided."""
        with self._writing() as connection:
            connection.executemany(sql.DECIDE_SLOT, [_values(record) for record in records])
            connection.execute(sql.DECIDED_UNTIL, (time_text(until), name, time_text(until)))

    def slot_records(self, name: str | None = None, *, limit: int = 50) -> list[SlotRecord]:
        """Of one schedule, or of all: the latest slots first."""
        rows = self._read(sql.SLOTS, limit) if name is None else self._read(sql.SLOTS_OF, name, limit)
        return self._records(_record, rows)

    def pause_schedule(self, name: str, pause: Pause) -> None:
        """From now on it does not fire; raises NoSuchSchedule."""
        with self._writing() as connection:
            _check_known(connection, name)
            connection.execute(sql.PAUSE_SCHEDULE, (time_text(pause.at), pause.by, pause.reason, name))

    def resume_schedule(self, name: str, *, at: datetime) -> None:
        """It fires again, for slots after `at`; raises NoSuchSchedule."""
        with self._writing() as connection:
            _check_known(connection, name)
            connection.execute(sql.RESUME_SCHEDULE, (time_text(at), time_text(at), name))


def check_free(connection: sqlite3.Connection, slot: Slot) -> None:
    """In the caller's transaction; raises SlotTaken where the slot has its fate."""
    if connection.execute(sql.FATE_OF_SLOT, (slot.schedule, time_text(slot.at))).fetchall():
        raise SlotTaken(slot.schedule, slot.at)


def fire(connection: sqlite3.Connection, slot: Slot, execution_id: str, at: datetime) -> None:
    """In the caller's transaction: the slot became that execution."""
    record = SlotRecord(slot=slot, fate=SlotFate.FIRED, decided_at=at, execution_id=execution_id)
    connection.execute(sql.DECIDE_SLOT, _values(record))


def _check_known(connection: sqlite3.Connection, name: str) -> None:
    if not connection.execute(sql.SCHEDULE, (name,)).fetchall():
        raise NoSuchSchedule(name)


def _values(record: SlotRecord) -> tuple[object, ...]:
    return (
        record.slot.schedule,
        time_text(record.slot.at),
        record.fate,
        record.execution_id,
        time_text(record.decided_at),
        message_text(record.reason),
    )


def _record(row: sqlite3.Row) -> SlotRecord:
    return SlotRecord(
        slot=Slot(schedule=row["schedule"], at=datetime.fromisoformat(row["slot"])),
        fate=SlotFate(row["fate"]),
        decided_at=datetime.fromisoformat(row["decided_at"]),
        execution_id=row["execution_id"],
        reason=read_message(row["reason"]),
    )


def _state(row: sqlite3.Row) -> ScheduleState:
    paused = row["paused_at"]
    return ScheduleState(
        name=row["name"],
        fingerprint=row["fingerprint"],
        decided_until=datetime.fromisoformat(row["decided_until"]),
        pause=Pause(at=datetime.fromisoformat(paused), by=row["paused_by"], reason=row["paused_because"])
        if paused is not None
        else None,
    )
