"""A server under load is killed at every crash point and at moments of chance: nothing that it acknowledged is lost (R1, R3, D17).

Clients post at once, each under a key of its own; the server, or a worker of it and then the server, dies by SIGKILL; the
next one starts right away, and who got no answer asks again under the same key. Tasks keep books of their own: who
started, who was done, and whether two attempts of one task ever lived at the same time.
"""

import os
import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil
import pytest

from orchestrator.core.crash_points import POINTS
from orchestrator.core.folding import fold
from orchestrator.stores import open_store
from tests.integration.going_on_subjects import Home
from tests.integration.web_subjects import DiedAtStart, Server, serving

KILLS = int(os.environ.get("ETL_FAULT_COUNT_SERVER_KILLS", "1"))
"""Blind ones; of more than one, every crash point has its turn, too."""
FULL = KILLS > 1
CLIENTS = int(os.environ.get("ETL_FAULT_COUNT_SERVER_CLIENTS", "6"))
OF_SERVER = [point for point in POINTS if point.endswith(("run_insert", "cancel_recorded", "report_renamed"))]
"""Those that the server's own process passes; the last two where it cancels what nobody drives."""
OF_WORKERS = [point for point in POINTS if not point.endswith("run_insert")]
SAMPLE_OF_SERVER = ["after_run_insert"]
SAMPLE_OF_WORKERS = ["before_completion_written", "after_report_tmp_written"]
PATIENCE = 120.0 if FULL else 60.0
ALL_GONE = 20.0
"""Seconds after which no process of a killed server may live: its workers end what they drive in order."""
WORKER_DIED = "a worker ended with code -9"

TASKS_MODULE = '''
"""Tasks that write down who started and who was done, and notice another attempt of themselves that lives."""

import fcntl
import os
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def note(kind, attempt):
    with open(HOME / "books", "a") as file:
        file.write(f"{attempt.execution_id} {kind} {attempt.task_id} {attempt.attempt}\\n")


def work(name, seconds=0.0, etl_context=None):
    note("start", etl_context)
    with open(HOME / "alive" / f"{etl_context.execution_id}-{name}", "w") as alive:
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("twice-at-once", etl_context)
        time.sleep(seconds)
        note("done", etl_context)
    return {"status": "success"}
'''

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the books are kept by /proc"),
    pytest.mark.timeout(240 + 60 * (KILLS + len(POINTS) if FULL else 0)),
]


@dataclass(kw_only=True)
class Client:
    """Asks for one execution after another, each under a key; the same again until it was answered."""

    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    body: dict = field(default_factory=lambda: {"workflow": "quick"})
    asked: bool = False
    """Under this key, without an answer."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Key → id."""
    cancelled: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """A cancel was asked for, and not answered."""
    strange: list[str] = field(default_factory=list)

    def ask(self, server: Server, at_once: threading.Barrier, workflow: str, *, cancel: bool) -> None:
        """Post what was not answered before, else something new; then perhaps cancel what came of it."""
        self.body = self.body if self.asked else {"workflow": workflow}
        client = httpx2.Client(base_url=server.url, timeout=30, trust_env=False)
        client.headers["Authorization"] = f"Bearer {server.token}"
        with closing(client), suppress(httpx2.HTTPError):
            at_once.wait(30)
            self.asked = True
            answer = client.post("/execute", json=self.body, headers={"Idempotency-Key": self.key})
            if answer.status_code != 202:
                self.strange += [answer.text] * (answer.status_code not in {429, 503})
                return
            execution_id = answer.json()["execution_id"]
            self.acknowledged[self.key] = execution_id
            self.key, self.asked = uuid.uuid4().hex, False
            if cancel:
                self._cancel(client, execution_id)

    def _cancel(self, client: httpx2.Client, execution_id: str) -> None:
        self.doubtful.add(execution_id)
        answer = client.delete(f"/executions/{execution_id}")
        if answer.status_code in {200, 202}:
            self.doubtful.discard(execution_id)
            self.cancelled |= {execution_id} if answer.json()["status"] != "completed" else set()
        else:
            self.strange.append(answer.text)


