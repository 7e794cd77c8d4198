"""Warm processes: each serves one call after another, for swarms of tasks too short to pay for a process of their own.

Its point and its price: modules stay imported, with whatever a task left in their globals, and a module that is edited
meanwhile is not read again. What a process is told from outside (environment, folder, module path, signals, standard
streams) is set anew for every call; processes that a task left behind are killed as anywhere else. On two cores a call
takes 2 ms in place of 9, and in place of 36 where the task's module imports as much as asyncio.
"""

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

from orchestrator.executors import usage, warm_child
from orchestrator.executors.trees import signal_tree
from orchestrator.executors.wire import encode

MOST_USES = 100
LONGEST_IDLE = 30.0
LEAVE_GRACE = 2.0
"""Seconds for a process that is told to go."""
KIND = ("environment", "search_path", "allowed_modules", "working_directory", "memory_limit_mb")
"""What calls have in common that one process may serve."""


class WarmProcess:
    """One of them, as its supervisor sees it."""

    def __init__(self, kind: bytes) -> None:
        """Forks. Raises OSError."""
        import socket  # noqa: PLC0415 - three milliseconds that only supervisors with calls of this kind shall pay

        self.kind = kind
        self.uses = 0
        self.idle_since: float | None = time.monotonic()
        """None while a call is under way."""
        self.kill_at: float | None = None
        """It was told to go."""
        self.cpu_before = 0.0
        """Seconds of processor time that earlier calls used."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        try:
            self.pid = os.fork()
            if self.pid == 0:
                warm_child.serve(theirs.fileno(), parent=parent)
        except OSError:
            self._orders.close()
            raise
        finally:
            theirs.close()
        self._orders.settimeout(0)

    def begin(self, call: dict[str, Any], nonce: str, ends: Sequence[int]) -> int:
        """Give it a call and the pipes it writes to: stdout, stderr, result. Returns its pid. Raises OSError.

        The call travels as a file in memory: in a pipe, a large one would have to wait until it is read.
        """
        import socket  # noqa: PLC0415 - likewise

        self.idle_since = None
        self.uses += 1
        self.cpu_before = self.cpu_seconds()
        order = os.memfd_create("call")
        try:
            rest = encode({"nonce": nonce, "call": call})
            while rest:
                rest = rest[os.write(order, rest) :]
            socket.send_fds(self._orders, [b"call"], [order, *ends])
        except OSError:
            self.idle_since = time.monotonic()
            raise
        finally:
            os.close(order)
        return self.pid

    def cpu_seconds(self) -> float:
        """Processor time so far, that of its descendants included as far as they were waited for."""
        return usage.cpu_seconds(self.pid)

    def peak_memory_bytes(self) -> int:
        """The most memory it held since its last call began."""
        return usage.peak_memory_bytes(self.pid)

    def send_away(self, now: float) -> None:
        """Tell it to go."""
        if self.kill_at is None:
            self._orders.close()
            self.kill_at = now + LEAVE_GRACE


class WarmPool:
    """All of one supervisor, busy, idle and leaving; never more idle ones than were ever busy at once."""

    def __init__(self) -> None:
        self.by_pid: dict[int, WarmProcess] = {}
        self._most_busy = 0

    def lend(self, call: dict[str, Any]) -> WarmProcess:
        """An idle process of the call's kind, the one that was used last, or a new one. Raises OSError."""
        kind = encode({name: call.get(name) for name in KIND})
        idle = [one for one in self._idle() if one.kind == kind]
        process = idle[-1] if idle else WarmProcess(kind)
        self.by_pid[process.pid] = process
        busy = sum(one.idle_since is None for one in self.by_pid.values())
        self._most_busy = max(self._most_busy, busy + 1)
        return process

    def take_back(self, process: WarmProcess, now: float) -> None:
        """The process waits for its next call, or has had its last one."""
        process.idle_since = now
        if process.uses >= MOST_USES:
            process.send_away(now)
        for one in self._idle()[: -self._most_busy]:
            one.send_away(now)

    def forget(self, pid: int) -> None:
        """The process is gone."""
        process = self.by_pid.pop(pid, None)
        if process is not None:
            process.send_away(0.0)

    def look_after(self, now: float) -> None:
        """Send away who was idle for long, and kill who was told to go and did not."""
        for process in self._idle():
            if now - (process.idle_since or now) >= LONGEST_IDLE:
                process.send_away(now)
        for process in self.by_pid.values():
            if process.kill_at is not None and now >= process.kill_at:
                signal_tree(process.pid, signal.SIGKILL)

    def dismiss_idle(self, *, at_once: bool) -> None:
        """Send all idle ones away; the busy ones are their attempts' business."""
        now = time.monotonic()
        for process in self._idle():
            process.send_away(now - LEAVE_GRACE if at_once else now)
        self.look_after(now)

    def _idle(self) -> list[WarmProcess]:
        """Ready for a call, the longest idle first."""
        idle = [one for one in self.by_pid.values() if one.idle_since is not None and one.kill_at is None]
        return sorted(idle, key=lambda one: one.idle_since or 0.0)
