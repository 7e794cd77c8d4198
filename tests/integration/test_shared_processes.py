"""Warm processes: what one call leaves for the next, what it does not, and when they go (design 3, D14, R13)."""

import os
import signal
import sys
import time

import pytest

from orchestrator.core.outcomes import Cancelled, Crashed, Raised, Returned, TimedOut
from orchestrator.executors import linux, warm
from tests.integration.executor_watch import (
    KINDS,
    TASKS,
    call_of,
    is_alive,
    kinds_of,
    living,
    supervisor_of,
    wait_until,
    watched_chain,
    witnesses,
)

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)


@pytest.fixture
def watch():
    with watched_chain() as watch:
        yield watch


def shared(function, **others):
    return call_of(function, isolation="shared", **others)


def use(watch, **others):
    """Pid of the process that served, and how often it was asked by now."""
    outcome = watch.run(shared("count_uses", **others)).outcome
    assert isinstance(outcome, Returned), outcome
    return tuple(outcome.output)


def test_calls_of_one_kind_meet_in_one_process_which_keeps_its_modules(watch):
    served = [use(watch) for _ in range(5)]

    assert [count for _, count in served] == [1, 2, 3, 4, 5]
    assert len({pid for pid, _ in served}) == 1


def test_a_fresh_call_in_between_has_a_process_of_its_own(watch):
    pid, _ = use(watch)

    other = watch.run(call_of("count_uses")).outcome.output

    assert other[0] != pid
    assert other[1] == 1
    assert use(watch) == (pid, 2)


def test_a_process_is_let_go_after_a_hundred_uses(watch):
    served = [use(watch) for _ in range(warm.MOST_USES + 1)]

    first, last = served[0][0], served[-1][0]
    assert served[-2] == (first, warm.MOST_USES)
    assert served[-1] == (last, 1)
    wait_until(lambda: not is_alive(first), what="the end of the worn process")


@pytest.mark.parametrize(
    "other",
    [
        {"environment": {"PATH": "/bin", "OTHER": "1"}},
        {"search_path": (str(TASKS), "/usr")},
        {"allowed_modules": ("json",)},
        {"working_directory": "/tmp"},
        {"memory_limit_mb": 2048},
    ],
)
def test_a_call_of_another_kind_gets_another_process(watch, other):
    busy = watch.submit(shared("sleep", parameters={"seconds": 0.3}))  # so that two may wait afterwards
    first = use(watch)
    watch.end_of(busy)
    served = {first[0], watch.start_of(busy).pid}

    second = use(watch, **other)

    assert first[1] == second[1] == 1
    assert second[0] not in served
    assert use(watch, **other) == (second[0], 2)


def test_output_goes_to_the_attempt_that_wrote_it(watch, tmp_path):
    calls = [shared("speak", log_path=str(tmp_path / f"{n}.log")) for n in range(3)]

    for call in calls:
        watch.run(call)

    for n, call in enumerate(calls):
        text = (tmp_path / f"{n}.log").read_text()
        assert text.count("ñandú") == 1
        assert text.count("by logging") == 1
        assert f"as number {n + 1} of this process" in text
        assert watch.output_of(call.attempt, "stdout").count("ñandú") == 1
        assert "no utf-8, no newline" in watch.output_of(call.attempt, "stderr") + watch.output_of(
            call.attempt, "stdout"
        )


def test_what_a_call_does_to_its_process_is_set_back_for_the_next(watch, tmp_path):
    kind = {"environment": {"PATH": "/bin", "LANG": "C.UTF-8"}, "working_directory": str(tmp_path)}
    pid, _ = use(watch, **kind)
    before = watch.run(shared("describe_yourself", **kind)).outcome.output

    vandal = watch.run(shared("soft_vandal", **kind)).outcome
    after = watch.run(shared("describe_yourself", **kind)).outcome.output
    time.sleep(0.4)  # its timer would have gone off by now

    assert vandal == Returned(output=pid)
    assert after == before
    assert (after["mask"], after["ignored"], after["leader"], after["new_privileges"]) == ([], [], True, True)
    assert use(watch, **kind) == (pid, 2)


@pytest.mark.parametrize(
    "how", ["thread", "daemon", "limits", "niceness", "descriptors", "orders", "exit", "interrupt"]
)
def test_a_process_that_cannot_be_set_back_serves_nobody_else(watch, how):
    pid, _ = use(watch)

    outcome = watch.run(shared("wear_out", parameters={"how": how})).outcome

    assert isinstance(outcome, Raised) if how in ("exit", "interrupt") else outcome == Returned(output=pid)
    assert use(watch)[0] != pid
    wait_until(lambda: not is_alive(pid), what="the end of the worn process")


