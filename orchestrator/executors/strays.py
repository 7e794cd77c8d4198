"""Processes whose parent is gone: the kernel gives them to the supervisor, which kills what is no live attempt."""

import os
import signal
from collections.abc import Collection

from orchestrator.executors import linux
from orchestrator.executors.live_attempt import LiveAttempt
from orchestrator.executors.trees import signal_tree

LOOK = 0.5
"""Seconds between looks for children that nothing announces."""


class Strays:
    """Children of this process that it did not fork, each with the attempt that answers for it, where one is known."""

    def __init__(self) -> None:
        self._owners: dict[int, LiveAttempt | None] = {}
        self._unclaimed: set[int] = set()
        self._next_look = 0.0

    def __len__(self) -> int:
        return len(self._owners)

    def add(self, pid: int, owner: LiveAttempt | None) -> None:
        """From now on `pid` is one of them."""
        self._owners[pid] = owner

    def pop(self, pid: int) -> LiveAttempt | None:
        """The process is gone, if it was one of them; returns who answered for it."""
        return self._owners.pop(pid, None)

    def of(self, attempt: LiveAttempt) -> list[int]:
        """The pids for which `attempt` answers."""
        return [pid for pid, owner in self._owners.items() if owner is attempt]

    def disown(self, attempt: LiveAttempt) -> list[int]:
        """Nobody waits any longer for those of `attempt`; they are killed all the same."""
        left = self.of(attempt)
        self._owners.update(dict.fromkeys(left))
        return left

    def adopt(self, forked: Collection[int], owner: LiveAttempt | None) -> None:
        """Children that we did not fork: a process of `owner` that died has left them."""
        self._owners.update(dict.fromkeys(self._unknown(forked), owner))

    def adopt_unclaimed(self, forked: Collection[int], now: float) -> None:
        """Children whose parent we never reap came past an attempt that is no subreaper any more; kill them, too."""
        if now >= self._next_look:
            unknown = self._unknown(forked)
            self._owners.update(dict.fromkeys(unknown & self._unclaimed))
            self._unclaimed = unknown - self._owners.keys()
            self._next_look = now + LOOK

    def kill(self, now: float) -> None:
        """SIGKILL to all but those whose attempt has been asked to end and still has time for it."""
        for pid, owner in self._owners.items():
            spared = owner is not None and owner.verdict is not None and now < (owner.kill_at or 0)
            if not spared:
                signal_tree(pid, signal.SIGKILL)

    def _unknown(self, forked: Collection[int]) -> set[int]:
        return set(linux.children(os.getpid())).difference(forked, self._owners)
