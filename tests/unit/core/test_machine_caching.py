"""Results that stand already: kept ones of a rerun, and those that the cache knows (D8, D16)."""

from orchestrator.core.events import TaskMoved
from orchestrator.core.machine_state import CacheLookedUp, Kept, LookUp, MarkAsked, TimePassed
from orchestrator.core.states import TaskStatus
from orchestrator.core.tasks import CachePolicy
from tests.unit.core.resumed_journeys import resumed
from tests.unit.core.subjects import BROKEN, Journey, begun, plan_of, task_of

EARLIER = "20250331_120000"
RESULT = Kept(execution_id=EARLIER, output={"status": "success", "rows": 3})


def cached(task_id: str, needs=(), **fields):
    return task_of(task_id, needs, cache=CachePolicy(), **fields)


def looked_up(journey: Journey) -> list[str]:
    return [command.task_id for command in journey.commands if isinstance(command, LookUp)]


def test_a_kept_result_completes_its_task_without_an_attempt():
    journey = begun(plan_of(a=[], b=["a"]), kept={"a": RESULT})

    moved = journey.last_move("a")

    assert journey.started == ["b"]
    assert (moved.after.value, moved.cached_from, moved.output, moved.attempt) == (
        "completed",
        EARLIER,
        RESULT.output,
        None,
    )
    assert journey.state.runs["a"].attempts == 0


def test_kept_results_alone_end_an_execution_at_once():
    journey = begun(plan_of(a=[], b=["a"]), kept={"a": RESULT, "b": RESULT})

    assert journey.statuses == {"a": "completed", "b": "completed"}
    assert journey.status.value == "completed"


def test_the_cache_is_asked_when_everything_that_the_task_waits_for_is_there():
    journey = begun(plan_of(task_of("a"), cached("b", ["a"])))
    too_early = looked_up(journey)

    journey.end("a")

    assert (too_early, looked_up(journey), journey.started) == ([], ["b"], [])


def test_a_result_that_the_cache_knows_is_taken():
    journey = begun(plan_of(cached("a"), task_of("b", ["a"])))

    journey.hear(CacheLookedUp(task_id="a", cache_key="k", found=RESULT))

    assert journey.started == ["b"]
    assert (journey.last_move("a").cached_from, journey.last_move("a").cache_key) == (EARLIER, "k")


def test_a_task_that_the_cache_does_not_know_is_executed_and_its_result_kept_under_its_key():
    journey = begun(plan_of(cached("a"))).hear(CacheLookedUp(task_id="a", cache_key="k"))
    started = journey.started

    journey.end("a")

    assert started == ["a"]
    assert (journey.last_move("a").cache_key, journey.last_move("a").cached_from) == ("k", None)


def test_another_attempt_does_not_ask_again():
    journey = begun(plan_of(cached("a", retry_count=1))).hear(CacheLookedUp(task_id="a", cache_key="k"))

    journey.end("a", BROKEN).wait(5)

    assert (looked_up(journey), journey.started) == ([], ["a"])


def test_an_answer_that_comes_after_a_cancel_a_halt_or_a_second_time_means_nothing():
    cancelled = begun(plan_of(cached("a"))).cancel()
    halted = begun(plan_of(cached("a"), task_of("bad"))).end("bad", BROKEN)
    doubled = begun(plan_of(cached("a"))).hear(CacheLookedUp(task_id="a", cache_key="k"))

    for journey in (cancelled, halted, doubled):
        journey.hear(CacheLookedUp(task_id="a", cache_key="other", found=RESULT))

    assert [journey.statuses["a"] for journey in (cancelled, halted, doubled)] == ["cancelled", "skipped", "running"]


def test_an_answer_that_its_owner_did_not_live_to_hear_is_asked_for_again():
    journey = begun(plan_of(cached("a"), task_of("b")))

    again = resumed(journey)

    assert looked_up(again) == ["a"]
    assert again.started == ["b"]


def test_neither_an_operators_word_nor_a_result_after_a_retry_is_kept_for_later():
    marked = begun(plan_of(task_of("a", cache=CachePolicy(), retry_count=1))).hear(
        CacheLookedUp(task_id="a", cache_key="k")
    )
    retried = begun(plan_of(task_of("a", cache=CachePolicy(), retry_count=1, retry_delay=0))).hear(
        CacheLookedUp(task_id="a", cache_key="k")
    )

    marked.end("a", BROKEN).hear(MarkAsked(task_id="a", mark_as=TaskStatus.COMPLETED, by="ana", reason="by hand"))
    retried.end("a", BROKEN).hear(TimePassed()).end("a")

    for journey in (marked, retried):
        done = [move for move in journey.moves if isinstance(move, TaskMoved) and move.after is TaskStatus.COMPLETED]
        assert [move.cache_key for move in done] == [None]
