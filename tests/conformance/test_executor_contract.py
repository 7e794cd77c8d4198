"""What every executor owes the engine; one suite for all of them."""

import os
import sys
from pathlib import Path

import pytest

from orchestrator.core.outcomes import Cancelled, Crashed, NotCallable, Raised, Returned, TimedOut
from orchestrator.core.ports import AttemptEnded, AttemptStarted
from orchestrator.executors import open_executor
from orchestrator.executors.portable import PortableExecutor
from tests.integration.executor_watch import TASKS, Watch, call_of, living, wait_until, witnesses

KILLING = ["portable"] if sys.platform != "linux" else ["processes", "portable"]


def opened(name, max_workers):
    return (
        PortableExecutor(max_workers=max_workers)
        if name == "portable"
        else open_executor(name, max_workers=max_workers)
    )


@pytest.fixture(params=["inline", *KILLING])
def watch(request, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    executor = opened(request.param, 2)
    yield Watch(executor)
    executor.close()


@pytest.fixture(params=KILLING)
def killing(request):
    executor = opened(request.param, 4)
    yield Watch(executor)
    executor.close()


def test_what_a_function_returns_comes_back_as_json(watch):
    value = {"rows": 3, "names": ["ñandú", None], "share": 0.5, "ok": True}

    ended = watch.run(call_of("give_back", parameters=value))

    assert ended.outcome == Returned(output=value)


def test_an_async_function_is_awaited(watch):
    call = call_of("give_back_later", parameters={"value": "later"})

    ended = watch.run(call)

    assert ended.outcome == Returned(output="later")


def test_a_function_that_asks_for_its_context_gets_it(watch):
    call = call_of("give_back_context")

    ended = watch.run(call)

    number = call.attempt.number
    assert ended.outcome.output == ["20260101_000000", "a_task", number, f"20260101_000000/a_task/{number}"]


def test_an_exception_comes_back_with_type_message_traceback_and_lineage(watch):
    call = call_of("raise_value_error")

    outcome = watch.run(call).outcome

    assert isinstance(outcome, Raised)
    assert (outcome.error_type, outcome.message) == ("ValueError", "no such contract")
    assert outcome.lineage == ("ValueError", "Exception", "BaseException")
    assert outcome.traceback.startswith("Traceback")
    assert "in raise_value_error" in outcome.traceback
    assert "calling.py" not in outcome.traceback


@pytest.mark.parametrize(
    ("function", "error_type"),
    [
        ("exit_with", "SystemExit"),
        ("interrupt_yourself", "KeyboardInterrupt"),
        ("raise_base_exception", "hostile_tasks.Unheard"),
    ],
)
def test_what_is_no_ordinary_exception_is_raised_all_the_same(watch, function, error_type):
    call = call_of(function)

    outcome = watch.run(call).outcome

    assert isinstance(outcome, Raised)
    assert outcome.error_type == error_type


def test_a_dict_that_says_failed_is_returned_for_others_to_judge(watch):
    call = call_of("fail_politely")

    outcome = watch.run(call).outcome

    assert outcome == Returned(output={"status": "failed", "message": "no rows"})


@pytest.mark.parametrize(
    ("module", "function", "error_type", "said"),
    [
        ("no_such_module_anywhere", "main", "import_error", str(TASKS)),
        ("hostile_tasks", "give_bak", "function_not_found", "did you mean 'give_back'?"),
        ("hostile_tasks", "_last", "function_not_found", "public"),
        ("hostile_tasks", "numbers", "function_not_found", "numbers"),
        ("os", "system", "module_not_allowed", "allowed_modules"),
        ("subprocess", "call", "module_not_allowed", "standard library"),
        ("builtins", "exec", "module_not_allowed", "standard library"),
        ("psutil", "pids", "module_not_allowed", "installed package"),
        ("hostile_tasks", "raise_value_error", "signature_error", "unknown: nonsense"),
    ],
)
def test_what_cannot_be_called_says_why_and_what_to_do(watch, module, function, error_type, said):
    call = call_of(function, module=module, parameters={"nonsense": 1})

    outcome = watch.run(call).outcome

    assert isinstance(outcome, NotCallable)
    assert outcome.error_type == error_type
    assert said in outcome.message


def test_a_listed_module_may_be_called_wherever_it_lies(watch):
    call = call_of("dumps", module="json", parameters={"obj": [1]}, allowed_modules=("json",))

    outcome = watch.run(call).outcome

    assert outcome == Returned(output="[1]")


def test_every_call_starts_once_then_ends_once_and_never_more_at_once_than_there_is_room(watch, tmp_path):
    calls = [call_of("overlap", evidence=tmp_path) for _ in range(5)]

    attempts = [watch.submit(call) for call in calls]
    spans = [watch.end_of(attempt).outcome.output for attempt in attempts]

    for attempt in attempts:
        started, ended = watch.of(AttemptStarted, attempt), watch.of(AttemptEnded, attempt)
        assert (len(started), len(ended)) == (1, 1)
        assert watch.events.index(started[0]) < watch.events.index(ended[0])
        assert ended[0].at >= started[0].at
    assert watch.executor.capacity == 2
    assert max(sum(a <= began < b for a, b in spans) for began, _ in spans) == 2


def test_a_call_that_waits_is_cancelled_without_ever_starting(watch):
    busy = [watch.submit(call_of("sleep", parameters={"seconds": 0.5})) for _ in range(2)]
    waiting = watch.submit(call_of("give_back"))

    watch.executor.cancel(waiting)

    assert watch.end_of(waiting).outcome == Cancelled()
    assert not watch.of(AttemptStarted, waiting)
    assert [watch.end_of(one).outcome for one in busy] == [Returned(output="slept")] * 2


def test_cancelling_what_is_unknown_or_over_does_nothing(watch):
    over = watch.submit(call_of("give_back"))
    watch.end_of(over)

    watch.executor.cancel(over)
    watch.executor.cancel(call_of("give_back").attempt)

    assert watch.run(call_of("give_back")).outcome == Returned(output={})
    assert len(watch.of(AttemptEnded, over)) == 1


def test_the_same_attempt_is_not_taken_twice(watch):
    call = call_of("sleep", parameters={"seconds": 0.3})
    watch.submit(call)

    with pytest.raises(ValueError, match="under way"):
        watch.submit(call)

    assert watch.end_of(call.attempt).outcome == Returned(output="slept")


def test_a_limit_that_passed_is_a_timeout(watch):
    call = call_of("sleep", parameters={"seconds": 0.5}, timeout=0.2)

    ended = watch.run(call)

    assert ended.outcome == TimedOut(limit=0.2)
    assert ended.duration >= 0.2


def test_close_ends_every_call_and_may_be_repeated(watch):
    running = [watch.submit(call_of("sleep", parameters={"seconds": 1})) for _ in range(2)]
    for one in running:
        watch.start_of(one)
    waiting = watch.submit(call_of("give_back"))

    watch.executor.close()
    watch.executor.close()
    late = watch.submit(call_of("give_back"))

    assert [watch.end_of(one, 0.1).outcome for one in [*running, waiting, late]] == [Cancelled()] * 4


# --- executors that can kill ---


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
