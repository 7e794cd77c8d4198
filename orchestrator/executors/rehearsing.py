"""Attempts that are only played: each ends as its part says, once the time that it takes has passed on the loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.core.identity import AttemptKey
from orchestrator.core.outcomes import Cancelled, Outcome
from orchestrator.core.ports import AttemptEnded, AttemptStarted, Call, Clock, ExecutorEvent
from orchestrator.executors.waiting_room import WaitingRoom


@dataclass(frozen=True, kw_only=True)
class Part:
    """What an attempt is to do: end so, after that many seconds."""

    outcome: Outcome
    duration: float


class RehearsingExecutor:
    """Says the same events as the others and executes nothing; `play` gives the part of each attempt as it begins.

    It waits on timers of the running loop: on one whose time jumps, for nothing. Used from that loop alone.
    """

    def __init__(self, *, max_workers: int, clock: Clock, play: Callable[[Call], Part]) -> None:
        self._room = WaitingRoom(max_workers, self._begin)
        self._clock = clock
        self._play = play
        self._deliver: Callable[[ExecutorEvent], None] | None = None
        self._live: dict[AttemptKey, tuple[float, asyncio.TimerHandle]] = {}
        self._closed = False

    @property
    def capacity(self) -> int:
        """How many attempts may be under way at once."""
        return self._room.capacity

    def start(self, deliver: Callable[[ExecutorEvent], None]) -> None:
        """From now on every event goes to `deliver`."""
        self._deliver = deliver

    def submit(self, call: Call) -> None:
        """Start `call` as soon as there is room; after `close` it is cancelled at once."""
        if self._deliver is None:
            raise ValueError("an executor is started before it is used")
        if self._closed:
            self._tell_end(call.attempt, Cancelled(), 0.0)
        else:
            self._room.enter(call)

    def cancel(self, attempt: AttemptKey) -> None:
        """End the attempt at once; unknown and ended ones are ignored."""
        if self._room.withdraw(attempt):
            self._tell_end(attempt, Cancelled(), 0.0)
        elif attempt in self._live:
            self._end(attempt, Cancelled())

    def close(self) -> None:
        """Cancel everything. Calling it twice does no harm."""
        self._closed = True
        for attempt in self._room.empty():
            self._tell_end(attempt, Cancelled(), 0.0)
        for attempt in list(self._live):
            self._end(attempt, Cancelled())

    def _begin(self, call: Call) -> None:
        assert self._deliver is not None
        self._deliver(AttemptStarted(attempt=call.attempt, pid=None, at=self._clock.now()))
        part = self._play(call)
        timer = asyncio.get_running_loop().call_later(part.duration, self._end, call.attempt, part.outcome)
        self._live[call.attempt] = (self._clock.monotonic(), timer)

    def _end(self, attempt: AttemptKey, outcome: Outcome) -> None:
        began, timer = self._live.pop(attempt)
        timer.cancel()
        self._tell_end(attempt, outcome, self._clock.monotonic() - began)
        self._room.leave(attempt)

    def _tell_end(self, attempt: AttemptKey, outcome: Outcome, duration: float) -> None:
        assert self._deliver is not None
        self._deliver(AttemptEnded(attempt=attempt, outcome=outcome, at=self._clock.now(), duration=duration))
