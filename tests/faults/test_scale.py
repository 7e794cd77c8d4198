"""Many tasks in one execution: all complete, nothing recurses, memory stays bounded (F58, R7, R30).

`ETL_FAULT_COUNT_TASKS` says how many; 10000 for the figures that are published. Times are told and not asserted: what
they come to depends on who else uses the machine.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.scale_shapes import SHAPES, write_configuration

ROOT = Path(__file__).resolve().parents[2]
COUNT = int(os.environ.get("ETL_FAULT_COUNT_TASKS", "500"))
MOST_MEMORY = 300 * 1024 * 1024
SECONDS_EACH = 0.2
"""What a task may take before the test gives up: many times the usual, for loaded machines."""

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="resource usage of a child"),
    pytest.mark.timeout(180 + COUNT * SECONDS_EACH),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_execution_of_many_tasks_ends_in_bounded_memory(tmp_path, figures, shape):
    config = tmp_path / "config.json"
    write_configuration(config, shape, COUNT)
    write_configuration(tmp_path / "one.json", shape, 1)

    validated = command(tmp_path, "validate", "-c", str(config))
    alone = command(tmp_path, "run", "--all", "-c", str(tmp_path / "one.json"))
    ran = command(
        tmp_path, "run", "--all", "--parallel", "--max-workers", "2", "--log-level", "ERROR", "-c", str(config)
    )

    assert (validated["code"], alone["code"], ran["code"]) == (0, 0, 0), ran["err"]
    assert "RecursionError" not in ran["err"]
    report = tmp_path / "orchestrator_reports" / f"execution_report_{ran['out'].partition(chr(10))[0]}.json"
    written = json.loads(report.read_text(encoding="utf-8"))
    assert written["counts"] == {"completed": COUNT}
    assert ran["peak"] < MOST_MEMORY
    figures(
        "scale",
        {
            "shape": shape,
            "tasks": COUNT,
            "validate_seconds": round(validated["seconds"], 2),
            "run_seconds": round(ran["seconds"], 1),
            "ms_per_task": round((ran["seconds"] - alone["seconds"]) / COUNT * 1000, 2),
            "owner_cpu_ms_per_task": round((ran["cpu"] - alone["cpu"]) / COUNT * 1000, 2),
            "owner_peak_mb": round(ran["peak"] / 1024**2),
            "report_mb": round(report.stat().st_size / 1024**2, 2),
        },
    )


def command(home, *arguments):
    """A command in a process of its own: what it said, and what it used itself, its tasks' processes aside."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    environment |= {"ETL_HOME": str(home), "ETL_LANG": "en", "PYTHONPATH": str(ROOT)}
    out, err = home / "out", home / "err"
    began = time.monotonic()
    with out.open("w") as to_out, err.open("w") as to_err:
        process = subprocess.Popen(
            [sys.executable, "-c", MEASURED, *arguments],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_err,
        )
        with process:
            code = process.wait()
    seconds = time.monotonic() - began
    told, _, usage = err.read_text(encoding="utf-8").rpartition("usage ")
    cpu, peak = map(float, usage.split())
    return {
        "code": code,
        "out": out.read_text(encoding="utf-8"),
        "err": told,
        "seconds": seconds,
        "cpu": cpu,
        "peak": peak * (1 if sys.platform == "darwin" else 1024),
    }


MEASURED = """
import atexit
import resource
import sys

def tell():
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = used.ru_maxrss
    if sys.platform == "linux":  # ru_maxrss survives exec: it would be that of the test's own process
        with open("/proc/self/status") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    print("usage", used.ru_utime + used.ru_stime, peak, file=sys.stderr)

atexit.register(tell)
from orchestrator.commands.main import run_command_line
run_command_line()
"""
"""The command line that says at its end what it used itself."""
