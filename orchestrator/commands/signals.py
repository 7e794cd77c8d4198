"""What the keyboard and the system may ask of a running execution (semantics D7, R15)."""

import asyncio
import signal
from collections.abc import Callable

from orchestrator.engine.runner import Runner


def listen_to_signals(runner: Runner, tell: Callable[[str], None]) -> None:
    """SIGINT cancels; SIGTERM and SIGHUP stop, to be resumed; a second one kills what is left at once.

    Called inside the running event loop.
    """
    asks: dict[str, Callable[[], None]] = {
        "SIGINT": runner.ask_cancel,
        "SIGBREAK": runner.ask_cancel,
        "SIGTERM": runner.ask_stop,
        "SIGHUP": runner.ask_stop,
    }
    loop = asyncio.get_running_loop()
    for name, ask in asks.items():
        number = getattr(signal, name, None)
        if number is None:
            continue

        def heard(name: str = name, ask: Callable[[], None] = ask) -> None:
            tell(name)
            ask()

        try:
            loop.add_signal_handler(number, heard)
        except NotImplementedError:  # Windows: asyncio knows no handlers there
            signal.signal(number, lambda _number, _frame, heard=heard: loop.call_soon_threadsafe(heard))  # type: ignore[misc]
