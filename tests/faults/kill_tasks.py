"""Functions that do not want to end, called by name; each leaves evidence of its processes in files."""

import collections
import contextlib
import ctypes
import itertools
import json
import os
import re
import signal
import time
from pathlib import Path


def leave_evidence(evidence, name):
    """Write this process's pid and start time, whole or not at all."""
    start = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    file = Path(evidence) / f"{name}-{os.getpid()}-0"
    file.with_suffix(".part").write_text(json.dumps({"pid": os.getpid(), "start": start}))
    file.with_suffix(".part").rename(file)


def sleep_for_ever():
    while True:
        time.sleep(3600)


def sleep(*, evidence):
    leave_evidence(evidence, "child")
    sleep_for_ever()


def spin(*, evidence):
    leave_evidence(evidence, "child")
    while True:
        pass


def spin_in_c(*, evidence):
    """Never comes back to the interpreter, and never lets go of its lock."""
    leave_evidence(evidence, "child")
    collections.deque(itertools.repeat(None), maxlen=0)


def sleep_in_c(*, evidence):
    """Holds the interpreter's lock in a call of the C library; a handler of Python's would never run."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    leave_evidence(evidence, "child")
    while True:
        ctypes.PyDLL(None).sleep(3600)


def backtrack(*, evidence):
    """Takes longer than the age of the world to find out that nothing matches."""
    leave_evidence(evidence, "child")
    re.match(r"(a|aa)+$", "a" * 200 + "b")


def ignore_signals(*, evidence):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    leave_evidence(evidence, "child")
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(3600)


def stop_itself(*, evidence):
    leave_evidence(evidence, "child")
    os.kill(os.getpid(), signal.SIGSTOP)
    sleep_for_ever()


def family(*, evidence):
    """A child in a new session and a grandchild that was forked twice; none of them minds a polite signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        leave_evidence(evidence, "new-session")
        sleep_for_ever()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            leave_evidence(evidence, "double-fork")
            sleep_for_ever()
        os._exit(0)
    os.waitpid(middle, 0)
    leave_evidence(evidence, "child")
    sleep_for_ever()
