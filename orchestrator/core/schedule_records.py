"""What is remembered of schedules: what became of each slot, once and for ever, and who paused them."""

from collections.abc import Collection, Mapping, Sequence
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
    """How far one form of a schedule is: an edited schedule has a state of its own, and so have different files."""

    name: str
    fingerprint: str
    """Of what decides when it is due; empty where the schedule is in the file no more."""
    decided_until: datetime
    """Slots up to this instant have their fate."""
    since: datetime
    """When this form came into force last: its first slots are later."""
    seen_at: datetime
    """When a scheduler had this form in force last, give or take a while."""


class ScheduleRecords(Protocol):
    """The part of a store that schedulers need. Every method is one transaction; any may raise StoreUnusable."""

    def schedule_states(self) -> list[ScheduleState]:
        """All forms of all schedules that were ever seen, by name and fingerprint."""

    def see_schedules(self, seen: Mapping[str, str], *, at: datetime, anew: Collection[str] = ()) -> None:
        """Somebody has these in force at `at`: name → fingerprint.

        A form that nobody saw before has no slots up to `at`, and so have those whose names are in `anew`, whatever
        was decided of them.
        """

    def decide_slots(self, name: str, fingerprint: str, records: Sequence[SlotRecord], *, until: datetime) -> None:
        """Keep the fates of slots that have none yet, and that those of this form up to `until` are decided."""

    def slot_records(self, name: str | None = None, *, limit: int = 50) -> list[SlotRecord]:
        """Of one schedule, or of all: the latest slots first."""

    def schedule_pauses(self) -> Mapping[str, Pause]:
        """What is paused now."""

    def pause_schedule(self, name: str, pause: Pause) -> None:
        """From now on it does not fire, whatever its form; a second pause changes nothing."""

    def resume_schedule(self, name: str, *, at: datetime) -> None:
        """It fires again, for slots after `at`; one that was not paused stays as it is."""
