"""Answers that cost much, such as counts over the whole store: asked for anew only now and then, however many ask."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SHARE: Final = 0.02
"""Of the time that may go into asking anew."""


@dataclass(kw_only=True)
class Remembered(Generic[T]):
    """One answer, as of a moment ago; any thread may ask."""

    seconds: float
    """For which it holds; longer where asking takes long."""
    _answer: T | None = field(init=False, default=None)
    _until: float = field(init=False, default=0.0)
    _lock: Lock = field(init=False, default_factory=Lock)

    def fresh(self, ask: Callable[[], T]) -> T:
        """What was answered a moment ago, or the answer of `ask`; those who come meanwhile wait for it."""
        with self._lock:
            if self._answer is None or time.monotonic() >= self._until:
                began = time.monotonic()
                self._answer = ask()
                now = time.monotonic()
                self._until = now + max(self.seconds, (now - began) / SHARE)
            return self._answer
