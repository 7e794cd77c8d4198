"""One attempt as a subprocess that its owner watches itself, with what every platform offers (psutil)."""

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

import psutil

from orchestrator.core.outcomes import Cancelled, Crashed, Outcome, TimedOut, Usage
from orchestrator.executors.attempt_log import AttemptLog
from orchestrator.executors.chain import interpreter_command
from orchestrator.executors.wire import Malformed, decode, encode, outcome_from_wire

EXIT_GRACE = 2.0
LOOK = 0.05
SAMPLE = 0.5
"""Seconds between walks of the process tree; each costs some ten milliseconds."""
KILL_PATIENCE = 5.0
RESULT_LIMIT = 8 * 1024 * 1024


class WatchedProcess:
    """A process, its descendants as far as they were seen, its log. Raises OSError where it cannot be started."""

    def __init__(self, call: dict[str, Any], show: Callable[[str, str], None]) -> None:
        self._call = call
        self._show = show
        self._nonce = secrets.token_hex(16)
        self._folder = Path(tempfile.mkdtemp(prefix="etl-attempt-"))
        self._seen: dict[int, psutil.Process] = {}
        self._usage = Usage()
        self._cancels = 0
        self.began = time.monotonic()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*interpreter_command("orchestrator.executors.child_main"), str(self._folder / "result")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=call["environment"],
                start_new_session=True,
            )
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self.pid = self._process.pid
        self._log = AttemptLog(call["log_path"], hidden=call.get("hidden", ()))
        self._log_lock = threading.Lock()
        self._log.note(f"pid {self.pid} calls {call['module_path']}.{call['function_name']}")
        if self._log.trouble:
            show("stderr", f"{self._log.trouble}\n")

    def cancel(self) -> None:
        """End it; a second time kills at once."""
        self._cancels += 1

    def watch(self) -> tuple[Outcome, float, Usage]:
        """Wait for the end of all that was seen of it: outcome, seconds, usage."""
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
        self._kill_all()
        for reader in readers:
            reader.join(KILL_PATIENCE)
        outcome = verdict or self._result() or self._crash()
        duration = time.monotonic() - self.began
        self._close(outcome, duration, drained=not any(reader.is_alive() for reader in readers))
        return outcome, duration, self._usage

    def _wait_for_end(self) -> Outcome | None:
        """Enforce limit, cancels and exit grace until the process itself is gone; our own verdict, if there was one."""
        verdict: Outcome | None = None
        kill_at = float("inf")
        sample_at = 0.0
        while self._process.poll() is None:
            now = time.monotonic()
            if now >= sample_at:
                self._sample()
                sample_at = now + SAMPLE
            if kill_at == float("inf"):
                if (self._folder / "result").exists():
                    kill_at = now + EXIT_GRACE
                elif self._cancels or now >= self.began + self._call["timeout"]:
                    verdict = Cancelled() if self._cancels else TimedOut(limit=self._call["timeout"])
                    kill_at = now + self._call["kill_grace"]
                    self._sample()
                    self._each(psutil.Process.terminate)
            if now >= kill_at or self._cancels > 1:
                self._kill_all()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK)
        return verdict

    def _sample(self) -> None:
        """Remember every descendant while its ancestry still shows, and what the tree uses."""
        memory, cpu = 0, 0.0
        try:
            root = psutil.Process(self.pid)
            for process in [root, *root.children(recursive=True)]:
                self._seen.setdefault(process.pid, process)
                with contextlib.suppress(psutil.Error):
                    memory += process.memory_info().rss
                    times = process.cpu_times()
                    cpu += times.user + times.system
        except psutil.Error:
            return
        self._usage = Usage(
            cpu_seconds=max(cpu, self._usage.cpu_seconds or 0.0),
            peak_memory_bytes=max(memory, self._usage.peak_memory_bytes or 0),
        )

    def _each(self, act: Callable[[psutil.Process], None]) -> None:
        for process in list(self._seen.values()):
            with contextlib.suppress(psutil.Error):  # psutil compares start times: a reused pid is not signalled
                act(process)

    def _kill_all(self) -> None:
        """Kill what was seen and what hangs on it, until nothing new turns up."""
        give_up_at = time.monotonic() + KILL_PATIENCE
        while time.monotonic() < give_up_at:
            for process in list(self._seen.values()):
                with contextlib.suppress(psutil.Error):
                    for below in process.children(recursive=True):
                        self._seen.setdefault(below.pid, below)
            self._each(psutil.Process.kill)
            self._process.poll()
            if not any(_lives(process) for process in self._seen.values()):
                return
            time.sleep(LOOK)

    def _result(self) -> Outcome | None:
        try:
            with (self._folder / "result").open("rb") as file:
                message = decode(file.read(RESULT_LIMIT))
            return outcome_from_wire(message.get("outcome")) if message.get("nonce") == self._nonce else None
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
        shutil.rmtree(self._folder, ignore_errors=True)


def complete_environment(environment: dict[str, str]) -> dict[str, str]:
    """The call's environment, on Windows with the one variable without which no Python starts there."""
    if sys.platform == "win32" and "SYSTEMROOT" not in environment:
        return {**environment, "SYSTEMROOT": os.environ.get("SYSTEMROOT", r"C:\Windows")}
    return environment


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
