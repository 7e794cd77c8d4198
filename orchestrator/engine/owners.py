"""Who drives an execution, told so that another process can find out whether it still lives."""

import os
import socket

import psutil


def owner_name() -> str:
    """`host:pid:start`, with the process's start time in milliseconds so that a reused pid is another owner."""
    started = int(psutil.Process().create_time() * 1000)
    return f"{socket.gethostname()}:{os.getpid()}:{started}"
