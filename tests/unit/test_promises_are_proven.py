"""docs/promises.md names every promise once, and tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line for line in (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines() if line.startswith("| R")
]
NAMED = sorted({found for row in ROWS for found in re.findall(r"`(tests/[^`]+)`", row)})


def test_every_promise_has_its_row():
    assert [row.split("|")[1].strip() for row in ROWS] == [f"R{number}" for number in range(1, 33)]


def test_every_row_names_a_test_or_the_step_that_brings_it():
    unproven = [row for row in ROWS if not re.search(r"`tests/[^`]+`", row)]

    assert all("comes with" in row for row in unproven)
    assert [row.split("|")[1].strip() for row in unproven] == ["R26", "R27", "R28", "R29"]


@pytest.mark.parametrize("named", NAMED)
def test_what_proves_a_promise_is_there(named):
    path, _, name = named.partition("::")

    assert (ROOT / path).is_file()
    assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
