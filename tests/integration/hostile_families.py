"""Functions that fork, detach and kill, called by name in the tests of executors."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from hostile_tasks import leave_evidence, sleep_for_ever


def family(*, evidence, stay=True):
    """A child in the same group, one in a new session, and a grandchild that was forked twice; all of them last."""
    if os.fork() == 0:
        _last(evidence, "same-group")
    if os.fork() == 0:
        os.setsid()
        _last(evidence, "new-session")
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            _last(evidence, "double-fork")
        os._exit(0)
    os.waitpid(middle, 0)
    program = (
        f"import sys, signal; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        f"import hostile_families as h; h._last({evidence!r}, 'program')"
    )
    subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    while len(list(Path(evidence).glob("*-*[0-9]"))) < 4:
        time.sleep(0.01)
    leave_evidence(evidence)
    if stay:
        sleep_for_ever()
    return "left my family behind"


def flee_the_reaper(*, evidence):
    """Gives up being a subreaper, then forks twice."""
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
    middle = os.fork()
    if middle == 0:
        if os.fork() == 0:
            _last(evidence, "fled")
        os._exit(0)
    os.waitpid(middle, 0)
    leave_evidence(evidence)
    sleep_for_ever()


def fork_many(*, evidence, count=200):
    """A fork bomb, bounded: every process forks on, in sessions of its own, until `count` have been made."""
    made = os.open(Path(evidence) / "made", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    leave_evidence(evidence)
    while os.fstat(made).st_size < count:
        os.write(made, b"x")
        if os.fork() == 0:
            os.setsid()
            leave_evidence(evidence, "bomb")
    sleep_for_ever()


def leave_a_careful_child(*, evidence):
    """Dies at the first signal itself; its child wants half a second to put things in order."""
    if os.fork() == 0:
        asked = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: asked.set())
        leave_evidence(evidence, "careful")
        while not asked.is_set():
            time.sleep(0.01)
        time.sleep(0.5)
        (Path(evidence) / "tidied").write_text("in order")
        os._exit(0)
    leave_evidence(evidence)
    sleep_for_ever()


def fork_and_return():
    os.fork()
    return os.getpid()


def kill_parents(*, evidence, how):
    """Kills the supervisor above it, or supervisor and guard in one go."""
    leave_evidence(evidence)
    if os.fork() == 0:
        os.setsid()
        _last(evidence, "grandchild")
    while len(list(Path(evidence).glob("grandchild-*[0-9]"))) < 1:
        time.sleep(0.01)
    os.kill(os.getppid(), getattr(signal, how))
    sleep_for_ever()


def kill_supervisor():
    os.kill(os.getppid(), signal.SIGKILL)
    sleep_for_ever()


def _last(evidence: str, name: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    leave_evidence(evidence, name)
    sleep_for_ever()
