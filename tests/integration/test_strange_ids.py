"""Task ids in any script, and execution ids that are none: exact in what is told, never a part of a path (R20; F59, F60)."""

import json
import os
import re
import sys
import unicodedata

import pytest

from tests.integration.going_on_subjects import Home

STRANGE = [
    "🚰 agua ⚡",
    "תקציב",
    "ميزانية ٢٠٢٦",
    "e\u0301jecucio\u0301n",  # combining marks
    "\u00e9jecuci\u00f3n",  # the same letters, composed
    "Ejecucion",
    "ejecucion",
    "EJECUCION",
    "ñ" * 200,
    "預算 執行",
    "a" + "\u0316" * 50,
    "...",
    "CON",
    "-rf *",
    "$(id) `id` %s {0} &amp;",
    "'; DROP TABLE tasks; --",
    "C:\\x" if sys.platform == "win32" else "semi;colon|pipe",
]
EXECUTION = r"\d{8}_\d{6}(_[0-9a-f]{8})?"
NAMES_ON_DISK = re.compile(
    rf"{EXECUTION}(\.lock)?|execution_report_{EXECUTION}\.json|orchestrator_{EXECUTION}\.log"
    r"|[0-9]+-[0-9]+\.log|[0-9a-f]{16}\.json"  # attempts; configurations that were checked, by their hash
)


