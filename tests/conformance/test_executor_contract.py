"""What every executor owes the engine; one suite for all of them."""

import hashlib
import sys

import pytest

from orchestrator.core.outcomes import Cancelled, NotCallable, Raised, Returned, TimedOut
from orchestrator.core.ports import AttemptEnded, AttemptStarted
from orchestrator.executors import open_executor
from orchestrator.executors.portable import PortableExecutor
from tests.integration.executor_watch import TASKS, Watch, call_of

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
    calls = [call_of("meet", evidence=tmp_path) for _ in range(5)]

    attempts = [watch.submit(call) for call in calls]
    seen = [watch.end_of(attempt).outcome.output for attempt in attempts]

    for attempt in attempts:
        started, ended = watch.of(AttemptStarted, attempt), watch.of(AttemptEnded, attempt)
        assert (len(started), len(ended)) == (1, 1)
        assert watch.events.index(started[0]) < watch.events.index(ended[0])
        assert ended[0].at >= started[0].at
    assert watch.executor.capacity == 2
    assert max(seen) == 2


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


def test_an_attempt_that_returned_says_which_code_was_called(watch):
    source = (TASKS / "hostile_tasks.py").read_bytes()

    ended = watch.run(call_of("give_back"))

    assert ended.code_sha256 == hashlib.sha256(source).hexdigest()
