"""One attempt as its supervisor sees it: a process, three pipes, a log, and how far its end has come."""

import fcntl
import os
import signal
import time
from typing import Any

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, Outcome, TimedOut
from orchestrator.executors import child
from orchestrator.executors.attempt_log import AttemptLog
from orchestrator.executors.wire import Lines, Malformed, decode, outcome_from_wire, outcome_to_wire

EXIT_GRACE = 2.0
"""Seconds that threads and exit handlers get after the function returned (D14)."""
UNKILLABLE_AFTER = 5.0
"""Seconds after SIGKILL when a process is given up as unkillable, and its slot is freed."""
RESULT_LIMIT = 8 * 1024 * 1024
PIPE_SIZE = 256 * 1024
READ_SIZE = 256 * 1024
READS_IN_A_ROW = 8


class LiveAttempt:
    """The state of one attempt from fork to the death of its last process. Times are monotonic seconds."""

    def __init__(self, number: int, call: dict[str, Any]) -> None:
        """Forks. Raises OSError where there is no process or descriptor to be had; then nothing was started."""
        self.number = number
        self.verdict: Outcome | None = None
        """Why we end it; None for good once a result has come."""
        self.result: Outcome | None = None
        self.kill_at: float | None = None
        self.given_up_at: float | None = None
        self.alive = True
        self.status = 0
        self.cpu_seconds = 0.0
        self.peak_memory_bytes = 0
        self._nonce = os.urandom(16).hex()
        self._lines = Lines(RESULT_LIMIT)
        self._grace = float(call["kill_grace"])
        self._limit = float(call["timeout"])
        pipes = _open_pipes()
        self.began_wall = time.time()
        self.began = time.monotonic()
        self.deadline = self.began + self._limit
        try:
            self.pid = self._fork(call, pipes)
        except OSError:
            _close(fd for pipe in pipes for fd in pipe)
            raise
        _close(pipe[1] for pipe in pipes)
        self.streams = {pipes[0][0]: "stdout", pipes[1][0]: "stderr", pipes[2][0]: "result"}
        self.log = AttemptLog(call["log_path"], hidden=call.get("hidden", ()))
        self.log.note(f"pid {self.pid} calls {call['module_path']}.{call['function_name']}")

    def read(self, fd: int) -> tuple[str, str, str]:
        """Take what a pipe holds, a bounded amount at a time.

        Returns the stream, the lines to show, and `more`, `empty` or `ended`.
        """
        stream = self.streams[fd]
        shown: list[str] = []
        for _ in range(READS_IN_A_ROW):
            try:
                data = os.read(fd, READ_SIZE)
            except BlockingIOError:
                return stream, "".join(shown), "empty"
            if not data:
                return stream, "".join(shown), "ended"
            if stream == "result":
                self._take_result(data)
            else:
                shown.append(self.log.feed(stream, data))
        return stream, "".join(shown), "more"

    def end(self, verdict: Outcome, now: float, grace: float | None = None) -> bool:
        """Decide that the attempt ends; True if SIGTERM is to be sent now. The first decision stands."""
        if self.verdict is not None or self.result is not None or not self.alive:
            return False
        self.verdict = verdict
        self.kill_at = now + (self._grace if grace is None else grace)
        return True

    def hurry(self, at: float) -> None:
        """Kill no later than `at`."""
        self.kill_at = at if self.kill_at is None else min(self.kill_at, at)

    def past_deadline(self, now: float) -> TimedOut | None:
        """The verdict of the clock."""
        return TimedOut(limit=self._limit) if now >= self.deadline else None

    def next_moment(self) -> float:
        """When there is something to decide without anything happening."""
        return self.deadline if self.kill_at is None else self.kill_at

    def reaped(self, status: int, cpu_seconds: float, peak_memory_bytes: int, now: float) -> None:
        """Its process is gone."""
        self.alive = False
        self.status = status
        self.cpu_seconds += cpu_seconds
        self.peak_memory_bytes = max(self.peak_memory_bytes, peak_memory_bytes)
        self.given_up_at = max(now, self.kill_at or now) + UNKILLABLE_AFTER

    def outcome(self) -> Outcome:
        """How it ended: our own decision, which no result precedes; the result; what the exit status says."""
        return self.verdict or self.result or crash_of(self.status)

    def close(self) -> None:
        """Let go of pipes and log."""
        _close(self.streams)
        self.streams = {}
        self.log.close()

    def ended_message(self, now: float) -> dict[str, Any]:
        """The last event of the attempt, as it travels."""
        return {
            "event": "ended",
            "id": self.number,
            "outcome": outcome_to_wire(self.outcome()),
            "duration": now - self.began,
            "at": time.time(),
            "cpu_seconds": self.cpu_seconds,
            "peak_memory_bytes": self.peak_memory_bytes,
        }

    def _take_result(self, data: bytes) -> None:
        try:
            for line in self._lines.feed(data):
                self._accept(line)
        except Malformed:
            self._lines = Lines(RESULT_LIMIT)  # rubbish without end; the true result may still come

    def _accept(self, line: bytes) -> None:
        """The first line that bears the nonce is the result; everything else on the channel is noise."""
        if self.result is not None:
            return
        try:
            message = decode(line)
            if message.get("nonce") == self._nonce:
                self.result = outcome_from_wire(message.get("outcome"))
                self.kill_at = min(self.kill_at or float("inf"), time.monotonic() + EXIT_GRACE)
        except Malformed:
            return

    def _fork(self, call: dict[str, Any], pipes: list[tuple[int, int]]) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            out, err, result = (pipe[1] for pipe in pipes)
            child.run_attempt(call, nonce=self._nonce, parent=parent, stdout=out, stderr=err, result=result)
        return pid


def crash_of(status: int) -> Crashed:
    """What the exit status of a process without a result means."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Crashed(message=f"signal {number} ({signal_name(number)})", signal=number)
    code = os.waitstatus_to_exitcode(status)
    return Crashed(message=f"exited without a result (exit code {code})", exit_code=code)


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; the number itself where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def stopped_verdict(reason: str) -> Outcome:
    """The verdict on attempts that end because the orchestrator stops (`close`) or is lost."""
    return Cancelled() if reason == "close" else Lost(message=reason)


def _open_pipes() -> list[tuple[int, int]]:
    pipes: list[tuple[int, int]] = []
    try:
        while len(pipes) < 3:  # noqa: PLR2004 - stdout, stderr, result
            pipes.append(os.pipe())
    except OSError:
        _close(fd for pipe in pipes for fd in pipe)
        raise
    for reader, _ in pipes:
        os.set_blocking(reader, False)
        try:
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:
            continue  # this user has used up its share of pipe memory; the default size does
    return pipes


def _close(fds: Any) -> None:
    for fd in fds:
        os.close(fd)
