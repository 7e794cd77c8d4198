"""What `schedule preview` tells is what fires, each slot exactly once: schedulers stopped at random, two at a time.

Real schedulers over one store, with a clock that the test turns, in many zones over both changes of the clock.
"""

import os
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.schedule_records import SlotFate
from orchestrator.core.schedules import Catchup, Schedule
from orchestrator.core.tasks import Registry, Task, Workflow
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedule_preview import upcoming
from orchestrator.operations.scheduling import Scheduler
from orchestrator.stores.memory import MemoryStore

SAMPLE = int(os.environ.get("ETL_FAULT_COUNT_SCHEDULE_ZONES", "8"))
ZONES = (
    "America/Bogota",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Santiago",
    "Atlantic/Azores",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Beirut",
    "America/Havana",
    "America/Asuncion",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Nuuk",
    "America/Scoresbysund",
    "America/Los_Angeles",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Mexico_City",
    "America/Tijuana",
    "America/Caracas",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Madrid",
    "Europe/Chisinau",
    "Europe/Kyiv",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
)
CRONS = ("30 2 * * *", "0 0 * * *", "15 1,2,3 * * *", "0 */3 * * *", "45 23 * * SUN", "*/30 0-3 * * *", "@daily")
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


class Hands:
    """A clock that stands where it was put."""

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()


class KilledInBetween(Exception):
    """The scheduler's process ended at this moment."""


class Store(MemoryStore):
    """One that a scheduler may not live to tell what it has decided."""

    kills = False

    def decide_slots(self, name, fingerprint, records, *, until):
        if self.kills:
            raise KilledInBetween
        super().decide_slots(name, fingerprint, records, until=until)


def changes_of(zone):
    """Instants of three years near which the clock on the wall is put forward or back; one without any has a sample."""
    hours = [FIRST + timedelta(hours=number) for number in range(int((LAST - FIRST) / timedelta(hours=1)))]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    found = [
        later for (before, later), (old, new) in zip(pairwise(hours), pairwise(offsets), strict=True) if old != new
    ]
    return found or [FIRST + timedelta(days=68, hours=7)]


def house_of(schedule, store):
    task = Task(task_id="a", module_path="orchestrator.mock_tasks", function_name="no_op")
    registry = Registry([task], [Workflow(workflow_id="w", tasks=["a"])], schedules=[schedule])
    parts = Parts(registry, store=store)
    return lambda: parts


@pytest.fixture(scope="module")
def seed():
    return int(os.environ.get("ETL_FAULT_SEED", "20261124"))


def test_a_forty_zones_list_has_forty():
    assert len(set(ZONES)) == 40


@pytest.mark.parametrize("name", ZONES[:SAMPLE])
def test_every_slot_of_the_preview_fires_exactly_once_over_both_changes_of_the_clock(name, seed):
    chance = random.Random(f"{seed} {name}")
    for change in changes_of(ZoneInfo(name)):
        cron = chance.choice(CRONS)
        begin, end = change - timedelta(days=1, hours=chance.randrange(20)), change + timedelta(days=2)
        schedule = Schedule(
            name="s", workflow="w", cron=cron, timezone=name, catchup=Catchup.ALL, window=10 * 86_400, max_catchup=1000
        )
        store, clock = Store(), Hands(begin)
        house = house_of(schedule, store)
        schedulers = [Scheduler(parts=house, clock=clock) for _ in range(2)]
        schedulers[0].look()  # it begins here

        while clock.at < end:
            clock.at += timedelta(seconds=chance.choice([1, 59, 600, 3599, 7200, 40_000, 100_000]))
            for one in chance.sample(range(2), chance.choice([0, 1, 1, 2])):
                store.kills = chance.random() < 0.2
                with suppress(KilledInBetween):
                    schedulers[one].look()
                if store.kills:  # it is another process now
                    schedulers[one] = Scheduler(parts=house, clock=clock)
        store.kills = False
        for one in schedulers:
            one.look()

        until = clock.at
        expected = list(takewhile(lambda slot, until=until: slot.at <= until, upcoming(schedule, begin)))
        fired = [one for one in store.slot_records("s", limit=2000) if one.fate is SlotFate.FIRED]
        dates = {one.request.scheduled_for: one for one in store.list_executions(limit=2000)}
        assert [one.slot.at for one in reversed(fired)] == [slot.at for slot in expected], (
            name,
            cron,
            change,
        )
        assert sorted(dates) == sorted(slot.local.isoformat() for slot in expected)
        assert len(store.list_executions(limit=2000)) == len(expected)


def test_an_edited_cron_never_fires_the_past(seed):
    chance = random.Random(seed)
    store, clock = MemoryStore(), Hands(datetime(2026, 3, 1, tzinfo=UTC))
    edits = []
    for _ in range(40):
        schedule = Schedule(name="s", workflow="w", cron=chance.choice(CRONS), catchup=Catchup.ALL)
        edits.append(clock.at)
        scheduler = Scheduler(parts=house_of(schedule, store), clock=clock)
        for _ in range(chance.randrange(1, 6)):
            scheduler.look()
            clock.at += timedelta(hours=chance.randrange(1, 9))

    fired = store.slot_records("s", limit=2000)

    assert fired
    assert len({one.slot.at for one in fired}) == len(fired)
    for one in fired:
        execution = store.get_execution(one.execution_id)
        assert datetime.fromisoformat(execution.request.scheduled_for) == one.slot.at
        last_edit = max(edit for edit in edits if edit <= one.slot.at)
        assert one.slot.at > last_edit or edits.count(last_edit) > 1
