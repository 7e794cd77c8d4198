"""A process and all below it as one: signalled together, measured together."""

import os

from orchestrator.executors import linux
from orchestrator.executors.usage import read_proc

_PAGE = os.sysconf("SC_PAGE_SIZE")


def signal_tree(pid: int, number: int) -> None:
    """Signal `pid` and everything below it, parents first; a snapshot that forks may overtake: repeat it."""
    root = linux.identify(pid)
    if root is not None:
        for process in [root, *linux.descendants(pid)]:
            linux.send_signal(process, number)


def memory_of_tree(pid: int, limit: int) -> int:
    """Bytes of memory of `pid` and all below it; exact when it is about more than `limit`, else a bound from above.

    The cheap figure counts a page once for each process that shares it, which would blame a family of forks for what
    their parent read; so above the limit the kernel's proportional figure decides, at some milliseconds a gigabyte.
    """
    family = [pid, *(process.pid for process in linux.descendants(pid))]
    resident = sum(map(_resident, family))
    return resident if resident <= limit else sum(map(_proportional, family))


def _resident(pid: int) -> int:
    fields = read_proc(pid, "statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def _proportional(pid: int) -> int:
    lines = read_proc(pid, "smaps_rollup").splitlines()  # empty before Linux 4.14
    shares = [int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")]
    return sum(shares) if shares else _resident(pid)
