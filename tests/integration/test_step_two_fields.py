"""Each field of the second step, end to end: a real configuration, the real command line, real files (semantics section 6)."""

import os
import subprocess
import sys
import time

import pytest

from tests.integration.going_on_subjects import Home, chain

FIELDS = '''
"""Tasks that show what a field does."""

import os
import sys
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def note(name):
    with open(HOME / "started", "a") as file:
        file.write(name + "\\n")


def grow(name):
    held = []
    while True:
        held.append(bytearray(8 * 1024 * 1024))
        time.sleep(0.01)


def nap(name, seconds=30):
    note(name)
    time.sleep(seconds)


def give(name, **values):
    note(name)
    return {"status": "success", "path": f"data/{name}.csv", "rows": 7, "given": values}


def surroundings(name):
    return {"status": "success", "names": sorted(os.environ)}


def measure_secret(name, password):
    print("the password is", password)
    return {"status": "success", "length": len(password), "echo": password}


def make_file(name, number=1, **_):
    note(name)
    path = HOME / "made.txt"
    path.write_text(str(number))
    return {"status": "success", "files": {"made": "made.txt"}, "number": number}


def walk(name, etl_context):
    note(name)
    for step in range(1, 5):
        etl_context.progress(step, 8)
        time.sleep(0.15)
    while (HOME / f"hold-{name}").exists():
        time.sleep(0.02)
    return {"status": "success"}
'''


def home_of(tmp_path, *tasks, **sections):
    (tmp_path / "fields.py").write_text(FIELDS, encoding="utf-8")
    return Home(tmp_path, *({"module_path": "fields", **task} for task in tasks), **sections)


def result_of(home, task_id):
    return home.report()["results"][task_id]


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="the supervisor watches memory there")
def test_a_task_that_takes_more_than_its_memory_limit_fails_with_a_text_that_names_it(tmp_path):
    home = home_of(
        tmp_path,
        {"task_id": "a", "function_name": "grow", "memory_limit_mb": 128},
        {"task_id": "b", "function_name": "give"},
    )

    ran = home.etl("run", "--all", "--continue-on-failure")

    result = result_of(home, "a")
    assert ran.returncode == 1
    assert "128 MB" in result["error"]
    assert "128 MB" in ran.stdout
    assert result["attempts"][0]["peak_memory_bytes"] > 100 * 1024 * 1024
    assert result_of(home, "b")["status"] == "completed"


def test_a_deadline_ends_the_whole_task_however_many_retries_are_left(tmp_path):
    task = {
        "task_id": "a",
        "function_name": "nap",
        "timeout": 2,
        "deadline": 3.9,  # within the second attempt, be the machine quick or slow
        "retry_count": 50,
        "retry_delay": 0.1,
    }
    home = home_of(tmp_path, task, orchestrator_config={"kill_grace": 0.2})

    ran = home.etl("run", "--all")

    result = result_of(home, "a")
    assert ran.returncode == 1
    assert result["status"] == "failed"
    assert "deadline" in result["error"]
    assert 2 <= len(result["attempts"]) <= 3
    assert 2 < result["duration"] < 30


def test_max_duration_ends_an_execution_as_failed_and_says_so(tmp_path):
    home = home_of(
        tmp_path,
        *chain("a", "b", module_path="fields", function_name="nap"),
        workflows={"w": {"tasks": ["all"], "max_duration": 1.5}},
        orchestrator_config={"kill_grace": 0.2},
    )

    ran = home.etl("run", "-w", "w")

    report = home.report()
    assert ran.returncode == 1
    assert report["status"] == "failed"
    assert "max_duration" in report["reason"]
    assert home.started == ["a"]
    assert 1 < report["total_duration"] < 30


# --- order and inputs ------------------------------------------------------------------------------------------------


def test_ready_tasks_start_by_priority_and_then_in_the_order_of_the_file(tmp_path):
    priorities = {"low": -5, "first": 0, "second": 0, "high": 10}
    home = home_of(
        tmp_path, *({"task_id": name, "function_name": "give", "priority": value} for name, value in priorities.items())
    )

    home.etl("run", "--all", "--parallel", "--max-workers", "1")

    assert home.started == ["high", "first", "second", "low"]


def test_results_are_passed_on_by_inputs_and_by_templates(tmp_path):
    home = home_of(
        tmp_path,
        {"task_id": "a", "function_name": "give"},
        {
            "task_id": "b",
            "function_name": "give",
            "dependencies": ["a"],
            "inputs": {"whole": "a"},
            "parameters": {
                "path": "${tasks.a.output.path}",
                "text": "rows: ${tasks.a.output.rows}",
                "rows": "${tasks.a.output.rows}",
            },
        },
    )

    ran = home.etl("run", "--all")

    given = result_of(home, "b")["output"]["given"]
    assert ran.returncode == 0, ran.stderr
    assert given["whole"]["path"] == "data/a.csv"
    assert (given["path"], given["text"], given["rows"]) == ("data/a.csv", "rows: 7", 7)


def test_an_output_that_was_not_delivered_fails_the_task_that_wants_it_by_name(tmp_path):
    home = home_of(
        tmp_path,
        {"task_id": "a", "function_name": "give"},
        {
            "task_id": "b",
            "function_name": "give",
            "dependencies": ["a"],
            "parameters": {"x": "${tasks.a.output.ghost}"},
        },
    )

    ran = home.etl("run", "--all")

    assert ran.returncode == 1
    assert "ghost" in result_of(home, "b")["error"]
    assert home.started == ["a"]


# --- secrets and surroundings ----------------------------------------------------------------------------------------

WORD = "open-sesame-4711"


