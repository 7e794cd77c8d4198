"""The kill loop: executions of a hundred restless tasks, blind SIGKILLs, `resume`, and what it all adds up to."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from orchestrator.core.executions import Execution
from orchestrator.core.folding import fold
from orchestrator.core.states import ExecutionStatus
from orchestrator.stores import open_store
from tests.faults.kill_field import SIZE, Field, lives

HITS = 3
"""Kills that one execution meets at most: as many interruptions as a task is allowed."""
SETTING_OUT = 0.3
"""Of the time of a whole execution, what a resume takes however little is left."""


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
        books.orphans += sum(map(lives, field_.lines(execution_id)))
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
        books.orphans += sum(map(lives, lines))


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
