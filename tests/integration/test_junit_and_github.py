"""`run --junit` and what `run` tells GitHub: whatever the execution came to, and never a secret."""

import signal
from xml.etree import ElementTree as ET

import pytest

from tests.integration.command_subjects import home_at, mock
from tests.integration.going_on_subjects import Home as GoingOn
from tests.integration.going_on_subjects import chain

SECRET = "tan-secreto-77"
STEPS = f"""
def fine():
    return {{"status": "success", "rows": 1234}}

def boom():
    raise ValueError("login with {SECRET} failed | `x` <b>")
"""


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        (tmp_path / "ci_steps.py").write_text(STEPS, encoding="utf-8")
        monkeypatch.setenv("PORTAL_PASSWORD", SECRET)
        made.configure(step("a", "fine"), step("b", "boom"), mock("c", dependencies=["b"]))
        yield made


@pytest.fixture
def github(home, monkeypatch):
    summary = home.path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(home.path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    return summary


def step(task_id, function):
    return {"task_id": task_id, "module_path": "ci_steps", "function_name": function}


def test_a_failed_execution_leaves_its_junit_file_and_its_exit_code(home):
    path = home.path / "out/junit.xml"

    answer = home.etl("run", "--all", "--junit", path)

    assert answer.code == 1
    suite = ET.parse(path).getroot().find("testsuite")
    assert [(case.get("name"), [part.tag for part in case][:1]) for case in suite.iter("testcase")] == [
        ("a", ["system-out"]),
        ("b", ["failure"]),
        ("c", ["skipped"]),
    ]
    assert "ci_steps.py" in suite.find(".//failure").text
    assert SECRET not in path.read_text(encoding="utf-8")


def test_a_junit_file_that_cannot_be_written_is_exit_5_and_the_execution_stands(home):
    (home.path / "file").write_text("", encoding="utf-8")
    home.configure(step("a", "fine"))

    answer = home.etl("run", "--all", "--junit", home.path / "file/junit.xml")

    assert answer.code == 5
    assert "JUnit file" in answer.err
    assert home.report_of(answer.out.splitlines()[0]).exists()


def test_rerun_and_resume_write_one_too(home):
    again, resumed = home.path / "again.xml", home.path / "resumed.xml"
    home.etl("run", "--all")

    rerun = home.etl("rerun", "--latest", "--failed", "--junit", again)
    resume = home.etl("resume", "--latest", "--junit", resumed)

    assert (rerun.code, resume.code) == (1, 1)
    names = [
        {one.get("name"): one.get("value") for one in ET.parse(path).getroot().iter("property")}["execution_id"]
        for path in (again, resumed)
    ]
    assert names == [rerun.out.splitlines()[0]] * 2


def test_what_became_a_secret_since_is_not_in_a_later_file(home, monkeypatch):
    monkeypatch.delenv("PORTAL_PASSWORD")
    home.etl("run", "--all")
    monkeypatch.setenv("PORTAL_PASSWORD", SECRET)
    path = home.path / "junit.xml"

    home.etl("resume", "--latest", "--junit", path)

    assert SECRET not in path.read_text(encoding="utf-8")
    assert "login with ***" in path.read_text(encoding="utf-8")


def test_an_interrupted_execution_leaves_its_junit_file(tmp_path):
    home = GoingOn(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    home.hold("a")
    path = tmp_path / "junit.xml"

    with home.begin("run", "--all", "--junit", str(path)) as process:
        home.wait_for("a")
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)

    assert code == 143
    assert [next(part.tag for part in case) for case in ET.parse(path).getroot().iter("testcase")] == [
        "error",
        "skipped",
    ]


def test_github_gets_an_annotation_per_failed_task_and_a_summary(home, github):
    github.write_text("before\n", encoding="utf-8")

    answer = home.etl("run", "--all")

    assert answer.out.splitlines()[-1] == (
        "::error file=ci_steps.py,line=6,title=task b failed::login with *** failed | `x` <b>"
    )
    summary = github.read_text(encoding="utf-8")
    assert summary.startswith("before\n### ")
    assert r"| ✗ | b | failed | 1 |" in summary
    assert r"ValueError: login with \*\*\* failed \| \`x\` &lt;b&gt; |" in summary
    assert "| ✓ | a | completed | 1 |" in summary
    assert "1.234" in summary
    assert SECRET not in summary + answer.out + answer.err


def test_elsewhere_no_workflow_command_is_written(home):
    answer = home.etl("run", "--all", "--junit", home.path / "junit.xml")

    assert "::error" not in answer.out + answer.err


def test_machine_readable_answers_stay_what_they_are_on_github(home, github):
    home.etl("run", "--all")

    answer = home.etl("status", "--latest", "-o", "json")

    assert answer.records["status"] == "failed"


def test_a_summary_that_cannot_be_written_changes_no_exit_code(home, github, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home.path / "nowhere/summary.md"))
    home.configure(step("a", "fine"))

    answer = home.etl("run", "--all")

    assert answer.code == 0
    assert "summary of the job could not be written" in answer.err
