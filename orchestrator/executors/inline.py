"""Attempts in threads of this very process: for tests and for the debugger, since nothing here can be killed."""

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.core.identity import AttemptKey
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import Cancelled, Outcome, TimedOut
from orchestrator.core.ports import AttemptEnded, AttemptProgress, AttemptStarted, Call, ExecutorEvent
from orchestrator.executors.calling import perform
from orchestrator.executors.interpreter import target_of
from orchestrator.executors.source_loading import source_sha256
from orchestrator.executors.travel import call_to_wire, never_began
from orchestrator.executors.waiting_room import WaitingRoom


class InlineExecutor:
    """Says the same events as the others; limits and cancels are honoured in the verdict, after the fact.

    Environment, working directory and log file of a call are not used; its search path is put in front of `sys.path`
    and stays there.
    """

    promise_gap: Message | None = Message(
        template=N_(
            "tasks run inside the orchestrator's own process: they cannot be stopped, and their output is not kept"
        )
    )

    def __init__(self, *, max_workers: int) -> None:
        self._room = WaitingRoom(max_workers, self._begin)
        self._deliver: Callable[[ExecutorEvent], None] | None = None
        self._cancelled: set[AttemptKey] = set()
        self._threads: dict[AttemptKey, threading.Thread] = {}
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
            self._deliver(never_began(call.attempt, Cancelled()))
        else:
            self._room.enter(call)

    def cancel(self, attempt: AttemptKey) -> None:
        """Forget a waiting call; of one that runs, whatever it returns will count as cancelled."""
        if self._room.withdraw(attempt):
            assert self._deliver is not None
            self._deliver(never_began(attempt, Cancelled()))
        elif attempt in self._threads:
            self._cancelled.add(attempt)

    def close(self, patience: float = 5.0) -> None:
        """Cancel everything and wait for the calls to return, `patience` seconds at most."""
        self._closed = True
        for attempt in self._room.empty():
            assert self._deliver is not None
            self._deliver(never_began(attempt, Cancelled()))
        give_up_at = time.monotonic() + patience
        self._cancelled.update(self._threads)
        for thread in list(self._threads.values()):
            if thread is not threading.current_thread():
                thread.join(max(0.0, give_up_at - time.monotonic()))

    def _begin(self, call: Call) -> None:
        thread = threading.Thread(target=self._run, args=(call,), name="inline-attempt", daemon=True)
        self._threads[call.attempt] = thread
        thread.start()

    def _run(self, call: Call) -> None:
        deliver = self._deliver
        assert deliver is not None
        sys.path[:0] = [folder for folder in call.search_path if folder not in sys.path]
        deliver(AttemptStarted(attempt=call.attempt, pid=os.getpid(), at=datetime.now(UTC)))
        began = time.monotonic()

        def tell(done: float, total: float | None) -> None:
            deliver(AttemptProgress(attempt=call.attempt, done=done, total=total))

        outcome: Outcome = perform(target_of(call_to_wire(call)), tell)
        duration = time.monotonic() - began
        if duration > call.timeout:
            outcome = TimedOut(limit=call.timeout)
        if call.attempt in self._cancelled:
            outcome = Cancelled()
        self._cancelled.discard(call.attempt)
        del self._threads[call.attempt]
        self._room.leave(call.attempt)
        deliver(
            AttemptEnded(
                attempt=call.attempt,
                outcome=outcome,
                at=datetime.now(UTC),
                duration=duration,
                code_sha256=source_sha256(call.module_path),
            )
        )
