"""A configuration for people to look at: what is hidden in it, sound or broken, and which lines are shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.messages import Message
from orchestrator.core.redaction import SECRET_NAME
from orchestrator.documents.problems import place_fault
from orchestrator.translation import speaking
from orchestrator.web.ui.marked_text import Problem, hide_secrets, marked_lines, problem_of, values_to_hide

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password": "x", "n": 1}', '{"password": "***", "n": 1}'),
        ('{"password": 12}', '{"password": "***"}'),
        ('{"a_token": ["x", {"y": "z"}], "n": "1"}', '{"a_token": ["***", {"y": "***"}], "n": "1"}'),
        ('{"password": {"$secret": "DB"}}', '{"password": {"$secret": "DB"}}'),
        ('{"password": null, "secret": true}', '{"password": null, "secret": true}'),
        ('{"password": "a\\"b", "n": "c"}', '{"password": "***", "n": "c"}'),
        # broken
        ('{"password": "x\n"n": 1}', '{"password": "***"\n"n": 1}'),
        ('{"password" "x"}', '{"password" "***"}'),
        ("{'password': 'x'}", "{'password': \"***\"}"),
        ('{"password": x y z, "n": 1}', '{"password": "***" "***" "***", "n": 1}'),
        (']}{"password": "x"', ']}{"password": "***"'),
        ('// password: "x"', '// password: "***"'),
    ],
)
def test_nothing_under_a_secret_name_can_be_read(text, shown):
    assert hide_secrets(text)[0] == shown


@given(st.text(alphabet='{}[]",: \n\\ab"password', max_size=60))
def test_no_line_is_lost_whatever_the_text(text):
    assert hide_secrets(text)[0].count("\n") == text.count("\n")


@given(VALUES)
def test_a_text_without_secret_names_stays_as_it_is(value):
    text = json.dumps(value, indent=1, ensure_ascii=False)

    shown, _found = hide_secrets(text)

    assert shown == text or SECRET_NAME.search(text)


def test_what_was_hidden_is_hidden_elsewhere_too_in_every_spelling():
    text = '{"password": "contraseña-1", "token": "short", "tokens_of": {}, "api_token": {"type": "string"}}'
    _shown, found = hide_secrets(text)

    hidden = values_to_hide(found)

    assert {"contraseña-1", "contrase\\u00f1a-1"} <= hidden
    assert not {"short", "string"} & hidden


def test_a_problem_of_a_secret_does_not_tell_it():
    fault = Message(template="must be of type {type}, not {value}", facts={"type": "integer", "value": '"x1"'})

    with speaking("en"):
        told = problem_of(
            place_fault(fault, line=3, column=4, path="workflows.w.parameters.api_token.default"), frozenset()
        )

    assert (told.line, told.column, told.what) == (3, 4, "must be of type integer, not ***")


def test_a_line_is_cut_around_its_problem():
    problem = Problem(line=1, column=5000, path="", what="wrong")

    (line,) = marked_lines(["x" * 4990 + "HERE" + "y" * 5000], [problem], frozenset())

    assert "HERE" in line.text
    assert len(line.text) <= 402
    assert line.problems == [problem]


def test_lines_that_are_left_out_are_counted():
    problem = Problem(line=9000, column=1, path="", what="wrong")

    lines = marked_lines([str(n) for n in range(1, 10_001)], [problem], frozenset())

    assert [line.left_out for line in lines if line.number is None] == [8994 - 5000, 10_000 - 9005]
    assert sum(line.left_out for line in lines) + sum(line.number is not None for line in lines) == 10_000
