"""The supervisor's chain when one of its processes dies or stops, or cannot start another (F3, F5, F8, F61, R5)."""

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.core.outcomes import Cancelled, Lost, Returned
from orchestrator.core.ports import AttemptStarted
from tests.integration.executor_watch import (
    KINDS,
    TASKS,
    call_of,
    is_alive,
    kinds_of,
    living,
    supervisor_of,
    wait_until,
    watched_chain,
    witnesses,
)

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)


@pytest.fixture
def watch():
    with watched_chain() as watch:
        yield watch


def test_when_the_supervisor_dies_its_attempts_are_lost_dead_and_the_next_call_runs(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")

    os.kill(supervisor_of(watch), signal.SIGKILL)
    ended = watch.end_of(attempt, 5)

    assert isinstance(ended.outcome, Lost)
    assert living(tmp_path) == []
    assert watch.run(call_of("give_back")).outcome == Returned(output={})


def test_a_task_that_kills_its_supervisor_is_lost_and_leaves_nothing(watch, tmp_path):
    call = call_of("kill_parents", evidence=tmp_path, parameters={"how": "SIGKILL"})

    ended = watch.run(call, within=6)

    assert isinstance(ended.outcome, Lost)
    assert kinds_of(witnesses(tmp_path)) == ["child", "grandchild"]
    assert living(tmp_path) == []


def test_when_the_guard_dies_the_supervisor_ends_everything_itself(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")

    os.kill(watch.executor.pids[0], signal.SIGKILL)

    assert isinstance(watch.end_of(attempt, 5).outcome, Lost)
    assert living(tmp_path) == []


def test_a_supervisor_that_was_stopped_is_killed_and_its_attempts_are_lost(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")

    os.kill(supervisor_of(watch), signal.SIGSTOP)
    ended = watch.end_of(attempt, 3 + 6)

    assert isinstance(ended.outcome, Lost)
    assert "did not answer" in ended.outcome.message
    assert living(tmp_path) == []


def test_when_guard_and_supervisor_die_in_one_instant_the_kernel_ends_the_tasks_own_process(watch, tmp_path):
    attempt = watch.submit(call_of("stubborn", evidence=tmp_path))
    wait_until(lambda: witnesses(tmp_path), what="the task")
    guard, supervisor = watch.executor.pids

    os.kill(guard, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)

    wait_until(lambda: not living(tmp_path), within=2, what="the end of the task")
    assert isinstance(watch.end_of(attempt, 7).outcome, Lost)


def test_a_supervisor_that_keeps_dying_is_given_up(watch):
    outcomes = []
    for _ in range(6):
        attempt = watch.submit(call_of("kill_supervisor"))
        outcomes.append(watch.end_of(attempt).outcome)

    assert all(isinstance(one, Lost) for one in outcomes)
    assert "5 times" in outcomes[-1].message


def once_more(call):
    """The next attempt of the same task run, after one that was lost."""
    return replace(call, attempt=replace(call.attempt, number=call.attempt.number + 1000), alone=True)


def test_a_neighbour_that_was_lost_with_the_supervisor_completes_when_both_run_again_alone(watch):
    neighbour, killer = call_of("sleep", parameters={"seconds": 2}), call_of("kill_supervisor")
    watch.start_of(watch.submit(neighbour))
    lost = [watch.end_of(attempt).outcome for attempt in (watch.submit(killer), neighbour.attempt)]

    again = [watch.submit(once_more(call)) for call in (neighbour, killer)]
    ended = [watch.end_of(attempt).outcome for attempt in again]

    assert [type(outcome) for outcome in lost] == [Lost, Lost]
    assert [type(outcome) for outcome in ended] == [Returned, Lost]


def test_what_ends_a_private_supervisor_touches_neither_the_shared_one_nor_its_attempts(watch):
    attempt = watch.submit(call_of("sleep", parameters={"seconds": 2}))
    shared = (watch.executor.pids[0], supervisor_of(watch))

    killers = [watch.run(call_of("kill_supervisor", alone=True)).outcome for _ in range(2)]

    assert [type(outcome) for outcome in killers] == [Lost, Lost]
    assert isinstance(watch.end_of(attempt).outcome, Returned)
    assert watch.executor.pids == shared


def test_a_private_supervisor_ends_with_its_call(watch):
    attempt = watch.submit(call_of("sleep", parameters={"seconds": 1}, alone=True))
    private = wait_until(lambda: [pids for pids in watch.executor.all_pids()[1:] if all(pids)], what="its supervisor")

    ended = watch.end_of(attempt)

    assert isinstance(ended.outcome, Returned)
    assert len(private) == 1
    wait_until(lambda: not any(map(is_alive, private[0])), what="the end of the private chain")
    wait_until(lambda: len(watch.executor.all_pids()) == 1, what="that it is forgotten")


def test_a_task_run_that_keeps_killing_private_supervisors_is_given_up_and_others_are_not(watch):
    killer = call_of("kill_supervisor", alone=True)
    tries = [replace(killer, attempt=replace(killer.attempt, number=9000 + number)) for number in range(6)]

    outcomes = [watch.run(call).outcome for call in tries]

    assert all(isinstance(one, Lost) for one in outcomes)
    assert "5 times in this task alone" in outcomes[-1].message
    assert isinstance(watch.run(call_of("give_back")).outcome, Returned)
    other = call_of("give_back", alone=True)
    key = replace(other.attempt, run=replace(other.attempt.run, task_id="another_task"))
    assert isinstance(watch.run(replace(other, attempt=key)).outcome, Returned)


def test_cancel_reaches_an_attempt_under_a_private_supervisor(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path, alone=True))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")

    watch.executor.cancel(attempt)

    assert watch.end_of(attempt, 5).outcome == Cancelled()
    assert living(tmp_path) == []


def test_closing_ends_private_supervisors_too(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path, alone=True))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")
    chains = watch.executor.all_pids()

    watch.executor.close()

    assert watch.end_of(attempt, 1).outcome == Cancelled()
    assert len(chains) == 2
    assert living(tmp_path) == []
    assert not any(is_alive(pid) for chain in chains for pid in chain)


OWNER = """
import os, sys, time
from orchestrator.executors.processes import ProcessExecutor
from tests.integration.executor_watch import Watch, call_of, wait_until
watch = Watch(ProcessExecutor(max_workers=2, heartbeat_limit=2.0))
attempt = watch.submit(call_of("family", evidence=sys.argv[1], kill_grace=60))
stubborn = watch.submit(call_of("stubborn", evidence=sys.argv[1], kill_grace=60))
watch.start_of(stubborn)
print(*wait_until(lambda: watch.executor.pids), flush=True)
if sys.argv[2] == "wait":
    time.sleep(600)
elif sys.argv[2] == "leave":
    wait_until(lambda: len(os.listdir(sys.argv[1])) >= 6)
else:
    ended = watch.end_of(attempt, 60)
    print(type(ended.outcome).__name__, flush=True)
"""


@pytest.fixture
def owner(tmp_path):
    """Starts an orchestrator of its own that may be killed; gives the process, and guard and supervisor."""
    started = []

    def start(then):
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(tmp_path), then], stdout=subprocess.PIPE, text=True, cwd=TASKS.parents[1]
        )
        started.append(process)
        guard, supervisor = map(int, process.stdout.readline().split())
        wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS) + 1, what="both tasks")
        return process, guard, supervisor

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(
    "victims", ["owner", "owner and supervisor", "owner and guard", "owner while the supervisor is stopped"]
)
def test_five_seconds_after_a_kill_from_above_no_process_of_a_task_lives(owner, tmp_path, victims):
    process, guard, supervisor = owner("wait")

    killed = {"owner": process.pid, "supervisor": supervisor, "guard": guard}
    if victims.endswith("stopped"):
        os.kill(supervisor, signal.SIGSTOP)
    for victim in victims.removesuffix(" while the supervisor is stopped").split(" and "):
        os.kill(killed[victim], signal.SIGKILL)

    wait_until(lambda: not living(tmp_path), within=5, what="the end of all tasks")
    wait_until(lambda: not is_alive(guard) and not is_alive(supervisor), within=5, what="the end of the chain")


