"""What can go wrong with a remote interface, to be played by the local server on request."""

import threading
from dataclasses import dataclass
from typing import Final

ALWAYS: Final = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong with requests whose decoded address holds `part`.

    It strikes `times` times, or always if `times` is None.
    """

    part: str = ""
    times: int | None = 1


@dataclass(frozen=True, kw_only=True)
class Refusal(Fault):
    """An answer with this `status` and no data; `retry_after` is sent as it is (seconds or a date)."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Stall(Fault):
    """No answer for so many seconds (or until the server stops), then none at all."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Truncation(Fault):
    """The connection ends in the middle of the body."""


@dataclass(frozen=True, kw_only=True)
class Nonsense(Fault):
    """A page of HTML where data was asked for, with status 200."""


@dataclass(frozen=True, kw_only=True)
class LyingCount(Fault):
    """`count(*)` is off by `by`, as when rows come or go while they are read."""

    by: int


@dataclass(frozen=True, kw_only=True)
class TokenNeeded(Fault):
    """Requests without this X-App-Token are refused with status 403."""

    times: int | None = ALWAYS
    token: str


class Faults:
    """A list of faults, and a record of all requests and of the statuses answered; safe to use from several threads."""

    def __init__(self, *faults: Fault) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Fault, int | None]] = [(fault, fault.times) for fault in faults]
        self.requests: list[str] = []
        self.statuses: list[int] = []

    def strike(self, target: str) -> list[Fault]:
        """Note a request for the decoded address `target`; returns the faults it meets and uses them up."""
        with self._lock:
            self.requests.append(target)
            met: list[Fault] = []
            left: list[tuple[Fault, int | None]] = []
            for fault, times in self._left:
                hit = fault.part in target and times != 0 and not (met and fault.times is not ALWAYS)
                if hit:
                    met.append(fault)
                left.append((fault, times - 1 if hit and times is not None else times))
            self._left = left
            return met

    def answered(self, status: int) -> None:
        """Note the status of an answer."""
        with self._lock:
            self.statuses.append(status)
