"""What is remembered of schedules: what became of each slot, once and for ever, and who paused them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from orchestrator.core.messages import Message


class SlotFate(StrEnum):
    """What became of a slot."""

    FIRED = "fired"
    MISSED = "missed"
    """Nobody looked while it was due, and it is not caught up."""
    SKIPPED = "skipped"
    """An execution of the workflow was under way, and another one gives way to it."""
    REFUSED = "refused"
    """The execution could not be asked for: its parameters do not fit, say."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """An instant at which a schedule is due."""

    schedule: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SlotRecord:
    """A slot that is decided."""

    slot: Slot
    fate: SlotFate
    decided_at: datetime
    execution_id: str | None = None
    reason: Message | None = None


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A schedule that is not to fire until it is resumed."""

    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ScheduleState:
    """How far a schedule is."""

    name: str
    fingerprint: str
    decided_until: datetime
    """Slots up to this instant have their fate; it never goes back."""
    pause: Pause | None = None


class ScheduleRecords(Protocol):
    """The part of a store that schedulers need. Every method is one transaction; any may raise StoreUnusable."""

    def begin_schedule(self, name: str, *, fingerprint: str, at: datetime) -> ScheduleState:
        """Its state; a new schedule, and one with another fingerprint than before, has no slots up to `at`."""

    def schedule_states(self) -> list[ScheduleState]:
        """All that were ever begun, by name."""

    def decide_slots(self, name: str, records: Sequence[SlotRecord], *, until: datetime) -> None:
        """Keep the fates of slots that have none yet, and that those up to `until` are decided."""

    def slot_records(self, name: str | None = None, *, limit: int = 50) -> list[SlotRecord]:
        """Of one schedule, or of all: the latest slots first."""

    def pause_schedule(self, name: str, pause: Pause) -> None:
        """From now on it does not fire; a second pause changes nothing. Raises NoSuchSchedule."""

    def resume_schedule(self, name: str, *, at: datetime) -> None:
        """It fires again, for slots after `at`; one that was not paused stays as it is. Raises NoSuchSchedule."""
