import pytest

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, NotCallable, Raised, Returned, TimedOut
from orchestrator.executors.wire import (
    Lines,
    Malformed,
    decode,
    encode,
    outcome_from_wire,
    outcome_to_wire,
    progress_from_wire,
)


@pytest.mark.parametrize(
    "outcome",
    [
        Returned(output={"rows": [1, None, "ñ\u2028"]}, truncated_from=9),
        Raised(error_type="a.B", message="m", traceback="t", lineage=("B", "a.B")),
        NotCallable(error_type="import_error", message="m", traceback="t"),
        TimedOut(limit=1.5),
        Crashed(message="signal 9 (SIGKILL)", signal=9),
        Cancelled(),
        Lost(message="gone"),
    ],
)
def test_every_outcome_survives_the_journey(outcome):
    line = encode({"outcome": outcome_to_wire(outcome)})

    arrived = outcome_from_wire(decode(line)["outcome"])

    assert arrived == outcome
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"kind": "Nonsense"}, {"kind": "Returned", "outptu": 1}, {"kind": "Cancelled", "why": 1}],
)
def test_what_is_no_outcome_is_refused(data):
    with pytest.raises(Malformed):
        outcome_from_wire(data)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_what_is_no_message_is_refused(line):
    with pytest.raises(Malformed):
        decode(line)


def test_lines_come_out_whole_whatever_the_cuts():
    lines = Lines()

    found = [line for data in (b"a", b"b\nc", b"\n", b"\nd\ne") for line in lines.feed(data)]

    assert found == [b"ab", b"c", b"", b"d"]


def test_a_line_without_an_end_is_refused_at_the_limit():
    lines = Lines(limit=10)
    lines.feed(b"123456\n12345")

    with pytest.raises(Malformed):
        lines.feed(b"678901")


@pytest.mark.parametrize("data", [[1, 2], [0.5, None], [-1.0, 0]])
def test_progress_is_what_is_done_and_of_how_much(data):
    assert progress_from_wire(data) == tuple(data)


@pytest.mark.parametrize(
    "data", [None, [], [1], [1, 2, 3], ["1", 2], [float("nan"), 2], [1, float("inf")], {"done": 1}]
)
def test_what_is_no_progress_is_refused(data):
    with pytest.raises(Malformed):
        progress_from_wire(data)


@pytest.mark.parametrize("forged", [[10**400, None], [1, 10**400], [float("inf"), None], ["1", 2], [1], None])
def test_progress_that_is_no_two_finite_numbers_is_malformed(forged):
    with pytest.raises(Malformed):
        progress_from_wire(forged)
