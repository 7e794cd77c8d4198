"""When a workflow is due: schedules, and which of their slots are to fire (semantics, section 4)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from orchestrator.core.outcomes import JSON

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(seconds=60)
"""A slot that is no later than this was not missed: schedulers look up only now and then."""
MOST_LISTED = 100
"""Missed slots that one decision names."""
HORIZON = timedelta(days=3653)
"""Ten years: who asks for a slot hears of none beyond."""
_INSTANT = timedelta(microseconds=1)


class Catchup(StrEnum):
    """Which missed slots are made up for."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When to execute a workflow, and how: exactly one of `cron` and `every` is given; times are seconds."""

    name: str
    workflow: str
    cron: str | None = None
    """Five fields, or a shorthand such as `@daily`, read on a clock on the wall in `timezone`."""
    every: float | None = None
    """Between two slots, by elapsed time; the slots are those of `anchor`."""
    anchor: datetime = EPOCH
    """A slot of `every`; the others follow from it, so that every scheduler agrees on them."""
    timezone: str = "America/Bogota"
    working_days: bool = False
    """No slots on Saturdays, Sundays and Colombia's public holidays, by the calendar in `timezone`."""
    description: str = ""
    parameters: dict[str, JSON] = field(default_factory=dict)
    """Of the execution; `${execution.date}` stands for the slot's date in `timezone`."""
    enabled: bool = True
    catchup: Catchup = Catchup.LATEST
    window: float = 86_400
    """Slots that are later than this are made up for by nobody."""
    max_catchup: int = 100
    """With `all`: at most so many slots are made up for at once, the newest."""
    parallel: bool = False
    max_workers: int | None = None

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides when its slots are: another one means that they have moved."""
        deciding = {
            "cron": None if self.cron is None else " ".join(self.cron.upper().split()),
            "every": None if self.every is None else float(self.every),
            "anchor": self.anchor.astimezone(UTC).isoformat(),
            "timezone": self.timezone,
            "working_days": self.working_days,
        }
        return sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


class Times(Protocol):
    """The slots of one schedule: instants in UTC, the same from wherever one starts to look."""

    def after(self, moment: datetime) -> datetime | None:
        """The first slot later than `moment`; None if there is none in ten years."""

    def before(self, moment: datetime) -> datetime | None:
        """The last slot earlier than `moment`; None if there is none in ten years, or since 1970."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of the slots that have come due since the last decision; slots are told oldest first."""

    fire: tuple[datetime, ...] = ()
    missed: tuple[datetime, ...] = ()
    """Slots that nobody makes up for: the newest, `MOST_LISTED` of them at most."""
    missed_since: datetime | None = None
    """The oldest missed slot; earlier than the first of `missed` where not all of them are listed."""
    cursor: datetime
    """All slots up to here, this instant included, are decided: the next decision goes on from it."""


def decide(
    schedule: Schedule, times: Times, cursor: datetime, now: datetime, tolerance: timedelta = TOLERANCE
) -> Decision:
    """Which slots after `cursor`, up to and including `now`, are to fire.

    Takes the newest slots first and stops when the others can only be missed: its work is bounded by `max_catchup` and
    `MOST_LISTED`, however long no scheduler ran. A clock that went back decides nothing, so no slot is decided twice. A
    schedule that is not enabled has no slots, also not later for the time before it is enabled again.
    """
    if now <= cursor or not schedule.enabled:
        return Decision(cursor=max(cursor, now))
    latest, most = _reach(schedule, tolerance)
    fire: list[datetime] = []
    missed: list[datetime] = []
    for slot in _newest_first(times, cursor, now):
        if now - slot <= latest and (most is None or len(fire) < most):
            fire.append(slot)
        elif len(missed) < MOST_LISTED:
            missed.append(slot)
        else:
            break
    return Decision(
        fire=tuple(reversed(fire)),
        missed=tuple(reversed(missed)),
        missed_since=times.after(cursor) if missed else None,
        cursor=now,
    )


def _reach(schedule: Schedule, tolerance: timedelta) -> tuple[timedelta, int | None]:
    """How late a slot may be to fire, and how many may; the newest slot need not be punctual to count as on time."""
    window = timedelta(seconds=schedule.window)
    match schedule.catchup:
        case Catchup.NONE:
            return min(tolerance, window), None
        case Catchup.LATEST:
            return window, 1
        case Catchup.ALL:
            return window, schedule.max_catchup


def _newest_first(times: Times, cursor: datetime, now: datetime) -> Iterator[datetime]:
    """Slots in (cursor, now], the newest first."""
    slot = times.before(now + _INSTANT)
    while slot is not None and slot > cursor:
        yield slot
        slot = times.before(slot)
