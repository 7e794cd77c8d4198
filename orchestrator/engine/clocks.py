"""The real clock; tests turn their own by hand."""

import time
from datetime import UTC, datetime

from orchestrator.core.moments import Moment
from orchestrator.core.ports import Clock


class SystemClock:
    """This machine's two clocks."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()


def moment(clock: Clock) -> Moment:
    """Both readings of `clock` at once."""
    return Moment(at=clock.now(), ticks=clock.monotonic())
