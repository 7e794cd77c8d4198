"""Who drives an execution, told so that another process can find out whether it still lives."""

import getpass
import os
import socket

import psutil

CLOCK_SLACK = 2000
"""Milliseconds: a start time is told by the wall clock, which may have been set since."""


def owner_name() -> str:
    """`host:pid:start`, with the process's start time in milliseconds so that a reused pid is another owner."""
    started = int(psutil.Process().create_time() * 1000)
    return f"{socket.gethostname()}:{os.getpid()}:{started}"


def host_of(owner: str) -> str:
    """The host in an owner's name."""
    return owner.rsplit(":", 2)[0]


def operator_name() -> str:
    """`user@host`, for the audit; a user without a name is shown by number."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no passwd entry, no LOGNAME: a container
        user = str(os.getuid()) if hasattr(os, "getuid") else "?"
    return f"{user}@{socket.gethostname()}"


def owner_acts(owner: str) -> bool:
    """Whether the owner's process lives on this machine and can act: a stopped one cannot.

    False for an owner elsewhere, of which nothing can be told from here.
    """
    host, pid, started = owner.rsplit(":", 2)
    if host != socket.gethostname() or not pid.isdecimal() or not started.isdecimal():
        return False
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() * 1000 - int(started)) < CLOCK_SLACK
        return same and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED, psutil.STATUS_DEAD}
    except psutil.Error:
        return False
