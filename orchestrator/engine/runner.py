"""Drives one execution: feeds the step machine, stores its moves, then starts and stops attempts as it says."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from orchestrator.core import machine_state as said
from orchestrator.core.errors import OrchestratorError, StaleOwner
from orchestrator.core.events import AttemptNoted, Event, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution
from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine import initial_state, step
from orchestrator.core.plan import Plan
from orchestrator.core.ports import (
    AttemptEnded,
    AttemptOutput,
    AttemptStarted,
    Call,
    Clock,
    Executor,
    ExecutorEvent,
    Listener,
    Store,
)
from orchestrator.core.redaction import redact_outcome
from orchestrator.core.states import ExecutionStatus
from orchestrator.engine.clocks import SystemClock, moment

logger = logging.getLogger(__name__)

MOST_EVENTS_PER_COMMIT = 500


@dataclass(frozen=True, kw_only=True)
class Driven:
    """How far an execution came, and what went wrong beside it (a report that could not be written …)."""

    execution: Execution
    troubles: tuple[OrchestratorError, ...] = ()


@dataclass(kw_only=True)
class Runner:
    """Everything that one execution needs to be driven; `drive` may be awaited once."""

    store: Store
    executor: Executor
    make_call: Callable[[AttemptKey], Call]
    listeners: Sequence[Listener] = ()
    clock: Clock = field(default_factory=SystemClock)
    lease: timedelta = timedelta(seconds=30)
    chance: Callable[[], float] = random.random
    log_of: Callable[[AttemptKey], str | None] = lambda _: None
    """Where the log of an attempt is kept, as it is to be stored."""
    hidden: frozenset[str] = frozenset()
    """Texts that must not be stored or shown (D21)."""
    _inbox: "asyncio.Queue[ExecutorEvent | said.MachineEvent]" = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = field(init=False, default=None)
    _asked: list[said.MachineEvent] = field(init=False, default_factory=list)
    _troubles: list[OrchestratorError] = field(init=False, default_factory=list)
    _wake_at: float | None = field(init=False, default=None)

    def ask_cancel(self) -> None:
        """End the execution as `cancelled`; asked again, kill what is left at once. Any thread may call it."""
        self._ask(said.CancelAsked())

    def ask_stop(self) -> None:
        """End it as `interrupted`, to be resumed; asked again, kill what is left at once. Any thread may call it."""
        self._ask(said.StopAsked())

    async def drive(self, execution: Execution, plan: Plan) -> Driven:
        """Take a claimed execution to its end; raises StaleOwner where another took it, StoreUnusable."""
        self._inbox = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._execution = execution
        request = execution.request
        self._state = initial_state(
            execution.execution_id,
            plan,
            max_workers=request.max_workers,
            stop_on_failure=request.stop_on_failure,
        )
        self.executor.start(self._deliver)
        try:
            await self._run()
        finally:
            self._loop = None
            self.executor.close()
            for listener in self.listeners:
                self._guarded(listener.close)
        return Driven(execution=self.store.get_execution(execution.execution_id), troubles=tuple(self._troubles))

    async def _run(self) -> None:
        renewed = self.clock.monotonic()  # before anything starts: that alone may take a good part of the lease
        self._advance([*self._asked, said.Begin()])  # what was asked before the beginning keeps tasks from starting
        while not self._ended():
            heard = await self._hear(renewed)
            self._advance(heard)
            if self.clock.monotonic() - renewed >= self.lease.total_seconds() / 3:
                self._renew()
                renewed = self.clock.monotonic()

    def _ended(self) -> bool:
        status = self._state.status
        return status.final or status is ExecutionStatus.INTERRUPTED

    async def _hear(self, renewed: float) -> list[ExecutorEvent | said.MachineEvent]:
        """The next events, as many as are there; TimePassed when a retry or the lease comes first."""
        now = self.clock.monotonic()
        until = renewed + self.lease.total_seconds() / 3
        if self._wake_at is not None:
            until = min(until, self._wake_at)
        try:
            heard = [await asyncio.wait_for(self._inbox.get(), max(0.0, until - now))]
        except TimeoutError:
            return [said.TimePassed()]
        while not self._inbox.empty() and len(heard) < MOST_EVENTS_PER_COMMIT:
            heard.append(self._inbox.get_nowait())
        return heard

    def _advance(self, heard: Sequence[ExecutorEvent | said.MachineEvent]) -> None:
        """One commit for all that was heard; only what is stored is then started or stopped."""
        moves: list[Move] = []
        deeds: list[said.StartAttempt | said.StopAttempt] = []
        for event in heard:
            if isinstance(event, AttemptOutput):
                self._tell_output(event)
            elif isinstance(event, AttemptStarted):
                moves.append(self._noted(event))
            else:
                self._take_step(event, moves, deeds)
        if moves:
            self._tell(self.store.record(self._execution, moves))
        for deed in deeds:
            if isinstance(deed, said.StartAttempt):
                call = self.make_call(deed.attempt)
                self.hidden |= frozenset(call.hidden)
                self.executor.submit(call)
            else:
                self.executor.cancel(deed.attempt)

    def _take_step(
        self,
        event: AttemptEnded | said.MachineEvent,
        moves: list[Move],
        deeds: list[said.StartAttempt | said.StopAttempt],
    ) -> None:
        if isinstance(event, AttemptEnded):
            event = said.AttemptFinished(
                attempt=event.attempt,
                outcome=redact_outcome(event.outcome, self.hidden),
                duration=event.duration,
                usage=event.usage,
            )
        self._wake_at = None
        self._state, commands = step(self._state, event, moment(self.clock), self.chance())
        for command in commands:
            if isinstance(command, said.Record):
                moves.append(self._with_log(command.move))
            elif isinstance(command, said.WakeAt):
                self._wake_at = command.ticks
            else:
                deeds.append(command)

    def _with_log(self, move: Move) -> Move:
        if isinstance(move, TaskMoved) and move.attempt is not None:
            return replace(move, attempt=replace(move.attempt, log=self.log_of(move.attempt.key)))
        return move

    def _noted(self, event: AttemptStarted) -> AttemptNoted:
        attempt = Attempt(key=event.attempt, started_at=event.at, pid=event.pid, log=self.log_of(event.attempt))
        return AttemptNoted(run=event.attempt.run, attempt=attempt, at=event.at)

    def _renew(self) -> None:
        try:
            self.store.renew_lease(self._execution, lease=self.lease, at=self.clock.now())
        except StaleOwner:
            self.executor.close()  # somebody else drives it now: our attempts must not live beside theirs
            raise

    def _deliver(self, event: ExecutorEvent) -> None:
        self._send(event)

    def _ask(self, event: said.MachineEvent) -> None:
        if self._loop is None:
            self._asked.append(event)
        else:
            self._send(event)

    def _send(self, event: ExecutorEvent | said.MachineEvent) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            for listener in self.listeners:
                self._guarded(lambda listener=listener, event=event: listener.on_event(event))  # type: ignore[misc]

    def _tell_output(self, output: AttemptOutput) -> None:
        for listener in self.listeners:
            self._guarded(lambda listener=listener: listener.on_output(output))  # type: ignore[misc]

    def _guarded(self, call: Callable[[], None]) -> None:
        """A listener's trouble is kept and told at the end; the execution goes on."""
        try:
            call()
        except OrchestratorError as trouble:
            if str(trouble) not in {str(known) for known in self._troubles}:
                self._troubles.append(trouble)
        except Exception:  # a listener is foreign to the engine: nothing it does may lose work
            logger.exception("a listener failed")
