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
SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
LONG_LIVED: Final = 60.0
"""Seconds after which a worker that dies is replaced at once."""
STOP_PATIENCE: Final = 30.0
"""Seconds that a worker has to end what it drives; each attempt has its own kill grace within them."""


@dataclass(kw_only=True)
class _Place:
    """One worker, whichever process it is at the moment."""

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
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

    def close(self) -> None:
        """End all: what they drive becomes `interrupted`. Waits for them, bounded; then they are killed."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join()
        processes = [place.process for place in self._places if place.process is not None]
        for process in processes:
            with suppress(OSError, ValueError):
                if process.stdin is not None:
                    process.stdin.close()
        give_up_at = time.monotonic() + STOP_PATIENCE
        for process in processes:
            try:
                process.wait(max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

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
        place.started = time.monotonic()
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
                stdout=subprocess.DEVNULL,
                env=environment,
                start_new_session=os.name == "posix",  # Ctrl-C is for the server, which then ends them in order
            )
        except OSError as why:
            logger.warning("no worker could be started: %s", why)
            place.pause = min(max(place.pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE)
            place.not_before = place.started + place.pause


def _module_path(given: str) -> str:
    """The child finds this very package, wherever the server was started from."""
    return os.pathsep.join(filter(None, [str(PACKAGE.parent), given]))
