"""The owner's end of owner → guard → supervisor: starts the two processes, speaks and listens, notices silence."""

import errno
import logging
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import orchestrator
from orchestrator.executors.wire import Lines, Malformed, decode, encode

logger = logging.getLogger(__name__)

BEAT = 1.0
HEARTBEAT_LIMIT = 10.0
"""Seconds of silence after which each side takes the other for stopped."""
FAREWELL = 5.0
"""Seconds for the guard to clear up after the supervisor."""
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TZ", "LANG", "LC_ALL", "TMPDIR", "HOME")
"""All that the chain sees of our environment: /proc/PID/environ of a forked child shows its parents' block."""

# The package is taken from where ours lies, and no folder is put on the path: a `json.py` beside it must not be found.
BOOT = """\
import sys, os.path, importlib.util as u
p = sys.argv.pop(1)
s = u.spec_from_file_location("orchestrator", p, submodule_search_locations=[os.path.dirname(p)])
m = sys.modules["orchestrator"] = u.module_from_spec(s)
s.loader.exec_module(m)
"""


def interpreter_command(module: str) -> list[str]:
    """A Python with nothing of our environment or folders in it, about to run `main(arguments)` of a module of ours."""
    assert orchestrator.__file__ is not None
    program = f"{BOOT}from {module} import main\nmain(sys.argv[1:])"
    return [sys.executable, "-I", "-X", "utf8", "-c", program, orchestrator.__file__]


class Chain:
    """One guard with one supervisor. Messages from it come on a thread of its own; then `on_end`, once."""

    def __init__(
        self,
        on_message: Callable[[dict[str, Any]], None],
        on_end: Callable[[str], None],
        *,
        heartbeat_limit: float = HEARTBEAT_LIMIT,
        lock: int | None = None,
    ) -> None:
        """`lock` is the open lock file of the execution, held on to by both. Raises OSError where nothing can start."""
        self._on_message = on_message
        self._on_end = on_end
        self._limit = heartbeat_limit
        self._supervisor: int | None = None
        self._last_words = ""
        self._ours, theirs = socket.socketpair()
        life_reader, self._life = os.pipe()
        arguments = [str(theirs.fileno()), str(life_reader), str(os.getpid()), str(heartbeat_limit)]
        kept = [theirs.fileno(), life_reader]
        if lock is not None:
            arguments.append(str(lock))
            kept.append(lock)
        try:
            self._guard = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*interpreter_command("orchestrator.executors.guard"), *arguments],
                pass_fds=kept,
                start_new_session=True,  # Ctrl-C in the terminal is for the owner, who tells us what it means
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
                cwd="/",
            )
        except OSError:
            self._ours.close()
            os.close(self._life)
            raise
        finally:
            theirs.close()
            os.close(life_reader)
        self._said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._speaker = threading.Thread(target=self._speak, name="executor-speaker", daemon=True)
        self._listener = threading.Thread(target=self._listen, name="executor-listener", daemon=True)
        try:
            self._speaker.start()
            self._listener.start()
        except RuntimeError as error:  # a thread is a process to the limit of a user's processes
            self._give_up_start()
            raise OSError(errno.EAGAIN, f"{os.strerror(errno.EAGAIN)} ({error})") from error

    def _give_up_start(self) -> None:
        self._guard.kill()
        self._guard.wait()
        self._said.put(None)
        os.close(self._life)
        self._ours.close()

    @property
    def pids(self) -> tuple[int, int | None]:
        """The guard's pid and the supervisor's, None until it has said that it is ready."""
        return self._guard.pid, self._supervisor

    def send(self, message: dict[str, Any]) -> None:
        """Say something to the supervisor; never blocks. What is said after its end is lost, as `on_end` tells."""
        self._said.put(encode(message))

    def join(self, patience: float) -> bool:
        """Wait until both processes are gone and `on_end` has returned, `patience` seconds at most; True if so."""
        if threading.current_thread() is self._listener:
            return True  # the end is just being told
        self._listener.join(patience)
        return not self._listener.is_alive()

    def kill(self) -> None:
        """Kill the supervisor; the guard clears up after it, and `on_end` follows."""
        try:
            os.kill(self._supervisor or self._guard.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _speak(self) -> None:
        """Send what was said, and a beat in every second of silence."""
        while True:
            try:
                block = self._said.get(timeout=BEAT)
            except queue.Empty:
                block = encode({"do": "beat"})
            if block is None:
                return
            try:
                self._ours.sendall(block)
            except OSError:
                return  # the listener sees the same end and tells

    def _listen(self) -> None:
        lines = Lines()
        heard_at = time.monotonic()
        reason = "the supervisor is gone"
        while True:
            if not select.select([self._ours], [], [], BEAT)[0]:
                if time.monotonic() - heard_at > self._limit:
                    reason = f"the supervisor did not answer for {self._limit:g} s"
                    self.kill()
                    break
                continue
            try:
                data = self._ours.recv(1 << 20)
                messages = [decode(line) for line in lines.feed(data) if line]
            except (OSError, Malformed):
                break
            if not data:
                break
            for message in messages:
                self._take(message)
            heard_at = time.monotonic()  # only now: what took long was ours
        self._bury()
        self._on_end(f"{reason}: {self._last_words}" if self._last_words else reason)

    def _take(self, message: dict[str, Any]) -> None:
        match message.get("event"):
            case "ready":
                self._supervisor = int(message["pid"])
            case "beat":
                return
            case "broken":
                self._last_words = str(message["traceback"])
            case _:
                try:
                    self._on_message(message)
                except Exception:  # foreign code: whoever listens may fail, the other attempts must be heard of
                    logger.exception("an event of the executor could not be delivered")

    def _bury(self) -> None:
        """Let the guard finish: once it is gone, nothing of the attempts is left."""
        self._said.put(None)
        try:
            self._guard.send_signal(signal.SIGCONT)
            os.close(self._life)
            self._ours.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # gone already
        try:
            self._guard.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        self._speaker.join(FAREWELL)
        self._ours.close()
