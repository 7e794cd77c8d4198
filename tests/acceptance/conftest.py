"""A checkout of one's own: a copy of the working tree, so that what executions leave behind leaves nothing here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv",
    "data",
    "orchestrator_logs",
    "orchestrator_reports",
    ".orchestrator",
    "__pycache__",
    ".*_cache",
    ".env",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the project; its state, logs, reports and data stay inside."""
    copy = tmp_path_factory.mktemp("clone") / "proyecto"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return copy


@pytest.fixture(scope="session")
def shell(checkout: Path) -> Run:
    """Runs a command line word for word in the checkout, with `python` being this interpreter."""
    return shell_in(checkout)


def shell_in(checkout: Path) -> Run:
    """As the fixture `shell`, in any folder; the made-up city is a small one."""

    def run(line: str, *, timeout: float = 110, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
        path = os.pathsep.join([str(Path(sys.executable).parent), clean.get("PATH", "")])
        return subprocess.run(
            ["bash", "-c", line],
            cwd=checkout,
            env={**clean, "PATH": path, "ETL_DEMO_SCALE": "0.3", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    return run
