"""An attempt's log is read on in whole lines, however it arrives."""

import pytest

from orchestrator.commands.log_reading import Tail
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey, TaskRunKey

KEY = AttemptKey(run=TaskRunKey(execution_id="20260101_000000", task_id="t"), number=1)


class GrowingLog:
    """Attempt logs that hold one text, handed out a few bytes at a time."""

    def __init__(self, most: int) -> None:
        self.content = b""
        self._most = most

    def read(self, log: str, *, start: int = 0, limit: int = 1 << 20) -> bytes:
        assert log == "log"
        return self.content[start : start + min(limit, self._most)]

    def remove(self, execution_id: str) -> None:
        raise AssertionError(execution_id)


@pytest.mark.parametrize("most", [1, 2, 3, 7, 1000])
def test_lines_come_whole_and_once_whatever_the_pieces_are(most):
    log = GrowingLog(most)
    tail = Tail(log, Attempt(key=KEY, log="log"))

    log.content = "año uno\nla mi".encode()
    first = list(tail.lines())
    log.content += b"tad\nfin"
    second = list(tail.lines())
    third = list(tail.lines(to_the_end=True))

    assert (first, second, third) == (["año uno"], ["la mitad"], ["fin"])
    assert list(tail.lines(to_the_end=True)) == []


def test_bytes_that_are_no_text_are_written_out():
    log = GrowingLog(100)
    log.content = b"a\xffb\n"

    lines = list(Tail(log, Attempt(key=KEY, log="log")).lines())

    assert lines == ["a\\xffb"]


def test_an_attempt_without_a_log_has_no_lines():
    assert list(Tail(GrowingLog(100), Attempt(key=KEY)).lines(to_the_end=True)) == []
