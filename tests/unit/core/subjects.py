"""Small makers for what the core's tests work on: tasks, plans, and a journey through the step machine by hand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from orchestrator.core.events import ExecutionMoved, Move, TaskMoved
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.machine import initial_state, step
from orchestrator.core.machine_state import (
    AttemptFinished,
    Begin,
    CancelAsked,
    Command,
    MachineEvent,
    Record,
    StartAttempt,
    StopAsked,
    StopAttempt,
    TimePassed,
    WakeAt,
)
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import Crashed, Lost, NotCallable, Outcome, Raised, Returned, TimedOut
from orchestrator.core.plan import Plan, make_plan
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Registry, Task

AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
ID = "20250401_120000"

DONE = Returned(output={"status": "success"})
SKIP = Returned(output={"status": "skipped"})
BROKEN = Raised(
    error_type="ValueError", message="no rows", traceback="Traceback …", lineage=("ValueError", "Exception")
)
CRASH = Crashed(message="signal 9 (SIGKILL)", signal=9)
LATE = TimedOut(limit=5)
LOST = Lost(message="the supervisor is gone")
NO_MODULE = NotCallable(error_type="import_error", message="No module named 'nada'")


def task_of(task_id: str, needs: Sequence[str] = (), **fields) -> Task:
    return Task(**{"task_id": task_id, "module_path": "m", "function_name": "f", "dependencies": list(needs), **fields})


def registry_of(*tasks: Task, **needs: Sequence[str]) -> Registry:
    return Registry([*tasks, *(task_of(task_id, upstream) for task_id, upstream in needs.items())])


def plan_of(*tasks: Task, select: Iterable[str] | None = None, **needs: Sequence[str]) -> Plan:
    """`plan_of(extract=[], load=["extract"])`, or whole tasks where more than dependencies matters."""
    registry = registry_of(*tasks, **needs)
    return make_plan(registry, registry.tasks if select is None else select)


class Journey:
    """One execution, event by event; time moves only when told to."""

    def __init__(self, plan: Plan, **options) -> None:
        self.state = initial_state(ID, plan, **{"max_workers": 100, **options})
        self.now = Moment(at=AT, ticks=1000.0)
        self.commands: tuple[Command, ...] = ()
        self.moves: list[Move] = []

    def hear(self, event: MachineEvent, *, chance: float = 0.5) -> "Journey":
        self.state, self.commands = step(self.state, event, self.now, chance)
        self.moves += [command.move for command in self.commands if isinstance(command, Record)]
        return self

    def begin(self) -> "Journey":
        return self.hear(Begin())

    def end(
        self, task_id: str, outcome: Outcome = DONE, *, number: int | None = None, chance: float = 0.5
    ) -> "Journey":
        """The attempt under way of that task ends."""
        return self.hear(self.ended(task_id, outcome, number=number), chance=chance)

    def ended(self, task_id: str, outcome: Outcome = DONE, *, number: int | None = None) -> AttemptFinished:
        run = TaskRunKey(execution_id=ID, task_id=task_id)
        attempt = AttemptKey(run=run, number=number or self.state.runs[task_id].attempts)
        return AttemptFinished(attempt=attempt, outcome=outcome, duration=2.5)

    def wait(self, seconds: float) -> "Journey":
        self.now = self.now.later(seconds)
        return self.hear(TimePassed())

    def cancel(self) -> "Journey":
        return self.hear(CancelAsked())

    def stop(self) -> "Journey":
        return self.hear(StopAsked())

    @property
    def started(self) -> list[str]:
        """Tasks of which the last event started an attempt."""
        return [command.attempt.run.task_id for command in self.commands if isinstance(command, StartAttempt)]

    @property
    def stopped(self) -> list[str]:
        """Tasks whose attempt the last event wants ended."""
        return [command.attempt.run.task_id for command in self.commands if isinstance(command, StopAttempt)]

    @property
    def wake_at(self) -> float | None:
        """Ticks at which the last event wants to be woken."""
        return next((command.ticks for command in self.commands if isinstance(command, WakeAt)), None)

    @property
    def status(self) -> ExecutionStatus:
        return self.state.status

    @property
    def statuses(self) -> dict[str, str]:
        return {task_id: run.status.value for task_id, run in self.state.runs.items()}

    @property
    def running(self) -> list[str]:
        return [task_id for task_id, run in self.state.runs.items() if run.status is TaskStatus.RUNNING]

    def last_move(self, task_id: str) -> TaskMoved:
        """How that task run came to stand where it stands."""
        return next(m for m in reversed(self.moves) if isinstance(m, TaskMoved) and m.run.task_id == task_id)

    @property
    def end_move(self) -> ExecutionMoved:
        """How the execution came to stand where it stands."""
        return next(m for m in reversed(self.moves) if isinstance(m, ExecutionMoved))


def begun(plan: Plan, **options) -> Journey:
    return Journey(plan, **options).begin()


def settled(plan: Plan, outcomes: Mapping[str, Outcome | Sequence[Outcome]] = {}, **options) -> Journey:
    """Drive to the end: each task ends with its outcome, or with one after the other; `DONE` where none is named."""
    left = {task_id: list(said) if isinstance(said, list | tuple) else [said] for task_id, said in outcomes.items()}
    journey = begun(plan, **options)
    for _ in range(10_000):
        if journey.status.final:
            return journey
        if journey.running:
            task_id = journey.running[0]
            said = left.get(task_id, [DONE])
            journey.end(task_id, said.pop(0) if len(said) > 1 else said[0])
        else:
            journey.wait(100)
    raise AssertionError("it never ends")
