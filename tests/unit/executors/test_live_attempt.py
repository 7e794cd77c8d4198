import sys

import pytest

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)

from orchestrator.core.outcomes import Crashed
from orchestrator.executors.interpreter import module_search_path
from orchestrator.executors.live_attempt import crash_of


@pytest.mark.parametrize(
    ("status", "crash"),
    [
        (9, Crashed(message="signal 9 (SIGKILL)", signal=9)),
        (11 | 0x80, Crashed(message="signal 11 (SIGSEGV)", signal=11)),
        (40, Crashed(message="signal 40 (40)", signal=40)),
        (0, Crashed(message="exited without a result (exit code 0)", exit_code=0)),
        (7 << 8, Crashed(message="exited without a result (exit code 7)", exit_code=7)),
    ],
)
def test_an_exit_status_tells_how_a_process_without_a_result_ended(status, crash):
    assert crash_of(status) == crash


def test_the_calls_folders_come_first_then_pythonpath_then_the_interpreters():
    path = module_search_path(["/home", "/more"], {"PYTHONPATH": "/extra::/home"}, ["/usr/lib/python", "/more"])

    assert path == ["/home", "/more", "/extra", "/usr/lib/python"]
