"""Arms the crash points for tests: `ETL_CRASH_AT=after_claim:3`, only where `ETL_TESTING=1` says that this is one.

`POINT[:N[:ACTION]]`: at the Nth passing (default 1) of POINT, ACTION is `kill` (SIGKILL, the default), `enospc` (the
disk is full) or `delay` (two seconds). Several are separated by commas.
"""

import errno
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping

from orchestrator.core.crash_points import POINTS, arm
from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_

ACTIONS = ("kill", "enospc", "delay")
DELAY = 2.0


def arm_for_tests(environment: Mapping[str, str]) -> None:
    """Arm what `ETL_CRASH_AT` names; raises UsageError for what it cannot mean. Without `ETL_TESTING=1` nothing."""
    wanted = environment.get("ETL_CRASH_AT", "")
    if environment.get("ETL_TESTING") != "1" or not wanted:
        return
    strikes = [_strike(text) for text in wanted.split(",")]
    passed: Counter[str] = Counter()

    def strike(point: str) -> None:
        passed[point] += 1
        for name, nth, action in strikes:
            if (name, nth) == (point, passed[point]):
                _act(action, point)

    arm(strike)


def _strike(text: str) -> tuple[str, int, str]:
    name, _colon, rest = text.strip().partition(":")
    count, _colon, action = rest.partition(":")
    if name not in POINTS or not (count or "1").isdecimal() or (action or "kill") not in ACTIONS:
        raise UsageError(
            N_("ETL_CRASH_AT wants POINT[:N[:{actions}]], not {text!r}; points: {points}"),
            text=text[:80],
            actions="|".join(ACTIONS),
            points=", ".join(POINTS),
        )
    return name, int(count or 1), action or "kill"


def _act(action: str, point: str) -> None:
    if action == "delay":
        time.sleep(DELAY)
    elif action == "enospc":
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({point})")
    else:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
