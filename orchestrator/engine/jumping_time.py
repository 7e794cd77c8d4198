"""Time that nobody waits for: an event loop whose clock jumps to the next thing that is due."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
TURN = 1e-6
"""Seconds that each turn of the loop takes. Were it nothing, whoever looks at the clock a rounding before the instant
that is waited for would look again and again at the same time, for ever."""


class JumpingClock:
    """Both readings of one simulated clock; it stands still while anything is done."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        """The simulated instant, in UTC."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Simulated seconds since the start."""
        return self._passed

    def jump(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._passed += seconds


@contextmanager
def jumping(clock: JumpingClock) -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """Gives what runs a coroutine on a loop of the time of `clock`: where nothing can be done, time jumps."""
    with asyncio.Runner(loop_factory=lambda: _JumpingLoop(clock)) as runner:
        runner.get_loop()  # made now, with the pair of sockets that every loop wakes itself by
        yield runner.run


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: JumpingClock) -> None:
        self._jumping_clock = clock
        super().__init__(_JumpingSelector(clock))

    def time(self) -> float:
        return self._jumping_clock.monotonic()


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing as long as a timer is set: then its time comes."""

    def __init__(self, clock: JumpingClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout if timeout is None else 0)
        self._clock.jump(TURN if ready or not timeout else timeout + TURN)
        return ready
