"""What one process uses: processor time, memory, and the bound inside a process whose memory is limited."""

import os
import time

SAMPLE = 0.25
"""Seconds between two looks at a tree's memory; between them it can grow by what the margin below allows."""
MEBIBYTE = 1024 * 1024

# Addresses are not memory: polars and duckdb together, imported and used, take 1.2 GB of addresses and 0.1 GB of memory
# on two cores, mostly stacks and malloc arenas that each of their threads reserves, several threads a core. A tighter
# bound would fail their import. This one turns a single absurd request into a MemoryError, with a traceback that shows
# where, and bounds what can be had between two looks; the limit itself is kept by the looks.
MARGIN = 1024 * MEBIBYTE
MARGIN_PER_CORE = 256 * MEBIBYTE

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = 1 / os.sysconf("SC_CLK_TCK")
# Positions in /proc/PID/stat, counted behind the command's closing parenthesis (man 5 proc).
_CHILDREN_USER = 13
_CHILDREN_SYSTEM = 14


def bound_addresses(limit: int) -> None:
    """Let this process and all it starts have no more addresses each than it has now, `limit` bytes and the margin."""
    import resource  # noqa: PLC0415 - only attempts with a limit need it

    present = int(read_proc("self", "statm").split()[0]) * _PAGE
    bound = present + limit + MARGIN + MARGIN_PER_CORE * (os.cpu_count() or 1)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def cpu_seconds(pid: int) -> float:
    """Processor time of `pid` and of those descendants that were waited for; 0.0 if there is no such process."""
    fields = read_proc(pid, "stat").rpartition(b")")[2].split()
    if not fields:
        return 0.0
    waited_for = (int(fields[_CHILDREN_USER]) + int(fields[_CHILDREN_SYSTEM])) * _TICK
    try:
        return time.clock_gettime(~pid << 3 | 2) + waited_for  # the clock of that process, in nanoseconds (clock(3))
    except OSError:
        return 0.0


def forget_peak() -> None:
    """Let `peak_memory_bytes` of this process begin anew."""
    try:
        with open("/proc/self/clear_refs", "wb") as file:  # noqa: PTH123 - pathlib is not needed in the supervisor
            file.write(b"5")
    except OSError:
        return  # a kernel without it: the peak is that of all calls so far


def peak_memory_bytes(pid: int) -> int:
    """The most memory that `pid` itself has held at once; 0 if there is no such process."""
    for line in read_proc(pid, "status").splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def read_proc(pid: int | str, name: str) -> bytes:
    """A file of /proc; empty where the process is gone."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - likewise
            return file.read()
    except OSError:
        return b""
