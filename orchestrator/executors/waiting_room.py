"""Where calls wait until there is room for them: first come, first served, never more than the capacity at once."""

import threading
from collections import deque
from collections.abc import Callable

from orchestrator.core.identity import AttemptKey
from orchestrator.core.ports import Call


class WaitingRoom:
    """Calls `begin` for each call in turn, without holding its lock; safe from any thread."""

    def __init__(self, capacity: int, begin: Callable[[Call], None]) -> None:
        self.capacity = capacity
        self._begin = begin
        self._lock = threading.Lock()
        self._waiting: deque[Call] = deque()
        self._inside: set[AttemptKey] = set()

    def enter(self, call: Call) -> None:
        """Begin `call` now or later. Raises ValueError where the same attempt is under way."""
        with self._lock:
            if call.attempt in self._inside or any(one.attempt == call.attempt for one in self._waiting):
                raise ValueError(f"attempt is under way: {call.attempt}")
            self._waiting.append(call)
        self._admit()

    def leave(self, attempt: AttemptKey) -> None:
        """Give the place of an attempt to the next."""
        with self._lock:
            self._inside.discard(attempt)
        self._admit()

    def withdraw(self, attempt: AttemptKey) -> bool:
        """Take back a call that has not begun; False if it is not among those."""
        with self._lock:
            found = next((call for call in self._waiting if call.attempt == attempt), None)
            if found is not None:
                self._waiting.remove(found)
        return found is not None

    def empty(self) -> list[AttemptKey]:
        """Take back all calls that have not begun."""
        with self._lock:
            attempts = [call.attempt for call in self._waiting]
            self._waiting.clear()
        return attempts

    def _admit(self) -> None:
        while True:
            with self._lock:
                if not self._waiting or len(self._inside) >= self.capacity:
                    return
                call = self._waiting.popleft()
                self._inside.add(call.attempt)
            self._begin(call)
