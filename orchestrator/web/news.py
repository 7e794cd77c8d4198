"""What happens, as it is stored: one thread reads it, and everybody who listens gets it in a line of their own."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.storing import Placed
from orchestrator.web.house import House

logger = logging.getLogger(__name__)

LOOK: Final = 1.0
SHORTEST_PAUSE: Final = 0.05
"""Seconds between two readings: of many moves a second, those of a moment are read together."""
BATCH: Final = 500
LONGEST_LINE: Final = 5_000
"""Events that may wait for one listener; one that is further behind is let go, and may come back where it was."""
MOST_LISTENERS: Final = 100


@dataclass(kw_only=True, eq=False)
class Listener:
    """One who listens; events stand in `line`, None means that the stream is over."""

    wanted: Callable[[Placed], bool]
    after: int
    line: "asyncio.Queue[Placed | None]" = field(default_factory=lambda: asyncio.Queue(LONGEST_LINE))
    dropped: bool = False

    def give(self, placed: Placed) -> None:
        """Put an event in line; one who is too far behind is dropped."""
        if placed.position <= self.after or self.dropped or not self.wanted(placed):
            return
        self.after = placed.position
        try:
            self.line.put_nowait(placed)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """End the stream."""
        self.dropped = True
        while not self.line.empty():
            self.line.get_nowait()
        self.line.put_nowait(None)


@dataclass(kw_only=True, eq=False)
class Bell:
    """Rings for one who need not know what happened, but only that something did."""

    wanted: Callable[[Placed], bool]
    new_executions: bool
    """Whether it rings for those too: they are stored before anything happens to them."""
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: bool = False

    def give(self, placed: Placed) -> None:
        """Ring for an event that is wanted."""
        if not self.rung.is_set() and self.wanted(placed):
            self.rung.set()

    def drop(self) -> None:
        """Ring for the last time."""
        self.dropped = True
        self.rung.set()


@dataclass(kw_only=True)
class News:
    """Reads the store's events in a thread while anybody listens, and hands them to the event loop."""

    house: House
    observe: Callable[[Placed], None] = lambda _: None
    """Sees every event, in the thread: the metrics."""
    position: int = 0
    _listeners: set[Listener] = field(init=False, default_factory=set)
    _bells: set[Bell] = field(init=False, default_factory=set)
    _newest: str = field(init=False, default="")
    """The execution that was asked for last."""
    _loop: asyncio.AbstractEventLoop | None = field(init=False, default=None)
    _closing: threading.Event = field(init=False, default_factory=threading.Event)
    _thread: threading.Thread | None = field(init=False, default=None)

    def start(self) -> None:
        """Begin to read; called inside the running event loop."""
        self._loop = asyncio.get_running_loop()
        self.position = self.house.store.last_position()
        self._thread = threading.Thread(target=self._read, name="news", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every stream, and the thread."""
        self._closing.set()
        for one in self._everybody:
            one.drop()
        if self._thread is not None:
            self._thread.join(LOOK * 3)

    @property
    def listening(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def listen(self, wanted: Callable[[Placed], bool], after: int) -> Listener | None:
        """Take part from now on; None where as many listen as may, or the server is ending. Inside the event loop."""
        if len(self._listeners) >= MOST_LISTENERS or self._closing.is_set():
            return None
        listener = Listener(wanted=wanted, after=after)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no more."""
        self._listeners.discard(listener)

    def hang(self, bell: Bell) -> bool:
        """Let it ring from now on; False where the server is ending. Inside the event loop."""
        if self._closing.is_set():
            return False
        self._bells.add(bell)
        return True

    def take_down(self, bell: Bell) -> None:
        """It rings no more."""
        self._bells.discard(bell)

    def ring(self) -> None:
        """Ring for those who want to know of more than events; by any thread."""
        self._in_the_loop(self._ring)

    @property
    def _everybody(self) -> list[Listener | Bell]:
        return [*self._listeners, *self._bells]

    def _read(self) -> None:
        while not self._closing.is_set():
            try:
                if not self.house.store.wait_for_change(LOOK):
                    continue
                self._look_for_new_executions()
                self._read_what_came()
            except OrchestratorError as trouble:  # the store may be back later; listeners lose nothing by waiting
                logger.warning("%s", trouble)
                self._closing.wait(LOOK)
            except Exception:  # whoever listens would hear nothing more, and nobody would know why
                logger.exception("the events could not be read; it is tried again")
                self._closing.wait(LOOK)
            self._closing.wait(SHORTEST_PAUSE)

    def _look_for_new_executions(self) -> None:
        newest = self.house.store.list_executions(limit=1)
        if newest and newest[0].execution_id != self._newest:
            self._newest = newest[0].execution_id
            self.ring()

    def _in_the_loop(self, act: Callable[..., None], *facts: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act, *facts)

    def _read_what_came(self) -> None:
        while not self._closing.is_set():
            batch = self.house.store.events_after(self.position, limit=BATCH)
            if not batch:
                return
            self.position = batch[-1].position
            self._in_the_loop(self._spread, batch)
            for placed in batch:
                try:
                    self.observe(placed)
                except Exception:  # what cannot be counted was told all the same, and the next is counted
                    logger.warning("event %s was not counted", placed.position, exc_info=True)
            if len(batch) < BATCH:
                return
            time.sleep(0)

    def _ring(self) -> None:
        for bell in self._bells:
            if bell.new_executions:
                bell.rung.set()

    def _spread(self, batch: list[Placed]) -> None:
        for one in self._everybody:
            for placed in batch:
                one.give(placed)
