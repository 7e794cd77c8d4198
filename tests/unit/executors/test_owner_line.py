import fcntl
import os
import select
import socket
import sys
import time

import pytest

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)

from orchestrator.executors.owner_line import OUTBOX_LIMIT, OwnerLine
from orchestrator.executors.wire import Lines, decode


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def line_on(end, **options):
    return OwnerLine(end.fileno(), **{"heartbeat_limit": 1.0, "lock": None, "poll": select.poll(), **options})


def test_orders_are_heard_whole_and_a_closed_channel_is_a_lost_owner(ends):
    ours, theirs = ends
    line = line_on(theirs)

    ours.sendall(b'{"do":"beat"}\n{"do":')
    first = line.hear()
    ours.sendall(b'"close"}\n')
    second = line.hear()
    nothing = line.hear()
    ours.close()

    assert (first, second, nothing) == ([{"do": "beat"}], [{"do": "close"}], [])
    assert line.hear() == []
    assert line.gone


def test_output_is_dropped_where_the_owner_cannot_keep_up_and_events_are_not(ends):
    ours, theirs = ends
    line = line_on(theirs)

    for _ in range(64):
        line.show({"event": "output", "text": "x" * (OUTBOX_LIMIT // 16)})
    line.send({"event": "ended"})
    lines, events = Lines(), []
    while not events or events[-1]["event"] != "ended":
        line.flush()
        events += [decode(block) for block in lines.feed(ours.recv(1 << 22)) if block]

    assert sum(event["event"] == "output" for event in events) < 20


def test_silence_is_told_once_for_each_time_it_lasted_too_long(ends):
    line = line_on(ends[1], heartbeat_limit=5.0)
    now = time.monotonic()

    told = [line.silent(now + seconds) for seconds in (1, 4.9, 5.1, 6, 10, 10.2)]

    assert told == [False, False, True, False, False, True]


def test_the_lock_that_is_given_up_may_be_taken_by_another_and_is_then_not_ours(ends, tmp_path):
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    other = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    line = line_on(ends[1], lock=lock)

    def taken_by_another():
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    seen = [taken_by_another(), line.retake_lock()]
    line.release_lock()
    seen += [taken_by_another(), line.retake_lock()]
    fcntl.flock(other, fcntl.LOCK_UN)
    seen += [line.retake_lock(), taken_by_another()]
    os.close(lock)
    os.close(other)

    assert seen == [False, True, True, False, True, False]


def test_without_a_lock_there_is_nothing_to_give_up(ends):
    line = line_on(ends[1])

    line.release_lock()

    assert line.retake_lock()
