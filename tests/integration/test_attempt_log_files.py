"""Logs of attempts in files: read in pieces, removed as a whole, and never anything that lies elsewhere."""

import os
from pathlib import Path

import pytest

from orchestrator.core.attempt_logs import attempt_log_name
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.stores import open_attempt_logs

ID = "20250401_120000"
LOG = f".orchestrator/attempts/{ID}/0000-1.log"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / LOG).parent.mkdir(parents=True)
    (folder / LOG).write_bytes("año\nsegunda línea\n".encode())
    (tmp_path / "secret").write_text("s3cret")
    return folder


@pytest.fixture
def logs(home: Path):
    return open_attempt_logs(home)


def test_a_log_is_read_from_any_byte_on_and_as_far_as_wanted(logs):
    whole = "año\nsegunda línea\n".encode()

    assert logs.read(LOG) == whole
    assert logs.read(LOG, start=5, limit=7) == whole[5:12]
    assert logs.read(LOG, start=len(whole)) == b""
    assert logs.read(LOG, start=-5, limit=2) == whole[:2]
    assert logs.read(LOG, start=10**12) == b""


def test_what_is_written_later_is_read_from_where_one_was(home, logs):
    at_first = logs.read(LOG)
    with (home / LOG).open("ab") as file:
        file.write(b"third\n")

    assert logs.read(LOG, start=len(at_first)) == b"third\n"


def test_a_log_that_is_not_there_yet_is_empty(logs):
    assert logs.read(f".orchestrator/attempts/{ID}/0001-1.log") == b""
    assert logs.read(".orchestrator/attempts/20990101_000000/0000-1.log") == b""


def test_the_name_that_the_engine_gives_a_log_is_one_that_is_read(home, logs):
    key = AttemptKey(run=TaskRunKey(execution_id=ID, task_id="../../x", index=3), number=2)
    name = f".orchestrator/{attempt_log_name(key, 7)}"
    (home / name).write_text("hola")

    assert logs.read(name) == b"hola"


@pytest.mark.parametrize(
    "log",
    [
        "../secret",
        ".orchestrator/attempts/../../../secret",
        ".orchestrator/attempts/../state.db",
        f".orchestrator/attempts/{ID}/../../../../secret",
        f".orchestrator/attempts/{ID}/..",
        f".orchestrator/attempts/{ID}",
        ".orchestrator/state.db",
        ".orchestrator//attempts/../state.db",
        f".orchestrator/attempts/./{ID}/../x.log",
        "",
        "/",
        f".orchestrator/attempts/{ID}/a\0b",
        f".orchestrator\\attempts\\{ID}\\0000-1.log",
    ],
)
def test_a_path_that_leads_elsewhere_is_no_log(home, logs, log):
    (home / ".orchestrator" / "state.db").write_text("s3cret")

    assert logs.read(log) == b""


def test_an_absolute_path_is_no_log_even_to_a_log(home, logs):
    assert logs.read(str(home / LOG)) == b""
    assert logs.read(str(home.parent / "secret")) == b""


def test_a_link_is_followed_neither_as_a_file_nor_as_a_folder(home, logs):
    attempts = home / ".orchestrator" / "attempts"
    (attempts / ID / "0001-1.log").symlink_to(home.parent / "secret")
    (attempts / "20250401_120001").symlink_to(home.parent)

    assert logs.read(f".orchestrator/attempts/{ID}/0001-1.log") == b""
    assert logs.read(".orchestrator/attempts/20250401_120001/secret") == b""


def test_a_home_that_is_a_link_itself_is_as_good_as_any(home):
    link = home.parent / "link"
    link.symlink_to(home)

    assert open_attempt_logs(link).read(LOG).startswith("año".encode())


def test_a_pipe_or_a_folder_in_a_logs_place_is_no_log_and_is_not_waited_for(home, logs):
    folder = (home / LOG).parent
    os.mkfifo(folder / "0001-1.log")
    (folder / "0002-1.log").mkdir()

    assert logs.read(f".orchestrator/attempts/{ID}/0001-1.log") == b""
    assert logs.read(f".orchestrator/attempts/{ID}/0002-1.log") == b""


def test_the_logs_of_an_execution_are_removed_and_no_others(home, logs):
    other = home / ".orchestrator" / "attempts" / "20250401_120001" / "0000-1.log"
    other.parent.mkdir()
    other.write_text("stays")

    logs.remove(ID)
    logs.remove(ID)
    logs.remove("20990101_000000")

    assert not (home / LOG).parent.exists()
    assert other.read_text() == "stays"


@pytest.mark.parametrize("name", ["", ".", "..", "../attempts", f"../attempts/{ID}", "/", "a/b", "..\\x", "x\0y"])
def test_only_the_folder_of_an_execution_is_ever_removed(home, logs, name):
    logs.remove(name)

    assert (home / LOG).exists()
    assert (home.parent / "secret").exists()


def test_a_link_in_the_place_of_the_folder_is_removed_and_not_what_it_leads_to(home, logs):
    (home / ".orchestrator" / "attempts" / "20250401_120001").symlink_to(home.parent)

    logs.remove("20250401_120001")

    assert (home.parent / "secret").exists()
    assert not (home / ".orchestrator" / "attempts" / "20250401_120001").is_symlink()
