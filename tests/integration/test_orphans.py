"""What is left when owner, guard and supervisor are killed in one instant, and that it is found and reaped (R5, F5)."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from orchestrator.executors import orphans, portable_processes
from orchestrator.executors.execution_lock import held, take
from orchestrator.executors.orphans import clear_up, find_all, find_orphans, reap
from tests.integration.executor_watch import TASKS, is_alive, living, wait_until, witnesses

if sys.platform != "linux":
    pytest.skip("the marks are found in /proc", allow_module_level=True)

ID = f"20260101_{uuid.uuid4().hex}"  # its own: tests in other processes must not be found, let alone killed
OWNER = """
import os, sys, time
from pathlib import Path
from orchestrator.executors.execution_lock import take
from orchestrator.executors.processes import ProcessExecutor
from tests.integration.executor_watch import Watch, call_of, wait_until
path, evidence, alone = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "alone"
lock = take(path, holder="owner", patience=0)
watch = Watch(ProcessExecutor(max_workers=2, lock=lock.descriptor))
environment = {"PATH": "/usr/bin:/bin", "ETL_EXECUTION_ID": path.stem}
for _ in range(2):
    call = call_of("family", evidence=evidence, kill_grace=60, environment=environment, alone=alone)
    watch.start_of(watch.submit(call))
pids = wait_until(lambda: [pid for chain in watch.executor.all_pids() for pid in chain])
wait_until(lambda: len([name for name in os.listdir(evidence) if not name.endswith(".part")]) == 10)
print(*pids, flush=True)
time.sleep(600)
"""


@pytest.fixture
def owner():
    """Starts an orchestrator under the lock at a path with two families; gives it and all pids of its chains."""
    started = []

    def start(path, evidence, alone="shared"):
        evidence.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(path), str(evidence), alone],
            stdout=subprocess.PIPE,
            text=True,
            cwd=TASKS.parents[1],
        )
        started.append((process, path))
        return process, [int(pid) for pid in process.stdout.readline().split()]

    yield start
    for process, path in started:
        process.kill()
        process.wait()
        process.stdout.close()
        lock = take(path, holder="the test", patience=20)
        assert clear_up(path, path.stem, 10) == []
        lock.release()


def kill_in_one_instant(*pids):
    """Stopped first, so that none can act upon the end of another."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)
    wait_until(lambda: not any(is_alive(pid) for pid in pids), what="the end of the killed")


def start_program(environment, program="import time; time.sleep(600)"):
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


@contextlib.contextmanager
def killed_afterwards(processes):
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("attempt", range(5))
def test_after_a_kill_of_owner_guard_and_supervisor_every_survivor_is_found_and_none_is_left(owner, tmp_path, attempt):
    path, evidence = tmp_path / "locks" / f"{ID}.lock", tmp_path / "evidence"
    process, chains = owner(path, evidence, "alone" if attempt % 2 else "shared")
    kill_in_one_instant(process.pid, *chains)
    wait_until(lambda: not any(name.startswith("child-") for name in living(evidence)), what="the kernel's own kill")

    lock = take(path, holder="heir", patience=5)
    survivors = {witnesses(evidence)[name]["pid"] for name in living(evidence)}
    found = find_orphans(path, ID)
    left = reap(found, 5)
    lock.release()

    assert len(survivors) == 8  # two times: same group, new session, double fork, program
    assert {one.pid for one in found} == survivors
    assert left == []
    assert living(evidence) == []
    assert find_orphans(path, ID) == []


def test_a_living_execution_of_the_same_name_in_another_folder_is_not_taken_for_ours(owner, tmp_path):
    theirs, evidence = tmp_path / "theirs" / f"{ID}.lock", tmp_path / "evidence"
    owner(theirs, evidence)
    lock = take(tmp_path / "ours" / f"{ID}.lock", holder="heir", patience=0)

    found = find_orphans(lock.path, ID)

    assert found == []
    assert len(living(evidence)) == 10
    lock.release()


def test_doctor_finds_the_orphans_of_executions_that_nobody_drives_and_of_no_others(owner, tmp_path):
    folder = tmp_path / "locks"
    driven, left_alone = folder / f"{ID}.lock", folder / f"{ID}_2.lock"
    owner(driven, tmp_path / "driven")
    process, chains = owner(left_alone, tmp_path / "left alone")
    kill_in_one_instant(process.pid, *chains)
    wait_until(lambda: held(left_alone) is None, what="the free lock")

    found = find_all(folder)

    survivors = {witnesses(tmp_path / "left alone")[name]["pid"] for name in living(tmp_path / "left alone")}
    assert list(found) == [f"{ID}_2"]
    assert {one.pid for one in found[f"{ID}_2"]} == survivors
    assert len(living(tmp_path / "driven")) == 10


