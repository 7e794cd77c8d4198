"""The scheduler: turns slots that are due into executions, each exactly once, however many schedulers look."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.core.errors import OrchestratorError, QueueFull, SlotTaken, UsageError, WorkflowBusy
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
from orchestrator.operations.submitting import Wanted, submit
from orchestrator.timetable.times import times_of

logger = logging.getLogger(__name__)

SCHEDULE: Final = "schedule"
"""The door that executions of schedules come through."""
LOOK: Final = 5.0
"""Seconds between two looks at most: a clock may be set, a configuration edited, a schedule resumed."""
SHORTEST: Final = 0.05


@dataclass(kw_only=True)
class Scheduler:
    """Looks, again and again, which slots are due. `stop` and `wake` may be called by any thread."""

    parts: Callable[[], Parts]
    """With the definitions that hold now; may raise ConfigurationRefused."""
    fired: Callable[[], None] = lambda: None
    """Told after an execution was queued."""
    clock: Clock = field(default_factory=SystemClock)
    _times: dict[str, tuple[Schedule, Times]] = field(init=False, default_factory=dict)
    _news: threading.Event = field(init=False, default_factory=threading.Event)
    _ends: bool = field(init=False, default=False)

    def run(self) -> None:
        """Look until `stop`; what goes wrong is told, and looked at again."""
        told = ""
        while not self._ends:
            wait, trouble = LOOK, ""
            try:
                wait = self.look()
            except OrchestratorError as why:
                trouble = str(why)
                if trouble != told:  # once, not at each look until somebody mends it
                    logger.warning("%s", trouble)
            except Exception:  # a scheduler that ends by a fault of ours would be missed by nobody
                trouble = "unexpected"
                logger.exception("the schedules could not be looked up; it is tried again")
            told = trouble
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
        """Decide what is due; returns the seconds until the next look. Raises StoreUnusable, ConfigurationRefused."""
        parts, now = self.parts(), self.clock.now()
        upcoming = []
        for schedule in parts.registry.schedules.values():
            state = begin(parts, schedule, now)
            if state.pause is not None or not schedule.enabled:
                continue
            times = self._times_of(schedule)
            self._decide(parts, schedule, state, decide(schedule, times, state.decided_until, now))
            upcoming.append(times.after(now))
        waits = [(slot - self.clock.now()).total_seconds() for slot in upcoming if slot is not None]
        return min([LOOK, *(max(SHORTEST, wait) for wait in waits)])

    def _decide(self, parts: Parts, schedule: Schedule, state: ScheduleState, decision: Decision) -> None:
        if not decision.fire and not decision.missed:
            return
        records, until = self._missed(schedule, decision), decision.cursor
        for at in decision.fire:
            try:
                records += self._fire(parts, schedule, at)
            except QueueFull as full:  # it stays due: nothing from here on is decided
                logger.warning("%s: %s", schedule.name, full)
                until = at - timedelta(microseconds=1)
                break
        if records or until > state.decided_until:
            parts.store.decide_slots(schedule.name, records, until=until)

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

    def _times_of(self, schedule: Schedule) -> Times:
        known = self._times.get(schedule.name)
        if known is None or known[0] != schedule:
            known = self._times[schedule.name] = (schedule, times_of(schedule))
        return known[1]


def begin(parts: Parts, schedule: Schedule, now: datetime) -> ScheduleState:
    """How far it is; one that was edited, or enabled again, has no slots up to `now`."""
    enabled = "" if schedule.enabled else " (not enabled)"
    return parts.store.begin_schedule(schedule.name, fingerprint=schedule.fingerprint + enabled, at=now)


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
