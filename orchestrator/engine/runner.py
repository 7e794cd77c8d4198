"""Drives one execution: feeds the step machine, stores its moves, then starts and stops attempts as it says."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from orchestrator.core import machine_state as said
from orchestrator.core.crash_points import passing
from orchestrator.core.errors import (
    HomeUnusable,
    NoRoom,
    OrchestratorError,
    OrdersWaiting,
    PlaceUnusable,
    StaleOwner,
    UsageError,
    WorkflowFull,
)
from orchestrator.core.events import Event
from orchestrator.core.executions import Execution
from orchestrator.core.identity import AttemptKey
from orchestrator.core.outcomes import JSON, NotCallable
from orchestrator.core.ports import (
    AttemptEnded,
    AttemptOutput,
    AttemptProgress,
    Call,
    Clock,
    Executor,
    Listener,
    PlaceExhausted,
)
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Room, Store
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.drafts import Draft, Heard, Shown
from orchestrator.engine.heard_orders import events_of

logger = logging.getLogger(__name__)

MOST_EVENTS_PER_COMMIT = 500
LOOK = 0.5
"""Seconds between looks for orders from elsewhere and for slots that others gave back."""


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
    make_call: Callable[[said.StartAttempt, dict[str, JSON]], Call]
    """Raises UsageError where an input of the call has no value."""
    look_up: Callable[[str, dict[str, JSON]], said.CacheLookedUp] = lambda task_id, _: said.CacheLookedUp(
        task_id=task_id
    )
    """Whether a task's result is known already."""
    outputs: dict[str, JSON] = field(default_factory=dict)
    """Task id → output, of those that stand at the beginning; what tasks return is added where `outputs_asked`."""
    outputs_asked: frozenset[str] = frozenset()
    room: Room = field(default_factory=Room)
    """Slots of pools, and how many executions of its workflow may run."""
    listeners: Sequence[Listener] = ()
    outbox: tuple[str, ...] = ()
    """Names of listeners that must not miss the end, whatever happens to this process."""
    clock: Clock = field(default_factory=SystemClock)
    lease: timedelta = timedelta(seconds=30)
    look: float = LOOK
    """Seconds between looks for orders; long where nobody else can give one."""
    chance: Callable[[], float] = random.random
    log_of: Callable[[AttemptKey], str | None] = lambda _: None
    """Where the log of an attempt is kept, as it is to be stored."""
    hidden: frozenset[str] = frozenset()
    """Texts that must not be stored or shown (D21)."""
    _inbox: "asyncio.Queue[Heard]" = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = field(init=False, default=None)
    _asked: list[said.MachineEvent] = field(init=False, default_factory=list)
    _troubles: list[OrchestratorError] = field(init=False, default_factory=list)
    _wake_at: float | None = field(init=False, default=None)
    _obeyed: int = field(init=False, default=0)
    _obeyed_in_store: int = field(init=False, default=0)
    _begun: bool = field(init=False, default=False)

    def ask_cancel(self) -> None:
        """End the execution as `cancelled`; asked again, kill what is left at once. Any thread may call it."""
        self._ask(said.CancelAsked())

    def ask_stop(self) -> None:
        """End it as `interrupted`, to be resumed; asked again, kill what is left at once. Any thread may call it."""
        self._ask(said.StopAsked())

    async def drive(self, execution: Execution, state: said.MachineState) -> Driven:
        """Take a claimed execution from `state` to its end.

        Raises StaleOwner where another took it, StoreUnusable.
        """
        self._inbox = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._execution = execution
        self._state = state
        self.executor.start(self._send)
        try:
            await self._run()
        finally:
            self._loop = None
            self.executor.close()
            for listener in self.listeners:
                self._guarded(listener.close)
        return Driven(execution=self.store.get_execution(execution.execution_id), troubles=tuple(self._troubles))

    async def _run(self) -> None:
        renewed = looked = self.clock.monotonic()  # before anything starts: that alone may take part of the lease
        left = self._state.status in {ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING}
        first: list[Heard] = [said.OwnerLost()] if left else []
        # what was asked before the beginning keeps tasks from starting
        self._advance([*first, *self._asked, *self._orders(), said.Begin()])
        while not self._ended():
            self._advance(await self._hear(min(renewed + self.lease.total_seconds() / 3, looked + self.look)))
            now = self.clock.monotonic()
            if now - looked >= self.look and not self._ended():
                self._look_around()
                looked = now
            if now - renewed >= self.lease.total_seconds() / 3 and not self._ended():
                self._renew()
                renewed = now

    def _ended(self) -> bool:
        status = self._state.status
        return status.final or status is ExecutionStatus.INTERRUPTED

    async def _hear(self, until: float) -> list[Heard]:
        """The next events, as many as are there; TimePassed when a retry or `until` comes first."""
        now = self.clock.monotonic()
        if self._wake_at is not None:
            until = min(until, self._wake_at)
        await asyncio.sleep(0)  # or a loop that is always late would never let in what was sent
        if self._inbox.empty():
            try:
                heard = [await asyncio.wait_for(self._inbox.get(), max(0.0, until - now))]
            except TimeoutError:
                return [said.TimePassed()]
        else:
            heard = [self._inbox.get_nowait()]
        while not self._inbox.empty() and len(heard) < MOST_EVENTS_PER_COMMIT:
            heard.append(self._inbox.get_nowait())
        if self._wake_at is not None and self.clock.monotonic() >= self._wake_at:
            heard.append(said.TimePassed())
        return heard

    def _look_around(self) -> None:
        """Hear what others stored meanwhile: orders, slots given back, room for the execution itself.

        Slots come back without anything stored, too: when the lease of a dead owner runs out.
        """
        news: list[Heard] = list(self._orders()) if self.store.wait_for_change(0) else []
        if self._state.waits_for_pools:
            pools = self.store.pools_in_use(self.room.pools, besides=self._execution.execution_id)
            news.append(said.PoolsSeen(others=pools))
        if not self._begun:
            news.append(said.Begin())
        if news:
            self._advance(news)

    def _orders(self) -> list[said.MachineEvent]:
        """What was asked of this execution from elsewhere, as far as it has not been heard."""
        orders = self.store.orders(self._execution.execution_id, after=self._obeyed)
        self._obeyed = max([self._obeyed, *(order.number for order in orders)])
        return events_of(orders)

    def _advance(self, heard: Sequence[Heard]) -> None:
        """One commit for all that was heard; only what is stored is then started or stopped."""
        heard = list(heard)
        while True:
            draft = Draft(
                self._state, self.clock, self.chance, hidden=self.hidden, log_of=self.log_of, show=self._tell_shown
            )
            draft.take_all(heard)
            try:
                events = self._record(draft)
                break
            except OrdersWaiting:  # an acknowledged cancel comes first; nothing was stored, the machine forgets it all
                heard = [*self._orders(), *_unshown(heard)]
            except NoRoom as full:
                if full.in_use:
                    others = [one for one in _unshown(heard) if not isinstance(one, said.PoolsSeen)]
                    heard = [said.PoolsSeen(others=full.in_use), *others]
                elif self._state.status is not ExecutionStatus.QUEUED:
                    raise WorkflowFull(self.room.workflow or "") from full
                else:  # as many executions of the workflow run as may: it stays queued
                    heard = [one for one in _unshown(heard) if not isinstance(one, said.Begin)]
        self._state, self._wake_at = draft.state, draft.wake_at
        self._begun = self._state.status is not ExecutionStatus.QUEUED
        draft.pass_points_after()
        self._keep_troubles(heard)
        self._tell(events)
        self._perform(draft)

    def _record(self, draft: Draft) -> list[Event]:
        if not draft.moves and self._obeyed == self._obeyed_in_store:
            return []
        draft.pass_points_before()
        pools = draft.pools_taken()
        room = Room(
            pools={pool: self.room.pools[pool] for pool in pools if pool in self.room.pools},
            workflow=self.room.workflow,
            concurrency=self.room.concurrency if draft.begins else None,
        )
        obeyed = self._obeyed
        events = self.store.record(self._execution, draft.moves, room=room, obeyed=obeyed, outbox=self.outbox)
        self._obeyed_in_store = obeyed
        return events

    def _perform(self, draft: Draft) -> None:
        for task_id, output in draft.returned:
            if task_id in self.outputs_asked:
                self.outputs[task_id] = output
        for deed in draft.deeds:
            if isinstance(deed, said.StartAttempt):
                self._start(deed)
            elif isinstance(deed, said.LookUp):
                asyncio.get_running_loop().run_in_executor(None, self._look_up, deed.task_id, dict(self.outputs))
            else:
                self.executor.cancel(deed.attempt)

    def _start(self, deed: said.StartAttempt) -> None:
        try:
            call = self.make_call(deed, self.outputs)
        except UsageError as why:  # an input that another task did not deliver: this one cannot be called
            outcome = NotCallable(error_type="input_error", message=str(why))
            self._send(AttemptEnded(attempt=deed.attempt, outcome=outcome, at=self.clock.now(), duration=0.0))
            return
        self.hidden |= frozenset(call.hidden)
        passing("before_spawn")
        self.executor.submit(call)
        passing("after_spawn")

    def _look_up(self, task_id: str, outputs: dict[str, JSON]) -> None:
        """Ask the cache; files may be large, so this is done on a thread of its own."""
        try:
            answer = self.look_up(task_id, outputs)
        except Exception:  # a cache that fails must not stop the task, nor the loop that waits for its answer
            logger.exception("the cache of %s could not be asked", task_id)
            answer = said.CacheLookedUp(task_id=task_id)
        self._send(answer)

    def _renew(self) -> None:
        passing("before_lease_renew")
        try:
            self.store.renew_lease(self._execution, lease=self.lease, at=self.clock.now())
        except StaleOwner:
            self.executor.close()  # somebody else drives it now: our attempts must not live beside theirs
            raise
        passing("after_lease_renew")

    def _ask(self, event: said.MachineEvent) -> None:
        if self._loop is None:
            self._asked.append(event)
        else:
            self._send(event)

    def _send(self, event: Heard) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    def _keep_troubles(self, heard: Sequence[Heard]) -> None:
        """What went wrong beside attempts is told at the end, and loudly: a full disk costs lines of a log (R24)."""
        for event in heard:
            if isinstance(event, AttemptEnded) and event.trouble:
                self._keep_trouble(HomeUnusable("{why}", why=event.trouble))
            elif isinstance(event, PlaceExhausted):
                self._keep_trouble(PlaceUnusable(self._execution.execution_id, event.why))

    def _keep_trouble(self, trouble: OrchestratorError) -> None:
        if str(trouble) not in {str(known) for known in self._troubles}:
            self._troubles.append(trouble)

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            for listener in self.listeners:
                self._guarded(lambda listener=listener, event=event: listener.on_event(event))  # type: ignore[misc]

    def _tell_shown(self, shown: Shown) -> None:
        for listener in self.listeners:
            if isinstance(shown, AttemptProgress):
                self._guarded(lambda listener=listener, shown=shown: listener.on_progress(shown))  # type: ignore[misc]
            else:
                self._guarded(lambda listener=listener, shown=shown: listener.on_output(shown))  # type: ignore[misc]

    def _guarded(self, call: Callable[[], None]) -> None:
        """A listener's trouble is kept and told at the end; the execution goes on."""
        try:
            call()
        except OrchestratorError as trouble:
            self._keep_trouble(trouble)
        except Exception:  # a listener is foreign to the engine: nothing it does may lose work
            logger.exception("a listener failed")


def _unshown(heard: Sequence[Heard]) -> list[Heard]:
    """What is to be heard a second time: all but what was only shown."""
    return [one for one in heard if not isinstance(one, AttemptOutput | AttemptProgress)]
