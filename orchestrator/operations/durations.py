"""How long something usually takes, and whether it took longer at last: figures of durations, the oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

LEAST_RUNS: Final = 8
"""With fewer there is no telling what is usual."""
DEVIATIONS: Final = 5
LEAST_FACTOR: Final = 1.3


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of durations that were measured, in seconds."""

    runs: int
    p50: float
    p95: float
    deviation: float
    """The median of the distances from `p50`."""
    last: float
    trend: float | None
    """The newer half's median by the older half's; None of few runs."""
    regressed: bool
    """Whether the last took longer than those before it explain."""


def figures_of(durations: Sequence[float]) -> Figures | None:
    """The figures of `durations`, the oldest first; None where there are none."""
    if not durations:
        return None
    p50, enough = median(durations), len(durations) >= LEAST_RUNS
    return Figures(
        runs=len(durations),
        p50=p50,
        p95=quantile(durations, 0.95),
        deviation=deviation_of(durations),
        last=durations[-1],
        trend=_trend(durations) if enough else None,
        regressed=enough and _beyond(durations[:-1], durations[-1]),
    )


def deviation_of(durations: Sequence[float]) -> float:
    """The median of the distances from the median: a few that took for ever do not move it."""
    middle = median(durations)
    return median(abs(each - middle) for each in durations)


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which that part of `values` lies (0 to 1), between two of them in proportion."""
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    lower, upper = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
    return lower + (upper - lower) * (place - int(place))


def _beyond(earlier: Sequence[float], last: float) -> bool:
    """Whether `last` is longer than the `earlier` ones explain."""
    usual = median(earlier)
    return last > usual + DEVIATIONS * deviation_of(earlier) and last > LEAST_FACTOR * usual


def _trend(durations: Sequence[float]) -> float | None:
    half = len(durations) // 2
    older = median(durations[:half])
    return median(durations[-half:]) / older if older > 0 else None
