"""Files that a task reported, as far as they may be handed out: inside home, not hidden, plain, and not too large.

Tasks run as the user who runs the orchestrator, and a name may come from the data: what a task reports is a claim, and
is checked here. Symbolic links are resolved first; then the file is opened a folder at a time without following any, so
that nobody can put one in the way meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.messages import N_
from orchestrator.operations.parts import Parts
from orchestrator.operations.upkeep import state_file

LARGEST: Final = 200_000_000
"""Bytes."""
MOST_ENTRIES: Final = 200
"""Files that are listed of a folder."""
LONGEST_PATH: Final = 4096
_PLAIN: Final = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that was put in its place keeps nobody waiting
    | getattr(os, "O_BINARY", 0)
)


class NotHandedOut(OrchestratorError):
    """A file that stays where it is; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file or folder that may be handed out."""

    path: Path
    """Real: without symbolic links."""
    home: Path
    is_folder: bool
    size: int
    """Bytes; 0 for a folder."""
    changed_at: datetime


def look_at(parts: Parts, told: str) -> Found:
    """What `told` names, which may be relative to home; raises NotHandedOut."""
    if not told or "\0" in told or len(told) > LONGEST_PATH:
        raise NotHandedOut(N_("this is no path"))
    try:
        home = Path(os.path.realpath(parts.settings.home))
        path = Path(os.path.realpath(home / told))
        found = path.lstat()
    except (OSError, ValueError):
        raise NotHandedOut(N_("it is not there any more")) from None
    if not path.is_relative_to(home) or path == home:
        raise NotHandedOut(N_("it lies outside ETL_HOME"))
    if any(part.startswith(".") for part in path.relative_to(home).parts) or _is_ours(parts, path):
        raise NotHandedOut(N_("it belongs to the orchestrator itself, or is hidden"))
    changed_at = datetime.fromtimestamp(found.st_mtime, UTC)
    if stat.S_ISDIR(found.st_mode):
        return Found(path=path, home=home, is_folder=True, size=0, changed_at=changed_at)
    if not stat.S_ISREG(found.st_mode):
        raise NotHandedOut(N_("it is no plain file"))
    if found.st_size > LARGEST:
        raise NotHandedOut(N_("it is larger than {most} MB: take it from the disk"), most=LARGEST // 1_000_000)
    return Found(path=path, home=home, is_folder=False, size=found.st_size, changed_at=changed_at)


def entries_of(folder: Found) -> tuple[list[tuple[str, int]], bool]:
    """Names and sizes of the plain files in it, by name, and whether there are more than are listed."""
    listed: list[tuple[str, int]] = []
    try:
        with os.scandir(folder.path) as entries:
            for entry in entries:
                if len(listed) > MOST_ENTRIES:
                    break
                with suppress(OSError):
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                        listed.append((entry.name, entry.stat(follow_symlinks=False).st_size))
    except OSError:
        raise NotHandedOut(N_("it is not there any more")) from None
    return sorted(listed[:MOST_ENTRIES]), len(listed) > MOST_ENTRIES


def entry_of(parts: Parts, folder: Found, name: str) -> Found:
    """The plain file `name` that lies in `folder` itself, no link to elsewhere; raises NotHandedOut."""
    if name in {"", ".", ".."} or any(character in name for character in "/\\\0"):
        raise NotHandedOut(N_("it is not there any more"))
    found = look_at(parts, str(folder.path / name))
    if found.path != folder.path / name or found.is_folder:
        raise NotHandedOut(N_("it is no plain file"))
    return found


def open_found(found: Found) -> BinaryIO:
    """The very file, for reading; raises NotHandedOut where something else is in its place by now."""
    descriptor = -1
    try:
        descriptor = _open_below(found.home, found.path.relative_to(found.home))
        now = os.fstat(descriptor)
    except OSError:
        if descriptor >= 0:
            os.close(descriptor)
        raise NotHandedOut(N_("it is not there any more")) from None
    if not stat.S_ISREG(now.st_mode) or now.st_size > LARGEST:
        os.close(descriptor)
        raise NotHandedOut(N_("it is no plain file"))
    return os.fdopen(descriptor, "rb")


def pieces_of(file: BinaryIO, piece: int = 256 * 1024) -> Iterator[bytes]:
    """All of it, at most `LARGEST` bytes although it may grow meanwhile."""
    left = LARGEST
    while left > 0 and (read := file.read(min(piece, left))):
        left -= len(read)
        yield read


def _open_below(home: Path, relative: Path) -> int:
    if os.open not in os.supports_dir_fd:  # Windows: links need a right of their own there
        return os.open(home / relative, _PLAIN)
    at = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in relative.parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(relative.name, _PLAIN, dir_fd=at)
    finally:
        os.close(at)


def _is_ours(parts: Parts, path: Path) -> bool:
    """Configurations may hold what pages do not show; the state store holds everything."""
    settings = parts.settings
    config = Path(os.path.realpath(settings.config))
    if path == config or (path.parent == config.parent and path.suffix == ".json"):
        return True
    if path.is_relative_to(os.path.realpath(settings.state)):
        return True
    store = state_file(parts)
    store = None if store is None else Path(os.path.realpath(store))
    return store is not None and path.parent == store.parent and path.name.startswith(store.name)
