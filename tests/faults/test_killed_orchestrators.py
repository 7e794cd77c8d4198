"""Blind SIGKILLs of the orchestrator in the middle of a hundred parallel tasks, each followed by `resume --latest` (R1, R5)."""

import os
import sys

import pytest

from tests.faults.kill_rounds import loop, owner_and_chain, strike

KILLS = int(os.environ.get("ETL_FAULT_COUNT_SIGKILLS", "20"))

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the books are kept by /proc"),
    pytest.mark.timeout(120 + 30 * KILLS),
]


def test_after_each_kill_of_the_orchestrator_resume_completes_and_nothing_is_done_twice(tmp_path, figures):
    books = loop(tmp_path, kills=KILLS, seed=1, kill=lambda process: strike(owner_and_chain(process)[0]))

    figures("blind SIGKILL", books.record("orchestrator"))
    assert books.landed == KILLS
    assert (books.run_again, books.orphans, books.illegal) == (0, 0, 0)
