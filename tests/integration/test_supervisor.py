"""The supervisor's chain under fault: what is killed, what is lost, and that nothing of it lives on."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, NotCallable, Raised, Returned, TimedOut
from orchestrator.core.ports import AttemptStarted
from tests.integration.executor_watch import TASKS, Watch, call_of, is_alive, living, wait_until, witnesses

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)

from orchestrator.executors.processes import ProcessExecutor

KINDS = ["same-group", "new-session", "double-fork", "program", "child"]


@pytest.fixture
def watch():
    executor = ProcessExecutor(max_workers=4, heartbeat_limit=3.0)
    yield Watch(executor)
    chain = executor.pids
    executor.close()
    assert chain is None or not any(pid and is_alive(pid) for pid in chain)


def kinds_of(names):
    return sorted(name.rsplit("-", 2)[0] for name in names)


def supervisor_of(watch):
    return wait_until(lambda: watch.executor.pids and watch.executor.pids[1], what="the supervisor")


# --- the tree of one attempt (F7, F10, F11, F12, D14) ---


@pytest.mark.parametrize("function", ["spin", "stubborn", "stop_yourself", "family"])
def test_a_task_and_all_it_forked_is_dead_at_timeout_plus_grace_plus_one_second(watch, tmp_path, function):
    call = call_of(function, evidence=tmp_path, timeout=1.5, kill_grace=1.0)

    ended = watch.run(call)

    assert ended.outcome == TimedOut(limit=1.5)
    assert ended.duration <= 1.5 + 1.0 + 1.0
    assert kinds_of(witnesses(tmp_path)) == (sorted(KINDS) if function == "family" else ["child"])
    assert living(tmp_path) == []


def test_what_a_finished_task_leaves_behind_is_killed_when_it_ends(watch, tmp_path):
    call = call_of("family", evidence=tmp_path, parameters={"stay": False}, kill_grace=60)

    ended = watch.run(call)

    assert ended.outcome == Returned(output="left my family behind")
    assert kinds_of(witnesses(tmp_path)) == sorted(KINDS)
    assert living(tmp_path) == []


def test_cancel_reaches_every_descendant(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path, kill_grace=0.5))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")

    watch.executor.cancel(attempt)

    assert watch.end_of(attempt, 2).outcome == Cancelled()
    assert living(tmp_path) == []


def test_children_that_end_in_order_get_the_grace_though_their_parent_died_at_once(watch, tmp_path):
    attempt = watch.submit(call_of("leave_a_careful_child", evidence=tmp_path, kill_grace=5))
    wait_until(lambda: len(witnesses(tmp_path)) == 2, what="the careful child")

    watch.executor.cancel(attempt)
    watch.end_of(attempt, 6)

    assert (tmp_path / "tidied").read_text() == "in order"
    assert living(tmp_path) == []


def test_a_process_that_fled_from_its_subreaper_is_killed_with_or_before_the_attempt(watch, tmp_path):
    call = call_of("flee_the_reaper", evidence=tmp_path, timeout=2.0, kill_grace=0.2)

    ended = watch.run(call)

    assert ended.outcome == TimedOut(limit=2.0)
    assert kinds_of(witnesses(tmp_path)) == ["child", "fled"]
    assert living(tmp_path) == []


def test_a_bounded_fork_bomb_is_swept_within_five_seconds(watch, tmp_path):
    call = call_of("fork_many", evidence=tmp_path, timeout=2.0, kill_grace=0.2)

    ended = watch.run(call)

    assert ended.duration < 2.0 + 5.0
    assert len(witnesses(tmp_path)) > 10
    assert living(tmp_path) == []


def test_two_attempts_do_not_mix_their_families(watch, tmp_path):
    stays, goes = tmp_path / "stays", tmp_path / "goes"
    stays.mkdir()
    goes.mkdir()
    first = watch.submit(call_of("family", evidence=stays))
    wait_until(lambda: len(witnesses(stays)) == len(KINDS), what="the family that stays")

    watch.run(call_of("family", evidence=goes, parameters={"stay": False}))

    assert living(goes) == []
    assert kinds_of(living(stays)) == sorted(KINDS)
    watch.executor.cancel(first)
    watch.end_of(first)
    assert living(stays) == []


# --- how a process may end (F4, F13 to F16, F25) ---


@pytest.mark.parametrize(
    ("how", "number", "name"), [("segfault", 11, "SIGSEGV"), ("abort", 6, "SIGABRT"), ("SIGBUS", 7, "SIGBUS")]
)
def test_a_crash_names_its_signal_and_leaves_the_stack_in_the_log(watch, tmp_path, how, number, name):
    log = tmp_path / "log"

    outcome = watch.run(call_of("crash", parameters={"how": how}, log_path=str(log))).outcome

    assert outcome == Crashed(message=f"signal {number} ({name})", signal=number)
    assert "Fatal Python error" in log.read_text()
    assert "in crash" in log.read_text()


def test_a_child_killed_from_outside_is_a_crash(watch, tmp_path):
    attempt = watch.submit(call_of("spin", evidence=tmp_path))
    started = watch.start_of(attempt)

    os.kill(started.pid, signal.SIGKILL)

    assert watch.end_of(attempt, 2).outcome == Crashed(message="signal 9 (SIGKILL)", signal=9)


def test_an_exception_that_cannot_be_shown_gets_a_placeholder(watch):
    outcome = watch.run(call_of("bad_error", parameters={"how": "unprintable"})).outcome

    assert isinstance(outcome, Raised)
    assert outcome.error_type == "hostile_tasks.BadError"
    assert "RuntimeError" in outcome.message


def test_a_message_of_ten_megabytes_is_cut_and_says_so(watch):
    outcome = watch.run(call_of("bad_error", parameters={"how": "huge"})).outcome

    assert isinstance(outcome, Raised)
    assert len(outcome.message) < 17 * 1024
    assert str(10 * 1024 * 1024) in outcome.message
    assert len(outcome.traceback) < 65 * 1024
    assert "in bad_error" in outcome.traceback


def test_a_circle_of_causes_is_shown_once(watch):
    outcome = watch.run(call_of("bad_error", parameters={"how": "cyclic"})).outcome

    assert isinstance(outcome, Raised)
    assert outcome.traceback.count("ValueError: second") == 1


# --- results and noise (F18 to F20, S15) ---


@pytest.mark.parametrize(
    "what", ["unprintable", "reduce", "circle", "nan", "bytes", "generator", "lambda", "surrogate"]
)
def test_a_strange_result_becomes_text(watch, what):
    outcome = watch.run(call_of("strange_result", parameters={"what": what})).outcome

    assert isinstance(outcome, Returned)
    assert outcome.truncated_from is None
    assert isinstance(outcome.output, list if what == "circle" else str)


def test_a_huge_result_is_cut_and_names_its_size(watch):
    outcome = watch.run(call_of("strange_result", parameters={"what": "huge"})).outcome

    assert isinstance(outcome, Returned)
    assert outcome.truncated_from == 128 * 1024 * 1024
    assert len(outcome.output.encode()) <= 64 * 1024
    assert str(128 * 1024 * 1024) in outcome.output


def test_a_failure_is_still_told_when_its_result_is_cut(watch):
    outcome = watch.run(call_of("strange_result", parameters={"what": "failed with more"})).outcome

    assert isinstance(outcome, Returned)
    assert outcome.output["status"] == "failed"
    assert "bytes in all" in outcome.output["rows"]


@pytest.mark.parametrize("newlines", [True, False])
def test_a_flood_costs_the_supervisor_neither_memory_nor_the_verdict(watch, tmp_path, newlines):
    log = tmp_path / "log"
    parameters = {"megabytes": 256, "newlines": newlines}

    ended = watch.run(call_of("flood", parameters=parameters, log_path=str(log)), within=60)

    assert ended.outcome == Returned(output="flooded")
    assert log.stat().st_size < 11 * 1024 * 1024
    assert psutil.Process(supervisor_of(watch)).memory_info().rss < 100 * 1024 * 1024


def test_closing_all_descriptors_is_a_crash_and_closing_the_low_ones_is_not(watch):
    outcomes = [watch.run(call_of(function)).outcome for function in ("close_everything", "close_low")]

    assert isinstance(outcomes[0], Crashed)
    assert outcomes[1] == Returned(output="closed")


def test_of_a_task_that_forks_and_returns_twice_only_its_own_process_reports(watch):
    attempt = watch.submit(call_of("fork_and_return"))

    ended = watch.end_of(attempt)

    assert ended.outcome == Returned(output=watch.start_of(attempt).pid)


# --- isolation (F21, R13, R20) ---


def test_what_a_task_does_to_its_process_is_not_seen_by_the_next(watch, tmp_path):
    environment = {"PATH": "/bin", "LANG": "C", "LC_ALL": "C"}
    call = {"environment": environment, "working_directory": str(tmp_path)}
    before = watch.run(call_of("describe_yourself", **call)).outcome

    assert watch.run(call_of("vandal")).outcome == Returned(output="done")
    after = watch.run(call_of("describe_yourself", **call)).outcome

    assert after == before
    assert isinstance(after, Returned)
    assert after.output["mask"] == []
    assert after.output["ignored"] == []
    assert after.output["leader"] is True
    assert after.output["new_privileges"] is True
    assert after.output["descriptors"] == [0, 1, 2, 3, 100]  # 3 is the listing itself, 100 the result's channel


def test_the_owners_secrets_are_not_in_the_environment_block_of_the_chain(watch, monkeypatch):
    watch.executor.close()
    monkeypatch.setenv("ETL_API_TOKEN", "not-for-tasks")
    fresh = Watch(ProcessExecutor(max_workers=1))
    supervisor = supervisor_of(fresh)

    block = Path(f"/proc/{supervisor}/environ").read_bytes()

    fresh.executor.close()
    assert b"not-for-tasks" not in block


def test_a_module_named_like_pythons_own_beside_the_tasks_does_not_reach_the_supervisor(watch, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('shadow')\n")
    (tmp_path / "job.py").write_text("def main():\n    return 'fine'\n")
    call = call_of("main", module="job", search_path=(str(tmp_path),), working_directory=str(tmp_path))

    outcome = watch.run(call).outcome

    assert outcome == Returned(output="fine")


# --- import (F24, D21, S5) ---


def test_the_import_counts_against_the_limit(watch, tmp_path):
    (tmp_path / "slow_import.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(3600)\n")
    call = call_of("main", module="slow_import", search_path=(str(tmp_path),), timeout=1.0)

    ended = watch.run(call)

    assert ended.outcome == TimedOut(limit=1.0)
    assert watch.output_of(call.attempt, "stdout") == "importing\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_dependency", "no_such_dependency"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("def main(:", "SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named_with_its_fault(watch, tmp_path, text, said):
    (tmp_path / "broken_job.py").write_text(text)

    outcome = watch.run(call_of("main", module="broken_job", search_path=(str(tmp_path),))).outcome

    assert isinstance(outcome, NotCallable)
    assert outcome.error_type == "import_error"
    assert "broken_job" in outcome.message
    assert said in outcome.message + outcome.traceback


def test_a_module_linked_into_the_project_from_outside_is_refused(watch, tmp_path):
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "job.py").write_text("def main():\n    return 'from outside'\n")
    (project / "job.py").symlink_to(outside / "job.py")

    outcome = watch.run(call_of("main", module="job", search_path=(str(project),))).outcome

    assert isinstance(outcome, NotCallable)
    assert outcome.error_type == "module_not_allowed"


def test_a_function_that_a_module_only_passes_on_is_refused(watch, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("from os import system\nfrom shutil import rmtree\n")

    outcomes = [
        watch.run(call_of(name, module="package", search_path=(str(tmp_path),))).outcome
        for name in ("system", "rmtree")
    ]

    assert [getattr(one, "error_type", one) for one in outcomes] == ["module_not_allowed"] * 2


# --- the death of those above (F3, F5, F8, R5) ---


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


def test_a_supervisor_that_keeps_dying_is_given_up(watch):
    outcomes = []
    for _ in range(6):
        attempt = watch.submit(call_of("kill_supervisor"))
        outcomes.append(watch.end_of(attempt).outcome)

    assert all(isinstance(one, Lost) for one in outcomes)
    assert "5 times" in outcomes[-1].message


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


@pytest.mark.parametrize("victims", ["owner", "owner and supervisor", "owner and guard"])
def test_five_seconds_after_a_kill_from_above_no_process_of_a_task_lives(owner, tmp_path, victims):
    process, guard, supervisor = owner("wait")

    killed = {"owner": process.pid, "supervisor": supervisor, "guard": guard}
    for victim in victims.split(" and "):
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


# --- waiting, starting (F61, F62) ---


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
    fresh = Watch(ProcessExecutor(max_workers=1))
    supervisor_of(fresh)
    fresh.executor.close()


def test_the_whole_chain_costs_less_processor_time_than_seven_bare_interpreters():
    bare = processor_time_of(lambda: subprocess.run([sys.executable, "-I", "-c", "pass"], check=True))

    chain = processor_time_of(start_and_close)

    assert chain < 7 * bare  # a bare one takes 10 ms on an idle machine, the chain about 45
