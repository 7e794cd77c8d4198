import dataclasses
import json
import math
from enum import IntEnum, StrEnum

import pytest

from orchestrator.executors.plain import (
    MESSAGE_LIMIT,
    OUTPUT_LIMIT,
    TRACEBACK_LIMIT,
    as_json,
    cut_middle,
    raised,
    returned,
    shown,
)


class Color(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Broken:
    def __repr__(self):
        raise KeyboardInterrupt


class BrokenText(Exception):
    def __str__(self):
        raise SystemExit(1)


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        ([1, (2, "three")], [1, [2, "three"]]),
        ({"a": {"b": [None]}}, {"a": {"b": [None]}}),
        (Color.RED, "red"),
        (Level.HIGH, 3),
        ({1: "one", None: 0, False: 2, "x": 3}, {"1": "one", "null": 0, "false": 2, "x": 3}),
        (b"\x00", "b'\\x00'"),
        ({3}, "{3}"),
        (Point(x=1), "Point(x=1)"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ({"status": "failed", "why": {1}}, {"status": "failed", "why": "{1}"}),
    ],
)
def test_json_stays_and_everything_else_becomes_its_repr(value, expected):
    output = as_json(value)

    assert output == expected
    assert json.loads(json.dumps(output, allow_nan=False)) == output


def test_a_value_that_holds_itself_ends_in_its_repr():
    circle = {"rows": 1}
    circle["self"] = circle

    output = as_json(circle)

    assert output == {"rows": 1, "self": "{'rows': 1, 'self': {...}}"}


def test_a_value_nested_a_thousand_deep_ends_somewhere():
    deep = []
    for _ in range(100_000):
        deep = [deep]

    output = as_json(deep)

    assert len(json.dumps(output)) < 2 * OUTPUT_LIMIT


def test_a_repr_that_raises_gets_a_placeholder():
    text = shown(Broken())

    assert "Broken object" in text
    assert "KeyboardInterrupt" in text


def test_a_number_too_long_to_be_written_gets_a_placeholder():
    output = as_json(10**5000)

    assert output == f"<int of {(10**5000).bit_length()} bits>"


def test_lone_surrogates_become_escapes_that_utf8_can_hold():
    output = returned("a\udc80b").output

    assert output == "a\\udc80b"


def test_what_just_fits_is_not_cut():
    text = "x" * OUTPUT_LIMIT

    result = returned(text)

    assert (result.output, result.truncated_from) == (text, None)


@pytest.mark.parametrize("value", ["x" * (OUTPUT_LIMIT + 1), "ñ" * OUTPUT_LIMIT, ["y" * 100] * 1000, [1.5] * 100_000])
def test_what_is_too_large_is_cut_and_names_its_full_size(value):
    result = returned(value)

    assert isinstance(result.output, str)
    assert len(result.output.encode()) <= OUTPUT_LIMIT
    assert result.truncated_from > OUTPUT_LIMIT
    assert result.output.endswith(f"[cut: {result.truncated_from} bytes in all]")


def test_of_a_dict_that_is_too_large_the_small_entries_stay():
    value = {"report": "x" * OUTPUT_LIMIT, "status": "failed", "rows": 12}

    result = returned(value)

    assert list(result.output) == ["report", "status", "rows"]
    assert (result.output["status"], result.output["rows"]) == ("failed", 12)
    assert "bytes in all" in result.output["report"]


def test_a_dict_of_very_many_entries_says_how_many_were_left_out_and_keeps_its_status():
    value = {f"key {number}": number for number in range(100_000)} | {"status": "failed"}

    result = returned(value)

    assert result.output["status"] == "failed"
    assert "more entries" in result.output["…"]
    assert len(json.dumps(result.output).encode()) < 2 * OUTPUT_LIMIT


def test_an_exception_is_named_with_all_its_ancestors_bare_and_qualified():
    outcome = raised(BrokenText())

    assert outcome.error_type.endswith(".BrokenText")
    assert outcome.lineage[:3] == ("BrokenText", outcome.error_type, "Exception")


def test_a_text_that_raises_gets_a_placeholder():
    outcome = raised(BrokenText())

    assert "its str raised SystemExit" in outcome.message


def test_a_long_message_and_a_deep_traceback_are_cut_but_keep_their_ends():
    def sink(depth):
        if depth:
            sink(depth - 1)
        raise ValueError("start " + "x" * 1_000_000 + " end")

    with pytest.raises(ValueError, match="start") as caught:
        sink(300)

    outcome = raised(caught.value)
    assert outcome.message.startswith("start ")
    assert outcome.message.endswith(" end")
    assert len(outcome.message) < MESSAGE_LIMIT + 100
    assert len(outcome.traceback) < TRACEBACK_LIMIT + 100
    assert outcome.traceback.startswith("Traceback (most recent call last)")
    assert outcome.traceback.rstrip().endswith(" end")


def test_a_cut_text_keeps_both_ends_and_names_its_length():
    text = cut_middle("a" * 50 + "b" * 50, 20)

    assert text == "a" * 10 + " …[cut: 100 characters in all]… " + "b" * 10
