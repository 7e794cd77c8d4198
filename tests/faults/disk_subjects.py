"""A home on a disk that can be filled, made read-only or taken away, and the real command line that works in it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.stores import open_store
from tests.faults.store_workload import assert_logs_add_up

ROOT = Path(__file__).resolve().parents[2]
FILLER = "filler"

TASKS_MODULE = '''
"""Tasks that do what a test asks of them by the environment, and leave evidence outside of the disk in question."""

import os
from pathlib import Path


def _note(what):
    with open(os.environ["EVIDENCE"], "a", encoding="utf-8") as file:
        file.write(what + "\\n")


def work(name):
    _note(name)
    for line in range(100):
        print("line", line, "of the work of", name)
    return {"rows": 7, "text": "x" * 3000}


def harm():
    _note("harm")
    if not os.path.exists(os.environ["EVIDENCE"] + ".harmed"):
        Path(os.environ["EVIDENCE"] + ".harmed").touch()
        exec(os.environ["HARM"])
'''

FILL = """
import errno
with open({filler!r}, "wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC, error
    file.truncate(max(0, file.tell() - {left}))
"""


@dataclass(frozen=True, kw_only=True)
class Home:
    """An ETL_HOME with three stages: `before` tasks, the one that does harm, and `after` tasks."""

    path: Path
    evidence: Path
    after: tuple[str, ...] = ("d", "e", "f")
    before: tuple[str, ...] = ("a", "b")
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.path / ".orchestrator" / "state.db"

    @property
    def reports(self) -> Path:
        return self.path / "orchestrator_reports"

    def write(self) -> None:
        """Put the task module and the configuration in place."""
        (self.path / "stages.py").write_text(TASKS_MODULE, encoding="utf-8")
        stages = [*self.before, "harm", *self.after]
        tasks = [
            {
                "task_id": stage,
                "module_path": "stages",
                "function_name": "harm" if stage == "harm" else "work",
                **({} if stage == "harm" else {"parameters": {"name": stage}}),
                "dependencies": stages[position - 1 : position] if position else [],
                "timeout": 60,
            }
            for position, stage in enumerate(stages)
        ]
        (self.path / "config.json").write_text(json.dumps({"tasks": tasks}), encoding="utf-8")

    def etl(self, *arguments: str, harm: str = "pass", limit: int | None = None) -> subprocess.CompletedProcess[str]:
        """`python -m orchestrator …`; `harm` is what the task of that name executes; `limit` bytes for each file."""
        return self.python("-m", "orchestrator", *arguments, harm=harm, limit=limit)

    def python(self, *arguments: str, harm: str = "pass", limit: int | None = None) -> subprocess.CompletedProcess[str]:
        """This interpreter, with the home around it."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
        ours = {"ETL_HOME": str(self.path), "ETL_LANG": "en", "EVIDENCE": str(self.evidence), "HARM": harm}
        limited = [] if limit is None else ["bash", "-c", f'ulimit -f {limit // 1024}; exec "$@"', "bash"]
        return subprocess.run(
            [*limited, sys.executable, *arguments],
            cwd=ROOT,
            env={**clean, **ours, **self.environment, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=110,
            check=False,
        )

    def run(self, *, harm: str = "pass", limit: int | None = None) -> subprocess.CompletedProcess[str]:
        """Every task, one after the other."""
        return self.etl("run", "--all", "-c", str(self.path / "config.json"), harm=harm, limit=limit)

    def resume(self) -> subprocess.CompletedProcess[str]:
        """`resume --latest`; skips the rest of the test where there is no such command."""
        done = self.etl("resume", "--latest", "-c", str(self.path / "config.json"))
        if done.returncode == 2 and "No such command" in done.stderr:
            pytest.skip("there is no `resume` yet: that the state is consistent was checked before")
        return done

    def begun(self) -> list[str]:
        """The tasks that began, in order; a task that began twice stands there twice."""
        return self.evidence.read_text("utf-8").splitlines() if self.evidence.exists() else []

    def stored(self) -> tuple[Execution, list[TaskRun]]:
        """The only execution, as the store has it; its event log is whole and adds up to that."""
        store = open_store(f"sqlite:///{self.database}")
        try:
            assert_logs_add_up(store)
            (execution,) = store.list_executions()
            return execution, store.task_runs(execution.execution_id)
        finally:
            store.close()

    def report_of(self, execution_id: str) -> dict[str, object]:
        report: dict[str, object] = json.loads(
            (self.reports / f"execution_report_{execution_id}.json").read_text(encoding="utf-8")
        )
        return report


class Mounts:
    """File systems of the test's own; all are gone at its end."""

    def __init__(self) -> None:
        self._mounted: list[Path] = []

    def small_disk(self, folder: Path, size: int) -> None:
        """A file system of `size` bytes at `folder`; skips where this user may not mount."""
        folder.mkdir(exist_ok=True)
        if not self._command("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(folder)):
            pytest.skip("mounting is not allowed here")
        self._mounted.append(folder)

    def set_read_only(self, folder: Path, *, read_only: bool) -> None:
        """Make a small disk read-only, or writable again."""
        mode = "ro" if read_only else "rw"
        assert self._command("mount", "-o", f"remount,{mode}", str(folder)), "busy?"

    def close(self) -> None:
        while self._mounted:
            self._command("umount", "--lazy", str(self._mounted.pop()))

    @staticmethod
    def _command(*words: str) -> bool:
        try:
            return subprocess.run(words, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False


def fill(folder: Path, *, left: int = 0) -> str:
    """Python statements that take all the space in `folder`, save `left` bytes."""
    return FILL.format(filler=str(folder / FILLER), left=left)


def make_room(folder: Path) -> None:
    """Undo `fill`."""
    with suppress(FileNotFoundError):
        (folder / FILLER).unlink()


def assert_loud(done: subprocess.CompletedProcess[str], *, names: Sequence[str | Path] = ()) -> None:
    """Exit 5, and stderr says in words what is wrong and where."""
    assert done.returncode == 5, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr, done.stderr
    assert [str(name) for name in names if str(name) not in done.stderr] == [], done.stderr
