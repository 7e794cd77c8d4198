"""docs/state_machine.md draws exactly the moves of the tables."""

import re
from pathlib import Path

import pytest

from orchestrator.core.states import EXECUTION_MOVES, TASK_MOVES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "state_machine.md"
ARROW = re.compile(r"^\s+(\S+) --> ([^\s:]+)", re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "moves", "first"), [("A task run", TASK_MOVES, "pending"), ("An execution", EXECUTION_MOVES, "queued")]
)
def test_the_page_draws_every_move_and_no_other(heading, moves, first):
    drawing = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]

    arrows = ARROW.findall(drawing)

    final = {after.value for afters in moves.values() for after in afters} - {state.value for state in moves}
    expected = {(before.value, after.value) for before, afters in moves.items() for after in afters}
    expected |= {("[*]", first)} | {(state, "[*]") for state in final}
    assert set(arrows) == expected
    assert len(arrows) == len(expected)
