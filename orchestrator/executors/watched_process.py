"""One attempt as a subprocess that its owner watches itself, with what every platform offers."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from orchestrator.core.outcomes import Cancelled, Crashed, Outcome, TimedOut, Usage
from orchestrator.executors.attempt_log import AttemptLog
from orchestrator.executors.chain import interpreter_command
from orchestrator.executors.process_tree import LOOK, Begin, begin
from orchestrator.executors.progress import Tell, silence
from orchestrator.executors.wire import (
    Malformed,
    code_from_wire,
    decode,
    encode,
    outcome_from_wire,
    progress_from_wire,
)

EXIT_GRACE = 2.0
SAMPLE = 0.5
"""Seconds between walks of the process tree; each costs some ten milliseconds."""
KILL_PATIENCE = 5.0
MEBIBYTE = 1024 * 1024
RESULT_LIMIT = 8 * 1024 * 1024
PROGRESS_LIMIT = 4096
READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A task may put a pipe in the place of its result: whoever watches must not wait for it."""


class WatchedProcess:
    """A process with all it started, and its log. Raises OSError where it cannot be started."""

    def __init__(
        self, call: dict[str, Any], show: Callable[[str, str], None], tell: Tell = silence, begin: Begin = begin
    ) -> None:
        """`show` takes a stream's name and the lines that came from it, `tell` each new word of progress."""
        self._call = call
        self._show = show
        self._tell = tell
        self._word: tuple[float, float | None] | None = None
        self._nonce = secrets.token_hex(16)
        self._folder = Path(tempfile.mkdtemp(prefix="etl-attempt-"))
        self.code: str | None = None
        """sha256 of the source that was called."""
        self._cancels = 0
        self.began = time.monotonic()
        command = [*interpreter_command("orchestrator.executors.child_main"), str(self._folder / "result")]
        try:
            self._process, self._tree, note = begin(command, call["environment"], self._memory_limit())
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self.pid = self._process.pid
        self._log = AttemptLog(call["log_path"], hidden=call.get("hidden", ()))
        self._log_lock = threading.Lock()
        self._log.note(f"pid {self.pid} calls {call['module_path']}.{call['function_name']}")
        if note:
            self._log.note(note)
        if self._log.trouble:
            show("stderr", f"{self._log.trouble}\n")

    @property
    def trouble(self) -> str:
        """What went wrong with its log; empty where nothing did."""
        return self._log.trouble

    def cancel(self) -> None:
        """End it; a second time kills at once."""
        self._cancels += 1

    def watch(self) -> tuple[Outcome, float, Usage]:
        """Wait for the end of it and of its tree: outcome, seconds, usage."""
        readers = [
            threading.Thread(target=self._read, args=(stream, pipe), daemon=True)
            for stream, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr))
        ]
        for reader in readers:
            reader.start()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone already: that is found out below
            self._process.stdin.write(encode({**self._call, "nonce": self._nonce}))
            self._process.stdin.flush()
        verdict = self._wait_for_end()
        self._tree.kill(KILL_PATIENCE)
        for reader in readers:
            reader.join(KILL_PATIENCE)
        outcome = verdict or self._result() or self._crash()
        self._pass_progress_on()
        usage = self._tree.usage
        duration = time.monotonic() - self.began
        self._close(outcome, duration, drained=not any(reader.is_alive() for reader in readers))
        return outcome, duration, usage

    def _wait_for_end(self) -> Outcome | None:
        """Enforce limit, cancels and exit grace until the process itself is gone; our own verdict, if there was one."""
        verdict: Outcome | None = None
        limit = self._memory_limit() or float("inf")
        kill_at = float("inf")
        sample_at = 0.0
        while self._process.poll() is None:
            now = time.monotonic()
            if now >= sample_at:
                used = self._tree.look()
                sample_at = now + SAMPLE
                if kill_at == float("inf") and used > limit:
                    verdict = Crashed(message=_too_much(limit, used), signal=9)
                    kill_at = now
            if kill_at == float("inf"):
                if (self._folder / "result").exists():
                    kill_at = now + EXIT_GRACE
                elif self._cancels or now >= self.began + self._call["timeout"]:
                    verdict = Cancelled() if self._cancels else TimedOut(limit=self._call["timeout"])
                    kill_at = now + self._call["kill_grace"]
                    self._tree.terminate()
            if now >= kill_at or self._cancels > 1:
                self._tree.kill(KILL_PATIENCE)
            self._pass_progress_on()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK)
        return verdict

    def _memory_limit(self) -> int | None:
        megabytes: int | None = self._call["memory_limit_mb"]
        return None if megabytes is None else megabytes * MEBIBYTE

    def _pass_progress_on(self) -> None:
        """Tell the latest word that the task has left, once."""
        try:
            message = self._left("result.progress", PROGRESS_LIMIT)
            word = None if message is None else progress_from_wire(message.get("progress"))
        except (OSError, Malformed, OverflowError):  # none, or a whole number that no float can hold
            return
        if word is not None and word != self._word:
            self._word = word
            self._tell(*word)

    def _left(self, name: str, limit: int) -> dict[str, Any] | None:
        """The message in a file that the task's process has left; None if it is not ours. Raises OSError, Malformed."""
        descriptor = os.open(self._folder / name, READ_FLAGS)
        try:
            message = decode(os.read(descriptor, limit))
        finally:
            os.close(descriptor)
        return message if message.get("nonce") == self._nonce else None

    def _result(self) -> Outcome | None:
        try:
            message = self._left("result", RESULT_LIMIT)
            if message is None:
                return None
            self.code = code_from_wire(message.get("code"))
            return outcome_from_wire(message.get("outcome"))
        except (OSError, Malformed):
            return None

    def _crash(self) -> Crashed:
        code = self._process.returncode
        if code is not None and code < 0:
            return Crashed(message=f"signal {-code}", signal=-code)
        return Crashed(message=f"exited without a result (exit code {code})", exit_code=code)

    def _read(self, stream: str, pipe: IO[bytes]) -> None:
        while True:
            try:
                data = os.read(pipe.fileno(), 1 << 16)
            except (OSError, ValueError):
                return  # closed by us
            if not data:
                return
            with self._log_lock:
                shown = self._log.feed(stream, data)
            if shown:
                self._show(stream, shown)

    def _close(self, outcome: Outcome, duration: float, *, drained: bool) -> None:
        with self._log_lock:
            shown = self._log.end()
            self._log.note(f"ended after {duration:.3f} s: {type(outcome).__name__}")
            self._log.close()
        if shown:
            self._show("stderr", shown)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and (drained or pipe is self._process.stdin):
                with contextlib.suppress(OSError):
                    pipe.close()
        self._tree.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def complete_environment(environment: dict[str, str]) -> dict[str, str]:
    """The call's environment, on Windows with the one variable without which no Python starts there."""
    if sys.platform == "win32" and "SYSTEMROOT" not in environment:
        return {**environment, "SYSTEMROOT": os.environ.get("SYSTEMROOT", r"C:\Windows")}
    return environment


def _too_much(limit: float, used: int) -> str:
    return f"memory limit of {limit / MEBIBYTE:g} MB exceeded ({used // MEBIBYTE} MB in use)"
