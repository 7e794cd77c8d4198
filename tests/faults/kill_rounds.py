"""One round of the kill loop: a parallel execution of a hundred restless tasks, a blind SIGKILL, `resume`, and the books.

The books are kept outside of the orchestrator: each task appends a line with its attempt and the pid and start time of
every process that it makes, and one when it is done.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from orchestrator.core.executions import Execution
from orchestrator.core.folding import fold
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Store
from orchestrator.stores import open_store

ROOT = Path(__file__).resolve().parents[2]
SIZE = 100
HITS = 3
"""Kills that one execution meets at most: as many interruptions as a task is allowed."""
SETTING_OUT = 0.3
"""Of the time of a whole execution, what a resume takes however little is left."""
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


@dataclass(kw_only=True)
class Books:
    """What a whole loop adds up to."""

    rounds: int = 0
    landed: int = 0
    """Kills that met a living process in the middle of an execution."""
    resumed: int = 0
    completed: int = 0
    run_again: int = 0
    orphans: int = 0
    illegal: int = 0
    slowest_end: float = 0.0
    """Seconds until the last process of a killed owner was gone."""
    interruptions: Counter[int] = field(default_factory=Counter)

    def record(self, who: str) -> dict[str, object]:
        """For the fault report."""
        return {
            "killed": who,
            "rounds": self.rounds,
            "kills_that_landed": self.landed,
            "resumed": self.resumed,
            "completed": self.completed,
            "completed_tasks_run_again": self.run_again,
            "orphans_after_5s": self.orphans,
            "illegal_transitions": self.illegal,
            "slowest_clearing_up_s": round(self.slowest_end, 3),
        }


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
        while any(_lives(line) for line in lines):
            if time.monotonic() - began > ORPHANS_GONE_WITHIN:
                return None
            time.sleep(0.02)
        return time.monotonic() - began


def loop(home: Path, *, kills: int, seed: int, kill: Callable[[subprocess.Popen[bytes]], bool]) -> Books:
    """Executions, each hit up to `HITS` times at moments that chance chooses, until `kills` have met a living process.

    A machine that others use is faster or slower from one round to the next: what ended before it was hit counts as no
    kill, and the next one comes earlier. Every claim is checked before it is counted.
    """
    field_ = Field(home, seed=seed)
    books = Books()
    usual = longest = field_.usual_duration()
    before = field_.latest()
    while books.landed < kills and books.rounds < 4 * kills:
        too_late = _play(field_, books, kill, usual, before, hits=min(HITS, kills - books.landed))
        usual = usual * 0.9 if too_late else min(usual * 1.02, longest)
        before = field_.latest()
    return books


def _play(
    field_: Field,
    books: Books,
    kill: Callable[[subprocess.Popen[bytes]], bool],
    usual: float,
    before: Execution | None,
    *,
    hits: int,
) -> bool:
    """One execution, and what resumes it, hit until it ends; True where it had ended before it was hit at all."""
    books.rounds += 1
    process = field_.execute()
    landed, moves = 0, 0
    while landed < hits:
        window = usual if landed == 0 else usual * (SETTING_OUT + (1 - SETTING_OUT) * field_.share_left())
        with suppress(subprocess.TimeoutExpired):
            process.wait(field_.chance.uniform(0.0, window))
        over = process.poll() is not None
        struck = kill(process)
        now = field_.latest()
        if now is None or not _is_new(now, before):  # killed before there was an execution: nothing was promised
            process.wait(90)
            return over
        if over or now.status.final:
            break
        moves, moved = field_.moves(now.execution_id), moves
        landed += struck and moves > moved  # who had not taken the execution up yet was not in the middle of it
        if _ended(process):
            _see_the_rest_die(field_, books, now.execution_id)
            process = field_.start("resume", "--latest")
            books.resumed += 1
    books.landed += landed
    process.wait(90)
    now = field_.latest()
    assert now is not None
    done = field_.run("resume", "--latest")
    assert done.returncode == 0, f"{now.execution_id}: resume ended with {done.returncode}: {done.stdout}{done.stderr}"
    _check(field_, books, now.execution_id)
    return landed == 0


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it was itself what was killed."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.05)
    return process.poll() is not None


def _see_the_rest_die(field_: Field, books: Books, execution_id: str) -> None:
    gone = field_.wait_for_death(field_.lines(execution_id))
    if gone is None:
        books.orphans += sum(map(_lives, field_.lines(execution_id)))
    else:
        books.slowest_end = max(books.slowest_end, gone)


def _is_new(now: Execution | None, before: Execution | None) -> bool:
    return now is not None and (before is None or now.execution_id != before.execution_id)


def _check(field_: Field, books: Books, execution_id: str) -> None:
    store = open_store(f"sqlite:///{field_.home / '.orchestrator' / 'state.db'}")
    try:
        execution = store.get_execution(execution_id)
        attempts = store.attempts(execution_id)
        statuses = fold(store.events(execution_id))  # raises where a move is not legal
        stored = {run.key: run.status for run in store.task_runs(execution_id)}
    except Exception:
        books.illegal += 1
        raise
    finally:
        store.close()
    assert execution.status is ExecutionStatus.COMPLETED
    assert statuses.execution is ExecutionStatus.COMPLETED
    assert dict(statuses.runs) == stored
    assert len(stored) == SIZE
    books.completed += 1
    completed = {attempt.key.run.task_id: attempt.key.number for attempt in attempts if attempt.status == "completed"}
    assert len(completed) == SIZE
    lines = field_.lines(execution_id)
    books.run_again += sum(line.kind == "start" and line.attempt > completed[line.task_id] for line in lines)
    books.interruptions[sum(attempt.status == "lost" for attempt in attempts)] += 1
    assert not [attempt for attempt in attempts if attempt.status not in {"completed", "lost"}], "the user was blamed"
    gone = field_.wait_for_death(lines)
    if gone is None:
        books.orphans += sum(map(_lives, lines))


def owner_and_chain(process: subprocess.Popen[bytes]) -> tuple[int, int | None, int | None]:
    """Pids of the orchestrator, its guard and its supervisor, as far as they are there."""
    try:
        guards = psutil.Process(process.pid).children()
        guard = guards[0] if guards else None
        supervisors = guard.children() if guard is not None else []
    except psutil.Error:
        return process.pid, None, None
    supervisor = min(supervisors, key=psutil.Process.create_time).pid if supervisors else None
    return process.pid, guard.pid if guard is not None else None, supervisor


def strike(*pids: int | None) -> bool:
    """SIGKILL all of them in one go; True where one was there."""
    struck = False
    for pid in pids:
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                struck = True
    return struck


def _lives(line: Line) -> bool:
    try:
        text = Path(f"/proc/{line.pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    fields = text.rpartition(")")[2].split()
    return int(fields[19]) == line.start and fields[0] != "Z"
