"""Who holds the lock of an execution, and until when: real processes, killed and stopped (R4, F41, F66)."""

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from orchestrator.executors import execution_lock
from orchestrator.executors.execution_lock import CLEARING_UP, Held, held, take
from orchestrator.executors.orphans import clear_up
from tests.integration.executor_watch import TASKS, is_alive, living, wait_until, witnesses

if sys.platform == "win32":
    pytest.skip("the processes here are ended by signals", allow_module_level=True)

HOLDER = """
import sys, time
from pathlib import Path
from orchestrator.executors.execution_lock import Held, take
path, holder, start_at = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
time.sleep(max(0, start_at - time.time()))
try:
    lock = take(path, holder=holder, patience=0)
    print("took", flush=True)
    time.sleep(600)
except Held as error:
    print("held by", error.holder, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "locks" / "20260101_000000.lock"


@pytest.fixture
def run():
    """Starts a Python program of its own that is ended with the test; gives the process."""
    started = []

    def start(program, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=TASKS.parents[1],
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_second_who_wants_it_learns_who_has_it(path):
    first = take(path, holder="here:1:100", patience=0)

    with pytest.raises(Held, match="here:1:100") as caught:
        take(path, holder="here:2:200", patience=0)

    assert caught.value.holder == "here:1:100"
    first.release()


def test_what_was_released_can_be_taken_and_tells_of_its_new_holder_only(path):
    take(path, holder="a host with a long name:1:100", patience=0).release()

    second = take(path, holder="b:2", patience=0)

    assert held(path) == "b:2"
    assert path.read_text() == "b:2\n"
    second.release()


def test_nobody_holds_what_is_free_or_absent_and_looking_takes_nothing(path):
    absent = held(path)
    take(path, holder="here:1:100", patience=0).release()

    looks = [held(path), held(path)]

    assert absent is None
    assert looks == [None, None]
    take(path, holder="here:2:200", patience=0).release()


def test_file_and_folder_are_for_this_user_only(path):
    lock = take(path, holder="here:1:100", patience=0)

    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)]

    assert modes == [0o600, 0o700]
    assert not os.get_inheritable(lock.descriptor)
    lock.release()


def test_releasing_twice_does_no_harm_to_who_came_after(path):
    first = take(path, holder="first", patience=0)
    first.release()
    second = take(path, holder="second", patience=0)

    first.release()
    first.remove()

    assert held(path) == "second"
    assert path.exists()
    with pytest.raises(ValueError, match="released"):
        _ = first.descriptor
    second.release()


def test_a_removed_lock_leaves_no_file(path):
    lock = take(path, holder="here:1:100", patience=0)

    lock.remove()

    assert not path.exists()
    assert held(path) is None


def test_who_waited_on_a_file_that_was_then_removed_takes_the_new_one(path, monkeypatch):
    first = take(path, holder="first", patience=0)
    opened = os.open

    def open_and_lose(*arguments):
        descriptor = opened(*arguments)
        first.remove()  # between opening and locking
        return descriptor

    monkeypatch.setattr(execution_lock.os, "open", open_and_lose)
    second = take(path, holder="second", patience=0)

    assert held(path) == "second"
    assert os.path.samestat(os.fstat(second.descriptor), path.stat())
    second.release()


def test_one_whose_file_was_taken_from_under_it_does_not_remove_another_s(path):
    first = take(path, holder="first", patience=0)
    path.unlink()
    second = take(path, holder="second", patience=0)

    first.remove()

    assert held(path) == "second"
    second.release()


@pytest.mark.parametrize("trap", ["link", "fifo", "folder"])
def test_only_a_plain_file_is_a_lock(path, trap, tmp_path):
    path.parent.mkdir()
    victim = tmp_path / "precious"
    victim.write_text("not to be touched")
    {"link": lambda: path.symlink_to(victim), "fifo": lambda: os.mkfifo(path), "folder": path.mkdir}[trap]()

    with pytest.raises(OSError, match=str(path.name)):
        take(path, holder="here:1:100", patience=0)

    assert victim.read_text() == "not to be touched"


def test_of_many_who_come_in_one_instant_one_has_it_and_the_others_know_whose_it_is(path, run):
    start_at = time.time() + 1.5
    contenders = {f"here:{number}": run(HOLDER, path, f"here:{number}", start_at) for number in range(5)}

    said = {name: process.stdout.readline().strip() for name, process in contenders.items()}

    winners = [name for name, words in said.items() if words == "took"]
    assert len(winners) == 1
    assert {words for words in said.values() if words != "took"} <= {f"held by {winners[0]}", "held by unknown"}


def test_a_killed_holder_lets_go_of_it(path, run):
    process = run(HOLDER, path, "doomed", 0)
    assert process.stdout.readline() == "took\n"

    before = held(path)
    process.kill()
    lock = take(path, holder="heir", patience=5)

    assert before == "doomed"
    assert held(path) == "heir"
    lock.release()


def test_who_is_patient_takes_it_as_soon_as_it_is_free(path, run):
    process = run(HOLDER, path, "doomed", 0)
    assert process.stdout.readline() == "took\n"
    killer = subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(0.5); os.kill({process.pid}, 9)"])

    lock = take(path, holder="heir", patience=20)

    assert held(path) == "heir"
    killer.wait()
    lock.release()


OWNER = """
import sys, time
from pathlib import Path
from orchestrator.executors.execution_lock import take
from orchestrator.executors.processes import ProcessExecutor
from tests.integration.executor_watch import Watch, call_of, wait_until
lock = take(Path(sys.argv[1]), holder="owner", patience=0)
watch = Watch(ProcessExecutor(max_workers=2, heartbeat_limit=float(sys.argv[3]), lock=lock.descriptor))
attempt = watch.submit(call_of("family", evidence=sys.argv[2], kill_grace=60))
watch.start_of(attempt)
print(*wait_until(lambda: watch.executor.pids), flush=True)
ended = watch.end_of(attempt, 60)
print(type(ended.outcome).__name__, flush=True)
after = watch.run(call_of("give_back"))
print(type(after.outcome).__name__, flush=True)
time.sleep(600)
"""

chains_of_linux = pytest.mark.skipif(sys.platform != "linux", reason="the supervisor's chain is Linux's")


@pytest.fixture
def owner(path, tmp_path, run):
    """An orchestrator that holds the lock and runs a family; gives its process, guard and supervisor."""

    def start(heartbeat_limit=10):
        process = run(OWNER, path, tmp_path, heartbeat_limit)
        guard, supervisor = map(int, process.stdout.readline().split())
        wait_until(lambda: len(witnesses(tmp_path)) == 5, what="the family")
        return process, guard, supervisor

    return start


@chains_of_linux
@pytest.mark.parametrize("victims", ["owner", "owner and guard", "owner and supervisor"])
def test_a_killed_owner_s_lock_is_free_only_when_all_its_tasks_are_dead(owner, path, tmp_path, victims):
    process, guard, supervisor = owner()
    for victim in victims.split(" and "):
        os.kill({"owner": process.pid, "guard": guard, "supervisor": supervisor}[victim], signal.SIGKILL)

    at_once = held(path)
    take(path, holder="heir", patience=CLEARING_UP).release()

    assert at_once == "owner"
    assert living(tmp_path) == []


@chains_of_linux
@pytest.mark.parametrize("keeper", ["guard", "supervisor"])
def test_one_stopped_process_of_the_chain_is_enough_to_keep_it(owner, path, tmp_path, keeper):
    process, guard, supervisor = owner()
    os.kill({"guard": guard, "supervisor": supervisor}[keeper], signal.SIGSTOP)
    process.kill()
    if keeper == "supervisor":
        os.kill(guard, signal.SIGKILL)  # else it would end the stopped one
    else:
        wait_until(lambda: not is_alive(supervisor), what="the end of the supervisor")

    with pytest.raises(Held):
        take(path, holder="heir", patience=0.5)

    os.kill({"guard": guard, "supervisor": supervisor}[keeper], signal.SIGCONT)
    take(path, holder="heir", patience=CLEARING_UP).release()
    assert living(tmp_path) == []


@chains_of_linux
def test_tasks_do_not_hold_it_however_long_they_live(owner, path, tmp_path):
    process, guard, supervisor = owner()
    for pid in (guard, supervisor, process.pid):
        os.kill(pid, signal.SIGSTOP)
    for pid in (process.pid, guard, supervisor):
        os.kill(pid, signal.SIGKILL)

    lock = take(path, holder="heir", patience=5)
    survivors = [witnesses(tmp_path)[name]["pid"] for name in living(tmp_path)]
    for pid in survivors:
        os.kill(pid, signal.SIGKILL)

    assert survivors
    lock.release()


@chains_of_linux
def test_a_stopped_owner_whose_chain_the_heir_has_killed_starts_no_other_when_it_wakes(owner, path, tmp_path):
    process, guard, supervisor = owner(heartbeat_limit=2)
    os.kill(process.pid, signal.SIGSTOP)
    lock = take(path, holder="heir", patience=2 + 1 + 10)

    left = clear_up(path, path.stem, 5)
    os.kill(process.pid, signal.SIGCONT)

    assert left == []
    assert not is_alive(guard)
    assert not is_alive(supervisor)
    assert [process.stdout.readline() for _ in range(2)] == ["Lost\n", "Lost\n"]
    assert held(path) == "heir"
    lock.release()


@chains_of_linux
def test_a_stopped_owner_loses_it_after_its_tasks_died_and_starts_nothing_when_it_wakes(owner, path, tmp_path):
    process, _, _ = owner(heartbeat_limit=2)
    os.kill(process.pid, signal.SIGSTOP)

    lock = take(path, holder="heir", patience=2 + 1 + 10)
    alive = living(tmp_path)
    os.kill(process.pid, signal.SIGCONT)

    assert alive == []
    assert [process.stdout.readline() for _ in range(2)] == ["Lost\n", "Lost\n"]
    assert held(path) == "heir"
    lock.release()
