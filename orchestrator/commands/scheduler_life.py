"""The life of a scheduler process: what it logs, and the signals that end it."""

import logging
import signal
import sys
import threading
from pathlib import Path

from orchestrator.commands.signals import CANCELS, STOPS
from orchestrator.operations.scheduling import Scheduler
from orchestrator.settings import read_settings
from orchestrator.web.house import House


def look_until_told(config: Path | None) -> int:
    """Queue what is due until a signal comes; the exit code, 0. Raises StoreUnusable, ConfigurationRefused at once."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s scheduler: %(message)s"
    )
    house = House(settings=read_settings(config=config))
    scheduler = Scheduler(parts=house.parts)
    for name in (*CANCELS, *STOPS):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: scheduler.stop())
    try:
        scheduler.look()  # what cannot be used is told at the start
        looking = threading.Thread(target=scheduler.run, name="scheduler")
        looking.start()  # a signal's handler must not meet a lock that its own thread holds
        while looking.is_alive():
            looking.join(0.5)
    finally:
        house.close()
    return 0
