"""Schedules in memory: what became of each slot, and up to where the slots are decided."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.core.errors import NoSuchSchedule, SlotTaken
from orchestrator.core.executions import Execution
from orchestrator.core.schedule_records import Pause, ScheduleState, Slot, SlotFate, SlotRecord
from orchestrator.stores.memory_reading import MemoryReading
from orchestrator.stores.records import in_utc


class MemorySchedules(MemoryReading):
    """The part of the store in memory that schedulers need."""

    def __init__(self) -> None:
        super().__init__()
        self._schedules: dict[str, ScheduleState] = {}
        self._slots: dict[tuple[str, datetime], SlotRecord] = {}

    def begin_schedule(self, name: str, *, fingerprint: str, at: datetime) -> ScheduleState:
        """Its state; a new schedule, and one with another fingerprint, has no slots up to `at`."""
        now = in_utc(at)
        with self._lock:
            known = self._schedules.get(name)
            if known is None:
                known = ScheduleState(name=name, fingerprint=fingerprint, decided_until=now)
            elif known.fingerprint != fingerprint:
                known = replace(known, fingerprint=fingerprint, decided_until=max(known.decided_until, now))
            self._schedules[name] = known
            return known

    def schedule_states(self) -> list[ScheduleState]:
        """All that were ever begun, by name."""
        with self._lock:
            return [self._schedules[name] for name in sorted(self._schedules)]

    def decide_slots(self, name: str, records: Sequence[SlotRecord], *, until: datetime) -> None:
        """Keep the fates of slots that have none yet, and that those up to `until` are decided."""
        with self._lock:
            for record in records:
                self._slots.setdefault(_key(record.slot), _as_stored(record))
            known = self._schedules.get(name)
            if known is not None:
                self._schedules[name] = replace(known, decided_until=max(known.decided_until, in_utc(until)))
        self._changes.note()

    def slot_records(self, name: str | None = None, *, limit: int = 50) -> list[SlotRecord]:
        """Of one schedule, or of all: the latest slots first; what fired an execution that was forgotten names none."""
        with self._lock:
            found = [record for record in self._slots.values() if name in {None, record.slot.schedule}]
            kept = set(self._kept)
        found.sort(key=lambda record: record.slot.schedule)
        found.sort(key=lambda record: record.slot.at, reverse=True)
        return [one if one.execution_id in kept else replace(one, execution_id=None) for one in found[:limit]]

    def pause_schedule(self, name: str, pause: Pause) -> None:
        """From now on it does not fire; raises NoSuchSchedule."""
        with self._lock:
            known = self._known(name)
            if known.pause is None:
                self._schedules[name] = replace(known, pause=replace(pause, at=in_utc(pause.at)))
        self._changes.note()

    def resume_schedule(self, name: str, *, at: datetime) -> None:
        """It fires again, for slots after `at`; raises NoSuchSchedule."""
        with self._lock:
            known = self._known(name)
            if known.pause is not None:
                until = max(known.decided_until, in_utc(at))
                self._schedules[name] = replace(known, pause=None, decided_until=until)
        self._changes.note()

    def _known(self, name: str) -> ScheduleState:
        try:
            return self._schedules[name]
        except KeyError:
            raise NoSuchSchedule(name) from None

    def _check_free(self, slot: Slot) -> None:
        if _key(slot) in self._slots:
            raise SlotTaken(slot.schedule, slot.at)

    def _fire(self, slot: Slot, execution: Execution) -> None:
        record = SlotRecord(
            slot=slot, fate=SlotFate.FIRED, decided_at=execution.created_at, execution_id=execution.execution_id
        )
        self._slots[_key(slot)] = _as_stored(record)


def _key(slot: Slot) -> tuple[str, datetime]:
    return slot.schedule, in_utc(slot.at)


def _as_stored(record: SlotRecord) -> SlotRecord:
    slot = replace(record.slot, at=in_utc(record.slot.at))
    return replace(record, slot=slot, decided_at=in_utc(record.decided_at))