def written_files(home):
    return "".join(
        path.read_bytes().decode("utf-8", "replace")
        for top in ("orchestrator_logs", "orchestrator_reports", ".orchestrator")
        for path in (home.path / top).rglob("*")
        if path.is_file() and "secrets" not in path.parts
    )


def with_secret(tmp_path):
    return home_of(
        tmp_path,
        {"task_id": "a", "function_name": "measure_secret", "parameters": {"password": {"$secret": "CITY_WORD"}}},
    )


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_secret_reaches_its_task_and_nothing_that_is_written(tmp_path, place):
    home = with_secret(tmp_path)
    surroundings = {"CITY_WORD": WORD} if place == "environment" else {}
    if place == "file":
        keep_secret(home, 0o600)

    ran = home.etl("run", "--all", **surroundings)

    assert ran.returncode == 0, ran.stderr
    assert result_of(home, "a")["output"]["length"] == len(WORD)
    assert WORD not in written_files(home)
    assert WORD not in ran.stdout + ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_a_secret_that_others_may_read_is_refused_before_anything_starts(tmp_path):
    home = with_secret(tmp_path)
    file = keep_secret(home, 0o644)

    refused = home.etl("run", "--all")
    file.unlink()
    missing = home.etl("run", "--all")

    assert (refused.returncode, missing.returncode) == (2, 2)
    assert "chmod 600" in refused.stderr
    assert "CITY_WORD" in missing.stderr
    assert WORD not in refused.stderr
    assert "no execution yet" in home.etl("status", "--latest").stderr


def keep_secret(home, mode):
    folder = home.path / ".orchestrator" / "secrets"
    folder.mkdir(mode=0o700, parents=True)
    file = folder / "CITY_WORD"
    file.write_text(WORD + "\n", encoding="utf-8")
    file.chmod(mode)
    return file


def test_one_task_gets_a_clean_environment_and_the_other_what_there_is(tmp_path):
    home = home_of(
        tmp_path,
        {"task_id": "a", "function_name": "surroundings", "environment": "clean"},
        {"task_id": "b", "function_name": "surroundings"},
    )

    home.etl("run", "--all", MY_OWN="1", ETL_API_TOKEN="t" * 20)

    clean, whole = (set(result_of(home, name)["output"]["names"]) for name in "ab")
    assert "MY_OWN" in whole
    assert "MY_OWN" not in clean
    assert {"PATH", "ETL_HOME", "ETL_EXECUTION_ID"} <= clean
    assert "ETL_API_TOKEN" not in clean | whole


# --- known results ---------------------------------------------------------------------------------------------------


def cached(**fields):
    return {"task_id": "a", "function_name": "make_file", "cache": {"inputs": ["in/*.csv"]}, **fields}


def change_code(home):
    file = home.path / "fields.py"
    file.write_text(FIELDS + "\n# changed\n", encoding="utf-8")


def change_parameter(home):
    home.configure({"module_path": "fields", **cached(parameters={"number": 2})})


def change_input(home):
    (home.path / "in" / "one.csv").write_text("2", encoding="utf-8")


def add_input(home):
    (home.path / "in" / "two.csv").write_text("1", encoding="utf-8")


def delete_output(home):
    (home.path / "made.txt").unlink()


@pytest.fixture
def home_with_a_result(tmp_path):
    home = home_of(tmp_path, cached())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.csv").write_text("1", encoding="utf-8")
    assert home.etl("run", "--all").returncode == 0
    return home


def test_a_result_is_used_again_while_nothing_has_changed(home_with_a_result):
    home = home_with_a_result
    first, _ = home.stored()

    again = home.etl("run", "--all")

    result = result_of(home, "a")
    assert again.returncode == 0
    assert home.started == ["a"]
    assert (result["status"], result["cached_from"], result["attempts"]) == ("completed", first.execution_id, [])
    assert result["output"]["number"] == 1


@pytest.mark.parametrize("change", [change_code, change_parameter, change_input, add_input, delete_output])
def test_a_result_is_made_anew_once_something_has_changed(home_with_a_result, change):
    home = home_with_a_result

    change(home)
    again = home.etl("run", "--all")

    assert again.returncode == 0, again.stderr
    assert home.started == ["a", "a"]
    assert result_of(home, "a")["cached_from"] is None
    assert (home.path / "made.txt").exists()


def test_a_result_is_made_anew_once_it_has_expired(tmp_path):
    home = home_of(tmp_path, cached(cache={"expires": 1}))

    home.etl("run", "--all")
    time.sleep(1.2)
    home.etl("run", "--all")

    assert home.started == ["a", "a"]


# --- progress --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals")
def test_progress_that_a_task_tells_is_drawn_on_a_terminal_and_kept_in_its_log(tmp_path):
    home = home_of(tmp_path, {"task_id": "a", "function_name": "walk"})
    home.hold("a")

    drawn = on_a_terminal(home, until="4 / 8 (50 %)")
    log = home.etl("logs", "--latest", "a")

    assert "4 / 8 (50 %)" in drawn
    assert "progress: 1 of 8" in log.stdout
    assert home.statuses() == {"a": "completed"}


def on_a_terminal(home, *, until):
    """What `run --all` draws until that text appears and the held task is let go, then to its end."""
    ours, theirs = os.openpty()
    environment = {**home.environment, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    command = [sys.executable, "-m", "orchestrator", "run", "--all"]
    drawn = ""
    with subprocess.Popen(
        command, cwd=home.path, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs
    ):
        os.close(theirs)
        give_up_at = time.monotonic() + 40
        while True:
            try:
                drawn += os.read(ours, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed: it has ended
                break
            if (home.path / "hold-a").exists() and (until in drawn or time.monotonic() > give_up_at):
                home.let_go("a")
    os.close(ours)
    return drawn
