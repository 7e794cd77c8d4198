"""What an executor owes besides when it has processes of its own to kill; one suite for those that do."""

import os
import sys
from pathlib import Path

import pytest

from orchestrator.core.outcomes import Cancelled, Crashed, Returned, TimedOut
from orchestrator.executors import open_executor
from orchestrator.executors.portable import PortableExecutor
from tests.integration.executor_watch import TASKS, Watch, call_of, living, wait_until, witnesses

KILLING = ["portable"] if sys.platform != "linux" else ["processes", "portable"]


@pytest.fixture(params=KILLING)
def killing(request):
    portable = request.param == "portable"
    executor = PortableExecutor(max_workers=4) if portable else open_executor("processes", max_workers=4)
    yield Watch(executor)
    executor.close()


@pytest.mark.parametrize("function", ["spin", "stubborn", "stop_yourself"])
def test_a_task_that_does_not_want_to_end_is_dead_at_timeout_plus_grace_plus_one_second(killing, tmp_path, function):
    call = call_of(function, evidence=tmp_path, timeout=1.0, kill_grace=0.5)

    ended = killing.run(call)

    assert ended.outcome == TimedOut(limit=1.0)
    assert 1.0 <= ended.duration <= 2.5
    assert witnesses(tmp_path)
    assert living(tmp_path) == []


def test_a_result_that_comes_after_the_limit_does_not_undo_the_timeout(killing, tmp_path):
    call = call_of("return_on_sigterm", evidence=tmp_path, timeout=1.0, kill_grace=5)

    ended = killing.run(call)

    assert ended.outcome == TimedOut(limit=1.0)
    assert ended.duration < 3


def test_cancel_ends_a_task_with_all_its_children(killing, tmp_path):
    attempt = killing.submit(call_of("family", evidence=tmp_path, kill_grace=0.5))
    wait_until(lambda: len(witnesses(tmp_path)) == 5, what="the family")
    if isinstance(killing.executor, PortableExecutor):
        _forgive_the_double_fork(tmp_path)

    killing.executor.cancel(attempt)

    assert killing.end_of(attempt, 2.5).outcome == Cancelled()
    assert living(tmp_path) == []


def test_a_second_cancel_kills_at_once(killing, tmp_path):
    attempt = killing.submit(call_of("stubborn", evidence=tmp_path, kill_grace=60))
    wait_until(lambda: witnesses(tmp_path), what="the task")

    killing.executor.cancel(attempt)
    killing.executor.cancel(attempt)

    assert killing.end_of(attempt, 3).outcome == Cancelled()
    assert living(tmp_path) == []


@pytest.mark.parametrize("code", [0, 7])
def test_an_exit_without_a_result_is_a_crash_whatever_its_code(killing, code):
    call = call_of("hard_exit", parameters={"code": code})

    outcome = killing.run(call).outcome

    assert isinstance(outcome, Crashed)
    assert outcome.exit_code == code
    assert "exited without a result" in outcome.message


def test_death_by_a_signal_is_a_crash_that_names_it(killing):
    call = call_of("crash", parameters={"how": "SIGKILL"})

    outcome = killing.run(call).outcome

    assert isinstance(outcome, Crashed)
    assert outcome.signal == 9
    assert "signal 9" in outcome.message


def test_output_goes_to_log_and_listeners_one_record_one_line_and_escaped(killing, tmp_path):
    log = tmp_path / "logs" / "attempt.log"
    attempt = killing.submit(call_of("speak", log_path=str(log), environment={"PATH": "/usr/bin", "LANG": "C"}))

    killing.end_of(attempt)

    lines = log.read_text(encoding="utf-8").splitlines()
    texts = [line.partition("| ")[2] for line in lines if " stdout| " in line]
    assert texts == [
        "ñandú 🌍",
        "\\x1b]0;owned\\x07\\x0dforged",
        "2026-01-01 INFO forged \\u202eevil",
        "\\xff no utf-8, no newline",
    ]
    assert any(line.endswith("INFO etl: by logging") and " stderr| " in line for line in lines)
    assert "not to be seen" not in log.read_text(encoding="utf-8")
    assert "ñandú 🌍\n" in killing.output_of(attempt, "stdout")
    assert "on stderr\n" in killing.output_of(attempt, "stderr")
    assert all(line[:2] == "20" and line[10] == "T" for line in lines)


def test_a_flood_is_cut_in_the_log_and_says_so(killing, tmp_path):
    log = tmp_path / "attempt.log"

    ended = killing.run(call_of("flood", parameters={"megabytes": 64}, log_path=str(log)), within=60)

    assert ended.outcome == Returned(output="flooded")
    assert log.stat().st_size < 11 * 1024 * 1024
    assert "more bytes were not kept" in log.read_text(encoding="utf-8")[-500:]
    assert sum(len(event.text) for event in killing.events if hasattr(event, "text")) < 2 * 1024 * 1024


def test_a_forged_result_is_ignored(killing):
    call = call_of("noise")

    outcome = killing.run(call).outcome

    assert outcome in (Returned(output="true"), Crashed(message="exited without a result (exit code 1)", exit_code=1))


@pytest.mark.parametrize("how", ["thread", "atexit"])
def test_a_result_counts_even_when_its_process_does_not_go(killing, tmp_path, how):
    call = call_of("linger", evidence=tmp_path, parameters={"how": how})

    ended = killing.run(call)

    assert ended.outcome == Returned(output="returned")
    assert ended.duration < 4
    assert living(tmp_path) == []


def test_threads_and_exit_handlers_get_their_time(killing, tmp_path):
    note = tmp_path / "note"

    killing.run(call_of("leave_a_note_at_exit", parameters={"path": str(note)}))

    assert note.read_text() == "left in order"
    assert Path(f"{note}.thread").read_text() == "finished"


def test_an_attempt_sees_its_own_environment_and_folder_and_nothing_else(killing, tmp_path):
    environment = {"PATH": "/bin", "TZ": "America/Bogota", "ÑAME": "ñ"}
    call = call_of("describe_yourself", environment=environment, working_directory=str(tmp_path))

    seen = killing.run(call).outcome.output

    assert seen["environ"] == environment
    assert seen["cwd"] == os.path.realpath(tmp_path)
    assert seen["zone"] == "-05"
    assert seen["stdin"] == ""
    assert seen["encodings"] == ["utf-8"] * 3
    assert seen["path"][0] == str(TASKS)


def test_usage_tells_processor_time_and_peak_memory(killing):
    ended = killing.run(call_of("use_memory", parameters={"megabytes": 64}))

    assert ended.outcome == Returned(output=64 * 1024 * 1024)
    if isinstance(killing.executor, PortableExecutor):
        return  # sampled: a short life may show nothing
    assert 0.2 <= ended.usage.cpu_seconds < 5
    assert 64 * 1024 * 1024 < ended.usage.peak_memory_bytes < 200 * 1024 * 1024


def _forgive_the_double_fork(evidence):
    """What the portable executor does not promise (`promise_gap`): end here what it cannot see."""
    for name, witness in witnesses(evidence).items():
        if name.startswith("double-fork"):
            os.kill(witness["pid"], 9)
    wait_until(lambda: not any(name.startswith("double-fork") for name in living(evidence)), what="its end")