ECHO = """
import os

def echo(name):
    with open(os.path.join(os.environ["ETL_HOME"], "started"), "a", encoding="utf-8") as file:
        file.write(name + "\\n")
    print("this is", name)
    return {"status": "success", "name": name}
"""
C = {"LANG": "C", "LC_ALL": "C"}
ASCII = {**C, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Nothing but ASCII for files and streams that do not say what they are."""


def strange_chain():
    """One after the other, so that ids stand in `dependencies`, too."""
    return [
        {
            "task_id": name,
            "dependencies": STRANGE[max(0, n - 1) : n],
            "module_path": "echoing",
            "function_name": "echo",
        }
        for n, name in enumerate(STRANGE)
    ]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A home in which all of them ran once, under a locale of nothing but ASCII."""
    home = Home(tmp_path_factory.mktemp("home"), *strange_chain())
    (home.path / "echoing.py").write_text(ECHO, encoding="utf-8")
    return home, home.etl("run", "--all", **ASCII)


def test_ids_of_any_script_run_and_stand_in_the_report_exactly_as_written(ran):
    home, done = ran

    report = home.report()

    assert done.returncode == 0, done.stderr
    assert list(report["results"]) == STRANGE
    assert report["execution_order"] == STRANGE
    assert {task_id: result["output"]["name"] for task_id, result in report["results"].items()} == {
        name: name for name in STRANGE
    }


def test_ids_that_differ_only_in_case_or_normal_form_are_different_tasks(ran):
    home, _ = ran

    forms = {unicodedata.normalize("NFC", name).casefold() for name in STRANGE}

    assert len(forms) < len(STRANGE)
    assert sorted(home.statuses()) == sorted(STRANGE)
    assert set(home.statuses().values()) == {"completed"}


def test_every_command_that_names_tasks_says_them_under_an_ascii_locale(ran):
    home, _ = ran

    told = {
        name: home.etl(*command, **ASCII)
        for name, command in {
            "status": ("status", "--latest", "-o", "json"),
            "plan": ("plan", "--all", "-o", "json"),
            "list": ("list-tasks", "-o", "json"),
            "verify": ("verify", "--latest", "-o", "json"),
            "table": ("status", "--latest"),
            "logs": ("logs", "--latest"),
        }.items()
    }

    assert {name: answer.returncode for name, answer in told.items()} == dict.fromkeys(told, 0)
    assert not any("Traceback" in answer.stderr for answer in told.values())
    assert list(json.loads(told["status"].stdout)["results"]) == STRANGE
    assert [task["task_id"] for task in json.loads(told["list"].stdout)] == STRANGE
    for name in ("plan", "table"):
        assert "預算 執行" in told[name].stdout


def test_a_task_of_any_name_can_be_asked_for_by_it(ran):
    home, _ = ran

    answers = {name: home.etl("logs", "--latest", name, **C) for name in STRANGE[:4]}

    assert {answer.returncode for answer in answers.values()} == {0}, answers
    assert all(f"this is {name}" in answer.stdout for name, answer in answers.items())


def test_a_task_of_any_name_can_be_selected_and_repeated(tmp_path):
    name = STRANGE[3]
    home = Home(tmp_path, {"task_id": "a"}, {"task_id": name, "dependencies": ["a"]})

    first = home.etl("run", "--with-dependencies", "--tasks", name, **C)
    again = home.etl("rerun", "--latest", "--only", name, **C)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert list(home.report()["results"]) == [name]
    assert (tmp_path / "started").read_text(encoding="utf-8").split() == ["a", name, name]


def test_the_log_file_names_the_task_in_utf_8(ran):
    home, _ = ran

    text = "".join(path.read_text(encoding="utf-8") for path in (home.path / "orchestrator_logs").iterdir())

    assert all(name in text for name in ("🚰 agua ⚡", "תקציב", "ñ" * 200, "預算 執行"))


def test_on_disk_only_execution_ids_and_numbers_are_names(ran):
    home, _ = ran
    ours = {"orchestrator_logs", "orchestrator_reports", ".orchestrator"}

    names = {
        name
        for top in ours
        for _, folders, files in os.walk(home.path / top)
        for name in [*folders, *files]
        if not name.startswith(("state.db", "state.head")) and name not in {"locks", "logs", "attempts", "checked"}
    }
    in_home = {path.name for path in home.path.iterdir()}

    assert {name for name in names if not name.isascii() or not NAMES_ON_DISK.fullmatch(name)} == set()
    assert in_home - ours - {"__pycache__", "book_tasks.py", "echoing.py", "config.json", "started"} == set()


# --- execution ids that are none -------------------------------------------------------------------------------------

NO_IDS = {
    "parent": "..",
    "path": "../../etc/passwd",
    "absolute": "/etc/passwd",
    "slash": "20260101_000000/x",
    "escaped": "%2e%2e%2fstate",
    "newline": "20260101_000000\n",
    "backslash": "..\\..\\x",
    "empty": "",
    "long": "1" * 10_000,
    "emoji": "🚰",
    "pattern": "%",
    "wildcard": "*",
    "quote": "' OR 1=1 --",
    "bidi": "\u202e20260101",
    "surrogate": "\udcff",
    "nul": "20260101\0",
    "upper": "EXEC_20260101_000000",
    "spaces": "   ",
}
COMMANDS = {
    "status": ("status", "-e"),
    "report": ("report",),
    "resume": ("resume",),
    "cancel": ("cancel",),
    "rerun": ("rerun",),
    "mark": ("mark",),
    "logs": ("logs",),
    "verify": ("verify",),
}
IN_PROCESS = '''
"""Every command with every id in one process: what each said, as JSON lines."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from orchestrator.commands.main import answer

for name, arguments in json.loads(sys.stdin.read()):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = answer(arguments)
        except BaseException as error:
            code = repr(error)
    print(json.dumps([name, code, out.getvalue(), err.getvalue()]))
'''


def tree(path):
    """Every file below it with its size and time of change."""
    return {str(one.relative_to(path)): (one.stat().st_size, one.stat().st_mtime_ns) for one in sorted(path.rglob("*"))}


def test_what_is_no_execution_id_is_refused_by_every_command_and_nothing_is_touched(tmp_path):
    place = tmp_path / "outer" / "home"
    place.mkdir(parents=True)
    home = Home(place, {"task_id": "a"})
    home.etl("run", "--all")
    before = tree(tmp_path)
    calls = [
        [
            f"{command} {kind}",
            [*words, text, *(["a", "--as", "completed", "--reason", "x"] if command == "mark" else [])],
        ]
        for command, words in COMMANDS.items()
        for kind, text in NO_IDS.items()
    ]

    told = home.python(IN_PROCESS, json.dumps(calls))

    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert len(answers) == len(calls), told.stderr
    assert {name: (code, err) for name, code, _, err in answers if code not in {2, 4}} == {}
    assert [name for name, _, out, err in answers if "Traceback" in err + out or len(err) > 2000] == []
    assert [name for name, _, _, err in answers if not err.strip()] == []
    after = tree(tmp_path)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert {name for name in changed if not name.startswith("outer/home/.orchestrator")} == set()
    assert home.started == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="arguments are bytes there")
@pytest.mark.parametrize("command", COMMANDS)
def test_bytes_that_are_no_text_are_refused_as_an_id_by_the_real_command_line(tmp_path, command):
    home = Home(tmp_path, {"task_id": "a"})
    extra = ["a", "--as", "completed", "--reason", "x"] if command == "mark" else []

    refused = home.etl(*COMMANDS[command], "..\udcff\n%2f", *extra)

    assert refused.returncode in {2, 4}
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
