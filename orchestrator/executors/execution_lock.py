"""The lock of one execution: a file that owner, guard and supervisor keep locked while any of them lives.

The kernel lets go of it when the last process that shares the open file is gone. The children of attempts do not share
it, so a free lock means: no owner, no guard, no supervisor, and the guard's sweep is over (R4, D9).
"""

import os
import stat
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

CLEARING_UP = 8.0
"""Seconds within which a killed owner's guard has cleared up: a sound patience for `take`."""
LOOK = 0.02
SHORTEST = 0.1
"""Seconds that every `take` goes on trying: somebody who only looks (`held`) has the lock for an instant."""
LONGEST_TEXT = 1000
UNKNOWN = "unknown"
LOCKED_BYTE = 0x3FFFFFFF
"""On Windows a locked byte cannot be read by others, so it lies far behind the holder's text."""


class Held(Exception):
    """The lock is another's; `holder` is what that one wrote into the file (`host:pid:start`)."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by {holder}")
        self.holder = holder


class ExecutionLock:
    """A lock that is held; made by `take`. Not for a network file system, where locks do not follow the open file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int:
        """For guard and supervisor, which inherit it. Raises ValueError after `release`."""
        if self._descriptor < 0:
            raise ValueError(f"the lock was released: {self.path}")
        return self._descriptor

    def release(self) -> None:
        """Let go of it; free it is once guard and supervisor have ended, too. The file stays; twice does no harm."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def remove(self) -> None:
        """Release it and take the file away: the execution has ended for good. Another's file is left alone."""
        if self._descriptor < 0:
            return
        if sys.platform == "win32":
            self.release()  # an open file cannot be removed there, and one that another has opened cannot, either
            remove = True
        else:
            remove = _lock(self._descriptor) and _leads_to(self.path, self._descriptor)
        try:
            if remove:
                self.path.unlink(missing_ok=True)
        except PermissionError:
            if sys.platform != "win32":
                raise
        finally:
            self.release()


def take(path: Path, *, holder: str, patience: float) -> ExecutionLock:
    """Lock the file at `path`, made with its folder where absent, and write `holder` into it, one line.

    Tries for `patience` seconds, since a killed owner's guard needs a moment to clear up (`CLEARING_UP`). Raises Held;
    OSError where the file cannot be made or is no plain file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_up_at = time.monotonic() + max(patience, SHORTEST)
    while True:
        descriptor = _open(path, os.O_RDWR | os.O_CREAT)
        try:
            locked = _lock(descriptor)
            if locked and _leads_to(path, descriptor):
                _write(descriptor, holder)
                return ExecutionLock(path, descriptor)
            present = UNKNOWN if locked else _read(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() >= give_up_at:
            raise Held(present)
        if not locked:  # else the file was removed between opening and locking: on to the one that took its place
            time.sleep(LOOK)


def keep(descriptor: int) -> None:
    """Make sure that the open file still has the lock, which a supervisor gives up while its owner is stopped.

    Raises Held where another has taken it meanwhile.
    """
    if sys.platform != "win32" and not _lock(descriptor):  # there, nobody gives it up
        raise Held(_read(descriptor))


def held(path: Path) -> str | None:
    """What the holder wrote, if somebody holds the lock now, else None. Raises OSError where it cannot be read."""
    try:
        descriptor = _open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _lock(descriptor, shared=True) else _read(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, flags: int) -> int:
    """Never through a symbolic link, never handed on by accident. Raises OSError where it is no plain file."""
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"the lock is no plain file: {path}")
    return descriptor


def _lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock the open file unless another has; True if it is ours, also if it was before."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _leads_to(path: Path, descriptor: int) -> bool:
    """Whether `path` still names the open file: whoever removed it has let another make a new one."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _write(descriptor: int, holder: str) -> None:
    """First the text, then the length: the file is never empty, for guards map its first byte."""
    data = f"{holder}\n".encode()
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, data)
    os.ftruncate(descriptor, len(data))


def _read(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    text = os.read(descriptor, LONGEST_TEXT).decode(errors="replace")
    return text.partition("\n")[0] or UNKNOWN
