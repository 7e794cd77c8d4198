"""What `linux.py` knows of processes, from psutil where there is no /proc: slower, and blind to the detached."""

import contextlib
from collections.abc import Iterator, Mapping

import psutil

from orchestrator.executors.linux import Process


def descendants(pid: int) -> list[Process]:
    """Everything below `pid` whose ancestry still shows."""
    try:
        return [identified(one) for one in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def lives(process: Process) -> bool:
    """Whether that very process can still act."""
    return _found_again(process) is not None


def send_signal(process: Process, number: int) -> bool:
    """Signal exactly that process; False if it is gone or not ours to signal. Windows knows SIGTERM, which kills."""
    again = _found_again(process)
    if again is None:
        return False
    try:
        again.send_signal(number)
    except (psutil.Error, OSError, ValueError):
        return False
    return True


def environments(variable: str) -> Iterator[tuple[Process, Mapping[str, str]]]:
    """Every process of ours that has `variable` in its environment, with all of it; not this one and those above it."""
    me = psutil.Process()
    spared = {me.pid, *(one.pid for one in me.parents())}
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # gone, or another user's
            if one.pid not in spared and variable in (environment := one.environ()):
                yield identified(one), environment


def identified(process: psutil.Process) -> Process:
    """The process for good. Raises psutil.Error where it is gone."""
    return Process(process.pid, round(process.create_time() * 100))


def _found_again(process: Process) -> psutil.Process | None:
    try:
        again = psutil.Process(process.pid)
        return again if identified(again) == process and again.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
