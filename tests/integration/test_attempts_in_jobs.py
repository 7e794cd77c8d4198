"""Attempts whose process is in a job object: before a stand-in that acts on real processes, and before Windows itself."""
# ruff: noqa: N802 - Windows names its functions like this

import contextlib
import os
import signal
import struct
import subprocess
import sys

import psutil
import pytest

from orchestrator.core.outcomes import Crashed, Returned, TimedOut, Usage
from orchestrator.executors.process_tree import SeenTree, begin, let_run
from orchestrator.executors.travel import call_to_wire
from orchestrator.executors.watched_process import WatchedProcess
from tests.integration.executor_watch import call_of, wait_until
from tests.unit.executors.windows_stand_in import MEGABYTE, SECOND, Windows

only_posix = pytest.mark.skipif(sys.platform == "win32", reason="stops and resumes a process by signals")


class Posix(Windows):
    """The same before a real process that was started suspended: a session of its own stands for the job."""

    def begin(self, command, environment, memory_limit):
        stopped = ["/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh", *command]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(stopped, env=environment, start_new_session=True, **pipes)
        wait_until(lambda: psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED, what="the stop")
        return let_run(self.process, memory_limit, self.library)

    def NtResumeProcess(self, process):
        status = super().NtResumeProcess(process)
        if status == 0:
            os.kill(self.process.pid, signal.SIGCONT)
        return status

    def GenerateConsoleCtrlEvent(self, event, group):
        os.killpg(group, signal.SIGTERM)
        return super().GenerateConsoleCtrlEvent(event, group)

    def TerminateJobObject(self, job, code):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return super().TerminateJobObject(job, code)


def attempt_of(windows, function, log="", **others):
    wire = call_to_wire(call_of(function, log_path=str(log), **others))
    return WatchedProcess(wire, lambda *_: None, begin=windows.begin)


@only_posix
def test_an_attempt_in_a_job_is_started_counted_and_let_go_by_it():
    windows = Posix(user=2 * SECOND, peak=9 * MEGABYTE)

    outcome, _, usage = attempt_of(windows, "give_back", parameters={"rows": 3}).watch()

    assert outcome == Returned(output={"rows": 3})
    assert usage == Usage(cpu_seconds=2.0, peak_memory_bytes=9 * MEGABYTE)
    assert windows.names()[-2:] == ["terminate", "close"]


@only_posix
@pytest.mark.parametrize(("function", "grace"), [("return_on_sigterm", 60.0), ("stubborn", 0.5)])
def test_an_attempt_in_a_job_is_asked_to_end_before_it_is_killed(tmp_path, function, grace):
    windows = Posix()
    attempt = attempt_of(windows, function, evidence=tmp_path, timeout=2.0, kill_grace=grace)

    outcome, duration, _ = attempt.watch()

    assert outcome == TimedOut(limit=2.0)
    assert duration < 30
    assert [name for name in windows.names() if name in {"break", "terminate"}][:2] == ["break", "terminate"]
    assert windows.process.returncode is not None


@only_posix
def test_an_attempt_is_over_its_limit_where_its_job_says_so():
    windows = Posix(peak=300 * MEGABYTE)

    outcome, _, _ = attempt_of(windows, "sleep", memory_limit_mb=256, parameters={"seconds": 30}).watch()

    assert outcome == Crashed(message="memory limit of 256 MB exceeded (300 MB in use)", signal=9)
    assert struct.unpack_from("=Q", windows.limits, 120) == (320 * MEGABYTE,)


@only_posix
def test_an_attempt_runs_without_a_job_where_that_is_refused_and_its_log_says_so(tmp_path):
    windows = Posix("assign")

    outcome, _, _ = attempt_of(windows, "give_back", tmp_path / "log", parameters={"rows": 3}).watch()

    assert outcome == Returned(output={"rows": 3})
    told = (tmp_path / "log").read_text()
    assert "attempt| in no job, so what it detaches may outlive it: AssignProcessToJobObject failed with" in told


@only_posix
def test_an_attempt_whose_process_stays_suspended_leaves_nothing_behind():
    windows = Posix("resume")

    with pytest.raises(OSError, match="NtResumeProcess"):
        attempt_of(windows, "give_back")

    assert windows.process.returncode is not None
    assert windows.process.stdout.closed


@only_posix
def test_elsewhere_what_was_seen_of_a_process_is_its_tree():
    process, tree, note = begin([sys.executable, "-c", "input()"], {}, None)

    tree.look()
    tree.kill(60)

    with process:
        assert isinstance(tree, SeenTree)
        assert process.wait(60) == -9
        assert note == ""


@pytest.mark.skipif(sys.platform != "win32", reason="before Windows itself")
def test_on_windows_a_detached_grandchild_dies_with_its_job():
    grandchild = "import time; time.sleep(600)"
    flags = "creationflags=8, close_fds=True"  # DETACHED_PROCESS
    child = (
        f"import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c', {grandchild!r}], {flags}).pid, "
        "flush=True); time.sleep(600)"
    )
    process, tree, note = begin([sys.executable, "-c", child], dict(os.environ), None)

    with process:
        pid = int(process.stdout.readline())
        inside = tree.pids()
        tree.kill(60)
        tree.close()

    assert note == ""
    assert {process.pid, pid} <= set(inside)
    wait_until(lambda: not psutil.pid_exists(pid), 60, "the end of the grandchild")
