"""What GitHub Actions is told: one command a line whatever the texts hold, Markdown that shows exactly them, bounds."""

import pytest

from orchestrator.commands.github import (
    MOST_ANNOTATIONS,
    Annotation,
    annotate,
    failures_annotated,
    markdown,
    problems_annotated,
    summary_of,
)
from orchestrator.core.executions import TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.states import TaskStatus


def test_no_text_gets_out_of_its_place_in_a_command():
    annotation = Annotation(message="50%\r\n::set-env name=x::y", title="a:b,c%\n::", file="a,b:c.py", line=3, column=7)

    line = str(annotation)

    assert line == (
        "::error file=a%2Cb%3Ac.py,line=3,col=7,title=a%3Ab%2Cc%25%0A%3A%3A::50%25%0D%0A::set-env name=x::y"
    )


def test_no_more_are_written_than_github_shows_and_the_last_one_counts_the_others(capsys):
    annotate(Annotation(message=str(number), title="t") for number in range(MOST_ANNOTATIONS + 5))

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == MOST_ANNOTATIONS
    assert lines[-1] == "::error title=etl::6 more are in the log of this step"


def test_secrets_of_the_environment_are_in_no_annotation(capsys, monkeypatch):
    monkeypatch.setenv("PORTAL_PASSWORD", "tan%secreto,x")

    annotate([Annotation(message="login tan%secreto,x failed", title="tan%secreto,x")])

    assert capsys.readouterr().out == "::error title=***::login *** failed\n"


def test_a_problem_of_the_configuration_stands_at_its_line(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    fault = Message(template="must be an integer, not {value}", facts={"value": '"x"'})
    problem = Message(
        template="{path} (line {line}, column {column}): {fault}",
        facts={"path": "tasks[0].timeout", "line": 4, "column": 18, "fault": fault},
    )

    (annotation,) = problems_annotated(str(tmp_path / "conf/etl.json"), [problem])

    assert str(annotation) == (
        '::error file=conf/etl.json,line=4,col=18,title=tasks[0].timeout::must be an integer, not "x"'
    )


def test_a_failed_task_points_at_the_innermost_line_of_the_workspace(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    traceback = (
        f'  File "{tmp_path}/steps/load.py", line 12, in main\n  File "{tmp_path}/steps/rows.py", line 5, in read\n'
        f'  File "{tmp_path}/.venv/site-packages/x.py", line 1, in f\n  File "/usr/lib/python3/json.py", line 9, in g\n'
    )
    failed = {"task_id": "load", "status": "failed", "error": "boom", "attempts": [{"traceback": traceback}]}
    crashed = {"task_id": "other", "status": "failed", "reason": "ended by signal 9", "attempts": []}
    fine = {"task_id": "fine", "status": "completed"}

    found = failures_annotated(
        {"results": {"load": failed, "other": crashed, "fine": fine}}, config=tmp_path / "etl.json"
    )

    assert list(map(str, found)) == [
        "::error file=steps/rows.py,line=5,title=task load failed::boom",
        "::error file=etl.json,title=task other failed::ended by signal 9",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        (r"a\|b", r"a\\\|b"),
        ("`rm`", r"\`rm\`"),
        ("<img src=x> & co", "&lt;img src=x&gt; &amp; co"),
        ("[x](http://y) **b** _i_ # $m$ !", r"\[x\](http://y) \*\*b\*\* \_i\_ \# \$m\$ \!"),
        ("two\nlines\r", "two lines"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text, shown):
    found = markdown(text)

    assert found == shown


def test_the_summary_has_a_row_per_task_with_those_that_failed_first():
    runs = [run("a", TaskStatus.COMPLETED), run("b", TaskStatus.FAILED, error="x | y", error_type="ValueError")]

    text = summary_of(REPORT, runs)

    assert text.splitlines()[0] == r"### 20260301\_060000: failed · daily"
    assert "`execution_report_20260301_060000.json`" in text
    rows = [line for line in text.splitlines() if line.startswith(("| ✗", "| ✓"))]
    assert rows == [r"| ✗ | b | failed | – | – | – | ValueError: x \| y |", "| ✓ | a | completed | – | – | – |  |"]


def test_a_summary_that_would_be_too_large_says_how_much_is_left_out():
    runs = [run(f"ñ{number}", TaskStatus.COMPLETED) for number in range(1000)]

    text = summary_of(REPORT, runs, limit=5000)

    rows = sum(line.startswith("| ✓") for line in text.splitlines())
    assert 0 < rows < 1000
    assert f"{1000 - rows} more tasks are in the report" in text
    assert len(text.encode()) <= 5000


def test_a_summary_without_room_is_empty():
    text = summary_of(REPORT, [run("a", TaskStatus.COMPLETED)], limit=10)

    assert text == ""


REPORT = {
    "execution_id": "20260301_060000",
    "status": "failed",
    "exit_code": 1,
    "workflow": "daily",
    "total_duration": 2.5,
}


def run(task_id, status, **fields):
    key = TaskRunKey(execution_id="20260301_060000", task_id=task_id)
    return TaskRun(key=key, position=0, status=status, **fields)