class Field:
    """A home whose servers are killed, one after another."""

    def __init__(self, path, *, seed: int) -> None:
        endless = {"module_path": "counted_tasks", "max_interruptions": 100, "timeout": 60}
        tasks = [
            {**endless, "task_id": "a"},
            {**endless, "task_id": "b", "dependencies": ["a"], "parameters": {"seconds": 0.05}},
            {**endless, "task_id": "long", "parameters": {"seconds": 2.5}},
        ]
        workflows = {"quick": {"tasks": ["a", "b"]}, "slow": {"tasks": ["long"]}}
        self.home = Home(path, *tasks, workflows=workflows, orchestrator_config={"kill_grace": 1})
        (path / "counted_tasks.py").write_text(TASKS_MODULE, encoding="utf-8")
        (path / "alive").mkdir()
        self.chance = random.Random(seed)
        self.clients = [Client() for _ in range(CLIENTS)]
        self.rounds = self.landed = self.left = 0

    def strike(self, point: str, *, workers: bool) -> None:
        """A round in which the server, or one of its workers and a moment later the server, dies at `point`."""
        cancel, lease = point.endswith("cancel_recorded") or not workers, point.endswith("lease_renew")
        cancel = cancel and not point.endswith("run_insert")
        nth = 1 if lease or cancel else self.chance.randint(1, 3)
        crash = {"ETL_TESTING": "1", "ETL_LEASE_SECONDS": "6", "ETL_CRASH_AT": f"{point}:{nth}"}
        workflow = "slow" if lease or (cancel and workers) else "quick"
        self.rounds += 1
        try:
            with serving(self.home, "--workers", str(int(workers)), "--slots", "4", **crash) as server:
                self._load(server, lambda: self._struck(server, workers=workers), workflow=workflow, cancel=cancel)
                self.landed += 1
        except DiedAtStart as died:  # it wrote what reports were owed, and died of it
            self.landed += died.code == -signal.SIGKILL
        self._perhaps_wait()

    def strike_blindly(self, *, longest: float) -> None:
        """A round in which the server, or every second time the workers with it, is killed at a moment of chance."""
        self.rounds += 1
        with serving(self.home, "--workers", "2", "--slots", "4") as server:
            workers = server.children()

            def kill() -> None:
                time.sleep(self.chance.uniform(0.0, longest))
                for pid in workers if self.rounds % 2 else []:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

            self._load(server, kill)
            self.landed += 1
        self._perhaps_wait()

    def finish(self) -> Server:
        """A server that nobody kills answers who has no answer yet, and ends all that was acknowledged."""
        with serving(self.home, "--workers", "2", "--slots", "6") as server:
            self._load(server, lambda: None, kill=False)
            for execution_id in self.acknowledged:
                server.wait_for(execution_id)
        self.left += len(self._nobody_left())
        return server

    @property
    def acknowledged(self) -> list[str]:
        return [execution_id for client in self.clients for execution_id in client.acknowledged.values()]

    def _load(self, server, until, *, workflow: str = "quick", cancel: bool = False, kill: bool = True) -> None:
        at_once = threading.Barrier(len(self.clients) + 1)
        server.token  # noqa: B018 - read once, before many threads want it
        threads = [
            threading.Thread(target=client.ask, args=(server, at_once, workflow), kwargs={"cancel": cancel})
            for client in self.clients
        ]
        for thread in threads:
            thread.start()
        at_once.wait(30)
        until()
        if kill:
            server.process.kill()
            server.process.wait()
        for thread in threads:
            thread.join(PATIENCE)

    def _struck(self, server: Server, *, workers: bool) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while server.process.poll() is None and not any(WORKER_DIED in line for line in list(server.said)):
            assert time.monotonic() < give_up_at, "".join(server.said)
            time.sleep(0.02)
        if workers:
            time.sleep(self.chance.uniform(0.0, 1.0))

    def _perhaps_wait(self) -> None:
        """Every second server starts while what the one before left is still being cleared up."""
        if self.rounds % 2:
            self.left += len(self._nobody_left())

    def _nobody_left(self) -> list[int]:
        give_up_at = time.monotonic() + ALL_GONE
        while (living := self._living()) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        return living

    def _living(self) -> list[int]:
        mine = f"ETL_HOME={self.home.path}"
        found = []
        for process in psutil.process_iter(["pid"]):
            with suppress(psutil.Error, OSError):
                environ = Path(f"/proc/{process.pid}/environ").read_text(encoding="utf-8", errors="replace")
                found += [process.pid] if mine in environ.split("\0") else []
        return found


