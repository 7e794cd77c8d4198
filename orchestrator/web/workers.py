"""The worker processes of a server: started and ended with it, woken when something waits, replaced if they die."""

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from orchestrator.settings import PACKAGE, Settings

logger = logging.getLogger(__name__)

LOOK: Final = 0.5
SHORT_LOOK: Final = 0.05
SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
LONG_LIVED: Final = 60.0
"""Seconds after which a worker that dies is replaced at once."""
STOP_PATIENCE: Final = 30.0
"""Seconds that a worker has to end what it drives; each attempt has its own kill grace within them."""
HURRIED_PATIENCE: Final = 5.0
"""Seconds from the second wish to stop: what is driven is killed at once by then."""
BREATHLESS: Final = 5.0
"""Seconds without a breath after which a worker counts as silent; it breathes once a second."""
START_PATIENCE: Final = 30.0
"""Seconds until the first breath."""


@dataclass(frozen=True, kw_only=True)
class WorkerState:
    """How a worker process is: `starts`, `runs`, `silent` (it lives, and does not breathe), `gone` (to be replaced)."""

    pid: int | None
    state: str
    silent_for: float
    """Seconds since it breathed last, or was started."""


@dataclass(kw_only=True)
class _Place:
    """One worker, whichever process it is at the moment."""

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    breathed: float | None = None
    pause: float = 0.0
    not_before: float = 0.0


@dataclass(kw_only=True)
class WorkerProcesses:
    """`count` processes that each drive up to `slots` executions; the pipe to each is its lifeline.

    Whatever ends the server, its workers read the end of the pipe, stop what they drive, and go.
    """

    settings: Settings
    count: int
    slots: int
    _places: list[_Place] = field(init=False, default_factory=list)
    _closing: threading.Event = field(init=False, default_factory=threading.Event)
    _watcher: threading.Thread | None = field(init=False, default=None)
    _hurried_at: float | None = field(init=False, default=None)

    def start(self) -> None:
        """Start them, and a thread that replaces those that die."""
        self._places = [_Place() for _ in range(self.count)]
        for place in self._places:
            self._start(place)
        if self._places:
            self._watcher = threading.Thread(target=self._watch, name="workers", daemon=True)
            self._watcher.start()

    def wake(self) -> None:
        """Something waits: have them look at once."""
        for place in self._places:
            process = place.process
            if process is not None and process.stdin is not None:
                with suppress(OSError, ValueError):  # it died just now: the watcher replaces it
                    process.stdin.write(b"\n")
                    process.stdin.flush()

    @property
    def alive(self) -> int:
        """How many run now."""
        return sum(place.process is not None and place.process.poll() is None for place in self._places)

    @property
    def states(self) -> list[WorkerState]:
        """How each is now."""
        return [_state_of(place, time.monotonic()) for place in self._places]

    def hurry(self) -> None:
        """Asked to stop a second time: what they drive is killed at once. Called by a signal's handler."""
        self._hurried_at = self._hurried_at or time.monotonic()
        for process in self._processes():
            with suppress(OSError):
                process.terminate()  # besides the end of its pipe: a worker that is asked twice waits for nobody

    def close(self) -> None:
        """End all: what they drive becomes `interrupted`. Waits for them, bounded; then they are killed."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join()
        processes = self._processes()
        for process in processes:
            with suppress(OSError, ValueError):
                if process.stdin is not None:
                    process.stdin.close()
        began = time.monotonic()
        while any(process.poll() is None for process in processes) and time.monotonic() < self._give_up_at(began):
            time.sleep(SHORT_LOOK)
        for process in processes:
            process.kill()
            process.wait()

    def _give_up_at(self, began: float) -> float:
        return began + STOP_PATIENCE if self._hurried_at is None else self._hurried_at + HURRIED_PATIENCE

    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [place.process for place in self._places if place.process is not None]

    def _watch(self) -> None:
        while not self._closing.wait(LOOK):
            for place in self._places:
                self._replace_if_dead(place)

    def _replace_if_dead(self, place: _Place) -> None:
        process, now = place.process, time.monotonic()
        if process is not None:
            code = process.poll()
            if code is None:
                return
            place.process = None
            lasted = now - place.started
            place.pause = 0.0 if lasted > LONG_LIVED else min(max(place.pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE)
            place.not_before = now + place.pause
            logger.warning("a worker ended with code %s; another one starts in %.0f s", code, place.pause)
        if now >= place.not_before:
            self._start(place)

    def _start(self, place: _Place) -> None:
        place.started, place.breathed = time.monotonic(), None
        command = [sys.executable, "-m", "orchestrator", "worker", "--slots", str(self.slots), "--until-eof"]
        environment = {
            **self.settings.environment,
            "ETL_HOME": str(self.settings.home),
            "ETL_CONFIG": str(self.settings.config),
            "PYTHONPATH": _module_path(self.settings.environment.get("PYTHONPATH", "")),
        }
        try:
            place.process = subprocess.Popen(  # noqa: S603 - ourselves
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                start_new_session=os.name == "posix",  # Ctrl-C is for the server, which then ends them in order
            )
        except OSError as why:
            logger.warning("no worker could be started: %s", why)
            place.pause = min(max(place.pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE)
            place.not_before = place.started + place.pause
            return
        threading.Thread(target=_hear, args=(place, place.process), name="breath", daemon=True).start()


def _hear(place: _Place, process: subprocess.Popen[bytes]) -> None:
    """Note when the worker breathed last, until its end."""
    assert process.stdout is not None
    with process.stdout as breath, suppress(OSError, ValueError):
        while breath.read1(4096):  # type: ignore[attr-defined]  # a buffered reader
            if place.process is process:
                place.breathed = time.monotonic()


def _state_of(place: _Place, now: float) -> WorkerState:
    process, last = place.process, place.breathed
    silent_for = max(0.0, now - (place.started if last is None else last))
    if process is None or process.poll() is not None:
        return WorkerState(pid=None, state="gone", silent_for=silent_for)
    if silent_for > (START_PATIENCE if last is None else BREATHLESS):
        return WorkerState(pid=process.pid, state="silent", silent_for=silent_for)
    return WorkerState(pid=process.pid, state="starts" if last is None else "runs", silent_for=silent_for)


def _module_path(given: str) -> str:
    """The child finds this very package, wherever the server was started from."""
    return os.pathsep.join(filter(None, [str(PACKAGE.parent), given]))
