import errno
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)

from orchestrator.core.outcomes import Cancelled
from orchestrator.executors import live_attempt, supervisor
from orchestrator.executors.live_attempt import UNKILLABLE_AFTER, LiveAttempt
from orchestrator.executors.wire import decode

CALL = {
    "module_path": "m",
    "function_name": "main",
    "timeout": 5.0,
    "kill_grace": 1.0,
    "log_path": "",
}
NEVER_A_PID = 1 << 30


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def desk():
    """A supervisor that is not running, and what it would tell its owner."""
    ours, theirs = socket.socketpair()
    subject = supervisor.Supervisor(theirs.fileno(), heartbeat_limit=10.0, lock=None)

    def told():
        subject._owner.flush()
        ours.settimeout(1)
        return [decode(line) for line in ours.recv(1 << 20).splitlines()]

    yield subject, told
    ours.close()
    theirs.close()


def test_a_process_that_the_kernel_does_not_let_die_is_told_and_its_slot_is_freed(desk, monkeypatch, tmp_path):
    subject, told = desk
    signals = []
    monkeypatch.setattr(LiveAttempt, "_fork", lambda self, call, **ends: NEVER_A_PID)
    monkeypatch.setattr(supervisor, "signal_tree", lambda pid, number: signals.append((pid, number)))
    subject._start(1, {**CALL, "log_path": str(tmp_path / "log")}, time.monotonic())
    limit = subject._attempts[1].deadline

    subject._enforce(limit - 0.1)
    subject._enforce(limit)
    asked = time.monotonic()
    subject._enforce(asked + 1.1)
    subject._enforce(asked + 1.1 + UNKILLABLE_AFTER)
    events = told()

    assert signals == [(NEVER_A_PID, signal.SIGTERM), (NEVER_A_PID, signal.SIGKILL)]
    assert [event["event"] for event in events] == ["started", "ended"]
    assert events[-1]["outcome"] == {"kind": "TimedOut", "limit": 5.0}
    assert "does not die: the kernel holds it" in (tmp_path / "log").read_text()
    assert not subject._attempts
    assert len(subject._strays) == 1


def test_one_that_returned_and_then_hangs_in_the_kernel_keeps_its_result(desk, monkeypatch):
    subject, told = desk
    monkeypatch.setattr(LiveAttempt, "_fork", lambda self, call, **ends: NEVER_A_PID)
    monkeypatch.setattr(supervisor, "signal_tree", lambda pid, number: None)
    subject._start(1, CALL, time.monotonic())
    attempt = subject._attempts[1]

    attempt._accept(b'{"nonce": "%s", "outcome": {"kind": "Returned", "output": 1}}' % attempt._nonce.encode())
    subject._enforce(time.monotonic() + live_attempt.EXIT_GRACE + UNKILLABLE_AFTER + 0.1)

    assert told()[-1]["outcome"]["output"] == 1


def test_an_attempt_that_dies_of_nothing_we_know_could_not_be_killed(desk, monkeypatch):
    subject, told = desk
    monkeypatch.setattr(LiveAttempt, "_fork", lambda self, call, **ends: NEVER_A_PID)
    monkeypatch.setattr(supervisor, "signal_tree", lambda pid, number: None)
    subject._start(1, CALL, time.monotonic())
    subject._attempts[1].hurry(time.monotonic())

    subject._enforce(time.monotonic() + UNKILLABLE_AFTER + 0.1)

    assert told()[-1]["outcome"]["message"] == "could not be killed"


@pytest.mark.parametrize("isolation", ["fresh", "shared"])
def test_a_fork_that_fails_is_tried_for_ten_seconds_and_the_task_is_not_blamed(desk, monkeypatch, isolation):
    subject, told = desk
    call = {**CALL, "isolation": isolation}
    tries = []

    def fork():
        tries.append(1)
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(os, "fork", fork)
    before = open_descriptors()
    subject._start(1, call, time.monotonic() + 60)
    subject._start(2, call, time.monotonic() + 60)
    subject._retry_forks()
    subject._cancel(2)
    subject._start(1, call, time.monotonic() - 1)

    events = told()
    assert len(tries) == 5
    assert open_descriptors() == before
    assert [(event["id"], event["event"]) for event in events] == [(2, "ended"), (1, "exhausted"), (1, "ended")]
    assert [event["outcome"]["kind"] for event in events if "outcome" in event] == ["Cancelled", "Lost"]
    assert "no more processes" in events[-1]["outcome"]["message"]
    assert not subject._unforked


