"""One instant on both clocks: the wall's for records, the monotonic one for lengths of time (semantics D12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Moment:
    """`at` is aware UTC; `ticks` are seconds of a clock that never goes back."""

    at: datetime
    ticks: float

    def since(self, earlier: "Moment | None") -> float | None:
        """Seconds from `earlier` to here, never negative; None without an `earlier`."""
        return None if earlier is None else max(0.0, self.ticks - earlier.ticks)

    def later(self, seconds: float) -> "Moment":
        """The moment `seconds` after this one, if nothing happens to the clocks."""
        return Moment(at=self.at + timedelta(seconds=seconds), ticks=self.ticks + seconds)
