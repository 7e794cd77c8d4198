"""Among tasks that are ready, the more important start first (semantics §6)."""

from tests.unit.core.subjects import BROKEN, begun, plan_of, task_of


def test_the_higher_priority_starts_first_wherever_it_stands_in_the_plan():
    plan = plan_of(task_of("low", priority=-1), task_of("plain"), task_of("high", priority=7))

    journey = begun(plan, max_workers=1)
    first = journey.started
    second = journey.end("high").started
    third = journey.end("plain").started

    assert (first, second, third) == (["high"], ["plain"], ["low"])


def test_of_the_same_priority_the_first_in_the_plan_starts_first():
    plan = plan_of(a=[], b=[], c=[])

    journey = begun(plan, max_workers=2)

    assert journey.started == ["a", "b"]


def test_a_priority_never_goes_before_a_dependency():
    plan = plan_of(task_of("first"), task_of("urgent", needs=["first"], priority=9), task_of("other"))

    journey = begun(plan, max_workers=1)
    first = journey.started
    second = journey.end("first").started

    assert (first, second) == (["first"], ["urgent"])


def test_another_attempt_gets_in_line_by_its_priority():
    plan = plan_of(task_of("a", priority=1, retry_count=1), b=[], c=[])
    journey = begun(plan, max_workers=1).end("a", BROKEN).wait(5)

    journey.end("b")

    assert journey.started == ["a"]
