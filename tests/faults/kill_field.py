"""Where kills land: a home with a hundred restless tasks, and the books that they keep outside of the orchestrator.

Each task appends a line with its attempt and the pid and start time of every process that it makes, and one when it is
done.
"""

import json
import os
import random
import subprocess
import sys
import time
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.executions import Execution
from orchestrator.core.storing import Store
from orchestrator.stores import open_store

ROOT = Path(__file__).resolve().parents[2]
SIZE = 100
LINGER = 60
ORPHANS_GONE_WITHIN = 5.0

TASKS_MODULE = f'''
"""Tasks that fork twice, change session, and write down who they are."""

import os
import time


def note(kind, attempt):
    start = open("/proc/self/stat").read().rpartition(")")[2].split()[19]
    line = f"{{attempt.execution_id}} {{kind}} {{attempt.task_id}} {{attempt.attempt}} {{os.getpid()}} {{start}}\\n"
    handle = os.open(os.environ["EVIDENCE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)


def restless(seconds, etl_context):
    note("start", etl_context)
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            note("process", etl_context)
            time.sleep({LINGER})
        os._exit(0)
    os.waitpid(middle, 0)
    time.sleep(seconds)
    note("done", etl_context)
    return {{"rows": 1}}
'''


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a task wrote down."""

    execution_id: str
    kind: str
    task_id: str
    attempt: int
    pid: int
    start: int


class Field:
    """A home with the restless configuration, and the command line that works in it."""

    def __init__(self, home: Path, *, seed: int) -> None:
        self.home = home
        self.evidence = home / "evidence"
        self.chance = random.Random(seed)
        (home / "restless_tasks.py").write_text(TASKS_MODULE, encoding="utf-8")
        tasks = [
            {
                "task_id": f"t{n:03d}",
                "module_path": "restless_tasks",
                "function_name": "restless",
                "parameters": {"seconds": round(self.chance.uniform(0.0, 0.02), 3)},
                "dependencies": [f"t{up:03d}" for up in sorted(self.chance.sample(range(n), min(n, n % 3)))],
                "timeout": 60,
            }
            for n in range(SIZE)
        ]
        (home / "config.json").write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
        self.environment = {
            **inherited,
            "ETL_HOME": str(home),
            "ETL_CONFIG": str(home / "config.json"),
            "ETL_LANG": "en",
            "EVIDENCE": str(self.evidence),
            "PYTHONPATH": str(ROOT),
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """The command line, its words thrown away."""
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.home,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *arguments: str, timeout: float = 100, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.home,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def execute(self) -> subprocess.Popen[bytes]:
        """Start the hundred tasks."""
        return self.start("run", "--all", "--parallel", "--max-workers", "6")

    def usual_duration(self) -> float:
        """Seconds of an undisturbed execution."""
        began = time.monotonic()
        with self.execute() as process:
            assert process.wait(90) == 0
        return time.monotonic() - began

    def latest(self) -> Execution | None:
        """The execution that was asked for last."""
        if not (self.home / ".orchestrator" / "state.db").exists():
            return None
        with self._store() as store:
            found = store.list_executions(limit=1)
        return found[0] if found else None

    def _store(self) -> AbstractContextManager[Store]:
        return closing(open_store(f"sqlite:///{self.home / '.orchestrator' / 'state.db'}"))

    def share_left(self) -> float:
        """Of the tasks of the latest execution, those that have not completed."""
        with self._store() as store:
            latest = store.list_executions(limit=1)[0]
            runs = store.task_runs(latest.execution_id)
        return sum(not run.status.final for run in runs) / SIZE

    def moves(self, execution_id: str) -> int:
        """How much has happened to an execution."""
        with self._store() as store:
            return len(store.events(execution_id))

    def lines(self, execution_id: str) -> list[Line]:
        """What the tasks of an execution wrote down."""
        if not self.evidence.exists():
            return []
        found = []
        for text in self.evidence.read_text(encoding="utf-8").splitlines():
            of, kind, task_id, attempt, pid, start = text.split()
            if of == execution_id:
                found.append(
                    Line(
                        execution_id=of,
                        kind=kind,
                        task_id=task_id,
                        attempt=int(attempt),
                        pid=int(pid),
                        start=int(start),
                    )
                )
        return found

    def wait_for_death(self, lines: list[Line]) -> float | None:
        """Seconds until none of the processes lives; None where some do after the promised time."""
        began = time.monotonic()
        while any(lives(line) for line in lines):
            if time.monotonic() - began > ORPHANS_GONE_WITHIN:
                return None
            time.sleep(0.02)
        return time.monotonic() - began


def lives(line: Line) -> bool:
    """Whether the very process that a line tells of is still there."""
    try:
        text = Path(f"/proc/{line.pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    fields = text.rpartition(")")[2].split()
    return int(fields[19]) == line.start and fields[0] != "Z"