def test_a_fork_that_fails_is_tried_as_long_as_another_attempt_may_free_what_is_missing(desk, monkeypatch):
    subject, told = desk
    monkeypatch.setattr(LiveAttempt, "_fork", lambda self, call, **ends: NEVER_A_PID)
    subject._start(1, CALL, time.monotonic())

    def no_fork(self, call, **ends):
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(LiveAttempt, "_fork", no_fork)
    subject._start(2, CALL, time.monotonic() - 1)
    assert list(subject._unforked) == [2]
    subject._retry_forks()
    del subject._attempts[1]
    subject._fork_again_at = 0.0
    subject._retry_forks()

    assert list(subject._unforked) == [2]  # it has its ten seconds from then on
    assert [event["event"] for event in told()] == ["started"]


class Warm:
    """A warm process that is none."""

    uses = 1
    cpu_before = 1.0
    kill_at = None
    idle_since = None

    def __init__(self):
        self.pid = NEVER_A_PID
        self.sent_away = []

    def begin(self, call, nonce, ends):
        return self.pid

    def cpu_seconds(self):
        return 1.5

    def peak_memory_bytes(self):
        return 4096

    def send_away(self, now):
        self.sent_away.append(now)


def warm_attempt(subject, monkeypatch, *, left=()):
    """An attempt in a warm process that has said its result, and that it rests."""
    process = Warm()
    monkeypatch.setattr(supervisor.linux, "children", lambda pid: list(left) if pid == NEVER_A_PID else [])
    monkeypatch.setattr(supervisor, "signal_tree", lambda pid, number: None)
    monkeypatch.setattr(subject._warm, "lend", lambda call: subject._warm.by_pid.setdefault(process.pid, process))
    subject._start(1, {**CALL, "isolation": "shared"}, time.monotonic())
    attempt = subject._attempts[1]
    for said in ('"outcome":{"kind":"Returned","output":1}', '"rests":true'):
        attempt._accept(b'{"nonce":"%s",%s}' % (attempt._nonce.encode(), said.encode()))
    return process, attempt


@pytest.mark.parametrize("stopping", ["", "close"])
def test_a_warm_process_that_rests_is_kept_unless_everything_ends(desk, monkeypatch, stopping):
    subject, told = desk
    process, _ = warm_attempt(subject, monkeypatch)
    subject._stopping = stopping

    subject._enforce(time.monotonic())

    ended = told()[-1]
    assert (ended["outcome"]["output"], ended["cpu_seconds"], ended["peak_memory_bytes"]) == (1, 0.5, 4096)
    assert process.idle_since is not None
    assert bool(process.sent_away) == bool(stopping)


def test_a_warm_process_that_says_it_rests_while_something_is_left_below_it_is_killed(desk, monkeypatch):
    subject, _ = desk
    process, attempt = warm_attempt(subject, monkeypatch, left=[1])
    now = time.monotonic()

    subject._enforce(now)

    assert attempt.kill_at == now
    assert attempt.alive
    assert process.idle_since is None


def test_progress_goes_to_the_owner_and_what_is_none_does_not(desk, monkeypatch):
    subject, told = desk
    monkeypatch.setattr(LiveAttempt, "_fork", lambda self, call, result, **ends: os.dup(result))
    subject._start(1, CALL, time.monotonic())
    attempt = subject._attempts[1]
    result = next(fd for fd, stream in attempt.streams.items() if stream == "result")

    for said in ("[1,null]", "[2,4.5]", '["3",4]', "[NaN,1]"):
        os.write(attempt.pid, b'noise\n{"nonce":"%s","progress":%s}\n' % (attempt._nonce.encode(), said.encode()))
    os.write(attempt.pid, b'{"nonce":"forged","progress":[9,9]}\n')
    subject._read(result)
    events = told()
    os.close(attempt.pid)
    attempt.end(Cancelled(), 0.0)

    assert events[1:] == [{"event": "progress", "id": 1, "done": 2, "total": 4.5}]
