"""Blind SIGKILLs of orchestrator and supervisor in one instant, during a hundred parallel tasks, each followed by `resume --latest` (R1, R5)."""

import os
import sys

import pytest

from tests.faults.kill_rounds import loop, owner_and_chain, strike

KILLS = int(os.environ.get("ETL_FAULT_COUNT_SIGKILLS", "20"))

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the books are kept by /proc"),
    pytest.mark.timeout(120 + 30 * KILLS),
]


def test_after_each_kill_of_both_resume_completes_and_nothing_is_done_twice(tmp_path, figures):
    books = loop(tmp_path, kills=KILLS, seed=3, kill=both)

    figures("blind SIGKILL", books.record("orchestrator and supervisor"))
    assert books.landed == KILLS
    assert (books.run_again, books.orphans, books.illegal) == (0, 0, 0)


def both(process):
    owner, _guard, supervisor = owner_and_chain(process)
    return strike(owner, supervisor)