def test_an_owner_that_just_leaves_takes_everything_with_it(owner, tmp_path):
    process, guard, supervisor = owner("leave")

    process.wait(10)

    wait_until(lambda: not living(tmp_path), within=5, what="the end of all tasks")
    wait_until(lambda: not is_alive(guard) and not is_alive(supervisor), within=5, what="the end of the chain")


def test_the_attempts_of_a_stopped_owner_are_killed_and_it_learns_so_when_it_wakes(owner, tmp_path):
    process, _, _ = owner("listen")

    os.kill(process.pid, signal.SIGSTOP)
    wait_until(lambda: not living(tmp_path), within=2 + 1 + 2, what="the end of all tasks")
    os.kill(process.pid, signal.SIGCONT)

    assert process.stdout.readline() == "Lost\n"


def test_a_fork_that_fails_is_tried_again_and_the_task_is_not_blamed(watch):
    watch.run(call_of("give_back"))
    supervisor = supervisor_of(watch)
    before = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    few = len(list(Path(f"/proc/{supervisor}/fd").iterdir()))
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (few, before[1]))
    attempt, other = (watch.submit(call_of("give_back")) for _ in range(2))
    watch.executor.cancel(other)
    assert watch.end_of(other).outcome == Cancelled()  # so the supervisor has tried the first one, too

    held_back = not watch.of(AttemptStarted, attempt)
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, before)

    assert held_back
    assert not watch.of(AttemptStarted, other)
    assert watch.end_of(attempt, 5).outcome == Returned(output={})


def test_a_log_that_cannot_be_written_costs_the_lines_and_not_the_attempt(watch, tmp_path):
    (tmp_path / "a file").write_text("in the way")

    attempt = watch.submit(call_of("speak", log_path=str(tmp_path / "a file" / "log")))

    assert isinstance(watch.end_of(attempt).outcome, Returned)
    assert "cannot be written" in watch.output_of(attempt, "stderr")


def processor_time_of(act):
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        act()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def start_and_close():
    with watched_chain() as fresh:
        supervisor_of(fresh)


def test_the_whole_chain_costs_less_processor_time_than_seven_bare_interpreters():
    bare = processor_time_of(lambda: subprocess.run([sys.executable, "-I", "-c", "pass"], check=True))

    chain = processor_time_of(start_and_close)

    assert chain < 7 * bare  # a bare one takes 10 ms on an idle machine, the chain about 45
