"""`--fail`: what may be written, what it means, and how such attempts end."""

import pytest

from orchestrator.core.errors import UnknownTask, UsageError
from orchestrator.core.outcomes import Crashed, Raised, TimedOut
from orchestrator.operations.injected import read_injected

TASKS = ("load", "load:2", "año.uno", "x:timeout:y")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("load", ("load", None, "error")),
        ("load:1", ("load", 1, "error")),
        ("load:timeout", ("load", None, "timeout")),
        ("load:3:crash", ("load", 3, "crash")),
        ("load:3:ValueError", ("load", 3, "ValueError")),
        ("load:http.client.HTTPException", ("load", None, "http.client.HTTPException")),
        ("load:2", ("load:2", None, "error")),
        ("load:2:1", ("load:2", 1, "error")),
        ("año.uno:12:error", ("año.uno", 12, "error")),
        ("x:timeout:y:timeout", ("x:timeout:y", None, "timeout")),
    ],
)
def test_a_failure_names_its_task_attempt_and_kind(text, meant):
    injected = read_injected(text, TASKS, TASKS)

    assert (injected.task_id, injected.attempt, injected.kind) == meant


@pytest.mark.parametrize("text", ["load:0", "load:-1", "load:timeot", "load:1:2", "load:", "load:1:value error"])
def test_what_is_written_otherwise_is_refused_with_the_form(text):
    with pytest.raises(UsageError, match=r"TASK\[:ATTEMPT\]\[:KIND\]"):
        read_injected(text, TASKS, TASKS)


def test_a_misspelt_task_is_refused_with_the_one_that_was_meant():
    with pytest.raises(UnknownTask, match="'load'"):
        read_injected("laod:2:crash", TASKS, TASKS)


def test_a_task_that_is_not_rehearsed_is_refused():
    with pytest.raises(UsageError, match="not among those that are rehearsed"):
        read_injected("año.uno:1", ["load"], TASKS)


def test_a_failure_is_what_a_real_one_would_be():
    def outcome(text):
        return read_injected(text, TASKS, TASKS).outcome(90.0)

    plain, named, foreign = outcome("load"), outcome("load:1:TimeoutError"), outcome("load:1:http.client.HTTPException")

    assert outcome("load:timeout") == TimedOut(limit=90.0)
    assert isinstance(outcome("load:crash"), Crashed)
    assert isinstance(plain, Raised)
    assert plain.lineage == ("RuntimeError", "Exception", "BaseException")
    assert named.lineage == ("TimeoutError", "OSError", "Exception", "BaseException")
    assert foreign.lineage == ("HTTPException", "http.client.HTTPException")
