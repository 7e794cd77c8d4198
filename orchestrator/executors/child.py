"""The process of one attempt, from the fork on: hold on to its tree, drop what the supervisor had open, call, go."""

import fcntl
import os
import signal
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from orchestrator.executors import interpreter, linux, usage

RESULT_FD_FROM = 100
"""Out of the way of programs that close the low descriptors."""


def run_attempt(call: Mapping[str, Any], *, nonce: str, parent: int, stdout: int, stderr: int, result: int) -> NoReturn:
    """Become the process of one attempt; never returns. All descriptors but the three given are closed."""
    me = os.getpid()
    code = 1
    try:
        hold_on_to_tree(parent)
        close_all_but(stdout, stderr, result)
        result = move_up(result)
        place_streams(stdout=stdout, stderr=stderr)
        stderr = 2
        close_all_but(result)
        reset_signals()
        bound_memory(call)
        outcome = interpreter.prepare_and_perform(call, interpreter.teller(result, nonce))
        if os.getpid() != me:
            os._exit(0)  # the task forked and let its copy return: only one of them may report
        interpreter.report(result, nonce, call, outcome)
        os.close(result)
        code = 0
        interpreter.leave_in_order()
    except BaseException:  # noqa: BLE001 - nothing may climb into the supervisor's own code, of which this is a copy
        os.write(stderr, traceback.format_exc().encode())
    finally:
        os._exit(code)


def hold_on_to_tree(parent: int) -> None:
    """Whatever starts below this process stays below it, in a session of its own, and it dies with `parent`."""
    linux.become_subreaper()
    linux.die_with_parent(parent)
    linux.refuse_new_privileges()
    os.setsid()


def move_up(fd: int) -> int:
    """A copy of `fd` where tasks do not look for it, and programs that they start do not get it."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, RESULT_FD_FROM)
    except OSError:  # a low limit of open files
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)


def place_streams(*, stdout: int, stderr: int) -> None:
    """0 reads nothing, 1 and 2 are the ends given."""
    empty = os.open(os.devnull, os.O_RDONLY)
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, 3) for fd in (empty, stdout, stderr)]
    for target, source in enumerate(copies):
        os.dup2(source, target)
        os.close(source)
    if empty > 2:  # noqa: PLR2004 - else it has been replaced
        os.close(empty)


def close_all_but(*kept: int) -> None:
    """Close every descriptor but the standard streams and those `kept`; needs a free one, or something to close."""
    below = 2
    for fd in sorted(kept):
        os.closerange(below + 1, fd)
        below = max(below, fd)
    highest = max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208 - and not up to the limit: it may be a billion
    os.closerange(below + 1, highest + 1)


def reset_signals() -> None:
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


def bound_memory(call: Mapping[str, Any]) -> None:
    """Set the call's memory limit to this process and all it starts, where it has one."""
    limit = call.get("memory_limit_mb")
    if limit is not None:
        usage.bound_addresses(limit * usage.MEBIBYTE)