def books_of(field_: Field) -> dict[str, object]:
    """What all rounds add up to, out of the store and of what the tasks wrote down."""
    lines = [line.split() for line in (field_.home.path / "books").read_text(encoding="utf-8").splitlines()]
    asked_to_end = {one for client in field_.clients for one in client.cancelled}
    doubtful = {one for client in field_.clients for one in client.doubtful}
    lost = run_again = 0
    with closing(open_store(f"sqlite:///{field_.home.path / '.orchestrator' / 'state.db'}")) as store:
        stored = store.list_executions(limit=10_000)
        for execution in stored:
            key = execution.execution_id
            wanted = (
                {"cancelled"} if key in asked_to_end else {"completed"} | ({"cancelled"} if key in doubtful else set())
            )
            lost += execution.status.value not in wanted
            assert fold(store.events(key)).execution is execution.status
            attempts = store.attempts(key)
            assert {attempt.status for attempt in attempts} <= {"completed", "lost", "cancelled"}, "the user was blamed"
            completed = Counter(attempt.key.run.task_id for attempt in attempts if attempt.status == "completed")
            run_again += sum(count - 1 for count in completed.values())
            last = {a.key.run.task_id: a.key.number for a in attempts if a.status == "completed"}
            run_again += sum(
                kind == "start" and of == key and int(number) > last.get(task, int(number))
                for of, kind, task, number in lines
            )
    known = {execution.execution_id for execution in stored}
    return {
        "rounds": field_.rounds,
        "kills_that_landed": field_.landed,
        "acknowledged": len(field_.acknowledged),
        "lost_or_not_ended_well": lost + len(set(field_.acknowledged) - known),
        "executed_twice": len(stored) - len(set(field_.acknowledged)),
        "completed_tasks_run_again": run_again,
        "attempts_alive_at_once": sum(kind == "twice-at-once" for _, kind, _, _ in lines),
        "processes_left": field_.left,
        "reports_missing": len(stored) - len(list((field_.home.path / "orchestrator_reports").glob("*.json"))),
    }


NOTHING_WRONG = {
    "lost_or_not_ended_well": 0,
    "executed_twice": 0,
    "completed_tasks_run_again": 0,
    "attempts_alive_at_once": 0,
    "processes_left": 0,
    "reports_missing": 0,
}


def test_a_server_killed_at_its_crash_points_loses_nothing_that_it_acknowledged(tmp_path, figures):
    field_ = Field(tmp_path, seed=1)

    for point in OF_SERVER if FULL else SAMPLE_OF_SERVER:
        field_.strike(point, workers=False)
    field_.finish()

    books = books_of(field_)
    figures("killed server", {"killed": "the server at its crash points", "clients": CLIENTS, **books})
    assert [text for client in field_.clients for text in client.strange] == []
    assert books["kills_that_landed"] == books["rounds"]
    assert books | NOTHING_WRONG == books


def test_a_server_killed_after_a_worker_died_at_a_crash_point_loses_nothing(tmp_path, figures):
    field_ = Field(tmp_path, seed=2)

    for point in OF_WORKERS if FULL else SAMPLE_OF_WORKERS:
        field_.strike(point, workers=True)
    field_.finish()

    books = books_of(field_)
    figures("killed server", {"killed": "a worker at its crash points, then the server", "clients": CLIENTS, **books})
    assert [text for client in field_.clients for text in client.strange] == []
    assert books["kills_that_landed"] == books["rounds"]
    assert books | NOTHING_WRONG == books


def test_a_server_killed_at_any_moment_loses_nothing_that_it_acknowledged(tmp_path, figures):
    field_ = Field(tmp_path, seed=3)

    for _ in range(KILLS):
        field_.strike_blindly(longest=CLIENTS / 6)
    field_.finish()

    books = books_of(field_)
    figures(
        "killed server",
        {"killed": "the server, every second time with its workers, blindly", "clients": CLIENTS, **books},
    )
    assert [text for client in field_.clients for text in client.strange] == []
    assert books["kills_that_landed"] == books["rounds"]
    assert books | NOTHING_WRONG == books
