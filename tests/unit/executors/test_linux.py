import os
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("prctl, /proc and pidfds are Linux's", allow_module_level=True)

from orchestrator.executors import linux


@pytest.fixture(params=["pidfd", "pid"])
def _way(request, monkeypatch):
    """With pidfds, and as on a kernel that has none."""
    if request.param == "pid":
        monkeypatch.setattr(os, "pidfd_open", _not_implemented)


def _not_implemented(_pid):
    raise OSError(38, "Function not implemented")


@pytest.mark.usefixtures("_way")
def test_a_process_is_signalled_only_if_it_is_the_one_that_was_meant():
    me = linux.identify(os.getpid())
    earlier = linux.Process(me.pid, me.start_time - 1)

    signalled = [linux.send_signal(process, 0) for process in (me, earlier, linux.Process(2**22 + 1, 1))]

    assert signalled == [True, False, False]


def test_this_process_is_among_the_children_of_its_parent_either_way_they_are_read():
    parent = os.getppid()

    assert os.getpid() in linux.children(parent)
    assert os.getpid() in linux._children_by_scan(parent)


def test_of_a_pid_that_is_free_nothing_is_known():
    assert linux.identify(2**22 + 1) is None
    assert linux.children(2**22 + 1) == []
    assert linux.descendants(2**22 + 1) == []
