"""Malformed configurations through the real command line: exit 2, the place and the fault, nothing started."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.documents.configuration import read_configuration

ROOT = Path(__file__).parents[2]
TASK = {"task_id": "a", "module_path": "marker_task", "function_name": "main"}
FAULTY = {
    "empty-file": ("", "the file is empty"),
    "trailing-comma": ('{"tasks": [],\n}', "line 1, column 13: not JSON: a comma before the closing bracket"),
    "deep-nesting-100k": ("[" * 100_000, "nested deeper than 50 levels"),
    "timeout-string": ({"tasks": [{**TASK, "timeout": "abc"}]}, "tasks[0].timeout (line 1, column "),
    "cycle-2": (
        {"tasks": [{**TASK, "dependencies": ["b"]}, {**TASK, "task_id": "b", "dependencies": ["a"]}]},
        "cycle: a → b → a",
    ),
    "unknown-task-field": (
        {"tasks": [{**TASK, "retires": 1}]},
        'unknown field "retires" – did you mean "retry_count"?',
    ),
    "input-not-upstream": (
        {"tasks": [TASK, {**TASK, "task_id": "b", "inputs": {"x": "a"}}]},
        'task "a" is not among the dependencies of this task; add it to dependencies',
    ),
    "pool-undeclared": ({"tasks": [{**TASK, "pool": "p"}]}, 'pool "p" does not exist; declare it in pools'),
}

needs_commands = pytest.mark.skipif(
    find_spec("orchestrator.__main__") is None and "CI" not in os.environ, reason="the command line is not there yet"
)


def ask(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ETL_HOME": str(home), "ETL_LANG": "en", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *words],
        cwd=home,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


@needs_commands
@pytest.mark.parametrize("name", FAULTY)
def test_validate_and_run_refuse_a_malformed_configuration_with_exit_2(name, tmp_path):
    content, says = FAULTY[name]
    (tmp_path / "marker_task.py").write_text("from pathlib import Path\nPath(__file__ + '.imported').touch()\n")
    config = tmp_path / "etl_config.json"
    config.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    answers = [
        ask(tmp_path, "validate", "--config", str(config)),
        ask(tmp_path, "run", "--all", "--config", str(config)),
    ]

    for answer in answers:
        said = answer.stdout + answer.stderr
        assert answer.returncode == 2, said
        assert says in said
        assert "Traceback" not in said
    assert not (tmp_path / "marker_task.py.imported").exists()
    assert not list(tmp_path.glob("orchestrator_reports/*.json"))


@needs_commands
def test_validate_accepts_what_run_would_start(tmp_path):
    config = tmp_path / "etl_config.json"
    config.write_text(json.dumps({"tasks": [TASK]}), encoding="utf-8-sig")

    answer = ask(tmp_path, "validate", "--config", str(config))

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_file_far_over_the_limit_is_refused_by_its_size(tmp_path):
    config = tmp_path / "etl_config.json"
    with config.open("wb") as file:
        file.truncate(100_000_000_000)  # sparse: takes no room, and reading it would take minutes

    with pytest.raises(ConfigurationRefused) as refusal:
        read_configuration(config)

    assert [str(problem) for problem in refusal.value.problems] == [
        "the file has 100000000000 bytes; the limit is 10 MB"
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [("missing.json", "there is no such file"), (".", "a folder, not a file"), ("a\0b", "cannot be read")],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(name, says, tmp_path):
    path = tmp_path / name

    with pytest.raises(ConfigurationRefused) as refusal:
        read_configuration(path)

    assert says in str(refusal.value.problems[0])
    assert refusal.value.source == str(path)


@needs_commands
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_regular_file_is_refused_at_once_and_never_waited_for(kind, tmp_path):
    config = Path(os.devnull)
    if kind == "pipe":
        config = tmp_path / "etl_config.json"
        os.mkfifo(config)

    answers = [ask(tmp_path, *words, "--config", str(config)) for words in (["validate"], ["run", "--all"])]

    for answer in answers:
        said = answer.stdout + answer.stderr
        assert answer.returncode == 2, said
        assert "a pipe, a socket or a device, not a file" in said
        assert "Traceback" not in said


def test_a_file_is_read_with_its_source(tmp_path):
    config = tmp_path / "etl_config.json"
    config.write_bytes(b"\xef\xbb\xbf" + json.dumps({"tasks": [TASK]}).encode())

    document = read_configuration(config)

    assert document.source == str(config)
    assert list(document.registry.tasks) == ["a"]
