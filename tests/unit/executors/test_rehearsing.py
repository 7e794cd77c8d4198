"""The executor of rehearsals: the events of any other, at simulated times."""

import asyncio
from datetime import UTC, datetime

import pytest

from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.outcomes import Cancelled, Raised, Returned
from orchestrator.core.ports import AttemptEnded, AttemptStarted, Call
from orchestrator.engine.jumping_time import JumpingClock, jumping
from orchestrator.executors.rehearsing import Part, RehearsingExecutor

START = datetime(2025, 4, 1, 12, tzinfo=UTC)
BROKEN = Raised(error_type="ValueError", message="no", traceback="")


def call_of(task_id):
    key = AttemptKey(run=TaskRunKey(execution_id="e", task_id=task_id), number=1)
    return Call(attempt=key, module_path="nowhere", function_name="nothing")


class Stage:
    """An executor that plays `parts` (seconds and outcome by task), and what it said: (what, task, second)."""

    def __init__(self, parts, max_workers=8):
        self.clock = JumpingClock(START)
        self.ends = {}
        self.told = []
        self.executor = RehearsingExecutor(
            max_workers=max_workers,
            clock=self.clock,
            play=lambda call: Part(
                duration=parts[call.attempt.run.task_id][0], outcome=parts[call.attempt.run.task_id][1]
            ),
        )

    def hear(self, event):
        kind = {AttemptStarted: "started", AttemptEnded: "ended"}[type(event)]
        self.told.append((kind, event.attempt.run.task_id, round((event.at - START).total_seconds(), 3)))
        if isinstance(event, AttemptEnded):
            self.ends[event.attempt.run.task_id] = (event.outcome, round(event.duration, 3))

    def act(self, *deeds):
        """Do `deeds`, each a second and a function, and let an hour pass."""

        async def play():
            asyncio.get_running_loop().set_exception_handler(lambda _loop, why: self.told.append(why))
            self.executor.start(self.hear)
            for second, deed in deeds:
                asyncio.get_running_loop().call_at(second, deed)
            await asyncio.sleep(3600)

        with jumping(self.clock) as run:
            run(play())

    def submit(self, *task_ids):
        return lambda: [self.executor.submit(call_of(task_id)) for task_id in task_ids]


def test_attempts_end_as_their_parts_say_when_their_time_has_passed():
    stage = Stage({"a": (2.5, Returned(output=7)), "b": (1.0, BROKEN)})

    stage.act((0, stage.submit("a", "b")))

    assert stage.told == [("started", "a", 0), ("started", "b", 0), ("ended", "b", 1.0), ("ended", "a", 2.5)]
    assert stage.ends == {"a": (Returned(output=7), 2.5), "b": (BROKEN, 1.0)}


def test_no_more_are_under_way_than_there_is_room_for():
    done = Returned(output=None)
    stage = Stage({"a": (2.0, done), "b": (3.0, done), "c": (1.0, done)}, max_workers=2)

    stage.act((0, stage.submit("a", "b", "c")))

    assert [one for one in stage.told if one[1] == "c"] == [("started", "c", 2.0), ("ended", "c", 3.0)]


def test_a_cancelled_attempt_ends_at_once_and_only_once():
    stage = Stage({"a": (60.0, Returned(output=7)), "b": (60.0, BROKEN)}, max_workers=1)

    stage.act(
        (0, stage.submit("a", "b")),
        (5, lambda: stage.executor.cancel(call_of("b").attempt)),
        (10, lambda: stage.executor.cancel(call_of("a").attempt)),
        (11, lambda: stage.executor.cancel(call_of("a").attempt)),
    )

    assert stage.told == [("started", "a", 0), ("ended", "b", 5.0), ("ended", "a", 10.0)]
    assert stage.ends == {"a": (Cancelled(), 10.0), "b": (Cancelled(), 0.0)}


def test_a_closed_one_cancels_what_it_has_and_what_comes():
    stage = Stage({"a": (60.0, Returned(output=7)), "b": (60.0, BROKEN)}, max_workers=1)

    stage.act((0, stage.submit("a", "b")), (5, stage.executor.close), (6, stage.submit("c")), (7, stage.executor.close))

    assert stage.ends == {"a": (Cancelled(), 5.0), "b": (Cancelled(), 0.0), "c": (Cancelled(), 0.0)}


def test_it_is_started_before_it_is_used():
    stage = Stage({})

    with pytest.raises(ValueError, match="started"):
        stage.executor.submit(call_of("a"))
