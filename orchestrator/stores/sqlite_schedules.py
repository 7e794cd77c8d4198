"""Schedules in a SQLite store: what became of each slot, and up to where the slots are decided."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from orchestrator.core.errors import SlotTaken
from orchestrator.core.schedule_records import Pause, ScheduleState, Slot, SlotFate, SlotRecord
from orchestrator.stores import sql
from orchestrator.stores.records import message_text, read_message, time_text
from orchestrator.stores.sqlite_file import SqliteFile


class SqliteSchedules(SqliteFile):
    """The part of the store that schedulers need."""

    def schedule_states(self) -> list[ScheduleState]:
        """All forms of all schedules that were ever seen, by name and fingerprint."""
        return self._records(_state, self._read(sql.SCHEDULES))

    def see_schedules(self, seen: Mapping[str, str], *, at: datetime, anew: Collection[str] = ()) -> None:
        """Somebody has these in force; a new form, and one of `anew`, has no slots up to `at`."""
        now = time_text(at)
        with self._writing() as connection:
            for name, fingerprint in seen.items():
                statement = sql.SEE_SCHEDULE_ANEW if name in anew else sql.SEE_SCHEDULE
                connection.execute(statement, (name, fingerprint, now, now, now))

    def decide_slots(self, name: str, fingerprint: str, records: Sequence[SlotRecord], *, until: datetime) -> None:
        """Keep the fates of slots that have none yet, and that those of this form up to `until` are decided."""
        with self._writing() as connection:
            connection.executemany(sql.DECIDE_SLOT, [_values(record) for record in records])
            connection.execute(sql.DECIDED_UNTIL, (time_text(until), name, fingerprint, time_text(until)))

    def slot_records(self, name: str | None = None, *, limit: int = 50) -> list[SlotRecord]:
        """Of one schedule, or of all: the latest slots first."""
        rows = self._read(sql.SLOTS, limit) if name is None else self._read(sql.SLOTS_OF, name, limit)
        return self._records(_record, rows)

    def schedule_pauses(self) -> Mapping[str, Pause]:
        """What is paused now."""
        rows = self._read(sql.SCHEDULE_PAUSES)
        return dict(zip((row["schedule"] for row in rows), self._records(_pause, rows), strict=True))

    def pause_schedule(self, name: str, pause: Pause) -> None:
        """From now on it does not fire, whatever its form."""
        with self._writing() as connection:
            connection.execute(sql.PAUSE_SCHEDULE, (name, time_text(pause.at), pause.by, pause.reason))

    def resume_schedule(self, name: str, *, at: datetime) -> None:
        """It fires again, for slots after `at`."""
        with self._writing() as connection:
            if connection.execute(sql.RESUME_SCHEDULE, (name,)).fetchall():
                connection.execute(sql.PASS_OVER_SLOTS, (time_text(at), name, time_text(at)))


def check_free(connection: sqlite3.Connection, slot: Slot) -> None:
    """In the caller's transaction; raises SlotTaken where the slot has its fate, or the schedule is paused."""
    decided = connection.execute(sql.FATE_OF_SLOT, (slot.schedule, time_text(slot.at))).fetchall()
    if decided or connection.execute(sql.SCHEDULE_IS_PAUSED, (slot.schedule,)).fetchall():
        raise SlotTaken(slot.schedule, slot.at)


def fire(connection: sqlite3.Connection, slot: Slot, execution_id: str, at: datetime) -> None:
    """In the caller's transaction: the slot became that execution."""
    record = SlotRecord(slot=slot, fate=SlotFate.FIRED, decided_at=at, execution_id=execution_id)
    connection.execute(sql.DECIDE_SLOT, _values(record))


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
    return ScheduleState(
        name=row["name"],
        fingerprint=row["fingerprint"],
        decided_until=datetime.fromisoformat(row["decided_until"]),
        since=datetime.fromisoformat(row["since"]),
        seen_at=datetime.fromisoformat(row["seen_at"]),
    )


def _pause(row: sqlite3.Row) -> Pause:
    return Pause(at=datetime.fromisoformat(row["at"]), by=row["by"], reason=row["reason"])
