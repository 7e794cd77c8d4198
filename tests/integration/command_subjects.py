"""A home of one's own for commands: a configuration of mock tasks, executions in it, and commands run inside it."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.commands.main import answer
from orchestrator.etl_orchestrator import create_orchestrator
from orchestrator.translation import current_language, use_language

ROOT = Path(__file__).resolve().parents[2]
MODULE = "orchestrator.mock_tasks"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def records(self):
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A folder that holds a configuration, and what executions leave there."""

    path: Path
    capsys: object

    @property
    def config(self):
        return self.path / "config.json"

    @property
    def database(self):
        return self.path / ".orchestrator/state.db"

    def configure(self, *tasks, **sections):
        self.config.write_text(json.dumps({"tasks": list(tasks), **sections}), encoding="utf-8")

    def etl(self, *arguments):
        """Run a command in this process."""
        self.capsys.readouterr()
        code = answer([*map(str, arguments), *([] if "-c" in arguments else ["-c", str(self.config)])])
        told = self.capsys.readouterr()
        return Answer(code=code, out=told.out, err=told.err)

    def start(self, *arguments, **environment):
        """Run a command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *map(str, arguments), "-c", str(self.config)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def execute(self, **wanted):
        """Execute to the end; gives the id."""
        orchestrator = create_orchestrator(self.config)
        try:
            result = asyncio.run(orchestrator.execute(**(wanted or {"all_tasks": True})))
        finally:
            orchestrator.close()
        return result.execution_id

    def report_of(self, execution_id):
        return self.path / f"orchestrator_reports/execution_report_{execution_id}.json"


@contextmanager
def home_at(path, capsys, monkeypatch):
    """A private, English home at `path`, with one task to execute."""
    before = current_language()
    use_language("en")
    path.chmod(0o700)
    monkeypatch.setenv("ETL_HOME", str(path))
    home = Home(path=path, capsys=capsys)
    home.configure(mock("one"))
    yield home
    use_language(before)


def mock(task_id, function="no_op", **fields):
    """A task of the configuration."""
    return {"task_id": task_id, "module_path": MODULE, "function_name": function, **fields}
