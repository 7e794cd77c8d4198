"""Every attempt that must end does, with all it started, within its limit, its grace and a second (R9, F7, F10, F11).

`ETL_FAULT_COUNT_KILLS` says how many of each kind are killed; 100 for the figures that are published.
"""

import os
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.core.outcomes import Cancelled, TimedOut
from tests.integration.executor_watch import call_of, kinds_of, living, wait_until, watched_chain, witnesses

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)

COUNT = int(os.environ.get("ETL_FAULT_COUNT_KILLS", "5"))
AT_ONCE = 5
LIMIT = 2.0
GRACE = 0.5
MARGIN = 1.0
KINDS = {
    "sleep": ["child"],
    "spin": ["child"],
    "spin_in_c": ["child"],
    "sleep_in_c": ["child"],
    "backtrack": ["child"],
    "ignore_signals": ["child"],
    "stop_itself": ["child"],
    "family": ["child", "double-fork", "new-session"],
}

CASES = [(kind, "fresh") for kind in KINDS] + [("ignore_signals", "shared"), ("family", "shared")]

pytestmark = pytest.mark.timeout(120 + COUNT * 10)


@pytest.mark.parametrize("by", ["timeout", "cancel"])
@pytest.mark.parametrize(("kind", "isolation"), CASES)
def test_every_attempt_is_dead_with_all_it_started_in_time(figures, tmp_path, kind, by, isolation):
    folders = [tmp_path / str(number) for number in range(COUNT)]
    with watched_chain(max_workers=AT_ONCE, heartbeat_limit=10.0) as watch:
        ends = [
            end
            for first in range(0, COUNT, AT_ONCE)
            for end in killed(watch, kind, by, isolation, folders[first : first + AT_ONCE])
        ]

    waits = [wait for _, wait in ends]
    dead = sum(is_dead and wait <= GRACE + MARGIN for is_dead, wait in ends)
    figures(
        "kills",
        {
            "kind": kind,
            "by": by,
            "isolation": isolation,
            "n": COUNT,
            "dead": dead,
            "p50_ms": round(statistics.median(waits) * 1000),
            "worst_ms": round(max(waits) * 1000),
        },
    )

    assert dead == COUNT, sorted(ends)


def killed(watch, kind, by, isolation, folders):
    """For each: whether its whole tree is dead as its end is told, and seconds from the limit or the cancel until then."""
    calls = [call_in(folder, kind, by, isolation) for folder in folders]
    for call in calls:
        watch.submit(call)
    asked_at = {}
    if by == "cancel":
        for folder in folders:
            wait_until(lambda folder=folder: kinds_of(witnesses(folder)) == KINDS[kind], within=60, what=str(folder))
        for call in calls:
            asked_at[call.attempt] = datetime.now(UTC)
            watch.executor.cancel(call.attempt)
    for call, folder in zip(calls, folders, strict=True):
        ended = watch.end_of(call.attempt, within=60)
        alive = living(folder)
        wait = (ended.at - asked_at[call.attempt]).total_seconds() if by == "cancel" else ended.duration - LIMIT
        whole = kinds_of(witnesses(folder)) == KINDS[kind]
        yield whole and not alive and isinstance(ended.outcome, Cancelled if by == "cancel" else TimedOut), wait


def call_in(folder, kind, by, isolation):
    folder.mkdir()
    return call_of(
        kind,
        module="kill_tasks",
        evidence=folder,
        search_path=(str(Path(__file__).parent),),
        timeout=LIMIT if by == "timeout" else 120.0,
        kill_grace=GRACE,
        isolation=isolation,
    )
