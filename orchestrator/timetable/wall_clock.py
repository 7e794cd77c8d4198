"""A clock on the wall of one zone: which instants it shows as what, and when it is put forward or back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
_STRIDE = timedelta(days=1)
"""No zone has two changes within a day since 1970; a test goes through all of them."""


class WallClock:
    """Instants are aware UTC; readings are naive."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def reading(self, instant: datetime) -> datetime:
        """What the clock shows at `instant`."""
        return instant.astimezone(self._zone).replace(tzinfo=None, fold=0)

    def offset(self, instant: datetime) -> timedelta:
        """How far the clock is ahead of UTC at `instant`."""
        return self.reading(instant) - instant.astimezone(UTC).replace(tzinfo=None)

    def first_at(self, reading: datetime) -> datetime:
        """When the clock first shows `reading`; where it never does, the first instant after the gap."""
        early = self._instant(reading, fold=0)
        other = self._instant(reading, fold=1)
        if other >= early:
            return early
        return self._change_between(other, early)  # in a gap the two guesses lie on either side of the change

    def repetition_at(self, instant: datetime) -> timedelta:
        """How far ahead of itself the clock has been before: an hour within most repeated hours, else nothing."""
        return max(instant - self.first_at(self.reading(instant)), timedelta())

    def first_change(self, after: datetime, until: datetime) -> datetime | None:
        """The first instant in (after, until] at which the clock is put forward or back."""
        while after < until:
            step = min(after + _STRIDE, until)
            if self.offset(step) != self.offset(after):
                return self._change_between(after, step)
            after = step
        return None

    def last_change(self, after: datetime, until: datetime) -> datetime | None:
        """The last instant in (after, until] at which the clock is put forward or back."""
        while after < until:
            step = max(until - _STRIDE, after)
            if self.offset(step) != self.offset(until):
                return self._change_between(step, until)
            until = step
        return None

    def _instant(self, reading: datetime, *, fold: int) -> datetime:
        return reading.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """The one change in (before, after]; changes fall on whole seconds."""
        old = self.offset(before)
        low, high = 0, -((before.replace(microsecond=0) - after) // _SECOND)
        start = before.replace(microsecond=0)
        while high - low > 1:
            middle = (low + high) // 2
            if self.offset(start + middle * _SECOND) == old:
                low = middle
            else:
                high = middle
        return start + high * _SECOND
