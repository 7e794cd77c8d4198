"""A task's module that is edited while its execution is under way: what runs, and what the report says ran (F57, F56)."""

import hashlib
import os
import signal

import pytest

from tests.integration.going_on_subjects import Home, chain

VERSION = """
import os
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])
VERSION = {version}


def work(name):
    with open(HOME / "started", "a") as file:
        file.write(name + "\\n")
    while (HOME / f"hold-{{name}}").exists():
        time.sleep(0.02)
    if (HOME / f"fail-{{name}}").exists():
        raise ValueError("told to fail")
    return {{"status": "success", "version": VERSION, "pid": os.getpid()}}
"""


def write(home, version):
    """The module in that version, of the same size and, where the disk allows, the same second; gives its hash."""
    text = VERSION.format(version=version)
    (home.path / "changing.py").write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def changing(*names, **fields):
    return chain(*names, module_path="changing", **fields)


def attempts_of(home, task_id):
    return home.report()["results"][task_id]["attempts"]


def test_a_module_edited_between_two_attempts_is_used_as_it_is_then_and_each_attempt_names_its_own(tmp_path):
    home = Home(tmp_path, *changing("a", retry_count=1, retry_delay=1))
    home.fail("a")
    old = write(home, 1)

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        new = write(home, 2)
        while home.statuses()["a"] != "retry_wait":
            pass
        home.mend("a")
        code = process.wait(40)

    assert code == 0
    assert home.report()["results"]["a"]["output"]["version"] == 2
    assert [attempt["code_sha256"] for attempt in attempts_of(home, "a")] == [old, new]


def test_a_module_edited_between_crash_and_resume_is_used_as_it_is_then(tmp_path):
    home = Home(tmp_path, *changing("a", "b"))
    home.hold("b")
    old = write(home, 1)
    with home.begin("run", "--all") as process:
        home.wait_for("b")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)

    new = write(home, 2)
    home.let_go("b")
    resumed = home.etl("resume", "--latest")

    assert resumed.returncode == 0, resumed.stderr
    results = home.report()["results"]
    assert (results["a"]["output"]["version"], results["b"]["output"]["version"]) == (1, 2)
    assert [attempt["code_sha256"] for attempt in attempts_of(home, "a")] == [old]
    assert attempts_of(home, "b")[-1]["code_sha256"] == new


@pytest.mark.skipif(os.name != "posix", reason="shared processes are POSIX's")
def test_a_shared_process_keeps_the_code_it_imported_and_says_so(tmp_path):
    home = Home(tmp_path, *changing("a", "b", isolation="shared"))
    home.hold("a")
    old = write(home, 1)

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        write(home, 2)
        home.let_go("a")
        code = process.wait(40)

    results = home.report()["results"]
    assert code == 0
    assert results["a"]["output"] == {**results["b"]["output"]}  # the same process, the same version
    assert results["b"]["output"]["version"] == 1
    assert [attempts_of(home, name)[0]["code_sha256"] for name in "ab"] == [old, old]


@pytest.mark.skipif(os.name != "posix", reason="shared processes are POSIX's")
def test_a_new_execution_has_new_shared_processes_with_the_new_code(tmp_path):
    home = Home(tmp_path, *changing("a", isolation="shared"))
    write(home, 1)
    home.etl("run", "--all")

    new = write(home, 2)
    home.etl("run", "--all")

    assert home.report()["results"]["a"]["output"]["version"] == 2
    assert attempts_of(home, "a")[0]["code_sha256"] == new


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(tmp_path):
    home = Home(tmp_path, *changing("a"))
    file = home.path / "changing.py"
    write(home, 1)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    home.etl("run", "--all")

    new = write(home, 2)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    home.etl("run", "--all")

    result = home.report()["results"]["a"]
    assert (result["output"]["version"], result["attempts"][0]["code_sha256"]) == (2, new)


def test_a_module_edited_while_it_is_being_imported_is_named_as_it_was_read(tmp_path):
    home = Home(tmp_path, *changing("a"))
    slow = "\nwhile (HOME / 'importing').exists():\n    time.sleep(0.02)\n"
    text = VERSION.format(version=1) + "\n(HOME / 'begun').touch()" + slow
    (tmp_path / "changing.py").write_text(text, encoding="utf-8")
    (tmp_path / "importing").touch()

    with home.begin("run", "--all") as process:
        while not (tmp_path / "begun").exists() and process.poll() is None:
            pass
        write(home, 2)
        (tmp_path / "importing").unlink()
        code = process.wait(40)

    result = home.report()["results"]["a"]
    assert code == 0
    assert result["output"]["version"] == 1
    assert result["attempts"][0]["code_sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("change", ["broken", "removed", "another"])
def test_whatever_happens_to_the_configuration_in_mid_run_changes_nothing(tmp_path, change):
    home = Home(tmp_path, *chain("a", "b", parameters={"value": "old"}))
    home.hold("a")

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        file = tmp_path / "config.json"
        match change:
            case "broken":
                file.write_text("{", encoding="utf-8")
            case "removed":
                file.unlink()
            case _:
                home.configure(*chain("x", "y"))
        home.let_go("a")
        code = process.wait(40)

    assert code == 0
    assert home.started == ["a", "b"]
    assert home.report()["results"]["b"]["output"]["value"] == "old"
