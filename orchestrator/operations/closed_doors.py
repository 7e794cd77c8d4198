"""While the doors are closed this process reaches no network and starts no other process, whoever tries."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SHUT = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system")
"""How the audit events begin that lead out of this process (Python's table of audit events)."""

_closed = 0
_watched = False


@contextmanager
def closed_doors() -> Iterator[None]:
    """Inside the block, whatever would leave this process raises PermissionError, in every thread of it."""
    global _closed, _watched  # noqa: PLW0603 - one process has one set of doors, and a hook stays for its whole life
    if not _watched:
        sys.addaudithook(_watch)
        _watched = True
    _closed += 1
    try:
        yield
    finally:
        _closed -= 1


def _watch(event: str, _arguments: object) -> None:
    if _closed and event.startswith(SHUT):
        raise PermissionError(errno.EPERM, f"nothing leaves this process during a rehearsal ({event})")
