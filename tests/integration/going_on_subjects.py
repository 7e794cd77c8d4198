"""A home with a small configuration of tasks that keep books, and the real command line that works in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.stores import open_store

ROOT = Path(__file__).resolve().parents[2]

TASKS = '''
"""Tasks that write down each start, and wait or fail while a file of theirs says so."""

import os
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def work(name, value=None):
    with open(HOME / "started", "a") as file:
        file.write(name + "\\n")
    while (HOME / f"hold-{name}").exists():
        time.sleep(0.02)
    if (HOME / f"fail-{name}").exists():
        raise ValueError(f"{name} was told to fail")
    return {"status": "success", "name": name, "value": value}
'''


AT_ONCE = """
import sys
import time
from orchestrator.commands.main import run_command_line

instant = float(sys.argv.pop(1))
while time.monotonic() < instant:
    pass
run_command_line()
"""
"""The command line in an interpreter that is up, at an instant of the clock that all processes share."""


class Home:
    """`etl` runs a command to its end, `begin` starts one and leaves it running."""

    def __init__(self, path: Path, *tasks: dict, **sections) -> None:
        self.path = path
        (path / "book_tasks.py").write_text(TASKS, encoding="utf-8")
        self.configure(*tasks, **sections)

    def configure(self, *tasks: dict, **sections) -> None:
        whole = [
            {
                "module_path": "book_tasks",
                "function_name": "work",
                **task,
                "parameters": {"name": task["task_id"], **task.get("parameters", {})},
            }
            for task in tasks
        ]
        text = json.dumps({"tasks": whole, **sections})
        (self.path / "config.json").write_text(text, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
        return {
            **inherited,
            "ETL_HOME": str(self.path),
            "ETL_CONFIG": str(self.path / "config.json"),
            "ETL_LANG": "en",
            "PYTHONPATH": str(ROOT),
        }

    def etl(self, *arguments: str, timeout: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def python(self, program: str, told: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A program of Python in the same surroundings, `told` on its stdin."""
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.path,
            env=self.environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    @contextmanager
    def begin(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """A command in the background; killed at the end of the block if it is still there."""
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def hold(self, name: str) -> None:
        (self.path / f"hold-{name}").touch()

    def let_go(self, name: str) -> None:
        (self.path / f"hold-{name}").unlink()

    def fail(self, name: str) -> None:
        (self.path / f"fail-{name}").touch()

    def mend(self, name: str) -> None:
        (self.path / f"fail-{name}").unlink()

    @property
    def started(self) -> list[str]:
        """Names of the tasks in the order of their starts."""
        file = self.path / "started"
        return file.read_text().split() if file.exists() else []

    def wait_for(self, name: str, times: int = 1) -> None:
        """Until the task has started so often."""
        give_up_at = time.monotonic() + 40
        while self.started.count(name) < times:
            assert time.monotonic() < give_up_at, f"{name} did not start: {self.started}"
            time.sleep(0.02)

    def stored(self) -> tuple[Execution, dict[str, TaskRun]]:
        """The latest execution and its task runs."""
        store = open_store(f"sqlite:///{self.path / '.orchestrator' / 'state.db'}")
        try:
            (execution,) = store.list_executions(limit=1)
            return execution, {run.key.task_id: run for run in store.task_runs(execution.execution_id)}
        finally:
            store.close()

    def statuses(self) -> dict[str, str]:
        return {task_id: run.status.value for task_id, run in self.stored()[1].items()}

    def report(self) -> dict:
        execution, _ = self.stored()
        name = f"execution_report_{execution.execution_id}.json"
        return json.loads((self.path / "orchestrator_reports" / name).read_text(encoding="utf-8"))


def chain(*names: str, **fields) -> list[dict]:
    """Tasks that wait for each other in this order."""
    return [{"task_id": name, "dependencies": list(names[max(0, n - 1) : n]), **fields} for n, name in enumerate(names)]


@contextmanager
def two_at_once(home, *arguments):
    """The command twice, by interpreters that are up and wait for one instant on the clock that all share."""
    instant = time.monotonic() + 0.5
    both = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(instant), *arguments],
            cwd=home.path,
            env=home.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        yield both
    finally:
        for one in both:
            if one.returncode is None:
                one.kill()
                one.communicate()


def wait_for_one(processes):
    """The one that ended first."""
    give_up_at = time.monotonic() + 60
    while True:
        ended = [one for one in processes if one.poll() is not None]
        if ended:
            return ended[0]
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
