"""What starting costs: a budget on processor time and on what is imported, not a stopwatch."""

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"pydantic", "rich", "sqlite3", "polars", "duckdb", "asyncio", "orchestrator.etl_orchestrator"}


def cpu_of(command: list[str], environment: dict[str, str]) -> float:
    """Processor seconds of one command, user and system, its children's included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_costs_under_100_ms_of_processor_time() -> None:
    command = [sys.executable, "orchestrator/cli.py", "--help"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}

    best = min(cpu_of(command, environment) for _try in range(8))

    assert best < 0.100


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['etl', '--help'];"
        "from orchestrator.commands.main import answer, speak; speak(); answer(['--help']);"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)

    assert HEAVY.isdisjoint(done.stderr.splitlines())


def test_an_execution_of_one_task_that_does_nothing_costs_under_half_a_second(tmp_path: Path) -> None:
    environment = {**os.environ, "ETL_HOME": str(tmp_path)}
    command = [sys.executable, "orchestrator/cli.py", "run", "--tasks", "no_op"]
    command += ["--config", "orchestrator/etl_config_testing.json"]

    best = min(cpu_of(command, environment) for _try in range(8))

    assert best < 0.5
