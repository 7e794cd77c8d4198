"""Places where attempts happen."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the supervisor runs this file, too, and importing the ports would double what it costs to start
    from orchestrator.core.ports import Executor


def open_executor(name: str, *, max_workers: int, lock: int | None = None, heartbeat_limit: float = 10.0) -> "Executor":
    """The executor called `inline` or `processes`, for at most `max_workers` attempts at once; nothing starts yet.

    `processes` is the supervisor's chain on Linux and one watched subprocess per attempt elsewhere. `lock` is the
    descriptor of the execution's lock: what the chain starts holds it, too. The others have no process to hold it but
    the owner's own. `heartbeat_limit` are the seconds of silence after which owner and supervisor take each other for
    stopped; well below the lease, since attempts must be dead before it can end. Raises ValueError.
    """
    if max_workers < 1:
        raise ValueError(f"max_workers must be at least 1, not {max_workers}")
    match name:
        case "inline":
            from orchestrator.executors.inline import InlineExecutor  # noqa: PLC0415 - only the one in use is loaded

            return InlineExecutor(max_workers=max_workers)
        case "processes" if sys.platform == "linux":
            from orchestrator.executors.processes import ProcessExecutor  # noqa: PLC0415 - only the one in use is loaded

            return ProcessExecutor(max_workers=max_workers, lock=lock, heartbeat_limit=heartbeat_limit)
        case "processes":
            from orchestrator.executors.portable import PortableExecutor  # noqa: PLC0415 - only the one in use is loaded

            return PortableExecutor(max_workers=max_workers)
        case _:
            raise ValueError(f"no executor is called {name!r}; there are: inline, processes")
