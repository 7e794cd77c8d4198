"""One attempt as its supervisor sees it: a process, three pipes, a log, and how far its end has come."""

import fcntl
import os
import signal
import time
from collections.abc import Iterable
from typing import Any

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, Outcome, TimedOut
from orchestrator.executors import child, usage
from orchestrator.executors.attempt_log import AttemptLog
from orchestrator.executors.trees import memory_of_tree
from orchestrator.executors.warm import WarmProcess
from orchestrator.executors.wire import (
    Lines,
    Malformed,
    code_from_wire,
    decode,
    outcome_from_wire,
    outcome_to_wire,
    progress_from_wire,
)

EXIT_GRACE = 2.0
"""Seconds that threads and exit handlers get after the function returned (D14)."""
UNKILLABLE_AFTER = 5.0
"""Seconds after SIGKILL when a process is given up as unkillable, and its slot is freed."""
RESULT_LIMIT = 8 * 1024 * 1024
PIPE_SIZE = 256 * 1024
READ_SIZE = 256 * 1024
READS_IN_A_ROW = 8


class LiveAttempt:
    """The state of one attempt from its begin to the death of its last process. Times are monotonic seconds."""

    def __init__(self, number: int, call: dict[str, Any], warm: WarmProcess | None = None) -> None:
        """Hands the call to the warm process, or forks one for it alone.

        Raises OSError where there is no process or descriptor to be had; then nothing was started.
        """
        self.number = number
        self.verdict: Outcome | None = None
        """Why we end it; None for good once a result has come."""
        self.result: Outcome | None = None
        self.code: str | None = None
        """sha256 of the source that was called; comes with the result."""
        self.progress: tuple[float, float | None] | None = None
        """The latest word of the task that was not passed on yet."""
        self.rests = False
        """The warm process has put everything in order behind this attempt and waits for the next."""
        self.kill_at: float | None = None
        self.given_up_at: float | None = None
        self.alive = True
        self.status = 0
        self.cpu_seconds = 0.0
        self.peak_memory_bytes = 0
        self.warm = warm
        self._nonce = os.urandom(16).hex()
        self._lines = Lines(RESULT_LIMIT)
        self._grace = float(call["kill_grace"])
        self._limit = float(call["timeout"])
        self._memory_limit_mb: int | None = call.get("memory_limit_mb")
        pipes = _open_pipes()
        self.began_wall = time.time()
        self.began = time.monotonic()
        self.deadline = self.began + self._limit
        self._sample_at = float("inf") if self._memory_limit_mb is None else self.began
        out, err, result = ends = tuple(pipe[1] for pipe in pipes)
        try:
            if warm is not None:
                self.pid = warm.begin(call, self._nonce, ends)
            else:
                self.pid = self._fork(call, stdout=out, stderr=err, result=result)
        except OSError:
            _close(fd for pipe in pipes for fd in pipe)
            raise
        _close(ends)
        self.streams = {pipes[0][0]: "stdout", pipes[1][0]: "stderr", pipes[2][0]: "result"}
        self.log = AttemptLog(call["log_path"], hidden=call.get("hidden", ()))
        shared = "" if warm is None else f", as number {warm.uses} of this process"
        self.log.note(f"pid {self.pid} calls {call['module_path']}.{call['function_name']}{shared}")

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

    def past_memory(self, now: float) -> Crashed | None:
        """The verdict of the memory's watch, which looks four times a second where there is a limit."""
        if now < self._sample_at or self._memory_limit_mb is None:
            return None
        self._sample_at = now + usage.SAMPLE
        used = memory_of_tree(self.pid, self._memory_limit_mb * usage.MEBIBYTE)
        self.peak_memory_bytes = max(self.peak_memory_bytes, used)
        if used <= self._memory_limit_mb * usage.MEBIBYTE:
            return None
        limit, megabytes = self._memory_limit_mb, used // usage.MEBIBYTE
        text = f"memory limit of {limit} MB exceeded ({megabytes} MB in use)"
        return Crashed(message=text, signal=int(signal.SIGKILL))

    def next_moment(self) -> float:
        """When there is something to decide without anything happening."""
        return min(self.deadline if self.kill_at is None else self.kill_at, self._sample_at)

    def reaped(self, status: int, cpu_seconds: float, peak_memory_bytes: int, now: float) -> None:
        """Its process is gone."""
        self.alive = False
        self.status = status
        self.spent(cpu_seconds - (self.warm.cpu_before if self.warm else 0.0), peak_memory_bytes)
        self.given_up_at = max(now, self.kill_at or now) + UNKILLABLE_AFTER

    def spent(self, cpu_seconds: float, peak_memory_bytes: int) -> None:
        """Count what one of its processes used up, with all that this one has waited for."""
        self.cpu_seconds += max(0.0, cpu_seconds)
        self.peak_memory_bytes = max(self.peak_memory_bytes, peak_memory_bytes)

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
            "code": self.code,
            "trouble": self.log.trouble,
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
        """What bears the nonce is progress, then the result, then that a warm process rests; all else is noise."""
        try:
            message = decode(line) if line else {}
            if message.get("nonce") != self._nonce:
                return
            if self.result is not None:
                self.rests = "rests" in message and self.warm is not None
            elif "progress" in message:
                self.progress = progress_from_wire(message["progress"])
            else:
                self.result = outcome_from_wire(message.get("outcome"))
                self.code = code_from_wire(message.get("code"))
                self.kill_at = min(self.kill_at or float("inf"), time.monotonic() + EXIT_GRACE)
        except Malformed:
            return

    def _fork(self, call: dict[str, Any], *, stdout: int, stderr: int, result: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            child.run_attempt(call, nonce=self._nonce, parent=parent, stdout=stdout, stderr=stderr, result=result)
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


def _close(fds: Iterable[int]) -> None:
    for fd in fds:
        os.close(fd)
