"""What a process grows into, to be looked at and ended as one: in a job on Windows, as far as it is seen elsewhere."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import psutil

from orchestrator.core.outcomes import Usage
from orchestrator.executors import windows_job

LOOK = 0.05


class Tree(Protocol):
    """An attempt's process with all it started: what it uses, and how it ends (`SeenTree`, `windows_job.Job`)."""

    @property
    def usage(self) -> Usage:
        """What all of it has used up to now, as far as is known."""

    def look(self) -> int:
        """Take note of what is there; bytes of memory, which the limit is held against."""

    def terminate(self) -> None:
        """Ask all of it to end in good order."""

    def kill(self, within: float) -> None:
        """Kill all of it; returns when nothing is left, at the latest after `within` seconds."""

    def close(self) -> None:
        """Let go of it."""


Begun: TypeAlias = tuple["subprocess.Popen[bytes]", Tree, str]
"""A process that runs, what it grows into, and what is to be noted about that."""
Begin: TypeAlias = Callable[[Sequence[str], Mapping[str, str], int | None], Begun]
"""Runs a command in an environment, with a limit of memory in bytes. Raises OSError."""


def begin(command: Sequence[str], environment: Mapping[str, str], memory_limit: int | None) -> Begun:
    """Run `command` with pipes at its three streams, on Windows in a job. Raises OSError."""
    if sys.platform == "win32":
        library = windows_job.load_library()
        return let_run(_open_process(command, environment, windows_job.CREATION_FLAGS), memory_limit, library)
    else:  # noqa: RET505 - mypy leaves out only what stands in the other branch
        process = _open_process(command, environment, 0)
        return process, SeenTree(process.pid), ""


def let_run(process: "subprocess.Popen[bytes]", memory_limit: int | None, library: windows_job.Library) -> Begun:
    """Let a suspended process run in a job, or, where Windows refuses that, without. Raises OSError."""
    try:
        return process, windows_job.run_in_job(process.pid, memory_limit=memory_limit, library=library), ""
    except windows_job.Refused as error:
        return process, SeenTree(process.pid), f"in no job, so what it detaches may outlive it: {error}"
    except OSError:
        with process:  # closes the pipes, and waits
            process.kill()
        raise


class SeenTree:
    """A process and its descendants as far as psutil has seen them while their ancestry still showed."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[int, psutil.Process] = {}
        self.usage = Usage()

    def look(self) -> int:
        """Remember every descendant; the bytes that the tree holds now."""
        memory, cpu = 0, 0.0
        try:
            root = psutil.Process(self._pid)
            for process in [root, *root.children(recursive=True)]:
                self._seen.setdefault(process.pid, process)
                with contextlib.suppress(psutil.Error):
                    memory += process.memory_info().rss
                    times = process.cpu_times()
                    cpu += times.user + times.system
        except psutil.Error:
            return 0
        self.usage = Usage(
            cpu_seconds=max(cpu, self.usage.cpu_seconds or 0.0),
            peak_memory_bytes=max(memory, self.usage.peak_memory_bytes or 0),
        )
        return memory

    def terminate(self) -> None:
        """Ask all that there is and was seen to end; Windows, asked by this way, kills them."""
        self.look()
        self._each(psutil.Process.terminate)

    def kill(self, within: float) -> None:
        """Kill what was seen and what hangs on it, until nothing new turns up."""
        give_up_at = time.monotonic() + within
        while time.monotonic() < give_up_at:
            for process in list(self._seen.values()):
                with contextlib.suppress(psutil.Error):
                    for below in process.children(recursive=True):
                        self._seen.setdefault(below.pid, below)
            self._each(psutil.Process.kill)
            if not any(_lives(process) for process in self._seen.values()):
                return
            time.sleep(LOOK)

    def close(self) -> None:
        """Nothing is held."""

    def _each(self, act: Callable[[psutil.Process], None]) -> None:
        for process in list(self._seen.values()):
            with contextlib.suppress(psutil.Error):  # psutil compares start times: a reused pid is not signalled
                act(process)


def _open_process(command: Sequence[str], environment: Mapping[str, str], flags: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
        creationflags=flags,
    )


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