def test_guard_and_supervisor_of_an_owner_that_was_stopped_and_fenced_off_are_found_too(owner, tmp_path):
    path = tmp_path / f"{ID}.lock"
    _, chains = owner(path, tmp_path / "evidence")

    found = find_orphans(path, ID)

    assert {one.pid for one in found} > set(chains)


def test_this_process_and_those_above_it_are_never_orphans(tmp_path):
    path = tmp_path / f"{ID}.lock"
    program = f"""
import os, subprocess, sys
from pathlib import Path
if sys.argv[1] == "outer":
    sys.exit(subprocess.run([sys.executable, __file__, "inner"]).returncode)
from orchestrator.executors.orphans import find_orphans
sys.exit(len(find_orphans(Path({str(path)!r}), {ID!r})))
"""
    take(path, holder="me", patience=0).release()
    (tmp_path / "look.py").write_text(program)
    environment = {**os.environ, "ETL_EXECUTION_ID": ID, "PYTHONPATH": str(TASKS.parents[1])}

    looked = subprocess.run([sys.executable, tmp_path / "look.py", "outer"], env=environment, check=False)

    assert looked.returncode == 0


def test_a_program_is_known_by_its_environment_even_without_a_lock_file(tmp_path):
    marked = start_program({**os.environ, "ETL_EXECUTION_ID": ID})
    alike = start_program({**os.environ, "ETL_EXECUTION_ID": f"{ID}_1", "OTHER": f"ETL_EXECUTION_ID={ID}"})
    with killed_afterwards([marked, alike]):
        wait_until(lambda: ID in Path(f"/proc/{marked.pid}/environ").read_text(), what="the program")
        wait_until(lambda: ID in Path(f"/proc/{alike.pid}/environ").read_text(), what="the program")

        found = find_orphans(tmp_path / "absent.lock", ID)

        assert [one.pid for one in found] == [marked.pid]


def test_reaping_takes_the_children_that_bear_no_mark_and_spares_who_got_the_pid(tmp_path):
    program = (
        "import os, subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'], env={})"
    )
    parent = start_program({**os.environ, "ETL_EXECUTION_ID": ID}, program)
    bystander = start_program(dict(os.environ))
    with killed_afterwards([parent, bystander]):
        below = wait_until(lambda: orphans.descendants(parent.pid), what="the child")
        earlier = orphans.linux.identify(bystander.pid)._replace(start_time=1)

        left = reap([*find_orphans(tmp_path / "absent.lock", ID), earlier], 5)

        assert left == []
        assert not any(is_alive(one.pid, str(one.start_time)) for one in below)
        assert is_alive(bystander.pid)


def test_clearing_up_looks_again_for_what_began_meanwhile(tmp_path, monkeypatch):
    started = [start_program({**os.environ, "ETL_EXECUTION_ID": ID})]

    def reap_too_late(found, patience):
        if len(started) == 1:
            started.append(start_program({**os.environ, "ETL_EXECUTION_ID": ID}))
        return reap(found, patience)

    monkeypatch.setattr(orphans, "reap", reap_too_late)
    with killed_afterwards(started):
        left = clear_up(tmp_path / "absent.lock", ID, 10)

        assert left == []
        assert [one.wait(5) for one in started] == [-signal.SIGKILL] * 2


def test_processes_that_begin_during_a_look_are_looked_at_too(monkeypatch):
    first, second = orphans.Process(1, 1), orphans.Process(2, 2)
    looks = iter([[first], [first, second], [second]])
    monkeypatch.setattr(orphans, "_listed", lambda: next(looks))

    seen = list(orphans._ours())

    assert seen == [first, second]


def test_without_proc_programs_are_found_and_reaped_by_psutil(tmp_path, monkeypatch):
    marked = start_program({**os.environ, "ETL_EXECUTION_ID": ID})
    for name in ("descendants", "lives", "send_signal"):
        monkeypatch.setattr(orphans, name, getattr(portable_processes, name))
    with killed_afterwards([marked]):
        wait_until(lambda: ID in Path(f"/proc/{marked.pid}/environ").read_text(), what="the program")
        found = [one for one, named in portable_processes.environments("ETL_EXECUTION_ID") if ID in named.values()]

        left = reap(found, 5)

        assert [one.pid for one in found] == [marked.pid]
        assert left == []
        assert marked.wait(5) == -signal.SIGKILL


def test_a_program_of_another_home_with_the_same_id_is_left_alone(tmp_path):
    lock = tmp_path / "mine" / ".orchestrator" / "locks" / f"{ID}.lock"
    homes = [str(tmp_path / "mine"), str(tmp_path / "theirs")]
    mine, theirs = [start_program({**os.environ, "ETL_EXECUTION_ID": ID, "ETL_HOME": home}) for home in homes]
    with killed_afterwards([mine, theirs]):
        for program in (mine, theirs):
            wait_until(lambda pid=program.pid: ID in Path(f"/proc/{pid}/environ").read_text(), what="the program")

        found = find_orphans(lock, ID)

        assert [one.pid for one in found] == [mine.pid]
