"""An operator's word: a task that is not under way is declared completed or skipped, and the rest goes on."""

import pytest

from orchestrator.core.machine_state import MarkAsked
from orchestrator.core.states import TaskStatus
from tests.unit.core.resumed_journeys import resumed, told
from tests.unit.core.subjects import BROKEN, Journey, begun, plan_of, task_of


def mark(task_id: str, mark_as: str) -> MarkAsked:
    return MarkAsked(task_id=task_id, mark_as=TaskStatus(mark_as), by="ana@host", reason="loaded by hand")


def test_a_task_marked_completed_lets_the_others_go_on():
    journey = begun(plan_of(slow=[], by_hand=["slow"], after=["by_hand"]))

    journey.hear(mark("by_hand", "completed"))

    assert journey.statuses == {"slow": "running", "by_hand": "completed", "after": "running"}
    assert str(journey.last_move("by_hand").reason) == "marked by ana@host: loaded by hand"
    assert journey.last_move("by_hand").attempt.status == "marked"


def test_a_task_marked_skipped_skips_what_depends_on_it_and_blames_nobody():
    journey = begun(plan_of(a=[], b=["a"], c=["b"]))

    journey.hear(mark("b", "skipped")).end("a")

    assert journey.statuses == {"a": "completed", "b": "skipped", "c": "skipped"}
    assert journey.status.value == "completed"


def test_a_task_that_waits_for_another_attempt_needs_none_after_a_mark():
    journey = begun(plan_of(task_of("a", retry_count=3), b=["a"])).end("a", BROKEN)

    journey.hear(mark("a", "completed"))

    assert journey.statuses == {"a": "completed", "b": "running"}
    assert journey.wait(100).started == []


def test_a_task_in_line_leaves_it():
    journey = begun(plan_of(a=[], b=[]), max_workers=1)

    journey.hear(mark("b", "skipped")).end("a")

    assert journey.started == []
    assert journey.status.value == "completed"


@pytest.mark.parametrize("task_id", ["running", "done", "unknown"])
def test_a_mark_means_nothing_for_a_task_that_is_under_way_over_or_unknown(task_id):
    journey = begun(plan_of(running=[], done=[])).end("done")
    before = journey.statuses

    journey.hear(mark(task_id, "skipped"))

    assert journey.statuses == before
    assert [command for command in journey.commands if not hasattr(command, "ticks")] == []


def test_a_mark_can_be_given_while_nobody_drives_the_execution():
    journey = told(begun(plan_of(a=[], b=["a"], c=["b"])).stop().end("a"))

    journey.hear(mark("b", "completed"))
    again = resumed(journey)

    assert journey.status.value == "interrupted"
    assert again.statuses == {"a": "completed", "b": "completed", "c": "running"}


def test_a_mark_before_the_beginning_is_kept():
    journey = Journey(plan_of(a=[], b=["a"])).hear(mark("a", "completed"))

    journey.begin()

    assert journey.statuses == {"a": "completed", "b": "running"}
    assert journey.started == ["b"]
