"""A warm process, from the fork on: waits for a call, performs it as a fresh process would, clears up, waits again.

Where it cannot vouch for its state (threads left, limits changed, an outcome that is no plain one) it leaves as a fresh
process does, and the next call gets another.
"""

import _locale  # what `locale` sits on, without its two milliseconds
import faulthandler
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from orchestrator.core.outcomes import Outcome, Raised, Returned
from orchestrator.executors import child, interpreter, linux, usage

LEAKED_DESCRIPTORS = 64
"""More than that left open, and the next call might have too few."""
ENDS = 4
"""What comes with an order: the call, stdout, stderr, result."""


def serve(orders: int, *, parent: int) -> NoReturn:
    """Become a warm process, which ends with `parent` or at the end of its orders; never returns."""
    me = os.getpid()
    code = 1
    try:
        child.hold_on_to_tree(parent)
        orders = child.move_up(orders)
        _fall_silent()
        child.close_all_but(orders)
        child.reset_signals()
        import socket  # noqa: PLC0415 - loaded already by the one that forked us

        line = socket.socket(fileno=orders)
        state = State(orders)
        while True:
            text, fds, _, _ = socket.recv_fds(line, 64, ENDS)
            if not text or len(fds) != ENDS:
                break
            _serve_one(fds, state=state, me=me)
        code = 0
        interpreter.leave_in_order()
    except BaseException:  # noqa: BLE001 - nothing may climb into the supervisor's own code, of which this is a copy
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


class State:
    """What a task may change about its process and is set back after each; taken before the first."""

    def __init__(self, orders: int) -> None:
        self._path = list(sys.path)
        self._folder = os.getcwd()  # noqa: PTH109 - pathlib is not needed in the supervisor
        self._umask = os.umask(0)
        os.umask(self._umask)
        self._locale = _locale.setlocale(_locale.LC_ALL, None)
        self._bounds: tuple[object, ...] | None = None
        self._descriptors = 0
        self._orders = (orders, os.fstat(orders))

    def begin(self, call: Mapping[str, Any]) -> None:
        """Bound the memory at the first call, as at all that follow; no bound may change from then on."""
        if self._bounds is None:
            child.bound_memory(call)
            self._bounds, self._descriptors = _bounds(), _descriptors()

    def restore(self) -> None:
        """Set back what can be. Raises OSError."""
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        faulthandler.disable()  # enabled anew, it would take its own handlers for those of before
        child.reset_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.chdir(self._folder)
        os.umask(self._umask)
        _locale.setlocale(_locale.LC_ALL, self._locale)
        sys.path[:] = self._path
        logging.disable(logging.NOTSET)
        linux.become_subreaper()

    def reusable(self) -> bool:
        """Whether what cannot be set back is as it was. Raises OSError."""
        number, was = self._orders
        return (
            threading.active_count() == 1
            and os.path.samestat(os.fstat(number), was)
            and _bounds() == self._bounds
            and _descriptors() <= self._descriptors + LEAKED_DESCRIPTORS
        )


def _serve_one(fds: list[int], *, state: State, me: int) -> None:
    """Perform one call and rest; ends the process where it may not be used again."""
    order, stdout, stderr, end = fds
    with open(order, "rb") as file:  # noqa: PTH123 - a descriptor
        file.seek(0)
        message = json.load(file)
    call: dict[str, Any] = message["call"]
    nonce: str = message["nonce"]
    result = child.move_up(end)
    child.place_streams(stdout=stdout, stderr=stderr)
    for fd in (stdout, stderr, end):
        os.close(fd)
    usage.forget_peak()
    state.begin(call)
    outcome = interpreter.prepare_and_perform(call, interpreter.teller(result, nonce))
    if os.getpid() != me:
        os._exit(0)  # the task forked and let its copy return: only one of them may report
    interpreter.report(result, nonce, call, outcome)
    if not (_plain(outcome) and state.reusable()):
        os.close(result)
        interpreter.leave_in_order()
        os._exit(0)
    _end_children()
    state.restore()
    _fall_silent()
    interpreter.report_rest(result, nonce)
    os.close(result)


def _plain(outcome: Outcome) -> bool:
    return isinstance(outcome, Returned) or (isinstance(outcome, Raised) and "Exception" in outcome.lineage)


def _end_children() -> None:
    """Kill and bury what the task left behind (D14): orphans of its tree are our children. The supervisor bounds it."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        for process in linux.descendants(os.getpid()):
            linux.send_signal(process, signal.SIGKILL)
        time.sleep(0.001)


def _fall_silent() -> None:
    """Nothing is written between two calls: whoever reads the last one's pipes sees their end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    child.place_streams(stdout=nowhere, stderr=nowhere)
    if nowhere > 2:  # noqa: PLR2004 - else it has been replaced
        os.close(nowhere)


def _bounds() -> tuple[object, ...]:
    """What a process may narrow about itself and, unless it is root, not widen again."""
    with open("/proc/self/limits", "rb") as file:  # noqa: PTH123 - likewise
        limits = file.read()
    return limits, os.nice(0), os.sched_getaffinity(0), os.getresuid(), os.getresgid()


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - likewise
