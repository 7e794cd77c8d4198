"""docs/promises.md and docs/fault_matrix.md name every promise and every fault of this step, and tests that exist."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIGURES = json.loads((ROOT / "benchmarks" / "results" / "faults.json").read_text(encoding="utf-8"))["suites"]
PROMISES, FAULTS = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("promises.md", "fault_matrix.md"))
ROWS = [line for line in PROMISES.splitlines() if line.startswith("| R")]
FAULT_ROWS = [line for line in FAULTS.splitlines() if re.match(r"\| \d", line)]
NAMED = sorted({found for row in ROWS + FAULT_ROWS for found in re.findall(r"`(tests/[^`]+)`", row)})


def test_every_promise_has_its_row():
    assert [row.split("|")[1].strip() for row in ROWS] == [f"R{number}" for number in range(1, 33)]


def test_every_row_names_a_test_or_the_step_that_brings_it():
    unproven = [row for row in ROWS if not re.search(r"`tests/[^`]+`", row)]

    assert all("comes with" in row for row in unproven)
    assert [row.split("|")[1].strip() for row in unproven] == ["R26", "R27"]


def test_every_fault_that_needs_no_server_has_its_row():
    numbers = [int(number) for row in FAULT_ROWS for number in row.split("|")[1].split(",")]

    assert numbers == [*range(1, 9), *range(10, 36), 41, 42, *range(56, 69)]
    assert all("`tests/" in row for row in FAULT_ROWS)


def test_the_figures_of_the_page_are_those_of_the_fault_runs():
    spec = importlib.util.spec_from_file_location("promise_figures", ROOT / "benchmarks" / "promise_figures.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)

    assert made.with_figures(PROMISES, FIGURES) == PROMISES


@pytest.mark.parametrize("named", NAMED)
def test_what_proves_a_promise_is_there(named):
    path, _, name = named.partition("::")

    assert (ROOT / path).is_file()
    assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
