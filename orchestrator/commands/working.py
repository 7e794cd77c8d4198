"""The life of a worker process: signals and a pipe that end it, news that wake it, and what it logs."""

import asyncio
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from orchestrator.commands.signals import CANCELS, STOPS
from orchestrator.core.tasks import Registry
from orchestrator.operations.parts import Parts
from orchestrator.operations.working import Worker
from orchestrator.settings import read_settings

BREATH = 1.0
"""Seconds between two signs of life on stdout, for the server that started this worker."""
NICER = 10
"""Beside a server a worker and its tasks give way, so that whoever asks is answered while they compute."""


def work(*, slots: int, until_eof: bool, config: Path | None) -> int:
    """Take and drive until told to stop; the exit code, 0."""
    if until_eof and hasattr(os, "nice"):
        os.nice(NICER)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s worker: %(message)s")
    parts = Parts(Registry(), read_settings(config=config))
    try:
        asyncio.run(_work(Worker(parts=parts, slots=slots), until_eof=until_eof))
    finally:
        parts.close()
    return 0


async def _work(worker: Worker, *, until_eof: bool) -> None:
    loop = asyncio.get_running_loop()
    for name in (*CANCELS, *STOPS):  # the stop of a worker cancels nothing (D7)
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        try:
            loop.add_signal_handler(number, worker.stop)
        except NotImplementedError:  # Windows: asyncio knows no handlers there
            signal.signal(number, lambda _number, _frame: worker.stop())
    if not until_eof:
        await worker.work()
        return
    threading.Thread(target=_listen, args=(worker,), name="lifeline", daemon=True).start()
    breathing = asyncio.ensure_future(_breathe())
    try:
        await worker.work()
    finally:
        breathing.cancel()


async def _breathe() -> None:
    """Tell that this event loop turns: a worker that is stopped, or stuck, falls silent."""
    out = sys.stdout.fileno()
    if os.name == "posix":
        os.set_blocking(out, False)  # a server that is stopped itself reads nothing for a while
    with suppress(BrokenPipeError):  # nobody listens any more: the lifeline tells it, too
        while True:
            with suppress(BlockingIOError):
                os.write(out, b".")
            await asyncio.sleep(BREATH)


def _listen(worker: Worker) -> None:
    """Each line wakes the worker; the end, whatever ended whoever had started it, stops it."""
    with suppress(OSError, ValueError):
        while sys.stdin.buffer.readline():
            worker.wake()
    worker.stop()
