"""Schedulers over one store in memory, with a clock that a test turns."""

from datetime import UTC, datetime, timedelta

from orchestrator.core.schedule_records import SlotFate
from orchestrator.core.schedules import Schedule
from orchestrator.core.tasks import Registry, Task, Workflow
from orchestrator.operations.parts import Parts
from orchestrator.operations.scheduling import Scheduler
from orchestrator.stores.memory import MemoryStore

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
START = NOON + timedelta(seconds=0.5)
MINUTE = timedelta(minutes=1)


class Hands:
    """A clock that stands where it was put."""

    def __init__(self, at=START):
        self.at = at

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()


class Desk:
    """A store, a clock, and schedulers that each have a file of their own."""

    def __init__(self, store=None, at=START):
        self.store = store or MemoryStore()
        self.clock = Hands(at)

    def scheduler(self, *schedules):
        """One with these in its file; `edit` changes that."""
        return _Edited(self, schedules)

    def pass_time(self, *schedulers, lasting, step=timedelta(seconds=5)):
        """All of them look again and again, one after the other."""
        until = self.clock.at + lasting
        while self.clock.at < until:
            self.clock.at += step
            for one in schedulers:
                one.look()

    def fired(self, name="s"):
        """Minutes past noon, at which the schedulers begin, of the slots that fired."""
        records = self.store.slot_records(name, limit=5000)
        return sorted((one.slot.at - NOON) / MINUTE for one in records if one.fate is SlotFate.FIRED)


class _Edited:
    def __init__(self, desk, schedules):
        self.desk = desk
        self.edit(*schedules)
        self.restart()

    def edit(self, *schedules):
        task = Task(task_id="a", module_path="orchestrator.mock_tasks", function_name="no_op")
        registry = Registry([task], [Workflow(workflow_id="w", tasks=["a"])], schedules=schedules)
        self.parts = Parts(registry, store=self.desk.store)

    def restart(self):
        self.scheduler = Scheduler(parts=lambda: self.parts, clock=self.desk.clock)

    def look(self):
        return self.scheduler.look()


def every(seconds=60.0, **facts):
    return Schedule(**{"name": "s", "workflow": "w", "every": seconds, **facts})
