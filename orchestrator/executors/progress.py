"""How far a task says it has come: checked, told ten times a second at most, and the last word always told."""

import math
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

Tell: TypeAlias = Callable[[float, float | None], None]
"""Takes what is done and the total, None where nobody knows it."""

TOLD_EVERY = 0.1
LOGGED_EVERY = 1.0
"""Seconds between two lines of the log."""


class Progress:
    """Where `etl_context.progress` ends: each word is checked, few are passed on. Safe from any thread of the task."""

    def __init__(self, tell: Tell, log: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._tell_at = self._log_at = -math.inf
        self._untold: tuple[float, float | None] | None = None

    def say(self, done: object, total: object = None) -> None:
        """Take a word of the task's. Raises ValueError where one is no finite number."""
        word = (_number("done", done), None if total is None else _number("total", total))
        with self._lock:
            self._untold = word
            now = self._clock()
            if now >= self._log_at:
                self._log_at = now + LOGGED_EVERY
                self._log(_worded(*word))
            if now >= self._tell_at:
                self._tell_at = now + TOLD_EVERY
                self._pass_on()

    def settle(self) -> None:
        """Tell the last word if it was held back: nothing more will come."""
        with self._lock:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._untold is not None:
            self._tell(*self._untold)
            self._untold = None


def silence(_done: float, _total: float | None) -> None:
    """A `Tell` for whoever does not want to know."""


def _number(name: str, value: object) -> float:
    """`value` as a float; whatever can be one counts (numpy's, Decimal), texts and truth values do not."""
    try:
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"progress: `{name}` must be a finite number, not {value!r:.100}")
    return number


def _worded(done: float, total: float | None) -> str:
    return f"progress: {done:.15g}" if total is None else f"progress: {done:.15g} of {total:.15g}"
