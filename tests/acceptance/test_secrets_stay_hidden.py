"""A canary secret, printed, logged and raised by a task, is nowhere in what is shown or written (D21)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canario-env-456789"
LEAKY = """
import logging, os
def leak():
    secret = os.environ.get("MY_API_TOKEN") or os.environ["ETL_WAREHOUSE_URL"].split(":")[2].split("@")[0]
    print("printed", secret)
    logging.warning("logged %s", secret)
    raise ValueError(f"raised {secret}")
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [("MY_API_TOKEN", CANARY), ("ETL_WAREHOUSE_URL", f"postgresql://etl:{CANARY}@db.invalid/bodega")],
)
def test_a_secret_of_the_environment_is_in_no_console_log_report_or_store(tmp_path, name, value):
    (tmp_path / "leaky.py").write_text(LEAKY, encoding="utf-8")
    task = {"task_id": "leaks", "module_path": "leaky", "function_name": "leak"}
    (tmp_path / "c.json").write_text(json.dumps({"tasks": [task]}), encoding="utf-8")
    environment = {**os.environ, "ETL_HOME": str(tmp_path), name: value}
    command = [sys.executable, "-m", "orchestrator", "run", "--all", "-c", str(tmp_path / "c.json")]

    done = subprocess.run(
        [*command, "--log-level", "DEBUG"], cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert b"printed ***" in done.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 4
    assert CANARY.encode() not in done.stdout + done.stderr
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []
