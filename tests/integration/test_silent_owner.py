"""A supervisor whose owner falls silent: it kills, then gives the execution's lock up, and takes it again (D9, F6)."""

import fcntl
import os
import select
import socket
import subprocess
import sys
import time

import pytest

from orchestrator.executors.travel import call_to_wire
from orchestrator.executors.wire import Lines, decode, encode
from tests.integration.executor_watch import KINDS, TASKS, call_of, is_alive, living, wait_until, witnesses

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)

SERVE = "import sys; from orchestrator.executors.supervisor import serve; c, l = map(int, sys.argv[1:]); serve(c, heartbeat_limit=1.0, lock=l)"


class Owner:
    """Speaks to a supervisor of its own, holds its lock, and is silent unless told to speak."""

    def __init__(self, lock_file):
        self.lock = os.open(lock_file, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.channel, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(theirs.fileno()), str(self.lock)],
            pass_fds=(theirs.fileno(), self.lock),
            cwd=TASKS.parents[1],
        )
        theirs.close()
        self._lines = Lines()
        self._heard = []

    def say(self, **message):
        self.channel.sendall(encode(message))

    def start(self, number, call):
        self.say(do="start", id=number, call=call_to_wire(call))

    def hear(self, event, number=None, within=10.0):
        """The first such event not yet heard; all others wait for their turn: attempts end in any order."""
        give_up_at = time.monotonic() + within
        while True:
            for place, message in enumerate(self._heard):
                if message["event"] == event and (number is None or message["id"] == number):
                    return self._heard.pop(place)
            assert select.select([self.channel], [], [], max(0.0, give_up_at - time.monotonic()))[0], f"no {event}"
            self._heard += [decode(line) for line in self._lines.feed(self.channel.recv(1 << 20)) if line]

    def close(self):
        self.channel.close()
        self.process.wait(10)
        os.close(self.lock)


@pytest.fixture
def owner(tmp_path):
    owner = Owner(tmp_path / "lock")
    yield owner
    owner.close()


@pytest.fixture
def other(tmp_path):
    """Another's open file of the same lock."""
    (tmp_path / "lock").touch()
    fd = os.open(tmp_path / "lock", os.O_RDWR)
    yield fd
    os.close(fd)


def free(fd):
    """Takes the lock if nobody has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def test_the_lock_is_free_only_once_every_process_of_a_silent_owners_attempts_is_dead(owner, other, tmp_path):
    owner.start(1, call_of("family", evidence=tmp_path, kill_grace=60))
    owner.start(2, call_of("count_uses", isolation="shared"))
    warm = owner.hear("ended", 2)["outcome"]["output"][0]
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")
    owner.say(do="beat")

    seen_free_with_living = []
    while not free(other):
        seen_free_with_living.append(len(living(tmp_path)))
        assert len(seen_free_with_living) < 2000
        time.sleep(0.005)

    assert seen_free_with_living[0] == len(KINDS)
    assert living(tmp_path) == []
    assert not is_alive(warm)
    assert owner.hear("ended", 1)["outcome"] == {"kind": "Lost", "message": "the orchestrator did not answer"}


def test_an_owner_that_wakes_takes_the_lock_again_with_its_next_call(owner, other):
    wait_until(lambda: free(other), what="the release")
    fcntl.flock(other, fcntl.LOCK_UN)

    owner.start(1, call_of("give_back"))

    assert owner.hear("ended", 1)["outcome"]["kind"] == "Returned"
    assert not free(other)


def test_a_call_of_an_owner_that_lost_its_lock_to_another_is_given_back(owner, other):
    wait_until(lambda: free(other), what="the release")

    owner.start(1, call_of("give_back"))
    given_back = owner.hear("ended", 1)

    assert given_back["outcome"] == {"kind": "Lost", "message": "another process drives this execution"}


def test_an_owner_that_speaks_keeps_its_lock(owner, other):
    for _ in range(10):
        owner.say(do="beat")
        time.sleep(0.2)

    assert not free(other)


def test_no_process_of_a_task_holds_the_lock(owner, tmp_path):
    owner.start(1, call_of("describe_yourself"))
    owner.start(2, call_of("describe_yourself", isolation="shared"))

    open_files = [owner.hear("ended", number)["outcome"]["output"]["descriptors"] for number in (1, 2)]

    assert open_files == [[0, 1, 2, 3, 100], [0, 1, 2, 3, 100, 101]]  # the listing; the channels of orders and result
