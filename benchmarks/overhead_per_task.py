"""What the orchestrator adds to a task that does nothing, against running the same function bare.

    python benchmarks/overhead_per_task.py [TASKS] [ROUNDS]

Four ways of calling `orchestrator.mock_tasks.no_op` so often, two at a time where the way allows it, one after the
other in each round so that whatever else the machine does meets them alike:

- `loop`: a new interpreter per call, one after the other;
- `xargs`: a new interpreter per call, by `xargs -P 2`;
- `fresh`: `etl run --parallel --max-workers 2`, a process of its own per task (the default);
- `shared`: the same with `isolation: "shared"`.

Of the orchestrator's the start and the end of an execution, measured with one task, are taken off: they are paid once.
Beside them stand 1000 bare commits to SQLite as the state store makes them, since each task costs one or two.
The medians of the rounds go to `benchmarks/results/overhead.json`.
"""

import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "overhead.json"
BARE = "from orchestrator.mock_tasks import no_op; no_op()"
WORKERS = 2
COMMITS = 1000


def main(tasks: int = 200, rounds: int = 3) -> int:
    """Measure, write the figures, show them."""
    with tempfile.TemporaryDirectory(prefix="etl-overhead-") as folder:
        ways = ways_in(Path(folder), tasks)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                seconds[name].append(timed(way))
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    figures = figures_of(medians, tasks)
    report = {
        "made_by": f"python benchmarks/overhead_per_task.py {tasks} {rounds}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
        "tasks": tasks,
        "rounds": rounds,
        "workers": WORKERS,
        **figures,
        "seconds": {name: [round(one, 3) for one in taken] for name, taken in seconds.items()},
    }
    RESULT.parent.mkdir(exist_ok=True)
    text = json.dumps(report, indent=1)
    RESULT.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 0


def ways_in(folder: Path, tasks: int) -> dict[str, Callable[[], None]]:
    """What is measured, by name; each leaves the folder as it found it or does not mind what is there."""
    for isolation in ("fresh", "shared"):
        for count in (1, tasks):
            configure(folder / f"{isolation}-{count}.json", count, isolation)
    (folder / "numbers").write_text("\n".join(map(str, range(tasks))) + "\n", encoding="ascii")
    ways = {
        "commits": lambda: commit(folder / "bare.db"),
        "loop": lambda: [run(folder, [sys.executable, "-c", BARE]) for _ in range(tasks)],
        "fresh one": lambda: execute(folder, "fresh-1.json"),
        "fresh": lambda: execute(folder, f"fresh-{tasks}.json"),
        "shared one": lambda: execute(folder, "shared-1.json"),
        "shared": lambda: execute(folder, f"shared-{tasks}.json"),
    }
    if shutil.which("xargs") is not None:
        xargs = ["xargs", "-P", str(WORKERS), "-n", "1", "-a", "numbers", sys.executable, "-c", BARE]
        ways["xargs"] = lambda: run(folder, xargs)
    return ways


def figures_of(medians: dict[str, float], tasks: int) -> dict[str, object]:
    """Milliseconds per task, and how they stand to the bare ways."""
    each = {name: medians[name] / tasks * 1000 for name in ("loop", "xargs") if name in medians}
    for isolation in ("fresh", "shared"):
        each[isolation] = (medians[isolation] - medians[f"{isolation} one"]) / (tasks - 1) * 1000
    ratios = {
        f"{ours} to {bare}": round(each[ours] / each[bare], 3)
        for ours in ("fresh", "shared")
        for bare in ("xargs", "loop")
        if bare in each
    }
    return {
        "ms_per_task": {name: round(value, 2) for name, value in each.items()},
        "ratios": ratios,
        "ms_per_bare_commit": round(medians["commits"] / COMMITS * 1000, 3),
        "seconds_for_an_execution_of_one_task": round(medians["fresh one"], 3),
    }


def configure(file: Path, count: int, isolation: str) -> None:
    """A configuration of so many independent tasks that do nothing."""
    task = {"module_path": "orchestrator.mock_tasks", "function_name": "no_op", "isolation": isolation}
    tasks = [{"task_id": f"task_{number:05d}", **task} for number in range(count)]
    file.write_text(json.dumps({"tasks": tasks}), encoding="utf-8")


def execute(folder: Path, config: str) -> None:
    """`etl run` of all its tasks."""
    options = ["--all", "--parallel", "--max-workers", str(WORKERS), "--log-level", "ERROR"]
    run(folder, [sys.executable, "-m", "orchestrator", "run", *options, "-c", str(folder / config)])


def run(folder: Path, command: list[str]) -> None:
    """To its end; raises CalledProcessError where it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    environment = {**clean, "ETL_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def commit(file: Path) -> None:
    """So many commits of one row, each on the disk before the next."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS moves (text TEXT)")
    for number in range(COMMITS):
        connection.execute("INSERT INTO moves VALUES (?)", (f"{number:0400d}",))
    connection.close()


def timed(way: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.monotonic()
    way()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
