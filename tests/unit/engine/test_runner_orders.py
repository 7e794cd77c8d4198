"""The runner and what others ask of it: cancels and marks from elsewhere, slots that others hold, results kept."""

from datetime import timedelta

from orchestrator.core.errors import UsageError
from orchestrator.core.executions import Request
from orchestrator.core.machine_state import CacheLookedUp, Kept
from orchestrator.core.outcomes import Returned
from orchestrator.core.ports import AttemptProgress, Call
from orchestrator.core.states import TaskStatus
from orchestrator.core.storing import Order, OrderKind, Room
from tests.conformance.store_subjects import QUEUED, RUNNING, execution_to, start_of
from tests.unit.core.subjects import plan_of, task_of
from tests.unit.engine.runner_subjects import AT, DONE, HANG, ID, Stage

CANCEL = Order(kind=OrderKind.CANCEL, at=AT, by="ana@city")


def mark(task_id, mark_as=TaskStatus.COMPLETED):
    return Order(kind=OrderKind.MARK, at=AT, by="ana@city", reason="done by hand", task_id=task_id, mark_as=mark_as)


def on_first_call(stage, deed):
    """Do something from elsewhere while the first attempt is under way."""

    def once(call):
        stage.executor.on_submit = lambda _: None
        deed()
        stage.clock.turn(1)

    stage.executor.on_submit = once


def test_a_cancel_from_elsewhere_ends_what_runs():
    stage = Stage(plan_of(a=[], b=["a"]), {"a": [HANG]})
    on_first_call(stage, lambda: stage.store.give_order(ID, CANCEL))

    driven = stage.drive()

    assert driven.execution.status.value == "cancelled"
    assert stage.statuses == {"a": "cancelled", "b": "cancelled"}


def test_a_cancel_that_was_stored_before_the_last_result_wins_over_it():
    stage = Stage(plan_of(a=[]), {"a": [DONE]})
    stage.executor.on_submit = lambda _: stage.store.give_order(ID, CANCEL)

    driven = stage.drive()

    assert driven.execution.status.value == "cancelled"
    assert stage.statuses == {"a": "cancelled"}


def test_a_cancel_that_was_stored_before_the_beginning_keeps_everything_from_starting():
    stage = Stage(plan_of(a=[]))
    stage.store.give_order(ID, CANCEL)

    driven = stage.drive()

    assert driven.execution.status.value == "cancelled"
    assert stage.executor.calls == []


def test_a_mark_from_elsewhere_is_taken_with_who_and_why():
    stage = Stage(plan_of(a=[], b=["a"]), {"a": [HANG]})
    on_first_call(stage, lambda: stage.store.give_order(ID, mark("b")))
    stage.ear.on_hearing = lambda event: stage.runner.ask_stop() if "completed" in str(event) else None

    stage.drive()

    run = next(run for run in stage.store.task_runs(ID) if run.key.task_id == "b")
    assert (run.status.value, str(run.reason)) == ("completed", "marked by ana@city: done by hand")
    assert stage.store.orders(ID) == []


def test_of_a_mark_and_a_cancel_that_came_after_it_the_cancel_is_heard_first():
    stage = Stage(plan_of(a=[]))
    stage.store.give_order(ID, mark("a"))
    stage.store.give_order(ID, CANCEL)

    driven = stage.drive()

    assert driven.execution.status.value == "cancelled"
    assert stage.statuses == {"a": "cancelled"}


def test_a_mark_of_a_task_that_runs_means_nothing_and_is_not_kept_for_later():
    stage = Stage(plan_of(a=[], b=["a"]), {"a": [DONE]})
    stage.store.give_order(ID, mark("a"))
    stage.store.give_order(ID, mark("nobody"))

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert stage.store.orders(ID) == []


def test_a_task_waits_while_another_execution_holds_the_slots_of_its_pool():
    other = "20250401_115959"
    stage = Stage(plan_of(task_of("a", pool="portal"), b=[]), room=Room(pools={"portal": 1}))
    request = Request(tasks=("x",), pools={"x": "portal"})
    stage.store.create_execution(other, request, snapshot="", at=AT)
    held = stage.store.claim_execution(other, owner="host:2:2", lease=timedelta(seconds=5), at=AT)
    stage.store.record(held, [execution_to(RUNNING, before=QUEUED), start_of("x", of=other)])
    seen = []
    stage.executor.on_submit = lambda call: seen.append((call.attempt.run.task_id, stage.clock.seconds))
    stage.clock.step = 1.0

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert seen[0][0] == "b"
    assert seen[1][0] == "a"
    assert seen[1][1] >= 5, "the other's lease had not run out"


