"""The process between owner and supervisor: it waits, and kills whatever outlives one of them (R5).

It is a subreaper: what the supervisor or an attempt leaves behind becomes its child, however often it was forked.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence
from typing import NoReturn

from orchestrator.executors import linux, supervisor

LOOK = 0.5
"""Seconds between looks at who our parent is; the pipe usually tells sooner."""
PATIENCE = 3.0
"""Seconds for the supervisor to end everything itself once the owner is gone."""
SWEEP = 0.01
LONGEST_SWEEP = 60.0


def main(arguments: Sequence[str]) -> NoReturn:
    """Fork the supervisor and guard it.

    `arguments` are channel, life line, owner's pid, heartbeat limit and, if there is one, the execution's lock.
    """
    channel, life, owner = map(int, arguments[:3])
    lock = int(arguments[4]) if arguments[4:] else None
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)  # a terminal's business is the owner's
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the owner's thread may block what we and tasks wait for
    linux.become_subreaper()
    if lock is not None:
        with contextlib.suppress(OSError, ValueError):  # a file system without mappings: one safeguard less
            linux.bear_mark(lock)  # before the fork, so that everything forked from here on bears it
    pid = os.fork()
    if pid == 0:
        os.close(life)
        os._exit(supervisor.serve(channel, heartbeat_limit=float(arguments[3]), lock=lock))
    os.close(channel)
    guard(pid, life=life, owner=owner)
    os._exit(0)  # nothing is left to put in order


def guard(pid: int, *, life: int, owner: int) -> None:
    """Wait until the supervisor `pid` has ended, and see to it once the owner has; then leave nothing alive."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    give_up_at: float | None = None
    while not _has_ended(pid):
        if give_up_at is None:
            ready = select.select([life, reader], [], [], LOOK)[0]
            if life in ready or os.getppid() != owner:
                give_up_at = time.monotonic() + PATIENCE
        elif time.monotonic() < give_up_at:
            select.select([reader], [], [], SWEEP)
        else:
            break
        if select.select([reader], [], [], 0)[0]:
            os.read(reader, 4096)
    sweep()


def sweep() -> None:
    """SIGKILL everything below this process until nothing is left; bounded, since the kernel may hold one for ever."""
    give_up_at = time.monotonic() + LONGEST_SWEEP
    while time.monotonic() < give_up_at:
        for process in linux.descendants(os.getpid()):
            linux.send_signal(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        time.sleep(SWEEP)


def _has_ended(pid: int) -> bool:
    """Reap whatever ended; True once the supervisor is among it."""
    try:
        while True:
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if ended == pid:
                return True
            if ended == 0:
                return False
    except ChildProcessError:
        return True
