"""The process of one attempt, from the fork on: hold on to its tree, drop what the supervisor had open, call, go."""

import fcntl
import os
import signal
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from orchestrator.executors import interpreter, linux

RESULT_FD_FROM = 100
"""Out of the way of programs that close the low descriptors."""


def run_attempt(call: Mapping[str, Any], *, nonce: str, parent: int, stdout: int, stderr: int, result: int) -> NoReturn:
    """Become the process of one attempt; never returns. All descriptors but the three given are closed."""
    me = os.getpid()
    code = 1
    try:
        linux.become_subreaper()
        linux.die_with_parent(parent)
        linux.refuse_new_privileges()
        os.setsid()
        result = _arrange_descriptors(stdout=stdout, stderr=stderr, result=result)
        stderr = 2
        _reset_signals()
        outcome = interpreter.prepare_and_perform(call)
        if os.getpid() != me:
            os._exit(0)  # the task forked and let its copy return: only one of them may report
        interpreter.report(result, nonce, outcome)
        code = 0
        interpreter.leave_in_order()
    except BaseException:  # noqa: BLE001 - nothing may climb into the supervisor's own code, of which this is a copy
        os.write(stderr, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _arrange_descriptors(*, stdout: int, stderr: int, result: int) -> int:
    """0 reads nothing, 1 and 2 are the pipes, the result goes high, all else is closed; returns the result's number."""
    empty = os.open(os.devnull, os.O_RDONLY)
    try:
        kept = fcntl.fcntl(result, fcntl.F_DUPFD_CLOEXEC, RESULT_FD_FROM)
    except OSError:  # a low limit of open files
        kept = fcntl.fcntl(result, fcntl.F_DUPFD_CLOEXEC, 3)
    out, err = (fcntl.fcntl(fd, fcntl.F_DUPFD, 3) for fd in (stdout, stderr))
    for source, target in ((empty, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.closerange(3, kept)
    highest = max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208 - and not up to the limit: it may be a billion
    os.closerange(kept + 1, highest + 1)
    return kept


def _reset_signals() -> None:
    """As in a Python that was just started: nothing handled, SIGPIPE an error; the guard has unblocked all."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if number in (signal.SIGKILL, signal.SIGSTOP):
            continue
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            continue  # reserved by the C library
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
