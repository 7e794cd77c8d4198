"""What attempts wrote, in files below ETL_HOME."""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath

from orchestrator.core.errors import HomeUnusable
from orchestrator.core.messages import N_

FOLDER = (".orchestrator", "attempts")
"""Below ETL_HOME; in it a folder for each execution, and in that a file for each attempt."""


class AttemptLogFiles:
    """Logs below `<home>/.orchestrator/attempts`; see `AttemptLogs` for the promises.

    Their paths come from the store, and a task may have left anything in the folder. So nothing that lies elsewhere is
    read or removed, whatever a path or a link says: it is no log.
    """

    def __init__(self, home: Path) -> None:
        """`home` is ETL_HOME; nothing is opened or made."""
        self._root = home.joinpath(*FOLDER)

    def read(self, log: str, *, start: int = 0, limit: int = 1 << 20) -> bytes:
        """At most `limit` bytes from byte `start` on; raises HomeUnusable where the disk fails."""
        path = self._path(log)
        if path is None:
            return b""
        try:
            # never wait for the other end of a pipe that lies in a log's place, nor follow a link
            flags = (
                os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            )
            with open(os.open(path, flags), "rb", buffering=0) as file:  # noqa: PTH123 - only a descriptor has flags
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return b""
                file.seek(max(0, start))
                return file.read(max(0, limit)) or b""
        except OSError as error:
            if path.is_file() and not path.is_symlink():
                raise HomeUnusable(
                    N_("the log {path} cannot be read ({detail})"), path=str(path), detail=error.strerror or str(error)
                ) from error
            return b""

    def remove(self, execution_id: str) -> None:
        """Forget all logs of an execution; raises HomeUnusable where they cannot be removed."""
        if not _plain_name(execution_id):
            return
        folder = self._root / execution_id
        try:
            if folder.is_symlink():
                folder.unlink()
            else:
                with suppress(FileNotFoundError):
                    shutil.rmtree(folder)
        except OSError as error:
            raise HomeUnusable(
                N_("the logs {path} cannot be removed ({detail})"),
                path=str(folder),
                detail=error.strerror or str(error),
            ) from error

    def _path(self, log: str) -> Path | None:
        """Where the log lies, links in the folders resolved; None where that is not below our folder."""
        parts = PurePosixPath(log).parts
        if len(parts) != len(FOLDER) + 2 or parts[: len(FOLDER)] != FOLDER or not all(map(_plain_name, parts)):
            return None
        folder = self._root.joinpath(parts[-2])
        with suppress(OSError, RuntimeError, ValueError):
            if folder.resolve(strict=True).parent == self._root.resolve(strict=True):
                return folder / parts[-1]
        return None


def _plain_name(name: str) -> bool:
    """True for the name of one entry of a folder."""
    return name not in {"", ".", ".."} and not any(sign in name for sign in "/\\\0") and not Path(name).drive
