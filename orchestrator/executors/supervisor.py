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
from orchestrator.executors.wire import Lines, Malformed, decode, encode, outcome_to_wire

TICK = 0.5
KILL_TICK = 0.02
OWNER_GONE_GRACE = 1.0
FORK_PATIENCE = 10.0
"""Seconds for which a fork that fails is tried again before the attempt is given back as lost."""
OUTBOX_LIMIT = 256 * 1024
"""Bytes waiting for the owner beyond which live output is dropped; events never are."""


class Supervisor:
    """Everything it holds is a plain descriptor or a plain object: a forked child drops it all without harm."""

    def __init__(self, channel: int, *, heartbeat_limit: float) -> None:
        self._channel = channel
        self._heartbeat_limit = heartbeat_limit
        self._heard_at = time.monotonic()
        self._guard = os.getppid()
        self._lines = Lines()
        self._outbox = bytearray()
        self._attempts: dict[int, LiveAttempt] = {}
        self._by_pid: dict[int, LiveAttempt] = {}
        self._by_fd: dict[int, LiveAttempt] = {}
        self._strays: dict[int, LiveAttempt | None] = {}
        self._unforked: dict[int, tuple[dict[str, Any], float]] = {}
        self._unclaimed: set[int] = set()
        self._next_look = 0.0
        self._stopping = ""
        self._owner_gone = False
        self._poll = select.poll()

    def run(self) -> None:
        """Serve until the owner closes the channel, or dies, and everything started is gone."""
        os.set_blocking(self._channel, False)
        self._poll.register(self._channel, select.POLLIN)
        wake = _wake_on_child_end()
        self._poll.register(wake, select.POLLIN)
        self._send({"event": "ready", "pid": os.getpid()})
        gc.freeze()  # a child's first collection must not copy every page it shares with us
        while not (self._stopping and not self._attempts and not self._strays):
            self._flush()
            for fd, _ in self._poll.poll(self._patience() * 1000):
                if fd == wake:
                    _drain(wake)
                elif fd == self._channel:
                    self._hear()
                elif fd in self._by_fd:
                    self._read(fd)
            self._reap()
            self._check_owner()
            self._retry_forks()
            self._adopt_unclaimed(time.monotonic())
            self._enforce(time.monotonic())
        self._flush()

    # --- the owner ---

    def _hear(self) -> None:
        try:
            data = os.read(self._channel, 1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._heard_at = time.monotonic()
        if not data:
            self._lose_owner("the orchestrator is gone")
            return
        for line in self._lines.feed(data):
            self._obey(decode(line))

    def _obey(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "start", "id": int(number), "call": dict(call)}:
                self._start(number, call, time.monotonic() + FORK_PATIENCE)
            case {"do": "cancel", "id": int(number)}:
                self._cancel(number)
            case {"do": "beat"}:
                self._send({"event": "beat"})
            case {"do": "close"}:
                self._stop_all("close", grace=None)
            case _:
                raise Malformed("no order of ours")

    def _check_owner(self) -> None:
        """The heartbeat is judged after the channel was read: whoever was stopped and woken reads before judging."""
        if os.getppid() != self._guard:
            self._lose_owner("the guard is gone")
        elif time.monotonic() - self._heard_at > self._heartbeat_limit:
            self._heard_at = time.monotonic()
            for number in list(self._unforked):
                self._give_back(number, Lost(message="the orchestrator did not answer"))
            self._end_all(Lost(message="the orchestrator did not answer"), grace=OWNER_GONE_GRACE)

    def _lose_owner(self, reason: str) -> None:
        if not self._owner_gone:
            self._owner_gone = True
            self._poll.unregister(self._channel)
            self._stop_all(reason, grace=OWNER_GONE_GRACE)

    def _stop_all(self, reason: str, grace: float | None) -> None:
        self._stopping = self._stopping or reason
        for number in list(self._unforked):
            self._give_back(number, stopped_verdict(reason))
        self._end_all(stopped_verdict(reason), grace=grace)

    def _send(self, message: dict[str, Any]) -> None:
        self._outbox += encode(message)

    def _flush(self) -> None:
        while self._outbox and not self._owner_gone:
            try:
                del self._outbox[: os.write(self._channel, self._outbox)]
            except BlockingIOError:
                self._poll.register(self._channel, select.POLLIN | select.POLLOUT)
                return
            except OSError:
                self._lose_owner("the orchestrator is gone")
                return
        if not self._owner_gone:
            self._poll.register(self._channel, select.POLLIN)

    # --- attempts ---

    def _start(self, number: int, call: dict[str, Any], give_up_at: float) -> None:
        if self._stopping:
            self._give_back(number, stopped_verdict(self._stopping))
            return
        try:
            attempt = LiveAttempt(number, call)
        except OSError as error:  # no process or descriptor to be had: not the task's fault, and it may pass
            if time.monotonic() < give_up_at:
                self._unforked[number] = (call, give_up_at)
            else:
                self._give_back(number, Lost(message=f"no process could be started: {error}"))
            return
        self._unforked.pop(number, None)
        self._attempts[number] = attempt
        self._by_pid[attempt.pid] = attempt
        for fd in attempt.streams:
            self._by_fd[fd] = attempt
            self._poll.register(fd, select.POLLIN)
        self._send({"event": "started", "id": number, "pid": attempt.pid, "at": attempt.began_wall})
        self._complain(attempt)

    def _retry_forks(self) -> None:
        for number, (call, give_up_at) in list(self._unforked.items()):
            self._start(number, call, give_up_at)

    def _give_back(self, number: int, outcome: Outcome) -> None:
        """End an attempt that never became a process."""
        self._unforked.pop(number, None)
        wire = outcome_to_wire(outcome)
        self._send({"event": "ended", "id": number, "outcome": wire, "duration": 0.0, "at": time.time()})

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

    def _end_all(self, verdict: Outcome, grace: float | None) -> None:
        for attempt in self._attempts.values():
            self._end(attempt, verdict, grace)
            if grace is not None:
                attempt.hurry(time.monotonic() + grace)

    def _end(self, attempt: LiveAttempt, verdict: Outcome, grace: float | None) -> None:
        if attempt.end(verdict, time.monotonic(), grace):
            self._signal_tree(attempt, signal.SIGTERM)

    def _read(self, fd: int) -> bool:
        """Take what a pipe holds; True if there may be more at once."""
        attempt = self._by_fd[fd]
        stream, shown, state = attempt.read(fd)
        self._show(attempt, stream, shown)
        if state == "ended":
            self._forget(fd)
            del attempt.streams[fd]
            os.close(fd)
        return state == "more"

    def _show(self, attempt: LiveAttempt, stream: str, text: str) -> None:
        if text and len(self._outbox) < OUTBOX_LIMIT:
            self._send({"event": "output", "id": attempt.number, "stream": stream, "text": text})

    def _complain(self, attempt: LiveAttempt) -> None:
        if attempt.log.trouble:
            self._show(attempt, "stderr", f"{attempt.log.trouble}\n")

    def _forget(self, fd: int) -> None:
        self._poll.unregister(fd)
        del self._by_fd[fd]

    # --- processes ---

    def _signal_tree(self, attempt: LiveAttempt, number: int) -> None:
        root = linux.identify(attempt.pid)
        if attempt.alive and root is not None:
            for process in [root, *linux.descendants(attempt.pid)]:
                linux.send_signal(process, number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            attempt = self._by_pid.pop(pid, None)
            if attempt is not None:
                cpu = usage.ru_utime + usage.ru_stime
                attempt.reaped(status, cpu, usage.ru_maxrss * 1024, time.monotonic())
            owner = attempt or self._strays.pop(pid, None)
            self._strays.update(dict.fromkeys(self._unknown_children(), owner))

    def _unknown_children(self) -> set[int]:
        """Children that we did not fork: a process that died has left them, and its attempt answers for them."""
        return set(linux.children(os.getpid())) - self._by_pid.keys() - self._strays.keys()

    def _adopt_unclaimed(self, now: float) -> None:
        """Children whose parent we never reap came past an attempt that is no subreaper any more; kill them, too."""
        if now >= self._next_look:
            unknown = self._unknown_children()
            self._strays.update(dict.fromkeys(unknown & self._unclaimed))
            self._unclaimed = unknown - self._strays.keys()
            self._next_look = now + TICK

    def _enforce(self, now: float) -> None:
        for attempt in list(self._attempts.values()):
            if attempt.alive:
                self._enforce_on_living(attempt, now)
            elif not any(owner is attempt for owner in self._strays.values()):
                self._finish(attempt, now)
            elif attempt.given_up_at is not None and now >= attempt.given_up_at:
                self._disown(attempt)
                self._finish(attempt, now)
        for pid, owner in self._strays.items():
            spared = owner is not None and owner.verdict is not None and now < (owner.kill_at or 0)
            process = None if spared else linux.identify(pid)
            if process is not None:
                for one in [process, *linux.descendants(pid)]:
                    linux.send_signal(one, signal.SIGKILL)

    def _enforce_on_living(self, attempt: LiveAttempt, now: float) -> None:
        if attempt.kill_at is None:
            verdict = attempt.past_deadline(now)
            if verdict is not None:
                self._end(attempt, verdict, None)
        elif now >= attempt.kill_at + UNKILLABLE_AFTER:
            attempt.verdict = attempt.verdict or Crashed(message="could not be killed")
            del self._by_pid[attempt.pid]
            self._strays[attempt.pid] = None  # reaped whenever the kernel lets it go
            attempt.log.note(f"pid {attempt.pid} does not die: the kernel holds it")
            self._finish(attempt, now)
        elif now >= attempt.kill_at:
            self._signal_tree(attempt, signal.SIGKILL)

    def _disown(self, attempt: LiveAttempt) -> None:
        left = [pid for pid, owner in self._strays.items() if owner is attempt]
        attempt.log.note(f"left behind and not to be killed: {left}")
        self._strays.update(dict.fromkeys(left))

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
        self._send(message)

    def _patience(self) -> float:
        """Seconds until something must be decided."""
        if self._strays or self._unforked:
            return KILL_TICK
        soonest = min((one.next_moment() for one in self._attempts.values()), default=float("inf"))
        return min(TICK, max(soonest - time.monotonic(), KILL_TICK if soonest < time.monotonic() else 0.0))


def serve(channel: int, *, heartbeat_limit: float) -> int:
    """Run a supervisor in this process; returns its exit code. An error of its own goes to the owner as last words."""
    try:
        linux.become_subreaper()
        Supervisor(channel, heartbeat_limit=heartbeat_limit).run()
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
