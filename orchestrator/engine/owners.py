"""Who drives an execution, told so that another process can find out whether it still lives."""

import getpass
import os
import socket

import psutil


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
