"""A wall clock that is set while an execution runs: waits and lengths of time follow the other clock (D12, R31, F34)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestrator.core.folding import fold
from orchestrator.core.ports import Call
from orchestrator.engine.clocks import SystemClock
from tests.unit.core.subjects import BROKEN, DONE, plan_of, task_of
from tests.unit.engine.runner_subjects import ID, Stage

JUMPS = [timedelta(days=1), timedelta(days=-1), timedelta(milliseconds=-1)]


class SetClock(SystemClock):
    """The wall shows `ahead` more than it should; the monotonic clock goes on as ever."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def stage_with_jump(plan, script, jump, *, at_submit=1):
    """The wall is set as the attempt of that number is handed over, and again at each later one."""
    clock = SetClock()
    stage = Stage(plan, script, clock=clock, lease=timedelta(hours=1))
    submitted = []

    def set_wall(call):
        submitted.append((call.attempt.run.task_id, clock.monotonic()))
        if len(submitted) >= at_submit:
            clock.ahead += jump

    stage.executor.on_submit = set_wall
    return stage, submitted


@pytest.mark.timeout(20)
@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_retry_waits_its_time_and_no_longer_when_the_wall_clock_is_set(jump):
    plan = plan_of(task_of("a", retry_count=1, retry_delay=0.3))
    stage, submitted = stage_with_jump(plan, {"a": [BROKEN, DONE]}, jump)

    driven = stage.drive()

    (_, first), (_, second) = submitted
    assert driven.execution.status.value == "completed"
    assert 0.3 * 0.8 <= second - first < 10


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_no_length_of_time_is_negative_or_a_day_long_when_the_wall_clock_is_set(jump):
    plan = plan_of(a=[], b=["a"], c=["b"])
    stage, _ = stage_with_jump(plan, {}, jump)

    driven = stage.drive()

    lengths = [run.duration for run in stage.store.task_runs(ID)]
    lengths += [attempt.duration for attempt in stage.store.attempts(ID)]
    assert all(0 <= length < 60 for length in [*lengths, driven.execution.duration])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_neither_a_deadline_nor_the_longest_duration_ends_early_when_the_wall_clock_is_set(jump):
    plan = plan_of(task_of("a", retry_count=1, retry_delay=0, deadline=600))
    stage, _ = stage_with_jump(plan, {"a": [BROKEN, DONE]}, jump)
    stage.state = replace(stage.state, max_duration=600)
    limits = []
    stage.runner.make_call = lambda start, _: limits.append(start.limit) or call_of(start)

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert all(540 < limit <= 600 for limit in limits), limits
    assert len(limits) == 2


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_the_event_log_keeps_its_order_when_the_wall_clock_is_set(jump):
    stage, _ = stage_with_jump(plan_of(a=[], b=["a"], c=["b"]), {}, jump)

    stage.drive()

    events = stage.store.events(ID)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert fold(events).execution.value == "completed"


def call_of(start):
    return Call(attempt=start.attempt, module_path="m", function_name="f")
