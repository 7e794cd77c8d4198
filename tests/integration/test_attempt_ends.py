"""How the process of a task may end, and what it may return, raise and write (F4, F13 to F20, F25)."""

import os
import signal
import sys

import psutil
import pytest

from orchestrator.core.outcomes import Crashed, Raised, Returned
from tests.integration.executor_watch import call_of, supervisor_of, watched_chain

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)


@pytest.fixture
def watch():
    with watched_chain() as watch:
        yield watch


@pytest.mark.parametrize(
    ("how", "number", "name"), [("segfault", 11, "SIGSEGV"), ("abort", 6, "SIGABRT"), ("SIGBUS", 7, "SIGBUS")]
)
def test_a_crash_names_its_signal_and_leaves_the_stack_in_the_log(watch, tmp_path, how, number, name):
    log = tmp_path / "log"

    outcome = watch.run(call_of("crash", parameters={"how": how}, log_path=str(log))).outcome

    assert outcome == Crashed(message=f"signal {number} ({name})", signal=number)
    assert "Fatal Python error" in log.read_text()
    assert "in crash" in log.read_text()


def test_a_child_killed_from_outside_is_a_crash(watch, tmp_path):
    attempt = watch.submit(call_of("spin", evidence=tmp_path))
    started = watch.start_of(attempt)

    os.kill(started.pid, signal.SIGKILL)

    assert watch.end_of(attempt, 2).outcome == Crashed(message="signal 9 (SIGKILL)", signal=9)


def test_an_exception_that_cannot_be_shown_gets_a_placeholder(watch):
    outcome = watch.run(call_of("bad_error", parameters={"how": "unprintable"})).outcome

    assert isinstance(outcome, Raised)
    assert outcome.error_type == "hostile_tasks.BadError"
    assert "RuntimeError" in outcome.message


def test_a_message_of_ten_megabytes_is_cut_and_says_so(watch):
    outcome = watch.run(call_of("bad_error", parameters={"how": "huge"})).outcome

    assert isinstance(outcome, Raised)
    assert len(outcome.message) < 17 * 1024
    assert str(10 * 1024 * 1024) in outcome.message
    assert len(outcome.traceback) < 65 * 1024
    assert "in bad_error" in outcome.traceback


def test_a_circle_of_causes_is_shown_once(watch):
    outcome = watch.run(call_of("bad_error", parameters={"how": "cyclic"})).outcome

    assert isinstance(outcome, Raised)
    assert outcome.traceback.count("ValueError: second") == 1


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("unprintable", str),
        ("reduce", str),
        ("circle", list),
        ("circle of dicts", dict),
        ("frame", str),
        ("frame within", dict),
        ("nan", str),
        ("infinity", str),
        ("bytes", str),
        ("generator", str),
        ("lambda", str),
        ("surrogate", str),
    ],
)
def test_a_strange_result_becomes_text(watch, what, kind):
    outcome = watch.run(call_of("strange_result", parameters={"what": what})).outcome

    assert isinstance(outcome, Returned)
    assert outcome.truncated_from is None
    assert isinstance(outcome.output, kind)


@pytest.mark.parametrize(("what", "size"), [("huge", 128 << 20), ("gigabyte", 1 << 30)])
def test_a_huge_result_is_cut_and_names_its_size(watch, what, size):
    outcome = watch.run(call_of("strange_result", parameters={"what": what})).outcome

    assert isinstance(outcome, Returned)
    assert outcome.truncated_from == size
    assert len(outcome.output.encode()) <= 64 * 1024
    assert str(size) in outcome.output


def test_a_failure_is_still_told_when_its_result_is_cut(watch):
    outcome = watch.run(call_of("strange_result", parameters={"what": "failed with more"})).outcome

    assert isinstance(outcome, Returned)
    assert outcome.output["status"] == "failed"
    assert "bytes in all" in outcome.output["rows"]


@pytest.mark.parametrize("newlines", [True, False])
def test_a_flood_costs_the_supervisor_neither_memory_nor_the_verdict(watch, tmp_path, newlines):
    log = tmp_path / "log"
    parameters = {"megabytes": 1024, "newlines": newlines}

    ended = watch.run(call_of("flood", parameters=parameters, log_path=str(log)), within=60)

    assert ended.outcome == Returned(output="flooded")
    assert log.stat().st_size < 11 * 1024 * 1024
    assert psutil.Process(supervisor_of(watch)).memory_info().rss < 100 * 1024 * 1024


def test_closing_all_descriptors_is_a_crash_and_closing_the_low_ones_is_not(watch):
    outcomes = [watch.run(call_of(function)).outcome for function in ("close_everything", "close_low")]

    assert isinstance(outcomes[0], Crashed)
    assert outcomes[1] == Returned(output="closed")


def test_of_a_task_that_forks_and_returns_twice_only_its_own_process_reports(watch):
    attempt = watch.submit(call_of("fork_and_return"))

    ended = watch.end_of(attempt)

    assert ended.outcome == Returned(output=watch.start_of(attempt).pid)
