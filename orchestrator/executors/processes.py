"""Attempts in child processes of this machine, under a supervisor that outlives nobody (design, section 3)."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import Cancelled, Lost, Outcome
from orchestrator.core.ports import (
    AttemptEnded,
    AttemptOutput,
    AttemptProgress,
    AttemptStarted,
    Call,
    ExecutorEvent,
    PlaceExhausted,
)
from orchestrator.executors.chain import FAREWELL, HEARTBEAT_LIMIT, Chain
from orchestrator.executors.execution_lock import Held, keep
from orchestrator.executors.travel import call_to_wire, ended_from_wire, instant, never_began
from orchestrator.executors.waiting_room import WaitingRoom

logger = logging.getLogger(__name__)

MOST_STARTS = 5
STARTS_WITHIN = 60.0
"""Seconds: a supervisor that dies more often than that is not started again, and calls end as lost.

That goes for the shared one; a private one counts for its own task run, and without end of time.
"""
START_PATIENCE = 3.0
"""Seconds for which the first supervisor is tried to be started where there is no process or descriptor for it."""
STOP_MARGIN = 5.0


class ProcessExecutor:
    """One supervisor at a time; one that died is replaced for the calls that come after.

    A call of which an attempt was lost before (`alone`) gets a private one, which ends with it: if it was this task
    that killed the supervisor, it will take nobody with it again.
    """

    promise_gap: Message | None = None
    """What this executor cannot promise on this machine: nothing is missing here."""

    def __init__(self, *, max_workers: int, heartbeat_limit: float = HEARTBEAT_LIMIT, lock: int | None = None) -> None:
        """`lock` is the descriptor of the execution's lock; it must stay open until `close` has returned."""
        self._room = WaitingRoom(max_workers, self._begin)
        self._heartbeat_limit = heartbeat_limit
        self._execution_lock = lock
        self._deliver: Callable[[ExecutorEvent], None] | None = None
        self._lock = threading.Lock()
        self._chain: Chain | None = None
        self._private: set[Chain] = set()
        self._starts: deque[float] = deque(maxlen=MOST_STARTS)
        self._private_deaths: Counter[TaskRunKey] = Counter()
        self._calls: dict[int, tuple[Call, Chain]] = {}
        self._last_number = 0
        self._closed = False

    @property
    def capacity(self) -> int:
        """How many attempts may be under way at once."""
        return self._room.capacity

    @property
    def pids(self) -> tuple[int, int | None] | None:
        """Guard's and supervisor's pid of the shared chain, for `doctor` and for tests; None while there is none."""
        chain = self._chain
        return None if chain is None else chain.pids

    def all_pids(self) -> list[tuple[int, int | None]]:
        """Guard's and supervisor's pid of every chain, the shared one's first."""
        return [chain.pids for chain in self._chains()]

    def start(self, deliver: Callable[[ExecutorEvent], None]) -> None:
        """Make ready: the supervisor is started here, so that the first call need not wait for it."""
        self._deliver = deliver
        give_up_at = time.monotonic() + START_PATIENCE
        with self._lock:
            try:
                self._start_patiently(give_up_at)
            except Held as error:
                logger.warning("the supervisor could not be started yet: %s", error)
                return
            except OSError as error:
                why = f"the supervisor: {error}"
            else:
                return
        self._tell(PlaceExhausted(why=why))

    def submit(self, call: Call) -> None:
        """Start `call` as soon as there is room; after `close` it is cancelled at once."""
        if self._deliver is None:
            raise ValueError("an executor is started before it is used")
        if self._closed:
            self._tell(never_began(call.attempt, Cancelled()))
        else:
            self._room.enter(call)

    def cancel(self, attempt: AttemptKey) -> None:
        """End the attempt and all it started; a second time kills at once."""
        if self._room.withdraw(attempt):
            self._tell(never_began(attempt, Cancelled()))
            return
        with self._lock:
            found = [(number, chain) for number, (call, chain) in self._calls.items() if call.attempt == attempt]
        for number, chain in found:
            chain.send({"do": "cancel", "id": number})

    def close(self) -> None:
        """End every attempt, each within its grace, and both processes. Calling it twice does no harm."""
        with self._lock:
            already, self._closed = self._closed, True
            longest = max((call.kill_grace for call, _ in self._calls.values()), default=0.0)
        if not already:
            for attempt in self._room.empty():
                self._tell(never_began(attempt, Cancelled()))
        chains = self._chains()
        for chain in chains:
            chain.send({"do": "close"})
        give_up_at = time.monotonic() + longest + STOP_MARGIN
        stuck = [chain for chain in chains if not chain.join(max(0.0, give_up_at - time.monotonic()))]
        for chain in stuck:
            chain.kill()
        for chain in stuck:
            chain.join(FAREWELL + 1)

    def _start_patiently(self, give_up_at: float) -> None:
        """Have a chain ready. Raises OSError where there was none until then, Held. Needs the lock."""
        while True:
            try:
                self._ready_chain()
            except OSError:
                if time.monotonic() >= give_up_at:
                    raise
                time.sleep(0.1)
            else:
                return

    def _chains(self) -> list[Chain]:
        with self._lock:
            shared = [] if self._chain is None else [self._chain]
            return [*shared, *self._private]

    def _begin(self, call: Call) -> None:
        with self._lock:
            exhausted = False
            try:
                chain = self._private_chain(call.attempt.run) if call.alone else self._ready_chain()
            except (OSError, Held) as error:
                chain, reason = None, f"the supervisor cannot be started: {error}"
                exhausted = isinstance(error, OSError) and not self._closed
            else:
                within = "in this task alone" if call.alone else f"within {STARTS_WITHIN:g} s"
                reason = f"the supervisor died {MOST_STARTS} times {within}"
            if chain is not None:
                self._last_number += 1
                number = self._last_number
                self._calls[number] = (call, chain)
        if exhausted:
            self._tell(PlaceExhausted(why=reason))
        if chain is None:
            outcome = Cancelled() if self._closed else Lost(message=reason)
            self._end(never_began(call.attempt, outcome))
        else:
            chain.send({"do": "start", "id": number, "call": call_to_wire(call)})

    def _ready_chain(self) -> Chain | None:
        """The chain that is up, or a new one; None where there shall be none. Raises OSError, Held. Needs the lock."""
        now = time.monotonic()
        if self._chain is None and not self._closed:
            if len(self._starts) == MOST_STARTS and now - self._starts[0] < STARTS_WITHIN:
                return None
            self._chain = self._new_chain()
            self._starts.append(now)
        return self._chain

    def _private_chain(self, run: TaskRunKey) -> Chain | None:
        """A new chain for one call; None where `run` has killed too many. Raises OSError, Held. Needs the lock."""
        if self._closed or self._private_deaths[run] >= MOST_STARTS:
            return None
        chain = self._new_chain()
        self._private.add(chain)
        return chain

    def _new_chain(self) -> Chain:
        if self._execution_lock is not None:
            keep(self._execution_lock)  # we may have been stopped, and our chain killed by whoever took over
        born: list[Chain] = []  # its end may be told before we have it: then `_on_end` waits for the lock
        chain = Chain(
            self._on_message,
            lambda reason: self._on_end(born, reason),
            heartbeat_limit=self._heartbeat_limit,
            lock=self._execution_lock,
        )
        born.append(chain)
        return chain

    def _on_message(self, message: Mapping[str, Any]) -> None:
        number = int(message["id"])
        with self._lock:
            found = self._calls.get(number)
            if found is not None and message["event"] == "ended":
                del self._calls[number]
        if found is None:
            return
        call, chain = found
        attempt = call.attempt
        match message["event"]:
            case "started":
                self._tell(AttemptStarted(attempt=attempt, pid=message["pid"], at=instant(message["at"])))
            case "output":
                self._tell(AttemptOutput(attempt=attempt, stream=message["stream"], text=message["text"]))
            case "progress":
                self._tell(AttemptProgress(attempt=attempt, done=message["done"], total=message["total"]))
            case "exhausted":
                self._tell(PlaceExhausted(why=message["why"]))
            case "ended":
                if call.alone:
                    chain.send({"do": "close"})
                self._end(ended_from_wire(attempt, message))

    def _on_end(self, chains: list[Chain], reason: str) -> None:
        """The supervisor is gone, and with it all it had under way."""
        with self._lock:
            lost = [(number, call) for number, (call, chain) in self._calls.items() if chain in chains]
            for number, call in lost:
                del self._calls[number]
                if call.alone:
                    self._private_deaths[call.attempt.run] += 1
            if self._chain in chains:
                self._chain = None
            self._private.difference_update(chains)
        if lost:
            logger.warning("%s; %d attempts are lost", reason, len(lost))
        outcome: Outcome = Cancelled() if self._closed else Lost(message=reason)
        for _, call in lost:
            self._end(never_began(call.attempt, outcome))

    def _end(self, event: AttemptEnded) -> None:
        self._room.leave(event.attempt)
        self._tell(event)

    def _tell(self, event: ExecutorEvent) -> None:
        assert self._deliver is not None
        self._deliver(event)
