"""Where the values of a JSON text stand, compared with a count made by hand or by another route."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.documents.places import Places, path_text, shown
from orchestrator.documents.reading import walk

JSON_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=4), inside, max_size=4),
    max_leaves=20,
)


def test_a_value_is_found_with_its_line_and_column():
    places = Places('{\n  "tasks": [\n    {"timeout": 5},\n    {"timeout": "abc"}\n  ]\n}')

    place = places.line_and_column(places.value_at(("tasks", 1, "timeout")))

    assert place == (4, 17)


def test_columns_count_characters_and_not_bytes():
    places = Places('{"ñandú 👩‍💻": 1}'.replace("\u200d", ""))

    place = places.line_and_column(places.value_at(("ñandú 👩💻",)))

    assert place == (1, 14)


def test_a_line_ends_at_a_windows_line_end_too():
    places = Places('{\r\n"a":\r\n 1}')

    place = places.line_and_column(places.value_at(("a",)))

    assert place == (3, 2)


def test_a_key_is_found_apart_from_its_value():
    places = Places('{"a": 1,\n "b" : 2}')

    place = places.line_and_column(places.key_at(("b",)))

    assert place == (2, 2)


def test_of_a_key_that_stands_twice_the_last_value_counts_and_both_keys_are_listed():
    text = '{"a": 1, "a": 2}'
    places = Places(text)

    offset, keys = places.value_at(("a",)), places.keys_at(())

    assert text[offset] == "2"
    assert keys == [("a", 1), ("a", 9)]


@pytest.mark.parametrize("path", [("b",), ("a", 1), ("a", 0, "x")], ids=path_text)
def test_a_path_that_leads_nowhere_is_a_key_error(path):
    places = Places('{"a": [{}]}')

    with pytest.raises(KeyError):
        places.value_at(path)


def test_lines_are_right_far_beyond_the_first_block_of_a_large_text():
    text = "[" + ",\n".join(["0"] * 100_000) + "]"
    places = Places(text)

    place = places.line_and_column(places.value_at((70_123,)))

    assert place == (70_124, 1)


@given(JSON_TREES, st.sampled_from([None, 0, 3]), st.booleans())
@settings(max_examples=200, database=None)
def test_what_stands_at_an_offset_is_the_value_of_its_path(tree, indent, ascii_only):
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    places = Places(text)

    found = [
        (value, json.JSONDecoder().raw_decode(text, places.value_at(path))[0]) for path, value in walk(tree, (object,))
    ]

    assert all(value == there for value, there in found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("tasks", 3, "dependencies", 0), "tasks[3].dependencies[0]"),
        (("workflows", "full_etl"), "workflows.full_etl"),
        (("workflows", "dos palabras", "tasks"), 'workflows["dos palabras"].tasks'),
        (("workflows", "año"), "workflows.año"),
        (("a\u202eb",), r'["a\u202eb"]'),
    ],
)
def test_a_path_reads_like_the_code_that_would_reach_the_value(path, text):
    given_path = path

    written = path_text(given_path)

    assert written == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ({}, "{}"),
        ({"secret": "x"}, "{…}"),
        ([[]], "[…]"),
        ("a\nb", r'"a\nb"'),
        ("\x1b]0;x\x07", r'"\u001b]0;x\u0007"'),
        ("\u202e", r'"\u202e"'),
        ("x" * 200, '"' + "x" * 79 + '…"'),
    ],
)
def test_a_value_is_shown_short_on_one_line_and_harmless_to_a_terminal(value, text):
    given_value = value

    written = shown(given_value)

    assert written == text
