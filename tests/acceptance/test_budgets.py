"""What starting costs: a budget on processor time and on what is imported, not a stopwatch.

A shared machine is twice as slow at one hour as at another, so costs are told in imports of click, measured beside them:
54 ms where the budgets of 100 ms and half a second were set.
"""

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


def cost_of(command: list[str], environment: dict[str, str]) -> float:
    """The best of several tries, in imports of click; one beside the other, so that both meet the same machine."""
    yardstick = [sys.executable, "-c", "import click"]
    tries = [(cpu_of(command, environment), cpu_of(yardstick, environment)) for _try in range(8)]
    return min(cost for cost, _ in tries) / min(unit for _, unit in tries)


def test_help_costs_little_more_than_the_library_that_writes_it() -> None:
    command = [sys.executable, "orchestrator/cli.py", "--help"]

    cost = cost_of(command, {**os.environ, "PYTHONDONTWRITEBYTECODE": ""})

    assert cost < 2.3


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['etl', '--help'];"
        "from orchestrator.commands.main import answer, speak; speak(); answer(['--help']);"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)

    assert HEAVY.isdisjoint(done.stderr.splitlines())


def test_an_execution_of_one_task_that_does_nothing_costs_no_more_than_ten_such_imports(tmp_path: Path) -> None:
    environment = {**os.environ, "ETL_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "orchestrator/cli.py", "run", "--tasks", "no_op"]
    command += ["--config", "orchestrator/etl_config_testing.json"]

    cost = cost_of(command, environment)

    assert cost < 11