def test_a_plain_exception_costs_the_process_nothing(watch):
    pid, _ = use(watch)

    outcome = watch.run(shared("raise_value_error")).outcome

    assert isinstance(outcome, Raised)
    assert "in raise_value_error" in outcome.traceback
    assert use(watch) == (pid, 2)


@pytest.mark.parametrize("stay", [True, False])
def test_what_a_call_forked_is_dead_when_it_ends(watch, tmp_path, stay):
    call = shared("family", evidence=tmp_path, parameters={"stay": stay}, timeout=2.0, kill_grace=0.5)

    ended = watch.run(call)

    assert ended.outcome == (TimedOut(limit=2.0) if stay else Returned(output="left my family behind"))
    assert ended.duration <= 2.0 + 0.5 + 1.0
    assert kinds_of(witnesses(tmp_path)) == sorted(KINDS)
    assert kinds_of(living(tmp_path)) == ([] if stay else ["child"])  # the warm process itself waits for more


@pytest.mark.parametrize("function", ["spin", "stubborn", "stop_yourself"])
def test_a_limit_and_a_cancel_end_a_warm_process_as_any_other(watch, tmp_path, function):
    pid, _ = use(watch)
    late = watch.run(shared(function, evidence=tmp_path, timeout=0.7, kill_grace=0.3))
    attempt = watch.submit(shared(function, evidence=tmp_path, kill_grace=0.3))
    wait_until(lambda: len(witnesses(tmp_path)) == 2, what="the second one")

    watch.executor.cancel(attempt)
    cancelled = watch.end_of(attempt, 3)

    assert (late.outcome, cancelled.outcome) == (TimedOut(limit=0.7), Cancelled())
    assert not is_alive(pid)
    assert living(tmp_path) == []
    assert use(watch)[0] != pid


def test_a_crash_is_told_as_any_other_and_the_next_call_gets_a_new_process(watch):
    pid, _ = use(watch)

    outcome = watch.run(shared("crash", parameters={"how": "segfault"})).outcome

    assert outcome == Crashed(message="signal 11 (SIGSEGV)", signal=11)
    assert use(watch)[0] != pid


def test_a_process_killed_while_it_waits_is_not_missed(watch):
    pid, _ = use(watch)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), what="its end")

    assert use(watch)[1] == 1


def test_a_call_of_a_megabyte_arrives(watch):
    text = "ñ" * (1 << 20)

    for _ in range(2):
        outcome = watch.run(shared("give_back", parameters={"text": text})).outcome
        assert isinstance(outcome, Returned)
        assert outcome.truncated_from > 1 << 20


def test_each_call_is_told_what_it_used_and_not_what_others_did(watch):
    greedy = watch.run(shared("use_memory", parameters={"megabytes": 128})).usage
    modest = watch.run(shared("give_back")).usage

    assert greedy.cpu_seconds >= 0.2
    assert greedy.peak_memory_bytes > 128 << 20
    assert modest.cpu_seconds < 0.15
    assert modest.peak_memory_bytes < 100 << 20


def test_never_more_wait_than_ever_ran_at_once_and_none_outlives_the_chain(watch, tmp_path):
    first = [watch.submit(shared("sleep", parameters={"seconds": 0.5})) for _ in range(2)]
    for attempt in first:
        watch.end_of(attempt)
    others = [use(watch, environment={"KIND": str(n)})[0] for n in range(4)]
    supervisor = supervisor_of(watch)

    wait_until(lambda: len(linux.children(supervisor)) <= 2, what="the end of those too many")
    assert is_alive(others[-1])
    os.kill(supervisor, signal.SIGKILL)

    wait_until(lambda: not any(map(is_alive, others)), within=5, what="the end of all warm processes")


def test_one_that_waits_for_long_is_sent_away(monkeypatch):
    now = time.monotonic()
    sent = []

    class Waiting:
        kill_at = None
        idle_since = now

        def send_away(self, at):
            sent.append(at)

    pool = warm.WarmPool()
    pool.by_pid[1] = Waiting()

    pool.look_after(now + warm.LONGEST_IDLE - 1)
    early = list(sent)
    pool.look_after(now + warm.LONGEST_IDLE)

    assert early == []
    assert sent == [now + warm.LONGEST_IDLE]


def test_a_shared_process_costs_less_than_half_of_a_fresh_one(watch):
    def seconds(make):
        watch.run(make("give_back"))
        began = time.perf_counter()
        for _ in range(10):
            watch.run(make("give_back"))
        return time.perf_counter() - began

    assert min(seconds(shared) for _ in range(3)) < 0.5 * min(seconds(call_of) for _ in range(3))  # it is a tenth
