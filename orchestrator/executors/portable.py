"""Attempts in subprocesses where Linux's means are missing: the same face, a weaker promise, and it says so."""

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.core.identity import AttemptKey
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import Cancelled, Lost
from orchestrator.core.ports import (
    AttemptEnded,
    AttemptOutput,
    AttemptProgress,
    AttemptStarted,
    Call,
    ExecutorEvent,
)
from orchestrator.executors.travel import call_to_wire, never_began
from orchestrator.executors.waiting_room import WaitingRoom
from orchestrator.executors.watched_process import WatchedProcess, complete_environment

STOP_MARGIN = 5.0


GAP = Message(
    template=N_(
        "on this system a process that a task detaches (a double fork, a new session) may outlive the task, and "
        "tasks go on while the orchestrator is stopped; only Linux promises that nothing is left behind"
    )
)
GAP_WITH_JOBS = Message(
    template=N_(
        "on Windows tasks go on while the orchestrator is suspended, though they end when it ends; and should Windows "
        "refuse a job object, which the log of the attempt then says, a process that the task detaches may outlive it"
    )
)


class PortableExecutor:
    """One thread and one subprocess for each attempt under way."""

    promise_gap: Message | None = GAP_WITH_JOBS if sys.platform == "win32" else GAP
    """What this executor cannot promise; to be said at start and by `doctor`."""

    def __init__(self, *, max_workers: int) -> None:
        self._room = WaitingRoom(max_workers, self._begin)
        self._deliver: Callable[[ExecutorEvent], None] | None = None
        self._lock = threading.Lock()
        self._cancels: dict[AttemptKey, int] = {}
        self._processes: dict[AttemptKey, WatchedProcess] = {}
        self._threads: dict[AttemptKey, tuple[threading.Thread, Call]] = {}
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
            self._tell(never_began(call.attempt, Cancelled()))
        else:
            self._room.enter(call)

    def cancel(self, attempt: AttemptKey) -> None:
        """End the attempt and all that was seen of it; a second time kills at once."""
        if self._room.withdraw(attempt):
            self._tell(never_began(attempt, Cancelled()))
            return
        with self._lock:
            if attempt not in self._threads:
                return
            process = self._processes.get(attempt)
            if process is None:  # on its way: it is told as soon as it is there
                self._cancels[attempt] = self._cancels.get(attempt, 0) + 1
        if process is not None:
            process.cancel()

    def close(self) -> None:
        """Cancel every attempt and wait for the ends, bounded. Calling it twice does no harm."""
        self._closed = True
        for attempt in self._room.empty():
            self._tell(never_began(attempt, Cancelled()))
        with self._lock:
            under_way = dict(self._threads)
        for attempt in under_way:
            self.cancel(attempt)
        longest = max((call.kill_grace for _, call in under_way.values()), default=0.0)
        give_up_at = time.monotonic() + longest + STOP_MARGIN
        for thread, _ in under_way.values():
            if thread is not threading.current_thread():
                thread.join(max(0.0, give_up_at - time.monotonic()))

    def _begin(self, call: Call) -> None:
        thread = threading.Thread(target=self._run, args=(call,), name="portable-attempt", daemon=True)
        with self._lock:
            self._threads[call.attempt] = (thread, call)
        thread.start()

    def _run(self, call: Call) -> None:
        attempt = call.attempt

        def show(stream: str, text: str) -> None:
            self._tell(AttemptOutput(attempt=attempt, stream=stream, text=text))

        def tell(done: float, total: float | None) -> None:
            self._tell(AttemptProgress(attempt=attempt, done=done, total=total))

        wire = call_to_wire(call)
        wire["environment"] = complete_environment(wire["environment"])
        try:
            process = WatchedProcess(wire, show, tell)
        except OSError as error:
            self._end(never_began(attempt, Lost(message=f"no process could be started: {error}")))
            return
        with self._lock:
            self._processes[attempt] = process
            cancels = self._cancels.pop(attempt, 0)
        for _ in range(cancels):
            process.cancel()
        self._tell(AttemptStarted(attempt=attempt, pid=process.pid, at=datetime.now(UTC)))
        outcome, duration, usage = process.watch()
        self._end(
            AttemptEnded(
                attempt=attempt,
                outcome=outcome,
                at=datetime.now(UTC),
                duration=duration,
                usage=usage,
                code_sha256=process.code,
                trouble=process.trouble,
            )
        )

    def _end(self, event: AttemptEnded) -> None:
        with self._lock:
            self._processes.pop(event.attempt, None)
            self._threads.pop(event.attempt, None)
            self._cancels.pop(event.attempt, None)
        self._room.leave(event.attempt)
        self._tell(event)

    def _tell(self, event: ExecutorEvent) -> None:
        assert self._deliver is not None
        self._deliver(event)
