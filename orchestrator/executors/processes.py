"""Attempts in child processes of this machine, under a supervisor that outlives nobody (design, section 3)."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core.identity import AttemptKey
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import Cancelled, Lost, Outcome
from orchestrator.core.ports import AttemptEnded, AttemptOutput, AttemptStarted, Call, ExecutorEvent
from orchestrator.executors.chain import HEARTBEAT_LIMIT, Chain
from orchestrator.executors.travel import call_to_wire, ended_from_wire, instant, never_began
from orchestrator.executors.waiting_room import WaitingRoom

logger = logging.getLogger(__name__)

MOST_STARTS = 5
STARTS_WITHIN = 60.0
"""Seconds: a supervisor that dies more often than that is not started again, and calls end as lost."""
STOP_MARGIN = 5.0


class ProcessExecutor:
    """One supervisor at a time; one that died is replaced for the calls that come after."""

    promise_gap: Message | None = None
    """What this executor cannot promise on this machine: nothing is missing here."""

    def __init__(self, *, max_workers: int, heartbeat_limit: float = HEARTBEAT_LIMIT) -> None:
        self._room = WaitingRoom(max_workers, self._begin)
        self._heartbeat_limit = heartbeat_limit
        self._deliver: Callable[[ExecutorEvent], None] | None = None
        self._lock = threading.Lock()
        self._chain: Chain | None = None
        self._starts: deque[float] = deque(maxlen=MOST_STARTS)
        self._calls: dict[int, tuple[Call, Chain]] = {}
        self._last_number = 0
        self._closed = False

    @property
    def capacity(self) -> int:
        """How many attempts may be under way at once."""
        return self._room.capacity

    @property
    def pids(self) -> tuple[int, int | None] | None:
        """Guard's and supervisor's pid, for `doctor` and for tests; None while there are none."""
        chain = self._chain
        return None if chain is None else chain.pids

    def start(self, deliver: Callable[[ExecutorEvent], None]) -> None:
        """Make ready: the supervisor is started here, so that the first call need not wait for it."""
        self._deliver = deliver
        with self._lock:
            try:
                self._ready_chain()
            except OSError as error:
                logger.warning("the supervisor could not be started yet: %s", error)

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
            chain = self._chain
            longest = max((call.kill_grace for call, _ in self._calls.values()), default=0.0)
        if not already:
            for attempt in self._room.empty():
                self._tell(never_began(attempt, Cancelled()))
        if chain is not None:
            chain.send({"do": "close"})
            chain.join(longest + STOP_MARGIN)

    def _begin(self, call: Call) -> None:
        with self._lock:
            try:
                chain = self._ready_chain()
            except OSError as error:
                chain, reason = None, f"the supervisor cannot be started: {error}"
            else:
                reason = f"the supervisor died {MOST_STARTS} times within {STARTS_WITHIN:g} s"
            if chain is not None:
                self._last_number += 1
                number = self._last_number
                self._calls[number] = (call, chain)
        if chain is None:
            outcome = Cancelled() if self._closed else Lost(message=reason)
            self._end(never_began(call.attempt, outcome))
        else:
            chain.send({"do": "start", "id": number, "call": call_to_wire(call)})

    def _ready_chain(self) -> Chain | None:
        """The chain that is up, or a new one; None where there shall be none. Raises OSError. Needs the lock."""
        now = time.monotonic()
        if self._chain is None and not self._closed:
            if len(self._starts) == MOST_STARTS and now - self._starts[0] < STARTS_WITHIN:
                return None
            self._starts.append(now)
            chains: list[Chain] = []
            chain = Chain(
                self._on_message, lambda reason: self._on_end(chains, reason), heartbeat_limit=self._heartbeat_limit
            )
            chains.append(chain)
            self._chain = chain
        return self._chain

    def _on_message(self, message: Mapping[str, Any]) -> None:
        number = int(message["id"])
        with self._lock:
            found = self._calls.get(number)
            if found is not None and message["event"] == "ended":
                del self._calls[number]
        if found is None:
            return
        attempt = found[0].attempt
        match message["event"]:
            case "started":
                self._tell(AttemptStarted(attempt=attempt, pid=message["pid"], at=instant(message["at"])))
            case "output":
                self._tell(AttemptOutput(attempt=attempt, stream=message["stream"], text=message["text"]))
            case "ended":
                self._end(ended_from_wire(attempt, message))

    def _on_end(self, chains: list[Chain], reason: str) -> None:
        """The supervisor is gone, and with it all it had under way."""
        with self._lock:
            lost = [(number, call) for number, (call, chain) in self._calls.items() if chain in chains]
            for number, _ in lost:
                del self._calls[number]
            if self._chain in chains:
                self._chain = None
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
