"""The process of one attempt where there is no supervisor to fork it: started anew, it reads its call from stdin."""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import psutil

from orchestrator.executors import interpreter
from orchestrator.executors.progress import Tell
from orchestrator.executors.wire import encode


def main(arguments: Sequence[str]) -> NoReturn:
    """Perform the call and leave the result in the file that `arguments` names; stdin is our owner's life line."""
    life = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    call = json.loads(_read_line(life))
    threading.Thread(target=_die_with_owner, args=(life,), daemon=True).start()
    outcome = interpreter.prepare_and_perform(call, _teller(f"{arguments[0]}.progress", call["nonce"]))
    result = os.open(f"{arguments[0]}.part", os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    interpreter.report(result, call["nonce"], call, outcome)
    os.close(result)
    os.replace(f"{arguments[0]}.part", arguments[0])  # noqa: PTH105 - readers never see half a result
    interpreter.leave_in_order()
    os._exit(0)


def _read_line(fd: int) -> bytes:
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):  # nothing follows the call: a block that ends a line ends it
        block = os.read(fd, 1 << 16)
        if not block:
            sys.exit(1)
        parts.append(block)
    return b"".join(parts)


def _teller(path: str, nonce: str) -> Tell:
    """Who leaves the latest word of the task's progress in a file, for our owner to look at."""

    def tell(done: float, total: float | None) -> None:
        with contextlib.suppress(OSError):  # somebody looks at it right now, or the folder is gone: best effort
            Path(f"{path}.part").write_bytes(encode({"nonce": nonce, "progress": [done, total]}))
            os.replace(f"{path}.part", path)  # noqa: PTH105 - readers never see half a word

    return tell


def _die_with_owner(life: int) -> None:
    while os.read(life, 1):
        continue
    for process in psutil.Process().children(recursive=True):
        try:
            process.kill()
        except psutil.Error:
            continue
    os._exit(1)
