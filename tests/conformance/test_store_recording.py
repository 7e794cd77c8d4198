"""What every state store makes of moves: states, results, attempts."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from orchestrator.core.errors import IllegalMove, StaleOwner
from orchestrator.core.events import AttemptNoted
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import Usage
from orchestrator.core.states import EXECUTION_MOVES, TASK_MOVES, ExecutionStatus, TaskStatus
from tests.conformance.store_subjects import (
    AT,
    CANCELLING,
    ID,
    LEASE,
    QUEUED,
    RUNNING,
    WAY_TO,
    attempt_of,
    claimed,
    execution_to,
    run_of,
    start_of,
    started,
    task_to,
)

# --- recording -------------------------------------------------------------------------------------------------------


def test_events_are_numbered_without_a_gap_over_several_batches(store):
    execution = claimed(store)

    first = store.record(execution, [execution_to(RUNNING, before=QUEUED), start_of("a")])
    second = store.record(execution, [start_of("b"), task_to(TaskStatus.COMPLETED, task="a")])

    assert [event.seq for event in [*first, *second]] == [1, 2, 3, 4]
    assert store.events(ID) == [*first, *second]
    assert store.events(ID, after=2) == second
    assert store.events(ID, after=4) == []


def test_a_batch_with_one_illegal_move_stores_none_of_its_moves(store):
    execution = started(store)
    before = (store.get_execution(ID), store.task_runs(ID), store.attempts(ID), store.events(ID))

    with pytest.raises(IllegalMove):
        store.record(execution, [start_of("a", attempt=attempt_of("a")), task_to(TaskStatus.COMPLETED, task="b")])

    assert (store.get_execution(ID), store.task_runs(ID), store.attempts(ID), store.events(ID)) == before


def test_several_moves_of_one_task_run_fit_into_one_batch(store):
    execution = started(store)

    store.record(
        execution,
        [start_of("a"), task_to(TaskStatus.RETRY_WAIT), task_to(TaskStatus.FAILED, before=TaskStatus.RETRY_WAIT)],
    )

    assert run_of(store, "a").status is TaskStatus.FAILED
    assert len(store.events(ID)) == 4


def test_an_empty_batch_changes_nothing(store):
    execution = started(store)

    events = store.record(execution, [])

    assert events == []
    assert len(store.events(ID)) == 1


@pytest.mark.parametrize("now", list(TaskStatus))
def test_a_task_run_takes_only_the_steps_of_the_table(store, now):
    others = [after for after in TaskStatus if after not in TASK_MOVES.get(now, ())]
    execution = started(store, tasks=["a"])
    walk = [TaskStatus.PENDING, *WAY_TO[now]]
    store.record(execution, [task_to(then, before=before) for before, then in pairwise(walk)])

    for after in others:
        with pytest.raises(IllegalMove):
            store.record(execution, [task_to(after, before=now)])

    assert run_of(store).status is now


def test_a_move_from_another_state_than_the_stored_one_is_refused(store):
    execution = started(store)

    with pytest.raises(IllegalMove) as refused:
        store.record(execution, [task_to(TaskStatus.CANCELLED, before=TaskStatus.RETRY_WAIT)])

    assert refused.value.now == TaskStatus.PENDING
    assert run_of(store).status is TaskStatus.PENDING


def test_an_execution_takes_only_the_steps_of_the_table(store):
    execution = started(store)

    for after in set(ExecutionStatus) - EXECUTION_MOVES[RUNNING]:
        with pytest.raises(IllegalMove):
            store.record(execution, [execution_to(after)])

    assert store.get_execution(ID).status is RUNNING


def test_a_task_run_that_is_not_part_of_the_execution_cannot_move(store):
    execution = started(store)
    claimed(store, "20250401_120001", tasks=["x"])

    for stranger in (start_of("nobody"), start_of("x", of="20250401_120001")):
        with pytest.raises(IllegalMove):
            store.record(execution, [stranger])

    assert run_of(store, "x", "20250401_120001").status is TaskStatus.PENDING


def test_an_end_stores_its_time_duration_exit_code_and_reason_and_gives_up_the_lease(store):
    execution = started(store)
    reason = Message(template="{count} tasks failed", facts={"count": 2})

    store.record(
        execution,
        [execution_to(ExecutionStatus.FAILED, at=AT + LEASE, duration=29.5, exit_code=1, reason=reason)],
    )

    ended = store.get_execution(ID)
    assert (ended.started_at, ended.ended_at, ended.duration, ended.exit_code) == (AT, AT + LEASE, 29.5, 1)
    assert (ended.owner, ended.lease_until, ended.fencing_token) == (None, None, 1)
    assert str(ended.reason) == "2 tasks failed"


def test_an_interrupted_execution_is_free_at_once_and_runs_again_under_a_new_token(store):
    execution = started(store)
    store.record(execution, [execution_to(ExecutionStatus.INTERRUPTED, exit_code=143, duration=1.0)])

    again = store.claim_execution(ID, owner="second", lease=LEASE, at=AT)
    store.record(again, [execution_to(RUNNING, before=ExecutionStatus.INTERRUPTED)])

    resumed = store.get_execution(ID)
    assert (resumed.status, resumed.fencing_token, resumed.started_at) == (RUNNING, 2, AT)
    assert (resumed.ended_at, resumed.duration, resumed.exit_code) == (None, None, None)
    with pytest.raises(StaleOwner):
        store.record(execution, [start_of("a")])


def test_a_cancelled_execution_keeps_the_reason_that_its_cancelling_had(store):
    execution = started(store)
    reason = Message(template="cancelled by {user}", facts={"user": "ana"})

    store.record(execution, [execution_to(CANCELLING, reason=reason)])
    store.record(execution, [execution_to(ExecutionStatus.CANCELLED, before=CANCELLING, exit_code=130)])

    assert store.get_execution(ID).reason == reason


def test_a_waiting_retry_shows_its_error_and_next_time_until_it_runs_again(store):
    execution = started(store)
    due = AT + timedelta(seconds=2)
    reason = Message(template="attempt {number} failed", facts={"number": 1})
    waiting = task_to(TaskStatus.RETRY_WAIT, error="boom", error_type="ValueError", next_attempt_at=due, reason=reason)

    store.record(execution, [start_of(attempt=attempt_of()), waiting])
    seen = run_of(store)
    store.record(execution, [task_to(TaskStatus.RUNNING, before=TaskStatus.RETRY_WAIT, attempt=attempt_of(number=2))])

    assert (seen.error, seen.error_type, seen.next_attempt_at, seen.reason) == ("boom", "ValueError", due, reason)
    again = run_of(store)
    assert (again.error, again.error_type, again.next_attempt_at, again.reason) == (None, None, None, None)
    assert (seen.attempts, again.attempts) == (1, 2)


def test_a_finished_task_run_has_the_time_of_its_first_start_and_of_its_end(store):
    execution = started(store)
    later = [AT + timedelta(seconds=number) for number in range(4)]

    store.record(
        execution,
        [
            start_of(at=later[0]),
            task_to(TaskStatus.RETRY_WAIT, at=later[1]),
            task_to(TaskStatus.RUNNING, before=TaskStatus.RETRY_WAIT, at=later[2]),
            task_to(TaskStatus.COMPLETED, at=later[3], duration=3.0, output={"rows": 8}),
        ],
    )

    run = run_of(store)
    assert (run.started_at, run.ended_at, run.duration, run.output) == (later[0], later[3], 3.0, {"rows": 8})


@pytest.mark.parametrize(
    "output",
    [None, False, 0, 2**70, 1.5, "", "ñ € 🚌 \u2028", ["a", [None]], {"clave ñ": {"x": [1]}}, "\udc80 lone", "nul \0"],
    ids=repr,
)
def test_an_output_comes_back_as_it_was(store, output):
    execution = started(store)

    store.record(execution, [start_of(), task_to(TaskStatus.COMPLETED, output=output)])

    assert run_of(store).output == output
    assert store.events(ID)[-1].move.output == output


def test_texts_that_no_database_can_hold_are_spelt_out(store):
    execution = started(store)
    ended = attempt_of(status="failed", error="bad \udc80", traceback="nul \0 ñ")

    store.record(execution, [start_of(), task_to(TaskStatus.FAILED, error="bad \udc80", attempt=ended)])

    assert run_of(store).error == "bad \\udc80"
    assert store.attempts(ID)[0].traceback == "nul \\x00 ñ"
    assert store.events(ID)[-1].move.attempt == store.attempts(ID)[0]


def test_facts_that_json_does_not_know_become_text(store):
    execution = started(store)
    reason = Message(template="{wait} {where}", facts={"wait": timedelta(seconds=3), "where": AT})

    store.record(execution, [task_to(TaskStatus.SKIPPED, before=TaskStatus.PENDING, reason=reason)])

    assert str(run_of(store).reason) == f"0:00:03 {AT}"
    assert store.events(ID)[-1].move.reason == run_of(store).reason


def test_what_a_caller_changes_afterwards_does_not_change_the_store(store):
    output, parameters = {"rows": [1]}, {"year": 2025}
    execution = started(store, parameters=parameters)
    store.record(execution, [start_of(), task_to(TaskStatus.COMPLETED, output=output)])

    output["rows"].append(2)
    parameters["year"] = 1999

    assert run_of(store).output == {"rows": [1]}
    assert store.get_execution(ID).request.parameters == {"year": 2025}


# --- attempts --------------------------------------------------------------------------------------------------------


def test_an_attempt_is_stored_when_it_begins_and_completed_when_it_ends(store):
    execution = started(store)
    begun = attempt_of(started_at=AT, log="a-1.log")
    ended = replace(
        begun,
        status="failed",
        ended_at=AT + LEASE,
        duration=30.0,
        pid=77,
        error="boom",
        error_type="ValueError",
        reason=Message(template="why"),
        traceback="Traceback …",
        usage=Usage(cpu_seconds=1.5, peak_memory_bytes=2**40),
    )

    store.record(execution, [start_of(attempt=begun)])
    at_first = store.attempts(ID)
    store.record(execution, [task_to(TaskStatus.FAILED, attempt=ended)])

    assert at_first == [begun]
    assert store.attempts(ID) == [ended]


def test_an_end_that_does_not_know_the_pid_keeps_the_noted_one(store):
    execution = started(store)
    noted = AttemptNoted(run=attempt_of().key.run, attempt=attempt_of(pid=77, started_at=AT), at=AT)

    store.record(execution, [start_of(attempt=attempt_of(log="a-1.log")), noted])
    store.record(execution, [task_to(TaskStatus.COMPLETED, attempt=attempt_of(status="completed", duration=1.0))])

    assert store.attempts(ID) == [
        attempt_of(status="completed", pid=77, started_at=AT, log="a-1.log", duration=1.0),
    ]
    assert store.events(ID)[2].move == noted


def test_a_note_that_comes_late_does_not_bring_an_attempt_back_to_life(store):
    execution = started(store)
    done = task_to(TaskStatus.COMPLETED, attempt=attempt_of(status="completed"))
    store.record(execution, [start_of(attempt=attempt_of()), done])

    store.record(execution, [AttemptNoted(run=attempt_of().key.run, attempt=attempt_of(pid=77), at=AT)])

    assert [(attempt.status, attempt.pid) for attempt in store.attempts(ID)] == [("completed", 77)]
    assert run_of(store).status is TaskStatus.COMPLETED


def test_attempts_are_listed_by_position_then_number(store):
    execution = started(store, tasks=["z", "a"])

    store.record(execution, [start_of("a", attempt=attempt_of("a")), start_of("z", attempt=attempt_of("z"))])
    for number in range(2, 12):
        store.record(
            execution,
            [
                task_to(TaskStatus.RETRY_WAIT, task="z"),
                task_to(TaskStatus.RUNNING, before=TaskStatus.RETRY_WAIT, task="z", attempt=attempt_of("z", number)),
            ],
        )

    listed = [(attempt.key.run.task_id, attempt.key.number) for attempt in store.attempts(ID)]
    assert listed == [("z", number) for number in range(1, 12)] + [("a", 1)]
