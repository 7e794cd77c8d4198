"""Schedules in memory: what became of each slot, and up to where the slots are decided."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.core.errors import SlotTaken
from orchestrator.core.executions import Execution
from orchestrator.core.schedule_records import Pause, ScheduleState, Slot, SlotFate, SlotRecord
from orchestrator.stores.memory_reading import MemoryReading
from orchestrator.stores.records import in_utc


class MemorySchedules(MemoryReading):
    """The part of the store in memory that schedulers need."""

    def __init__(self) -> None:
        super().__init__()
        self._schedules: dict[tuple[str, str], ScheduleState] = {}
        self._pauses: dict[str, Pause] = {}
        self._slots: dict[tuple[str, datetime], SlotRecord] = {}

    def schedule_states(self) -> list[ScheduleState]:
        """All forms of all schedules that were ever seen, by name and fingerprint."""
        with self._lock:
            return [self._schedules[key] for key in sorted(self._schedules)]

    def see_schedules(self, seen: Mapping[str, str], *, at: datetime, anew: Collection[str] = ()) -> None:
        """Somebody has these in force; a new form, and one of `anew`, has no slots up to `at`."""
        now = in_utc(at)
        with self._lock:
            for key in seen.items():
                known = self._schedules.get(key)
                if known is None or key[0] in anew:
                    known = ScheduleState(name=key[0], fingerprint=key[1], decided_until=now, since=now, seen_at=now)
                self._schedules[key] = replace(known, seen_at=now)
        self._changes.note()

    def decide_slots(self, name: str, fingerprint: str, records: Sequence[SlotRecord], *, until: datetime) -> None:
        """Keep the fates of slots that have none yet, and that those of this form up to `until` are decided."""
        with self._lock:
            for record in records:
                self._slots.setdefault(_key(record.slot), _as_stored(record))
            self._pass_over(until, lambda state: (state.name, state.fingerprint) == (name, fingerprint))
        self._changes.note()

    def slot_records(self, name: str | None = None, *, limit: int = 50) -> list[SlotRecord]:
        """Of one schedule, or of all: the latest slots first; what fired an execution that was forgotten names none."""
        with self._lock:
            found = [record for record in self._slots.values() if name in {None, record.slot.schedule}]
            kept = set(self._kept)
        found.sort(key=lambda record: record.slot.schedule)
        found.sort(key=lambda record: record.slot.at, reverse=True)
        return [one if one.execution_id in kept else replace(one, execution_id=None) for one in found[:limit]]

    def schedule_pauses(self) -> Mapping[str, Pause]:
        """What is paused now."""
        with self._lock:
            return dict(self._pauses)

    def pause_schedule(self, name: str, pause: Pause) -> None:
        """From now on it does not fire, whatever its form."""
        with self._lock:
            self._pauses.setdefault(name, replace(pause, at=in_utc(pause.at)))
        self._changes.note()

    def resume_schedule(self, name: str, *, at: datetime) -> None:
        """It fires again, for slots after `at`."""
        with self._lock:
            if self._pauses.pop(name, None) is not None:
                self._pass_over(at, lambda state: state.name == name)
        self._changes.note()

    def _pass_over(self, until: datetime, wanted: Callable[[ScheduleState], bool]) -> None:
        for key, state in self._schedules.items():
            if wanted(state):
                self._schedules[key] = replace(state, decided_until=max(state.decided_until, in_utc(until)))

    def _check_free(self, slot: Slot) -> None:
        if _key(slot) in self._slots or slot.schedule in self._pauses:
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
