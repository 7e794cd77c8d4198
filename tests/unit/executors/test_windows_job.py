"""Job objects of Windows, before a stand-in for it."""

import ctypes
import struct
import sys

import pytest

from orchestrator.core.outcomes import Usage
from orchestrator.executors import windows_job
from orchestrator.executors.windows_job import Job, Refused, run_in_job
from tests.unit.executors.windows_stand_in import MEGABYTE, SECOND, Windows


@pytest.mark.parametrize(
    ("structure", "size"),
    [
        (windows_job.BasicLimits, 64),
        (windows_job.IoCounters, 48),
        (windows_job.ExtendedLimits, 144),
        (windows_job.BasicAccounting, 48),
    ],
)
def test_structures_have_the_sizes_that_64_bit_windows_expects(structure, size):
    assert ctypes.sizeof(structure) == size


def test_a_process_is_in_its_limited_job_before_it_runs_and_no_handle_but_the_jobs_is_kept():
    windows = Windows()

    run_in_job(42, memory_limit=None, library=windows.library)

    assert windows.done == [
        ("open", 42),
        ("create",),
        ("limit", 900, 9, 144),
        ("assign", 900, 700),
        ("resume", 700),
        ("close", 700),
    ]


def test_a_job_dies_with_its_owner_lets_nobody_break_away_and_has_no_limit_of_memory_unasked():
    windows = Windows()

    Job(42, memory_limit=None, library=windows.library)

    assert struct.unpack_from("=I", windows.limits, 16) == (0x2000 | 0x400,)
    assert struct.unpack_from("=Q", windows.limits, 120) == (0,)


@pytest.mark.parametrize(("limit", "refused_beyond"), [(100, 164), (1000, 1250)])
def test_memory_is_refused_somewhat_beyond_the_limit(limit, refused_beyond):
    windows = Windows()

    Job(42, memory_limit=limit * MEGABYTE, library=windows.library)

    assert struct.unpack_from("=I", windows.limits, 16) == (0x2000 | 0x400 | 0x200,)
    assert struct.unpack_from("=Q", windows.limits, 120) == (refused_beyond * MEGABYTE,)


@pytest.mark.parametrize(("refused", "closed"), [("create", [700]), ("limit", [900, 700]), ("assign", [900, 700])])
def test_a_process_whose_job_is_refused_runs_without_one(refused, closed):
    windows = Windows(refused)

    with pytest.raises(Refused, match="error 5"):
        run_in_job(42, memory_limit=None, library=windows.library)

    assert ("resume", 700) in windows.done
    assert [fact[1] for fact in windows.done if fact[0] == "close"] == closed


def test_a_process_that_cannot_be_resumed_is_an_error_and_its_job_is_let_go():
    windows = Windows("resume")

    with pytest.raises(OSError, match="0xffffffff"):
        run_in_job(42, memory_limit=None, library=windows.library)

    assert [fact[1] for fact in windows.done if fact[0] == "close"] == [900, 700]


def test_a_process_that_cannot_be_opened_is_an_error():
    windows = Windows("open")

    with pytest.raises(OSError, match="OpenProcess failed with Windows' error 5"):
        run_in_job(42, memory_limit=None, library=windows.library)

    assert windows.names() == ["open"]


@pytest.mark.parametrize("count", [0, 1, 64, 65, 1000])
def test_a_job_names_all_that_is_in_it_however_many(count):
    windows = Windows(pids=range(10, 10 + count))

    pids = Job(42, memory_limit=None, library=windows.library).pids()

    assert pids == tuple(range(10, 10 + count))


def test_a_kill_goes_on_until_nothing_is_left():
    windows = Windows(pids=[42, 43], dies_at_once=False)
    job = Job(42, memory_limit=None, library=windows.library)

    job.kill(60)

    assert windows.names().count("terminate") == 2
    assert job.pids() == ()


@pytest.mark.parametrize("refused", ["terminate", "query"])
def test_a_kill_that_windows_refuses_gives_up_in_the_end(refused):
    windows = Windows(refused, pids=[42])
    windows.TerminateJobObject = lambda *_: 0

    Job(42, memory_limit=None, library=windows.library).kill(0.1)

    assert windows.pids == [42]


def test_a_request_to_end_goes_to_the_console_group_of_the_process():
    windows = Windows()

    Job(42, memory_limit=None, library=windows.library).terminate()

    assert windows.done[-1] == ("break", 1, 42)


def test_usage_is_the_time_of_user_and_kernel_and_the_peak_of_the_job():
    windows = Windows(user=3 * SECOND, kernel=SECOND // 2, peak=70 * MEGABYTE)
    job = Job(42, memory_limit=None, library=windows.library)

    usage, seen = job.usage, job.look()

    assert usage == Usage(cpu_seconds=3.5, peak_memory_bytes=70 * MEGABYTE)
    assert seen == 70 * MEGABYTE


def test_a_job_that_cannot_be_asked_tells_nothing_rather_than_fail():
    windows = Windows("query")
    job = Job(42, memory_limit=None, library=windows.library)

    usage, seen = job.usage, job.look()

    assert usage == Usage()
    assert seen == 0


def test_a_job_is_let_go_once_and_never_asked_afterwards():
    windows = Windows(pids=[42])
    job = Job(42, memory_limit=None, library=windows.library)

    job.close()
    job.close()

    assert [fact for fact in windows.done if fact[0] == "close"] == [("close", 900)]
    assert job.usage == Usage()
    with pytest.raises(OSError, match="let go"):
        job.pids()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has it")
def test_elsewhere_there_is_no_library():
    with pytest.raises(OSError, match="only Windows"):
        windows_job.load_library()


def test_a_library_that_fails_says_which_function_and_why():
    windows = Windows("create")

    with pytest.raises(windows_job.Failed, match="CreateJobObjectW failed with Windows' error 5") as failed:
        windows.library.call("CreateJobObjectW", None, None)

    assert failed.value.code == 5
