"""What the keyboard and the system may ask of a running execution (semantics D7, R15)."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestrator.engine.runner import Runner

CANCELS = ("SIGINT", "SIGBREAK")
STOPS = ("SIGTERM", "SIGHUP")


@contextmanager
def catching_signals() -> Iterator[list[str]]:
    """From here on a signal is only noted, by name: once an id is public, nothing may end this process by surprise.

    `listen_to_signals` takes over later. A signal that is ignored (nohup) stays ignored.
    """
    caught: list[str] = []
    before = {}
    for name in (*CANCELS, *STOPS):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, lambda _number, _frame, name=name: caught.append(name))  # type: ignore[misc]
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listen_to_signals(runner: Runner, caught: list[str], tell: Callable[[str], None]) -> None:
    """SIGINT cancels; SIGTERM and SIGHUP stop, to be resumed; a second one kills what is left at once.

    Called inside the running event loop; those that were `caught` before are heard first.
    """
    loop = asyncio.get_running_loop()

    def heard(name: str) -> None:
        tell(name)
        (runner.ask_cancel if name in CANCELS else runner.ask_stop)()

    for name in (*CANCELS, *STOPS):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        try:
            loop.add_signal_handler(number, heard, name)
        except NotImplementedError:  # Windows: asyncio knows no handlers there
            signal.signal(number, lambda _number, _frame, name=name: loop.call_soon_threadsafe(heard, name))  # type: ignore[misc]
    for name in caught:
        heard(name)
