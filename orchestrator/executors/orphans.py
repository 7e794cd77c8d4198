"""Processes of an execution that nobody drives any more: found by the marks they bear, and killed (R5, faults row 5).

While one of owner, guard and supervisor lives, it ends what tasks started. Only if all three are killed in one instant
does anything survive: what a task forked twice or moved to another session. Each of these bears one of two marks:

- whatever was *forked* below the guard has the execution's lock file mapped (`linux.bear_mark`);
- a *program* that was started has `ETL_EXECUTION_ID` in its environment, unless whoever started it took that away.

Not found: a program with another environment (`env -i`, `sudo`), and one started inside a task by an orchestrator of
its own, which puts its own id there; such an orchestrator has its own guard and lock. Nor are processes of other users,
and one that forks itself anew faster than we look may escape until the next time.
"""

import ctypes
import mmap
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orchestrator.executors import execution_lock, linux
from orchestrator.executors.linux import Process

if sys.platform == "linux":
    from orchestrator.executors.linux import descendants, lives, send_signal

    KILL = signal.SIGKILL
else:
    from orchestrator.executors.portable_processes import descendants, environments, lives, send_signal

    KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

LOOK = 0.02
MOST_LOOKS = 10
"""Each but the first is at what has begun meanwhile; on a machine where something always begins there is an end."""
MARK = "ETL_EXECUTION_ID"
HOME = "ETL_HOME"


def find_orphans(lock_path: Path, execution_id: str) -> list[Process]:
    """All living processes that bear a mark of the execution, except this one and those above it.

    To be asked while holding the lock and before an executor is started: guard and supervisor bear the mark, too. So
    those of an owner that was stopped and lost its lock are found as well.
    """
    return _find({execution_id: lock_path})[execution_id]


def find_all(folder: Path) -> dict[str, list[Process]]:
    """Orphans, by execution id, of all executions whose lock file in `folder` is held by nobody.

    Whoever wants to reap them takes that lock first: meanwhile the execution may have been taken up again.
    """
    free = {path.stem: path for path in sorted(folder.glob("*.lock")) if _is_free(path)}
    return {name: found for name, found in _find(free).items() if found and _is_free(free[name])}


def reap(processes: Iterable[Process], patience: float) -> list[Process]:
    """SIGKILL them and all below them until they are gone; returns those that live after `patience` seconds."""
    left = set(processes)
    give_up_at = time.monotonic() + patience
    while True:
        for process in [one for one in left if lives(one)]:
            left.update(descendants(process.pid))  # first: once it is dead, nobody knows what was below it
        for process in left:
            send_signal(process, KILL)
        left = {process for process in left if lives(process)}
        if not left or time.monotonic() >= give_up_at:
            return sorted(left)
        time.sleep(LOOK)


def clear_up(lock_path: Path, execution_id: str, patience: float) -> list[Process]:
    """Find and reap until nothing is found: what forked faster than we looked is caught the next time.

    Returns those that live after `patience` seconds. To be called when `find_orphans` may be asked.
    """
    give_up_at = time.monotonic() + patience
    while found := find_orphans(lock_path, execution_id):
        left = reap(found, max(0.0, give_up_at - time.monotonic()))
        if left:
            return left
    return []


def _is_free(path: Path) -> bool:
    try:
        return execution_lock.held(path) is None
    except OSError:
        return False  # no lock file of ours, or not for us to read: then nothing is said of it


def _find(locks: Mapping[str, Path]) -> dict[str, list[Process]]:
    """One look at every process for the marks of several executions."""
    found: dict[str, list[Process]] = {execution_id: [] for execution_id in locks}
    if not locks:
        return found
    if sys.platform != "linux":
        for process, environment in environments(MARK):
            named = environment[MARK]
            if named in found and _is_home(environment.get(HOME), locks[named]):
                found[named].append(process)
        return found
    mappings = {execution_id: _mapping_of(path) for execution_id, path in locks.items()}
    above = set(_ancestors(os.getpid()))
    for process in _ours():
        if process.pid in above:
            continue
        maps = _read(process.pid, "maps")
        environment = b"\0" + _read(process.pid, "environ")
        for execution_id, mapping in mappings.items():
            named = _says(environment, MARK, execution_id)
            named = named and _is_home(_said(environment, HOME), locks[execution_id])
            if (mapping and mapping in maps) or (named and not _is_of_another(process, execution_id, mapping)):
                found[execution_id].append(process)
    return found


def _says(environment: bytes, name: str, value: str) -> bool:
    return b"\0" + os.fsencode(f"{name}={value}") + b"\0" in environment


def _said(environment: bytes, name: str) -> str | None:
    _before, found, after = environment.partition(b"\0" + os.fsencode(f"{name}="))
    return os.fsdecode(after.partition(b"\0")[0]) if found else None


def _is_home(named: str | None, lock_path: Path) -> bool:
    """Whether a process's ETL_HOME is that of a lock in `<home>/.orchestrator/locks`: ids are unique only within one.

    One home may have several names (a link). A process that names none is not let off for that.
    """
    return named is None or os.path.realpath(named) == os.path.realpath(lock_path.parents[2])


def _is_of_another(process: Process, execution_id: str, mapping: bytes) -> bool:
    """Whether a process above it bears the mark of an execution that is called alike, in another state folder."""
    ending = os.fsencode(f"/{execution_id}.lock")
    for pid in _ancestors(process.pid):
        for line in _read(pid, "maps").splitlines():
            if (
                b" r--s " in line
                and line.removesuffix(b" (deleted)").endswith(ending)
                and (not mapping or mapping not in line)
            ):
                return True
    return False


def _mapping_of(path: Path) -> bytes:
    """How a mark made from the file at `path` reads in /proc/PID/maps; empty where there can be none.

    Learnt from a mapping of our own: on layered file systems device and inode differ from what stat says.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 1, access=mmap.ACCESS_COPY) as mapped:
            byte = ctypes.c_char.from_buffer(mapped)
            start = b"%08x-" % ctypes.addressof(byte)
            del byte  # a mapping that somebody points into cannot be closed
            line = next(line for line in _read(os.getpid(), "maps").splitlines() if line.startswith(start))
    except (OSError, ValueError, StopIteration):
        return b""
    _, _, offset, device, inode = line.split()[:5]
    return b" r--s %s %s %s " % (offset, device, inode)  # shared, as a mark is; ours, just now, is private


def _ours() -> Iterator[Process]:
    """All processes of this user, those included that begin while we look: until a look shows no new ones."""
    seen: set[Process] = set()
    for _ in range(MOST_LOOKS):
        new = set(_listed()) - seen
        if not new:
            return
        yield from new
        seen |= new


def _listed() -> Iterator[Process]:
    uid = os.geteuid()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                mine = entry.stat().st_uid == uid
            except OSError:
                continue  # it has just ended
            process = linux.identify(int(entry.name)) if mine else None
            if process is not None:
                yield process


def _ancestors(pid: int) -> Iterator[int]:
    """`pid` itself, its parent and so on."""
    while pid > 0:
        yield pid
        pid = linux.parent(pid)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""  # gone, or hidden from us
