"""What the tests of executors share: calls made short, events collected, and a look at which processes live."""

import contextlib
import itertools
import json
import threading
import time
from pathlib import Path

import psutil

from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.ports import AttemptEnded, AttemptOutput, AttemptStarted, Call

TASKS = Path(__file__).parent
KINDS = ["same-group", "new-session", "double-fork", "program", "child"]
"""What `family` starts, and itself."""
numbers = itertools.count(1)
FAMILIES = frozenset(
    {
        "family",
        "flee_the_reaper",
        "fork_many",
        "fork_and_return",
        "kill_parents",
        "kill_supervisor",
        "leave_a_careful_child",
    }
)


def call_of(function, *, evidence=None, module="", timeout=30.0, kill_grace=0.5, **others):
    parameters = others.pop("parameters", {})
    if evidence is not None:
        parameters = {**parameters, "evidence": str(evidence)}
    key = AttemptKey(run=TaskRunKey(execution_id="20260101_000000", task_id="a_task"), number=next(numbers))
    return Call(
        attempt=key,
        module_path=module or ("hostile_families" if function in FAMILIES else "hostile_tasks"),
        function_name=function,
        parameters=parameters,
        timeout=timeout,
        kill_grace=kill_grace,
        search_path=others.pop("search_path", (str(TASKS),)),
        environment=others.pop("environment", {"PATH": "/usr/bin:/bin"}),
        **others,
    )


class Watch:
    """Collects the events of one executor, and waits for them, never longer than is said."""

    def __init__(self, executor):
        self.executor = executor
        self.events = []
        self._news = threading.Condition()
        executor.start(self._take)

    def _take(self, event):
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def submit(self, call):
        self.executor.submit(call)
        return call.attempt

    def run(self, call, within=20.0):
        return self.end_of(self.submit(call), within)

    def end_of(self, attempt, within=20.0):
        return self.wait_for(AttemptEnded, attempt, within)

    def start_of(self, attempt, within=20.0):
        return self.wait_for(AttemptStarted, attempt, within)

    def wait_for(self, kind, attempt, within=20.0):
        with self._news:
            found = self._news.wait_for(lambda: self.of(kind, attempt), within)
        assert found, f"no {kind.__name__} within {within} s; there were {self.events}"
        return found[0]

    def of(self, kind, attempt):
        return [event for event in list(self.events) if isinstance(event, kind) and event.attempt == attempt]

    def output_of(self, attempt, stream):
        return "".join(event.text for event in self.of(AttemptOutput, attempt) if event.stream == stream)


def wait_until(condition, within=10.0, what="the condition"):
    give_up_at = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < give_up_at, f"{what} did not come true within {within} s"
        time.sleep(0.01)
    return found


def witnesses(evidence):
    """All processes that left evidence, by the name they gave themselves."""
    return {file.name: json.loads(file.read_text()) for file in Path(evidence).glob("*-*") if file.suffix != ".part"}


def living(evidence):
    """Names of the witnesses that are still alive; a reused pid does not count."""
    return [name for name, witness in witnesses(evidence).items() if is_alive(witness["pid"], witness["start"])]


def is_alive(pid, start=""):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return psutil.pid_exists(pid) if not Path("/proc").exists() else False
    return stat[0] not in "ZX" and (not start or stat[19] == start)


def kinds_of(names):
    return sorted(name.rsplit("-", 2)[0] for name in names)


def supervisor_of(watch):
    return wait_until(lambda: watch.executor.pids and watch.executor.pids[1], what="the supervisor")


@contextlib.contextmanager
def watched_chain(**options):
    """The executor of Linux under watch; afterwards neither guard nor supervisor may be left."""
    from orchestrator.executors.processes import ProcessExecutor

    executor = ProcessExecutor(**{"max_workers": 4, "heartbeat_limit": 3.0, **options})
    try:
        yield Watch(executor)
    finally:
        chain = executor.pids
        executor.close()
    assert chain is None or not any(pid and is_alive(pid) for pid in chain)
