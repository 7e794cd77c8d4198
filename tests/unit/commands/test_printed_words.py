"""What is written for people and for programs: data on stdout, everything else on stderr, nothing that drives a terminal."""

import json
import os

import pytest

from orchestrator.commands.printing import printable, tell_error, write_out
from orchestrator.commands.tables import cell, one_line, plain_lines, shortened, width, write_records
from orchestrator.core.errors import ConfigurationRefused, UnknownTask
from orchestrator.core.messages import Message

RECORDS = [{"id": "año", "n": 1, "x": None}, {"id": "b", "n": 22, "x": [1, 2]}]


@pytest.fixture(autouse=True)
def _started_as_etl(monkeypatch) -> None:
    monkeypatch.delenv("ETL_PROGRAM", raising=False)


# --- single texts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("a\rb\x00", "a\\x0db\\x00"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202efed", "abc\\u202efed"),
        ("niño\tañadió", "niño\tañadió"),
    ],
)
def test_control_and_bidi_characters_are_written_out(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (True, "yes"), (False, "no"), (["a", 2], "a, 2"), ([], ""), (0, "0"), (2.5, "2.5"), ("x", "x")],
)
def test_a_cell_shows_a_value_the_way_people_write_it(value, shown):
    assert cell(value) == shown


def test_a_cell_is_one_line_however_many_its_text_has():
    assert one_line("uno\n  dos\ttres\x1b") == "uno dos tres\\x1b"


def test_a_text_that_is_too_long_is_cut_with_a_mark():
    assert [shortened("abcdef", limit) for limit in (6, 5)] == ["abcdef", "abcd…"]


@pytest.mark.parametrize(("text", "columns"), [("año", 3), ("an\u0303o", 3), ("表", 2), ("", 0)])
def test_the_width_of_a_text_is_what_a_terminal_gives_it(text, columns):
    assert width(text) == columns


# --- tables and records ----------------------------------------------------------------------------------------------


def test_a_plain_table_is_aligned_by_what_is_seen():
    lines = plain_lines(["id", "n"], [["an\u0303o", "1"], ["表表", "22"]])

    assert lines == ["id    n", "────  ──", "an\u0303o   1", "表表  22"]


def test_a_table_without_rows_still_has_its_titles():
    assert plain_lines(["id", "n"], []) == ["id  n", "──  ─"]


def test_records_are_written_as_one_document_as_lines_or_as_a_table(capsys):
    written = {}

    for form in ("json", "jsonl", "table"):
        write_records(RECORDS, form, {"n": "count", "x": "extra"})
        written[form] = capsys.readouterr().out

    assert json.loads(written["json"]) == RECORDS
    assert [json.loads(line) for line in written["jsonl"].splitlines()] == RECORDS
    assert written["table"].splitlines() == ["count  extra", "─────  ─────", "1      –", "22     1, 2"]
    assert "año" in written["json"]


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_error_goes_to_stderr_and_stdout_stays_clean(capsys):
    tell_error(UnknownTask("laod\x1b", ["load"]))

    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Error: no task is called 'laod\\x1b'; did you mean 'load'?\n"


def test_every_problem_of_a_refused_configuration_gets_a_line(capsys):
    tell_error(ConfigurationRefused("x.json", [Message(template="tasks[0]: no"), Message(template="tasks[1]: no")]))

    assert len(capsys.readouterr().err.splitlines()) == 3


def test_commands_are_spelt_the_way_this_reader_starts_them(capsys, monkeypatch):
    monkeypatch.setenv("ETL_PROGRAM", "python run.py")

    tell_error(UnknownTask("zzz"))

    assert "see `python run.py list-tasks`" in capsys.readouterr().err


def test_a_reader_that_went_away_changes_nothing(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        write_out("one")
        write_out("two")
