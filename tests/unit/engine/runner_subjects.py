"""What the runner's tests put around it: a hand-turned clock, a scripted executor, a store and listeners that remember."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from orchestrator.core.events import Event, Move
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine import initial_state
from orchestrator.core.outcomes import Cancelled, Outcome, Returned
from orchestrator.core.plan import Plan
from orchestrator.core.ports import AttemptEnded, AttemptOutput, AttemptProgress, AttemptStarted, Call, ExecutorEvent
from orchestrator.core.storing import Room
from orchestrator.engine.runner import Driven, Runner
from orchestrator.stores.memory import MemoryStore

AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
ID = "20250401_120000"
LEASE = timedelta(seconds=30)
DONE = Returned(output={"status": "success"})
HANG = None
"""The outcome of an attempt that ends only when it is cancelled."""


class HandClock:
    """Time stands still until `turn`, or goes on by `step` whenever it is read."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.step = 0.0

    def turn(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> datetime:
        return AT + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        self.seconds += self.step
        return self.seconds


class ScriptedExecutor:
    """Each attempt ends as the script says, one after the other per task: at once, or when cancelled."""

    capacity = 1024

    def __init__(self, script: Mapping[str, Sequence[Outcome | None]], journal: list) -> None:
        self._script = {task_id: list(outcomes) for task_id, outcomes in script.items()}
        self._journal = journal
        self._hanging: set[AttemptKey] = set()
        self.calls: list[Call] = []
        self.cancelled: list[str] = []
        self.closed = 0
        self.on_submit: Callable[[Call], None] = lambda _: None

    def start(self, deliver: Callable[[ExecutorEvent], None]) -> None:
        self.deliver = deliver

    def submit(self, call: Call) -> None:
        task_id = call.attempt.run.task_id
        self._journal.append(f"submit {task_id}")
        self.calls.append(call)
        self.on_submit(call)
        self.deliver(AttemptStarted(attempt=call.attempt, pid=4321, at=AT))
        outcomes = self._script.get(task_id, [DONE])
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if outcome is HANG:
            self._hanging.add(call.attempt)
        else:
            self.end(call.attempt, outcome)

    def end(self, attempt: AttemptKey, outcome: Outcome) -> None:
        self.deliver(AttemptEnded(attempt=attempt, outcome=outcome, at=AT, duration=0.5))

    def cancel(self, attempt: AttemptKey) -> None:
        self.cancelled.append(attempt.run.task_id)
        if attempt in self._hanging:
            self._hanging.remove(attempt)
            self.end(attempt, Cancelled())

    def close(self) -> None:
        self.closed += 1


class RememberingStore(MemoryStore):
    """Keeps a journal of what was written, and when the lease was renewed."""

    def __init__(self, journal: list) -> None:
        super().__init__()
        self._journal = journal
        self.batches: list[int] = []
        self.renewals: list[datetime] = []

    def record(self, execution: Execution, moves: Sequence[Move], **others) -> list[Event]:
        events = super().record(execution, moves, **others)
        self.batches.append(len(moves))
        self._journal.append("record")
        return events

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        super().renew_lease(execution, lease=lease, at=at)
        self.renewals.append(at)


class Ear:
    """A listener that remembers; `trouble` is what it raises at each event."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.events: list[Event] = []
        self.outputs: list[AttemptOutput] = []
        self.progress: list[AttemptProgress] = []
        self.closed = 0
        self.on_hearing: Callable[[Event], None] = lambda _: None
        self._trouble = trouble

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        self.on_hearing(event)
        if self._trouble is not None:
            raise self._trouble

    def on_output(self, output: AttemptOutput) -> None:
        self.outputs.append(output)
        if self._trouble is not None:
            raise self._trouble

    def on_progress(self, progress: AttemptProgress) -> None:
        self.progress.append(progress)

    def close(self) -> None:
        self.closed += 1
        if self._trouble is not None:
            raise self._trouble


class Stage:
    """A claimed execution of `plan`, ready to be driven."""

    def __init__(self, plan: Plan, script: Mapping[str, Sequence[Outcome | None]] = {}, **runner) -> None:
        self.plan = plan
        self.journal: list[str] = []
        self.clock = HandClock()
        self.store = RememberingStore(self.journal)
        self.executor = ScriptedExecutor(script, self.journal)
        self.ear = Ear()
        pools = {task_id: pool for task_id in plan.order if (pool := plan.tasks[task_id].task.pool)}
        request = Request(
            tasks=plan.order,
            parallel=True,
            max_workers=runner.pop("max_workers", 1024),
            pools=pools,
            workflow=runner.pop("workflow", None),
        )
        self.store.create_execution(ID, request, snapshot="", at=AT)
        self.state = initial_state(ID, plan, max_workers=request.max_workers, pools=runner.get("room", Room()).pools)
        self.execution = self.store.claim_execution(ID, owner="host:1:1", lease=LEASE, at=AT)
        self.runner = Runner(
            **{
                "store": self.store,
                "executor": self.executor,
                "make_call": lambda start, _: Call(attempt=start.attempt, module_path="m", function_name="f"),
                "listeners": [self.ear],
                "clock": self.clock,
                "lease": LEASE,
                "chance": lambda: 0.5,
                **runner,
            }
        )

    def drive(self) -> Driven:
        return asyncio.run(self.runner.drive(self.execution, self.state))

    @property
    def statuses(self) -> dict[str, str]:
        return {run.key.task_id: run.status.value for run in self.store.task_runs(ID)}
