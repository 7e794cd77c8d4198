"""Simulated time: what waits for it wakes at its instant, in order, and nobody really waits."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine.jumping_time import JumpingClock, jumping

START = datetime(2025, 4, 1, 12, tzinfo=UTC)
DAY = 86_400


def test_a_day_passes_in_no_time():
    clock = JumpingClock(START)
    began = time.monotonic()

    with jumping(clock) as run:
        run(asyncio.sleep(DAY))

    assert time.monotonic() - began < 5
    assert clock.monotonic() == pytest.approx(DAY, abs=0.001)
    assert clock.now() - START == pytest.approx(timedelta(days=1), abs=timedelta(milliseconds=1))


def test_those_who_wait_wake_in_the_order_of_their_instants():
    clock = JumpingClock(START)
    woken = []

    async def wait(seconds):
        await asyncio.sleep(seconds)
        woken.append((seconds, round(clock.monotonic(), 3)))

    async def all_of_them():
        await asyncio.gather(*map(wait, (3600, 0.25, 5400, 0.25, 0)))

    with jumping(clock) as run:
        run(all_of_them())

    assert woken == [(0, 0.0), (0.25, 0.25), (0.25, 0.25), (3600, 3600.0), (5400, 5400.0)]


def test_whoever_asks_again_and_again_whether_it_is_time_yet_comes_to_an_end():
    clock = JumpingClock(START)

    async def ask():
        aim, turns = clock.monotonic() + 1e-5, 0
        while clock.monotonic() < aim:
            await asyncio.sleep(0)
            turns += 1
        return turns

    with jumping(clock) as run:
        turns = run(ask())

    assert 1 <= turns <= 20
