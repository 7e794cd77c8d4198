"""What a batch of moves does to stored records: one decision for every store, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.core.errors import IllegalMove, OrdersWaiting, StaleOwner
from orchestrator.core.events import Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.folding import advance_attempt, advance_execution, advance_run
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Delivery
from orchestrator.stores.chaining import link
from orchestrator.stores.event_records import event_texts

CANCELLED = frozenset({ExecutionStatus.CANCELLING, ExecutionStatus.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the store holds before the moves: at least all task runs and attempts that they name and that exist."""

    execution: Execution
    runs: Mapping[TaskRunKey, TaskRun]
    attempts: Mapping[AttemptKey, Attempt]
    last_seq: int
    """Number of the last event in the log; 0 for none."""
    last_chain: str
    """Its chain; "" where it has none."""
    waiting_cancel: int = 0
    """Number of the cancel that nobody has obeyed; 0 for none."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The records as they are to stand after all moves; only what the moves touched."""

    execution: Execution
    runs: Mapping[TaskRunKey, TaskRun]
    attempts: Mapping[AttemptKey, Attempt]
    events: Sequence[Event]
    texts: Sequence[tuple[str, str]]
    """The `event_texts` of each event, over which its chain was computed."""
    last_chain: str
    waiting_cancel: int


def check_owner(stored: Execution, claimed: Execution) -> None:
    """Raise StaleOwner unless `claimed` carries the stored owner and token; nobody at all owns nothing."""
    if claimed.owner is None or (stored.owner, stored.fencing_token) != (claimed.owner, claimed.fencing_token):
        raise StaleOwner(claimed.execution_id)


def apply_moves(stored: Stored, moves: Sequence[Move], *, obeyed: int = 0) -> Recorded:
    """Apply `moves` in order to what is stored and number their events; orders up to `obeyed` are done with.

    Raises IllegalMove where the tables have no such step, a state is not the expected one, or a task run is missing;
    OrdersWaiting where a cancel waits and the moves do not lead there (D7).
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
    waiting = 0 if stored.waiting_cancel <= obeyed else stored.waiting_cancel
    if waiting and execution.status not in CANCELLED:
        raise OrdersWaiting(execution.execution_id)
    texts = [event_texts(moved) for moved in moves]
    events = _events(stored, moves, texts)
    return Recorded(
        execution=_without_lease_at_the_end(execution),
        runs=runs,
        attempts=attempts,
        events=events,
        texts=texts,
        last_chain=events[-1].chain if events else stored.last_chain,
        waiting_cancel=waiting,
    )


def deliveries_of(events: Sequence[Event], outbox: Sequence[str]) -> list[Delivery]:
    """Who of `outbox` has to be told of which event: of each end and each interruption of the execution."""
    return [
        Delivery(listener=listener, event=event)
        for event in events
        if isinstance(event.move, ExecutionMoved) and _stops(event.move.after)
        for listener in dict.fromkeys(outbox)
    ]


def _events(stored: Stored, moves: Sequence[Move], texts: Sequence[tuple[str, str]]) -> list[Event]:
    execution_id, chain = stored.execution.execution_id, stored.last_chain
    events = []
    for seq, (moved, (at, text)) in enumerate(zip(moves, texts, strict=True), start=stored.last_seq + 1):
        chain = link(chain, execution_id=execution_id, seq=seq, at=at, text=text)
        events.append(Event(execution_id=execution_id, seq=seq, move=moved, chain=chain))
    return events


def _without_lease_at_the_end(execution: Execution) -> Execution:
    return replace(execution, owner=None, lease_until=None) if _stops(execution.status) else execution


def _stops(status: ExecutionStatus) -> bool:
    return status.final or status is ExecutionStatus.INTERRUPTED
