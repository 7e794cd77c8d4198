"""How often each fault is injected, and where the figures go.

In the suite each kind runs as a sample; `python run.py faults` sets `ETL_FAULT_COUNT_*` for the full counts and collects
what the tests say through `figures` into `benchmarks/results/`.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

Figures = Callable[[str, dict[str, object]], None]


@pytest.fixture
def figures() -> Figures:
    """`figures(name, record)`: a line of the fault report; without `ETL_FAULT_FIGURES` it is only checked to be JSON."""
    folder = os.environ.get("ETL_FAULT_FIGURES")

    def note(name: str, record: dict[str, object]) -> None:
        line = json.dumps({"name": name, **record}, sort_keys=False)
        if folder is not None:
            with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    return note
