"""The process that starts, watches and kills attempts: one thread, one loop, the smallest of libraries.

It hears from its owner through one socket, knows attempts by number, and is alone entitled to say that one has ended:
that is when the last process of it is gone.
"""

import gc
import os
import select
import signal
import time
import traceback
from typing import Any

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, Outcome
from orchestrator.executors import linux
from orchestrator.executors.live_attempt import UNKILLABLE_AFTER, LiveAttempt, stopped_verdict
from orchestrator.executors.owner_line import OwnerLine
from orchestrator.executors.strays import Strays
from orchestrator.executors.trees import signal_tree
from orchestrator.executors.warm import WarmPool
from orchestrator.executors.wire import Malformed, encode, outcome_to_wire

TICK = 0.5
KILL_TICK = 0.02
OWNER_GONE_GRACE = 1.0
FORK_PATIENCE = 10.0
"""Seconds for which a fork that fails is tried again while nothing else is under way; then the place is exhausted."""
FORK_TICK = 0.1


class Supervisor:
    """Everything it holds is a plain descriptor or a plain object: a forked child drops it all without harm."""

    def __init__(self, channel: int, *, heartbeat_limit: float, lock: int | None) -> None:
        self._poll = select.poll()
        self._owner = OwnerLine(channel, heartbeat_limit=heartbeat_limit, lock=lock, poll=self._poll)
        self._guard = os.getppid()
        self._attempts: dict[int, LiveAttempt] = {}
        self._by_pid: dict[int, LiveAttempt] = {}
        self._by_fd: dict[int, LiveAttempt] = {}
        self._strays = Strays()
        self._warm = WarmPool()
        self._unforked: dict[int, tuple[dict[str, Any], float]] = {}
        self._fork_again_at = 0.0
        self._stopping = ""
        self._abandoned = False
        """The owner fell silent, and has not spoken since."""

    def run(self) -> None:
        """Serve until the owner closes the channel, or dies, and everything started is gone."""
        wake = _wake_on_child_end()
        self._poll.register(wake, select.POLLIN)
        self._owner.send({"event": "ready", "pid": os.getpid()})
        gc.freeze()  # a child's first collection must not copy every page it shares with us
        while not (self._stopping and self._quiet()):
            self._owner.flush()
            for fd, _ in self._poll.poll(self._patience() * 1000):
                if fd == wake:
                    _drain(wake)
                elif fd == self._owner.channel:
                    self._hear()
                elif fd in self._by_fd:
                    self._read(fd)
            self._reap()
            self._check_owner()
            self._retry_forks()
            self._strays.adopt_unclaimed(self._forked(), time.monotonic())
            self._enforce(time.monotonic())
            self._warm.look_after(time.monotonic())
        self._owner.flush()

    def _quiet(self) -> bool:
        """Nothing that was started is alive."""
        return not self._attempts and not self._strays and not self._warm.by_pid

    # --- the owner ---

    def _hear(self) -> None:
        for message in self._owner.hear():
            self._abandoned = False
            self._obey(message)

    def _obey(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "start", "id": int(number), "call": dict(call)}:
                self._start(number, call, time.monotonic() + FORK_PATIENCE)
            case {"do": "cancel", "id": int(number)}:
                self._cancel(number)
            case {"do": "beat"}:
                self._owner.send({"event": "beat"})
            case {"do": "close"}:
                self._stop_all("close", grace=None)
            case _:
                raise Malformed("no order of ours")

    def _check_owner(self) -> None:
        """The heartbeat is judged after the channel was read: whoever was stopped and woken reads before judging."""
        if os.getppid() != self._guard:
            self._owner.lose()
            self._stop_all("the guard is gone", grace=OWNER_GONE_GRACE)
        elif self._owner.gone:
            self._stop_all("the orchestrator is gone", grace=OWNER_GONE_GRACE)
        elif self._owner.silent(time.monotonic()):
            self._abandoned = True
            self._give_all_up(Lost(message="the orchestrator did not answer"), grace=OWNER_GONE_GRACE)
        if self._abandoned and self._quiet():
            self._owner.release_lock()

    def _stop_all(self, reason: str, grace: float | None) -> None:
        if self._stopping in ("", "close") and reason != self._stopping:
            self._stopping = reason
            self._give_all_up(stopped_verdict(reason), grace=grace)

    def _give_all_up(self, verdict: Outcome, grace: float | None) -> None:
        for number in list(self._unforked):
            self._give_back(number, verdict)
        for attempt in self._attempts.values():
            self._end(attempt, verdict, grace)
            if grace is not None:
                attempt.hurry(time.monotonic() + grace)
        self._warm.dismiss_idle(at_once=grace is not None)

    # --- attempts ---

    def _start(self, number: int, call: dict[str, Any], give_up_at: float) -> None:
        if self._stopping:
            self._give_back(number, stopped_verdict(self._stopping))
            return
        if not self._owner.retake_lock():
            self._give_back(number, Lost(message="another process drives this execution"))
            return
        try:
            warm = self._warm.lend(call) if call.get("isolation") == "shared" else None
            attempt = LiveAttempt(number, call, warm)
        except OSError as error:  # no process or descriptor to be had: not the task's fault, and it may pass
            if self._attempts or time.monotonic() < give_up_at:
                self._unforked[number] = (call, give_up_at)
                return
            reason = f"no process could be started: {error}"
            self._owner.send({"event": "exhausted", "id": number, "why": str(error)})
            self._give_back(number, Lost(message=reason))
            return
        self._unforked.pop(number, None)
        self._attempts[number] = attempt
        self._by_pid[attempt.pid] = attempt
        for fd in attempt.streams:
            self._by_fd[fd] = attempt
            self._poll.register(fd, select.POLLIN)
        self._owner.send({"event": "started", "id": number, "pid": attempt.pid, "at": attempt.began_wall})
        self._complain(attempt)

    def _retry_forks(self) -> None:
        now = time.monotonic()
        if not self._unforked or now < self._fork_again_at:
            return
        self._fork_again_at = now + FORK_TICK
        patience = now + FORK_PATIENCE if self._attempts else 0.0  # whoever is under way may free what is missing
        for number, (call, give_up_at) in list(self._unforked.items()):
            self._start(number, call, max(give_up_at, patience))

    def _give_back(self, number: int, outcome: Outcome) -> None:
        """End an attempt that never became a process."""
        self._unforked.pop(number, None)
        wire = outcome_to_wire(outcome)
        self._owner.send({"event": "ended", "id": number, "outcome": wire, "duration": 0.0, "at": time.time()})

    def _cancel(self, number: int) -> None:
        if number in self._unforked:
            self._give_back(number, Cancelled())
        attempt = self._attempts.get(number)
        if attempt is None:
            return
        if isinstance(attempt.verdict, Cancelled):
            attempt.hurry(time.monotonic())
        else:
            self._end(attempt, Cancelled(), None)

    def _end(self, attempt: LiveAttempt, verdict: Outcome, grace: float | None) -> None:
        if attempt.end(verdict, time.monotonic(), grace):
            signal_tree(attempt.pid, signal.SIGTERM)

    def _read(self, fd: int) -> bool:
        """Take what a pipe holds; True if there may be more at once."""
        attempt = self._by_fd[fd]
        stream, shown, state = attempt.read(fd)
        self._show(attempt, stream, shown)
        if attempt.progress is not None:
            (done, total), attempt.progress = attempt.progress, None
            self._owner.show({"event": "progress", "id": attempt.number, "done": done, "total": total})
        if state == "ended":
            self._forget(fd)
            del attempt.streams[fd]
            os.close(fd)
        return state == "more"

    def _show(self, attempt: LiveAttempt, stream: str, text: str) -> None:
        if text:
            self._owner.show({"event": "output", "id": attempt.number, "stream": stream, "text": text})

    def _complain(self, attempt: LiveAttempt) -> None:
        if attempt.log.trouble:
            self._show(attempt, "stderr", f"{attempt.log.trouble}\n")

    def _forget(self, fd: int) -> None:
        self._poll.unregister(fd)
        del self._by_fd[fd]

    # --- processes ---

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            attempt = self._by_pid.pop(pid, None)
            owner = attempt or self._strays.pop(pid)
            cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
            if attempt is not None:
                attempt.reaped(status, cpu, peak, time.monotonic())
            elif owner is not None:
                owner.spent(cpu, peak)
            self._warm.forget(pid)
            self._strays.adopt(self._forked(), owner)

    def _forked(self) -> set[int]:
        """The children that we forked ourselves."""
        return self._by_pid.keys() | self._warm.by_pid.keys()

    def _enforce(self, now: float) -> None:
        for attempt in list(self._attempts.values()):
            if attempt.rests and attempt.alive:
                self._dismiss(attempt, now)
            if attempt.alive:
                self._enforce_on_living(attempt, now)
            elif not self._strays.of(attempt):
                self._finish(attempt, now)
            elif attempt.given_up_at is not None and now >= attempt.given_up_at:
                attempt.log.note(f"left behind and not to be killed: {self._strays.disown(attempt)}")
                self._finish(attempt, now)
        self._strays.kill(now)

    def _dismiss(self, attempt: LiveAttempt, now: float) -> None:
        """The warm process says that it is done with the attempt: believed where nothing is left below it."""
        if attempt.warm is None or attempt.verdict is not None or linux.children(attempt.pid):
            attempt.hurry(now)
            return
        del self._by_pid[attempt.pid]
        attempt.reaped(0, attempt.warm.cpu_seconds(), attempt.warm.peak_memory_bytes(), now)
        self._warm.take_back(attempt.warm, now)
        if self._stopping or self._abandoned:
            self._warm.dismiss_idle(at_once=True)
        self._strays.adopt(self._forked(), attempt)

    def _enforce_on_living(self, attempt: LiveAttempt, now: float) -> None:
        excess = attempt.past_memory(now)
        if excess is not None:
            attempt.end(excess, now, 0.0)
            attempt.hurry(now)
        if attempt.kill_at is None:
            verdict = attempt.past_deadline(now)
            if verdict is not None:
                self._end(attempt, verdict, None)
        elif now >= attempt.kill_at + UNKILLABLE_AFTER:
            attempt.verdict = attempt.verdict or attempt.result or Crashed(message="could not be killed")
            del self._by_pid[attempt.pid]
            self._strays.add(attempt.pid, None)  # reaped whenever the kernel lets it go
            self._warm.forget(attempt.pid)
            attempt.log.note(f"pid {attempt.pid} does not die: the kernel holds it")
            self._finish(attempt, now)
        elif now >= attempt.kill_at:
            signal_tree(attempt.pid, signal.SIGKILL)

    def _finish(self, attempt: LiveAttempt, now: float) -> None:
        for fd in list(attempt.streams):
            while self._read(fd):
                continue  # all writers are gone: what is left in the pipe, then its end
        self._show(attempt, "stderr", attempt.log.end())
        message = attempt.ended_message(now)
        attempt.log.note(f"ended after {message['duration']:.3f} s: {message['outcome']['kind']}")
        self._complain(attempt)
        for fd in attempt.streams:
            self._forget(fd)
        attempt.close()
        del self._attempts[attempt.number]
        self._owner.send(message)

    def _patience(self) -> float:
        """Seconds until something must be decided."""
        if self._strays:
            return KILL_TICK
        soonest = min((one.next_moment() for one in self._attempts.values()), default=float("inf"))
        return min(
            FORK_TICK if self._unforked else TICK,
            max(soonest - time.monotonic(), KILL_TICK if soonest < time.monotonic() else 0.0),
        )


def serve(channel: int, *, heartbeat_limit: float, lock: int | None = None) -> int:
    """Run a supervisor in this process; returns its exit code. An error of its own goes to the owner as last words.

    `lock` is the lock file of the execution, locked by the owner through the same open file. While the owner is silent
    (for `heartbeat_limit` seconds) its attempts are killed, and then the lock is given up for another owner.
    """
    try:
        linux.become_subreaper()
        Supervisor(channel, heartbeat_limit=heartbeat_limit, lock=lock).run()
    except Exception:  # noqa: BLE001 - whatever it is, the owner must learn it; the guard kills what is left
        os.set_blocking(channel, True)
        os.write(channel, b"\n" + encode({"event": "broken", "traceback": traceback.format_exc()}))
        return 1
    return 0


def _wake_on_child_end() -> int:
    """A descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return reader


def _drain(fd: int) -> None:
    try:
        while os.read(fd, 4096):
            pass
    except BlockingIOError:
        return