def test_a_result_that_is_known_is_taken_without_an_attempt():
    plan = plan_of(task_of("a", cache=object()), b=["a"])
    found = Kept(execution_id="20250101_000000", output={"rows": 7})
    stage = Stage(plan, look_up=lambda task_id, _: CacheLookedUp(task_id=task_id, cache_key="k", found=found))

    stage.drive()

    run = next(run for run in stage.store.task_runs(ID) if run.key.task_id == "a")
    assert (run.status.value, run.output, run.cached_from, run.attempts) == (
        "completed",
        {"rows": 7},
        "20250101_000000",
        0,
    )
    assert [call.attempt.run.task_id for call in stage.executor.calls] == ["b"]


def test_a_cache_that_fails_costs_nothing_but_its_help():
    def broken(task_id, outputs):
        raise ZeroDivisionError

    stage = Stage(plan_of(task_of("a", cache=object())), look_up=broken)

    stage.drive()

    assert stage.statuses == {"a": "completed"}


def test_outputs_that_are_asked_for_reach_the_calls_that_follow():
    seen = {}

    def call_of(start, outputs):
        seen[start.attempt.run.task_id] = dict(outputs)
        return Call(attempt=start.attempt, module_path="m", function_name="f")

    stage = Stage(plan_of(a=[], b=["a"]), make_call=call_of, outputs_asked=frozenset({"a"}))

    stage.drive()

    assert seen == {"a": {}, "b": {"a": {"status": "success"}}}


def test_a_call_that_cannot_be_made_fails_its_task_and_is_not_tried_again():
    def call_of(start, outputs):
        raise UsageError("no such input")

    stage = Stage(plan_of(task_of("a", retry_count=3)), make_call=call_of)

    stage.drive()

    (run,) = stage.store.task_runs(ID)
    assert (run.status.value, run.error_type, run.error, run.attempts) == ("failed", "input_error", "no such input", 1)


def test_progress_goes_to_the_listeners_and_not_into_the_store():
    stage = Stage(plan_of(a=[]))
    stage.executor.on_submit = lambda call: stage.executor.deliver(
        AttemptProgress(attempt=call.attempt, done=3, total=10)
    )

    stage.drive()

    assert [(one.done, one.total) for one in stage.ear.progress] == [(3, 10)]
    assert len(stage.store.events(ID)) == 5


def test_an_execution_waits_until_its_workflow_has_room():
    stage = Stage(plan_of(a=[]), room=Room(workflow="w", concurrency=1), workflow="w")
    other = "20250401_115959"
    stage.store.create_execution(other, Request(tasks=("x",), workflow="w"), snapshot="", at=AT)
    held = stage.store.claim_execution(other, owner="host:2:2", lease=timedelta(seconds=3), at=AT)
    stage.store.record(held, [execution_to(RUNNING, before=QUEUED)])
    stage.clock.step = 0.5

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert driven.execution.started_at >= AT + timedelta(seconds=3)


def test_how_an_attempt_ended_is_judged_before_secrets_are_taken_out():
    failed = Returned(output={"status": "failed", "message": "no rows"})
    stage = Stage(plan_of(a=[]), {"a": [failed]}, hidden=frozenset({"failed"}))

    stage.drive()

    (run,) = stage.store.task_runs(ID)
    assert run.status.value == "failed"
    assert run.output == {"status": "***", "message": "no rows"}


def test_a_stale_view_of_a_pool_does_not_outlive_what_the_store_says():
    other = "20250401_115959"
    stage = Stage(plan_of(task_of("a", pool="portal")), room=Room(pools={"portal": 1}))
    stage.store.create_execution(other, Request(tasks=("x",), pools={"x": "portal"}), snapshot="", at=AT)
    held = stage.store.claim_execution(other, owner="host:2:2", lease=timedelta(seconds=8), at=AT)
    stage.store.record(held, [execution_to(RUNNING, before=QUEUED), start_of("x", of=other)])
    stage.store.pools_in_use = lambda pools, besides: {"portal": 0}
    stage.clock.step = 0.3
    refused = []
    record = stage.store.record
    stage.store.record = lambda *args, **others: refused.append(1) or record(*args, **others)

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert len(refused) < 60
