"""Blind SIGKILLs of the supervisor in the middle of a hundred parallel tasks, after which the execution goes on by itself (R5)."""

import os
import sys

import pytest

from tests.faults.kill_rounds import loop, owner_and_chain, strike

KILLS = int(os.environ.get("ETL_FAULT_COUNT_SIGKILLS", "20"))

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the books are kept by /proc"),
    pytest.mark.timeout(120 + 30 * KILLS),
]


def test_after_each_kill_of_the_supervisor_the_execution_completes_and_nothing_is_done_twice(tmp_path, figures):
    books = loop(tmp_path, kills=KILLS, seed=2, kill=lambda process: strike(owner_and_chain(process)[2]))

    figures("blind SIGKILL", books.record("supervisor"))
    assert books.landed == KILLS
    assert (books.run_again, books.orphans, books.illegal) == (0, 0, 0)
