"""That something was stored, for the thread that waits for it."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Condition
from weakref import WeakMethod

_OPEN: dict[int, tuple[object, WeakMethod[Callable[[], None]]]] = {}
"""Counters by what they count for: the threads of a server have a connection each to one file."""


class Changes:
    """Counts what this process stored; any thread may note, one at a time may wait.

    Those `of` the same file tell each other: what one notes, all do.
    """

    def __init__(self, of: Path | None = None) -> None:
        self._of = None if of is None else (of, os.getpid())  # those of a parent are of no use to a forked child
        if of is not None:
            number = id(self)
            _OPEN[number] = self._of, WeakMethod(self._count, lambda _: _OPEN.pop(number, None))
        self._news = Condition()
        self._noted = 0
        self._seen = 0
        self._closed = False

    def note(self) -> None:
        """Something was stored."""
        if self._of is None:
            self._count()
            return
        for of, known in list(_OPEN.values()):
            if of == self._of and (count := known()) is not None:
                count()

    def _count(self) -> None:
        with self._news:
            self._noted += 1
            self._news.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until something was noted since this was last true, at most `timeout` seconds; True where it was.

        Whatever thread noted it: one who reads anew once too often loses less than one who misses something.
        """
        with self._news:
            self._news.wait_for(lambda: self._closed or self._noted != self._seen, max(0.0, timeout))
            changed = self._noted != self._seen
            self._seen = self._noted
            return changed

    @property
    def closed(self) -> bool:
        """True once nobody shall wait any more."""
        return self._closed

    def close(self) -> None:
        """Wake who waits, for good."""
        with self._news:
            self._closed = True
            self._news.notify_all()
