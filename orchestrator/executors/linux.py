"""What the Linux kernel offers for keeping hold of a process tree: prctl, /proc and pidfds."""

import ctypes
import mmap
import os
import signal
import sys
from typing import NamedTuple

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

# Positions in /proc/PID/stat, counted behind the command's closing parenthesis (man 5 proc).
STAT_STATE = 0
STAT_PARENT = 1
STAT_START_TIME = 19

_libc = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None, use_errno=True)
_marks: list[mmap.mmap] = []


class Process(NamedTuple):
    """A process for good: a pid is given to others once it is free, pid and start time together are not."""

    pid: int
    start_time: int
    """Clock ticks since boot; where there is no /proc, hundredths of a second since 1970."""


def become_subreaper() -> None:
    """Make orphans among our descendants our own children, whatever they forked or detached. Raises OSError."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Let the kernel SIGKILL this process when the thread that forked it ends; `parent` is the pid that did.

    Raises OSError; ends the process where the parent is gone already.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died between fork and prctl: the signal would never come
        os._exit(1)


def refuse_new_privileges() -> None:
    """No setuid program below this process: exec of one would clear the parent-death signal. Raises OSError."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def bear_mark(fd: int) -> None:
    """Map the first byte of an open file that is not empty, for life: every fork inherits it, and /proc shows it.

    Raises OSError or ValueError. The file is opened anew, since a mapping keeps open what it was made from: made from
    `fd` itself, it would let every descendant hold the lock that `fd` bears.
    """
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _marks.append(mmap.mmap(again, 1, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ))
    finally:
        os.close(again)


def start_time(pid: int) -> int | None:
    """When `pid` started, in clock ticks since boot; None if there is no such process."""
    fields = _stat(pid)
    return None if fields is None else int(fields[STAT_START_TIME])


def identify(pid: int) -> Process | None:
    """The process that bears `pid` now, or None."""
    started = start_time(pid)
    return None if started is None else Process(pid, started)


def parent(pid: int) -> int:
    """The pid of its parent; 0 if it has none or there is no such process."""
    fields = _stat(pid)
    return 0 if fields is None else int(fields[STAT_PARENT])


def lives(process: Process) -> bool:
    """Whether that very process can still act; a zombie cannot."""
    fields = _stat(process.pid)
    return fields is not None and int(fields[STAT_START_TIME]) == process.start_time and fields[STAT_STATE] not in b"ZX"


def children(pid: int) -> list[int]:
    """Pids of the direct children of all threads of `pid`, zombies included."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - pathlib is not needed in the supervisor
    except OSError:
        return found
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123 - pathlib is not needed in the supervisor
                found += map(int, file.read().split())
        except FileNotFoundError:
            if os.path.exists(f"/proc/{pid}/task/{thread}"):  # noqa: PTH110 - a kernel without CONFIG_PROC_CHILDREN
                return _children_by_scan(pid)
        except OSError:
            continue  # the thread ended while we looked
    return found


def descendants(pid: int) -> list[Process]:
    """Everything below `pid`, parents first; a snapshot that forks may already have overtaken."""
    found: list[Process] = []
    seen: set[int] = {pid}
    level = [pid]
    while level:
        below = [child for parent in level for child in children(parent) if child not in seen]
        seen.update(below)
        found += [process for process in map(identify, below) if process is not None]
        level = below
    return found


def send_signal(process: Process, number: int) -> bool:
    """Signal exactly that process, never a later one with its pid; False if it is gone (or not ours to signal)."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except OSError:  # kernel before 5.3, or out of descriptors
        return _send_by_pid(process, number)
    try:
        if start_time(process.pid) != process.start_time:
            return False
        signal.pidfd_send_signal(handle, number)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _send_by_pid(process: Process, number: int) -> bool:
    if start_time(process.pid) != process.start_time:
        return False
    try:
        os.kill(process.pid, number)
    except OSError:
        return False
    return True


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}, {value}): {os.strerror(number)}")


def _stat(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib is not needed in the supervisor
            text = file.read()
    except OSError:
        return None
    return text[text.rindex(b")") + 1 :].split() if b")" in text else None


def _children_by_scan(pid: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - likewise
        if name.isdigit():
            fields = _stat(int(name))
            if fields is not None and int(fields[STAT_PARENT]) == pid:
                found.append(int(name))
    return found
