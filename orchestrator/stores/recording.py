"""What a batch of moves does to stored records: one decision for every store, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.core.errors import IllegalMove, StaleOwner
from orchestrator.core.events import Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.folding import advance_attempt, advance_execution, advance_run
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The records as they are to stand after all moves; only what the moves touched."""

    execution: Execution
    runs: Mapping[TaskRunKey, TaskRun]
    attempts: Mapping[AttemptKey, Attempt]
    events: Sequence[Event]


def check_owner(stored: Execution, claimed: Execution) -> None:
    """Raise StaleOwner unless `claimed` carries the stored owner and token; nobody at all owns nothing."""
    if claimed.owner is None or (stored.owner, stored.fencing_token) != (claimed.owner, claimed.fencing_token):
        raise StaleOwner(claimed.execution_id)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the store holds before the moves: at least all task runs and attempts that they name and that exist."""

    execution: Execution
    runs: Mapping[TaskRunKey, TaskRun]
    attempts: Mapping[AttemptKey, Attempt]
    last_seq: int
    """Number of the last event in the log; 0 for none."""


def apply_moves(stored: Stored, moves: Sequence[Move]) -> Recorded:
    """Apply `moves` in order to what is stored and number their events.

    Raises IllegalMove where the tables have no such step, a state is not the expected one, or a task run is missing.
    """
    execution = stored.execution
    runs: dict[TaskRunKey, TaskRun] = {}
    attempts: dict[AttemptKey, Attempt] = {}
    for moved in moves:
        if isinstance(moved, ExecutionMoved):
            execution = advance_execution(execution, moved)
            continue
        run = runs.get(moved.run) or stored.runs.get(moved.run)
        if run is None or moved.run.execution_id != execution.execution_id:
            raise IllegalMove("missing", moved.after if isinstance(moved, TaskMoved) else moved.attempt.status)
        if isinstance(moved, TaskMoved):
            runs[moved.run] = advance_run(run, moved)
        if moved.attempt is not None:
            key = moved.attempt.key
            attempts[key] = advance_attempt(attempts.get(key) or stored.attempts.get(key), moved, moved.attempt)
    events = [
        Event(execution_id=execution.execution_id, seq=seq, move=moved)
        for seq, moved in enumerate(moves, start=stored.last_seq + 1)
    ]
    return Recorded(execution=_without_lease_at_the_end(execution), runs=runs, attempts=attempts, events=events)


def _without_lease_at_the_end(execution: Execution) -> Execution:
    if execution.status.final or execution.status is ExecutionStatus.INTERRUPTED:
        return replace(execution, owner=None, lease_until=None)
    return execution
