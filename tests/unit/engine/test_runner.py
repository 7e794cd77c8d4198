"""The runner with everything around it in hand: what is stored, started, told, and given up, in which order."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.errors import HomeUnusable, StaleOwner, StoreUnusable
from orchestrator.core.events import AttemptNoted
from orchestrator.core.folding import fold
from orchestrator.core.outcomes import Lost, Raised, Returned
from orchestrator.core.ports import AttemptOutput, Call
from orchestrator.engine.clocks import SystemClock
from tests.unit.core.subjects import plan_of, task_of
from tests.unit.engine.runner_subjects import AT, DONE, HANG, ID, LEASE, Ear, Stage

BROKEN = Raised(error_type="ValueError", message="no rows", traceback="Traceback …", lineage=("ValueError",))


# --- storing and starting --------------------------------------------------------------------------------------------


def test_an_execution_is_driven_to_its_end_in_the_order_of_its_plan():
    stage = Stage(plan_of(extract=[], load=["extract"]))

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert stage.statuses == {"extract": "completed", "load": "completed"}
    assert [call.attempt.run.task_id for call in stage.executor.calls] == ["extract", "load"]


def test_the_move_of_an_attempt_is_stored_before_the_attempt_starts():
    stage = Stage(plan_of(a=[], b=["a"]))
    seen = []
    stage.executor.on_submit = lambda call: seen.append((stage.statuses, len(stage.store.attempts(ID))))

    stage.drive()

    assert seen == [({"a": "running", "b": "pending"}, 1), ({"a": "completed", "b": "running"}, 2)]


def test_what_is_heard_at_once_is_stored_in_one_commit():
    stage = Stage(plan_of(**{f"t{n}": [] for n in range(100)}))

    stage.drive()

    began, ended = 1 + 100, 100 + 100 + 1  # the execution and its starts; notes of pids, ends and the execution's end
    assert stage.store.batches == [began, ended]


def test_one_commit_never_takes_in_more_than_five_hundred_events():
    stage = Stage(plan_of(**{f"t{n}": [] for n in range(600)}))

    stage.drive()

    assert stage.store.batches == [601, 500, 500, 201]


def test_the_stored_log_adds_up_to_the_stored_states():
    plan = plan_of(task_of("a", retry_count=1, retry_delay=0), b=["a"], c=[])
    stage = Stage(plan, {"a": [BROKEN, Lost(message="gone"), DONE], "c": [DONE]})

    stage.drive()

    folded = fold(stage.store.events(ID))
    assert folded.execution.value == "completed"
    assert {key.task_id: status.value for key, status in folded.runs.items()} == stage.statuses


def test_every_stored_event_is_told_once_and_in_order():
    stage = Stage(plan_of(a=[], b=["a"]))

    stage.drive()

    assert stage.ear.events == stage.store.events(ID)


def test_the_pid_and_the_log_of_an_attempt_are_stored():
    stage = Stage(plan_of(a=[]), log_of=lambda attempt: f"logs/{attempt.number}.log")

    stage.drive()

    (attempt,) = stage.store.attempts(ID)
    assert (attempt.pid, attempt.log, attempt.status, attempt.duration) == (4321, "logs/1.log", "completed", 0.5)
    assert sum(isinstance(event.move, AttemptNoted) for event in stage.ear.events) == 1


@pytest.mark.timeout(5)
def test_a_retry_starts_by_itself_when_its_time_has_come():
    plan = plan_of(task_of("a", retry_count=1, retry_delay=0.01))
    stage = Stage(plan, {"a": [BROKEN, DONE]}, clock=SystemClock(), lease=timedelta(hours=1))

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert [attempt.status for attempt in stage.store.attempts(ID)] == ["failed", "completed"]


def test_no_more_attempts_are_submitted_than_the_request_allows():
    stage = Stage(plan_of(**{f"t{n}": [] for n in range(9)}), max_workers=2)
    running = []
    stage.executor.on_submit = lambda call: running.append(list(stage.statuses.values()).count("running"))

    stage.drive()

    assert len(running) == 9
    assert set(running) == {2, 1}
    assert max(running) == 2


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_hidden_texts_are_neither_stored_nor_told():
    outcome = Returned(output={"said": "the word is hunter22, the other hunter33"})

    def call_of(start, _):
        return Call(attempt=start.attempt, module_path="m", function_name="f", hidden=("hunter33",))

    stage = Stage(plan_of(a=[]), {"a": [outcome]}, hidden=frozenset({"hunter22"}), make_call=call_of)

    stage.drive()

    (run,) = stage.store.task_runs(ID)
    assert run.output == {"said": "the word is ***, the other ***"}
    assert "hunter" not in str(stage.ear.events)


# --- listeners -------------------------------------------------------------------------------------------------------


def test_a_listener_that_raises_anything_changes_nothing_and_the_others_still_hear(caplog):
    deaf, ear = Ear(ZeroDivisionError("oops")), Ear()
    stage = Stage(plan_of(a=[], b=["a"]), listeners=[deaf, ear])

    with caplog.at_level(logging.ERROR):
        driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert driven.troubles == ()
    assert deaf.events == ear.events == stage.store.events(ID)
    assert "a listener failed" in caplog.text


def test_a_trouble_of_ours_in_a_listener_is_told_once_at_the_end():
    full = HomeUnusable("the disk is full")
    stage = Stage(plan_of(a=[], b=["a"]), listeners=[Ear(full)])

    driven = stage.drive()

    assert driven.execution.status.value == "completed"
    assert driven.troubles == (full,)


def test_what_an_attempt_writes_goes_to_the_listeners_and_not_into_the_store():
    stage = Stage(plan_of(a=[]))
    said = []

    def speak(call):
        said.append(AttemptOutput(attempt=call.attempt, stream="stdout", text="hola\n"))
        stage.executor.deliver(said[0])

    stage.executor.on_submit = speak

    stage.drive()

    assert stage.ear.outputs == said
    assert "hola" not in str(stage.store.events(ID))


def test_a_listener_that_cannot_take_outputs_changes_nothing():
    stage = Stage(plan_of(a=[]), listeners=[Ear(HomeUnusable("the disk is full"))])
    stage.executor.on_submit = lambda call: stage.executor.deliver(
        AttemptOutput(attempt=call.attempt, stream="stdout", text="hola\n")
    )

    driven = stage.drive()

    assert driven.execution.status.value == "completed"


def test_listeners_are_closed_when_nothing_more_will_come():
    stage = Stage(plan_of(a=[]))

    stage.drive()

    assert stage.ear.closed == 1


# --- ending early ----------------------------------------------------------------------------------------------------


def test_a_cancel_ends_what_runs_and_cancels_the_rest():
    stage = Stage(plan_of(a=[], b=["a"]), {"a": [HANG]})
    stage.executor.on_submit = lambda call: stage.runner.ask_cancel()

    driven = stage.drive()

    assert driven.execution.status.value == "cancelled"
    assert stage.statuses == {"a": "cancelled", "b": "cancelled"}
    assert stage.executor.cancelled == ["a"]


def test_a_second_cancel_reaches_the_executor_again():
    stage = Stage(plan_of(a=[]), {"a": [HANG]})
    stage.executor.on_submit = lambda call: [stage.runner.ask_cancel(), stage.runner.ask_cancel()]

    stage.drive()

    assert stage.executor.cancelled == ["a", "a"]


def test_a_stop_leaves_an_execution_that_can_be_resumed():
    stage = Stage(plan_of(a=[], b=["a"]), {"a": [HANG]})
    stage.executor.on_submit = lambda call: stage.runner.ask_stop()

    driven = stage.drive()

    assert (driven.execution.status.value, driven.execution.exit_code) == ("interrupted", 143)
    assert stage.statuses == {"a": "interrupted", "b": "pending"}


@pytest.mark.parametrize(("ask", "status"), [("ask_cancel", "cancelled"), ("ask_stop", "interrupted")])
def test_what_was_asked_before_the_beginning_keeps_every_task_from_starting(ask, status):
    stage = Stage(plan_of(a=[], b=["a"]))
    getattr(stage.runner, ask)()

    driven = stage.drive()

    assert driven.execution.status.value == status
    assert stage.executor.calls == []


def test_the_result_of_an_attempt_that_nobody_waits_for_changes_nothing():
    stage = Stage(plan_of(a=[], b=["a"]))
    stage.executor.on_submit = lambda call: stage.executor.end(replace(call.attempt, number=9), BROKEN)

    driven = stage.drive()

    assert driven.execution.status.value == "completed"


# --- owning ----------------------------------------------------------------------------------------------------------


def test_the_lease_is_renewed_once_a_third_of_it_has_passed():
    stage = Stage(plan_of(a=[], b=["a"], c=["b"]))
    stage.executor.on_submit = lambda call: stage.clock.turn(6)

    stage.drive()

    assert stage.store.renewals == [AT + timedelta(seconds=12)]


def test_the_lease_is_renewed_while_nothing_happens():
    plan = plan_of(a=[])
    stage = Stage(plan, {"a": [HANG]}, clock=SystemClock(), lease=timedelta(seconds=0.03))
    attempts = []
    stage.executor.on_submit = lambda call: attempts.append(call.attempt)
    renew = stage.store.renew_lease

    def renew_and_end(execution, **when):
        renew(execution, **when)
        if len(stage.store.renewals) == 3:
            stage.executor.end(attempts[0], DONE)

    stage.store.renew_lease = renew_and_end

    driven = stage.drive()

    assert len(stage.store.renewals) >= 3
    assert driven.execution.status.value == "completed"


def take_over(stage: Stage) -> None:
    """The owner slept past its lease and another one claimed the execution."""
    stage.clock.turn(LEASE.total_seconds() + 1)
    stage.store.claim_execution(ID, owner="other:2:2", lease=LEASE, at=stage.clock.now())


def test_an_owner_that_lost_the_execution_writes_nothing_more_and_ends_its_attempts():
    stage = Stage(plan_of(a=[], b=["a"]))
    stage.executor.on_submit = lambda call: take_over(stage)

    with pytest.raises(StaleOwner):
        stage.drive()

    assert stage.statuses == {"a": "running", "b": "pending"}
    assert stage.executor.closed >= 1
    assert len(stage.executor.calls) == 1


def test_an_owner_that_lost_the_execution_finds_out_when_it_renews_its_lease_and_ends_its_attempts():
    stage = Stage(plan_of(a=[]), {"a": [HANG]})

    stage.ear.on_hearing = lambda event: take_over(stage) if isinstance(event.move, AttemptNoted) else None

    with pytest.raises(StaleOwner):
        stage.drive()

    assert len(stage.store.batches) == 2
    assert stage.store.renewals == []
    assert stage.executor.closed >= 1


def test_a_store_that_cannot_go_on_ends_the_attempts_and_the_listeners():
    stage = Stage(plan_of(a=[], b=["a"]))
    record = stage.store.record

    def full_at_the_second(execution, moves, **others):
        if stage.store.batches:
            raise StoreUnusable("the disk is full")
        return record(execution, moves, **others)

    stage.store.record = full_at_the_second

    with pytest.raises(StoreUnusable):
        stage.drive()

    assert stage.executor.closed == 1
    assert stage.ear.closed == 1
    assert [event.seq for event in stage.ear.events] == [1, 2]
