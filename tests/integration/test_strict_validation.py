"""`validate --strict`: what runs, but hardly as it is meant, is refused with its place; nothing is imported."""

import re

import pytest
import yaml

from tests.integration.command_subjects import ROOT, home_at, mock


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


@pytest.mark.parametrize(
    ("tasks", "sections", "path", "value", "fault"),
    [
        (
            [mock("a"), mock("b", dependencies=["a"]), mock("left")],
            {"workflows": {"w": {"tasks": ["b"]}}},
            "tasks[2].task_id",
            '"left"',
            'no workflow executes "left", nor a task that needs it',
        ),
        (
            [mock("a", critical=False), mock("b", dependencies=["a"])],
            {},
            "tasks[1].dependencies[0]",
            '"a"',
            '"a" is not critical, but "b", which needs it, is',
        ),
        (
            [mock("a", parameters={"api_key": "abc"})],
            {},
            "tasks[0].parameters.api_key",
            '"abc"',
            "looks like a secret that is written down",
        ),
        (
            [mock("a", parameters={"urls": ["postgresql://u:hunter2@h/d"]})],
            {},
            "tasks[0].parameters.urls[0]",
            '"postgresql:',
            "looks like a secret that is written down",
        ),
        (
            [mock("a")],
            {"workflows": {"w": {"tasks": ["a"], "parameters": {"api_token": {"type": "string", "default": "abc"}}}}},
            "workflows.w.parameters.api_token.default",
            '"abc"',
            "looks like a secret that is written down",
        ),
        (
            [mock("a", "no_opp")],
            {},
            "tasks[0].function_name",
            '"no_opp"',
            "module orchestrator.mock_tasks has no function no_opp – did you mean no_op?",
        ),
        (
            [{"task_id": "a", "module_path": "steps.missing", "function_name": "main"}],
            {},
            "tasks[0].module_path",
            '"steps.missing"',
            "module steps.missing is not there; looked in: ",
        ),
        (
            [{"task_id": "a", "module_path": "json", "function_name": "dumps"}],
            {},
            "tasks[0].module_path",
            '"json"',
            "module json is not below ",
        ),
    ],
)
def test_what_is_only_warned_about_is_refused_by_strict(*, home, tasks, sections, path, value, fault):
    home.configure(*tasks, **sections)
    column = home.config.read_text(encoding="utf-8").rindex(value) + 1

    plain, strict = home.etl("validate"), home.etl("validate", "--strict")

    told = f"{path} (line 1, column {column}): {fault}"
    assert (plain.code, strict.code) == (0, 2)
    assert plain.err.startswith(f"Warning: {told}")
    assert f"1 problem(s) in the configuration; nothing was started\n  {told}" in strict.err
    assert "hunter2" not in strict.err + plain.err


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("def main(): ...", "main"),
        ("async def main(): ...", "main"),
        ("from json import dumps as main", "main"),
        ("main = print", "main"),
        ("if True:\n    def main(): ...", "main"),
        ("try:\n    import nothing\nexcept ImportError:\n    def main(): ...", "main"),
        ("from json import *", "dumps"),
        ("def __getattr__(name): return print", "anything"),
        ("raise SystemExit('imported')\ndef main(): ...", "main"),
    ],
)
def test_a_function_that_a_module_could_have_is_taken_for_there(home, source, function):
    (home.path / "steps").mkdir()
    (home.path / "steps/some.py").write_text(source, encoding="utf-8")
    home.configure({"task_id": "a", "module_path": "steps.some", "function_name": function})

    answer = home.etl("validate", "--strict")

    assert (answer.code, answer.err) == (0, "")


def test_a_module_that_is_no_python_is_told_with_its_line(home):
    (home.path / "broken.py").write_text("x = 1\ndef main(:\n", encoding="utf-8")
    home.configure({"task_id": "a", "module_path": "broken", "function_name": "main"})

    answer = home.etl("validate", "--strict")

    assert answer.code == 2
    assert "broken.py is no Python: " in answer.err
    assert "(line 2)" in answer.err


def test_allowed_modules_and_secrets_by_name_are_no_reason_for_advice(home):
    task = {
        "task_id": "a",
        "module_path": "json",
        "function_name": "dumps",
        "parameters": {"password": {"$secret": "PORTAL"}, "token": "${env.X}", "url": "https://h/x"},
    }
    home.configure(task, mock("b", dependencies=["a"], after=[]), orchestrator_config={"allowed_modules": ["json"]})

    answer = home.etl("validate", "--strict")

    assert (answer.code, answer.err) == (0, "")


def test_several_files_are_checked_at_once_as_pre_commit_hands_them_over(home):
    home.configure(mock("a"))
    bad = home.path / "bad.json"
    bad.write_text('{"tasks": []}', encoding="utf-8")

    answer = home.etl("validate", "--strict", "--config", bad, home.config, "-c", bad)

    assert answer.code == 2
    assert "config.json: valid" in answer.out
    assert "bad.json: 1 problem(s)" in answer.err


def test_the_hook_of_pre_commit_checks_the_configurations_that_changed(home):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    changed = ["etl_config.json", "conf/my-etl.json", "package.json", "etl_config.json.md", "retail/data.json"]
    home.configure(mock("a"))

    chosen = [name for name in changed if re.search(hook["files"], name)]
    program, *arguments = hook["entry"].split()
    answer = home.etl(*arguments, home.config, home.config, "-c", home.config)

    assert (hook["id"], program, hook["require_serial"]) == ("etl-validate", "etl", True)
    assert chosen == ["etl_config.json", "conf/my-etl.json"]
    assert answer.code == 0


def test_the_configurations_that_ship_pass(home):
    from orchestrator.settings import SHIPPED_CONFIG, TESTING_CONFIG

    answers = [home.etl("validate", "--strict", "-c", config) for config in (SHIPPED_CONFIG, TESTING_CONFIG)]

    assert [(answer.code, answer.err) for answer in answers] == [(0, ""), (0, "")]


def test_a_server_is_not_asked_to_be_strict(home, monkeypatch):
    monkeypatch.setenv("ETL_SERVER", "http://127.0.0.1:9")

    answer = home.etl("validate", "--strict")

    assert answer.code == 2
    assert "--strict" in answer.err


def test_on_github_every_problem_is_an_annotation_at_its_line(home, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(home.path))
    home.configure(mock("a", timeout="x", retry_cuont=1))

    refused = home.etl("validate")
    home.configure(mock("a", critical=False), mock("b", dependencies=["a"]))
    warned = home.etl("validate")

    lines = refused.out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("::error file=config.json,line=1,col=") for line in lines)
    assert (warned.code, warned.out.split(",")[0]) == (0, "::warning file=config.json")
