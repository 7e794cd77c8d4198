"""The scheduler: turns slots that are due into executions, each exactly once, however many schedulers look."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.core.errors import OrchestratorError, QueueFull, SlotTaken, StoreUnusable, UsageError, WorkflowBusy
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import fill_templates
from orchestrator.core.ports import Clock
from orchestrator.core.schedule_records import ScheduleState, Slot, SlotFate, SlotRecord
from orchestrator.core.schedules import Decision, Schedule, Times, decide
from orchestrator.core.selection import select
from orchestrator.core.storing import Queueing
from orchestrator.engine.clocks import SystemClock
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedules_in_force import InForce
from orchestrator.operations.submitting import Wanted, submit
from orchestrator.timetable.times import times_of

logger = logging.getLogger(__name__)

SCHEDULE: Final = "schedule"
"""The door that executions of schedules come through."""
LOOK: Final = 5.0
"""Seconds between two looks at most: a clock may be set, a configuration edited, a schedule resumed."""
SHORTEST: Final = 0.05
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(kw_only=True)
class _Known:
    """A schedule as it was looked at last."""

    schedule: Schedule
    times: Times
    decided_until: datetime | None = None
    due: datetime | None = None
    """Its next slot; None for none in ten years. It holds for that `decided_until` alone."""


@dataclass(kw_only=True)
class Scheduler:
    """Looks, again and again, which slots are due. `stop` and `wake` may be called by any thread."""

    parts: Callable[[], Parts]
    """With the definitions that hold now; may raise ConfigurationRefused."""
    fired: Callable[[], None] = lambda: None
    """Told after an execution was queued."""
    clock: Clock = field(default_factory=SystemClock)
    _known: dict[str, _Known] = field(init=False, default_factory=dict)
    _in_force: InForce = field(init=False, default_factory=InForce)
    _troubles: dict[str, str] = field(init=False, default_factory=dict)
    """What was told last, by name of the schedule; "" for the look as a whole."""
    _news: threading.Event = field(init=False, default_factory=threading.Event)
    _ends: bool = field(init=False, default=False)

    def run(self) -> None:
        """Look until `stop`; what goes wrong is told once, and looked at again."""
        while not self._ends:
            wait = LOOK
            try:
                wait = self.look()
            except Exception as why:  # noqa: BLE001 - a scheduler that ended by a fault of ours would be missed by nobody
                self._tell("", why)
            else:
                self._troubles.pop("", None)
            self._news.wait(wait)
            self._news.clear()

    def stop(self) -> None:
        """Look no more."""
        self._ends = True
        self._news.set()

    def wake(self) -> None:
        """Look at once: a schedule was resumed, or edited."""
        self._news.set()

    def look(self) -> float:
        """Decide what is due; returns the seconds until the next look. Raises StoreUnusable, ConfigurationRefused.

        What else goes wrong with one schedule keeps no other from firing; it is told once.
        """
        parts, now = self.parts(), self.clock.now()
        schedules = parts.registry.schedules
        states = self._in_force.see(parts.store, schedules.values(), now)
        paused = parts.store.schedule_pauses()
        waits = [LOOK]
        for schedule in schedules.values():
            if schedule.enabled and schedule.name not in paused and not self._ends:
                due = self._look_at(parts, schedule, states[schedule.name], now)
                if due is not None:
                    waits.append(max(SHORTEST, (due - self.clock.now()).total_seconds()))
        return min(waits)

    def _look_at(self, parts: Parts, schedule: Schedule, state: ScheduleState, now: datetime) -> datetime | None:
        """Decide what is due of one; returns its next slot where that is known. Raises StoreUnusable."""
        try:
            due = self._due_next(parts, schedule, state, now)
        except StoreUnusable:
            raise
        except Exception as why:  # noqa: BLE001 - it is this one's alone, and told
            self._tell(schedule.name, why)
            return None
        self._troubles.pop(schedule.name, None)
        return due

    def _due_next(self, parts: Parts, schedule: Schedule, state: ScheduleState, now: datetime) -> datetime | None:
        known = self._known.get(schedule.name)
        if known is None or known.schedule != schedule:
            known = self._known[schedule.name] = _Known(schedule=schedule, times=times_of(schedule))
        if known.decided_until != state.decided_until or (known.due is not None and known.due <= now):
            self._decide(parts, schedule, state, decide(schedule, known.times, state.decided_until, now))
            known.due, known.decided_until = known.times.after(now), state.decided_until
        return known.due

    def _decide(self, parts: Parts, schedule: Schedule, state: ScheduleState, decision: Decision) -> None:
        """Give the slots that are due their fates; raises QueueFull where some still wait for theirs."""
        if not decision.fire and not decision.missed:
            return
        records, until, full = self._missed(schedule, decision), decision.cursor, None
        for at in decision.fire:
            try:
                records += self._fire(parts, schedule, at)
            except QueueFull as why:  # it stays due: nothing from here on is decided
                full = why
            if full or self._ends:
                until = at - _INSTANT
                break
        if records or until > state.decided_until:
            parts.store.decide_slots(schedule.name, state.fingerprint, records, until=until)
        if full:
            raise full

    def _tell(self, name: str, why: Exception) -> None:
        """Log what went wrong, unless it is what was told last."""
        ours = isinstance(why, OrchestratorError)
        trouble = str(why) if ours else f"{type(why).__name__}: {why}"
        if self._troubles.get(name) != trouble:
            logger.warning("%s", f"{name}: {trouble}" if name else trouble, exc_info=not ours)
        self._troubles[name] = trouble

    def _missed(self, schedule: Schedule, decision: Decision) -> list[SlotRecord]:
        """As many as are listed; the oldest of them tells since when slots were missed, where there were more."""
        now = self.clock.now()
        records = [
            SlotRecord(slot=Slot(schedule=schedule.name, at=at), fate=SlotFate.MISSED, decided_at=now)
            for at in decision.missed
        ]
        if records and decision.missed_since is not None and decision.missed_since < decision.missed[0]:
            since = decision.missed_since.isoformat()
            told = Message(template=N_("all slots from {since} up to here were missed"), facts={"since": since})
            oldest = records[0]
            records[0] = SlotRecord(slot=oldest.slot, fate=oldest.fate, decided_at=now, reason=told)
        return records

    def _fire(self, parts: Parts, schedule: Schedule, at: datetime) -> list[SlotRecord]:
        """Queue the execution of a slot; returns the slot's fate where there is none. Raises QueueFull."""
        slot = Slot(schedule=schedule.name, at=at)
        try:
            submit(parts, wanted_of(parts, schedule, at, slot=slot))
        except SlotTaken:
            return []
        except WorkflowBusy as busy:
            fate, reason = SlotFate.SKIPPED, busy.message
        except UsageError as refusal:
            logger.warning("%s: %s", schedule.name, refusal)
            fate, reason = SlotFate.REFUSED, refusal.message
        else:
            self.fired()
            return []
        return [SlotRecord(slot=slot, fate=fate, decided_at=self.clock.now(), reason=reason)]


def wanted_of(parts: Parts, schedule: Schedule, at: datetime, *, slot: Slot | None) -> Wanted:
    """The execution of a slot; without one, an execution as the slot's that is asked for by hand.

    Raises UsageError where the workflow is gone, or the parameters do not fit it.
    """
    local = at.astimezone(ZoneInfo(schedule.timezone))
    facts: Mapping[str, JSON] = {"execution.date": local.date().isoformat()}
    filled = fill_templates(schedule.parameters, facts)
    assert isinstance(filled, dict)
    chosen = select(parts.registry, workflow=schedule.workflow, tasks=(), parameters=filled)
    return Wanted(
        tasks=chosen.tasks,
        workflow=chosen.workflow,
        parameters=chosen.parameters,
        parallel=schedule.parallel,
        max_workers=schedule.max_workers,
        source=SCHEDULE,
        queueing=Queueing(),
        schedule=schedule.name,
        scheduled_for=local.isoformat(),
        slot=slot,
    )
