"""Which form of each schedule is in force for a scheduler, and from when on its slots count.

Editing, disabling or taking a schedule out of the file makes another form of it, with a state of its own. A form that
comes back has no slots of the time in which another one was in force. Schedulers whose files differ hold a form each.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from orchestrator.core.schedule_records import ScheduleState
from orchestrator.core.schedules import TOLERANCE, Schedule
from orchestrator.core.storing import Store

logger = logging.getLogger(__name__)

SEEN: Final = timedelta(seconds=30)
"""A scheduler tells that a form is in force no more often than this."""
AWAY: Final = timedelta(minutes=2)
"""A form that was seen so much longer ago than another one of its schedule was not in force in between."""
GONE: Final = ""
"""The fingerprint of a schedule that is in the file no more."""


@dataclass(kw_only=True)
class InForce:
    """What one scheduler has seen itself; used by one thread."""

    _current: dict[str, str] = field(init=False, default_factory=dict)
    """Fingerprints of its last look, by name."""
    _used: dict[tuple[str, str], datetime] = field(init=False, default_factory=dict)
    """When it saw each form last itself."""

    def see(self, store: Store, schedules: Iterable[Schedule], now: datetime) -> Mapping[str, ScheduleState]:
        """The states of these schedules, by name; what changed, or was not told for a while, is stored."""
        states = {(state.name, state.fingerprint): state for state in store.schedule_states()}
        current = {name: GONE for name, _form in states} | {one.name: form_of(one) for one in schedules}
        anew = {
            key[0] for key in current.items() if (state := states.get(key)) and self._begins_anew(state, states, now)
        }
        told = {
            name: form
            for name, form in current.items()
            if name in anew or (name, form) not in states or abs(now - states[name, form].seen_at) >= SEEN
        }
        if told:
            store.see_schedules(told, at=now, anew=anew)
            states = {(state.name, state.fingerprint): state for state in store.schedule_states()}
        self._current = current
        self._used |= dict.fromkeys(current.items(), now)
        return {name: states[name, form] for name, form in current.items()}

    def _begins_anew(
        self, state: ScheduleState, states: Mapping[tuple[str, str], ScheduleState], now: datetime
    ) -> bool:
        if state.decided_until > now + TOLERANCE:
            logger.warning(
                "%s: its slots were decided until %s, which is yet to come: a clock was ahead; they count from now on",
                state.name,
                state.decided_until.isoformat(),
            )
            return True
        last = self._current.get(state.name, state.fingerprint)
        if last != state.fingerprint:  # it was edited before our eyes; unless somebody else has had it in force since
            used = self._used.get((state.name, state.fingerprint))
            return used is not None and state.seen_at <= used
        others = (one for key, one in states.items() if key[0] == state.name and key[1] != state.fingerprint)
        return (state.name, state.fingerprint) not in self._used and any(_replaced(state, one) for one in others)


def _replaced(state: ScheduleState, other: ScheduleState) -> bool:
    """Whether `other` came into force instead of it; and not beside it, as with schedulers of different files."""
    return other.seen_at > state.seen_at + AWAY and state.seen_at <= other.since + AWAY


def form_of(schedule: Schedule) -> str:
    """The fingerprint of the form in which a schedule is in force; one that is not enabled is another form."""
    return schedule.fingerprint if schedule.enabled else f"{schedule.fingerprint} (not enabled)"
