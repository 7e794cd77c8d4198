"""State from events: what each move makes of a record, and what a whole event log adds up to (R2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from orchestrator.core.errors import IllegalMove, OrchestratorError
from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import Usage
from orchestrator.core.states import ExecutionStatus, S, TaskStatus, move

V = TypeVar("V")


class GapFound(OrchestratorError):
    """An event log that lacks an event, repeats one or mixes executions: it proves nothing about a state."""

    def __init__(self, execution_id: str, *, expected: int, found: int) -> None:
        super().__init__(
            N_("the event log of {execution_id} is broken: event {expected} should stand where event {found} is"),
            execution_id=execution_id,
            expected=expected,
            found=found,
        )
        self.execution_id = execution_id
        self.expected = expected
        self.found = found


@dataclass(frozen=True, kw_only=True)
class Statuses:
    """Where an execution and its task runs stand; a run without an event is pending and not listed."""

    execution: ExecutionStatus
    runs: Mapping[TaskRunKey, TaskStatus]


def fold(events: Iterable[Event]) -> Statuses:
    """Compute where everything stands after `events`, the whole log of one execution from its first event on.

    Raises GapFound where the numbers are not 1, 2, 3 … of one execution, IllegalMove where a move starts from another
    state than the one reached, or the table of moves has no such step.
    """
    execution = ExecutionStatus.QUEUED
    runs: dict[TaskRunKey, TaskStatus] = {}
    for event in checked(events):
        moved = event.move
        if isinstance(moved, ExecutionMoved):
            execution = step(execution, moved.before, moved.after)
        elif isinstance(moved, TaskMoved):
            runs[moved.run] = step(runs.get(moved.run, TaskStatus.PENDING), moved.before, moved.after)
    return Statuses(execution=execution, runs=runs)


def checked(events: Iterable[Event]) -> Iterable[Event]:
    """The same events, one after the other; raises GapFound where one does not follow the one before it."""
    of_execution: str | None = None
    for expected, event in enumerate(events, start=1):
        of_execution = event.execution_id if of_execution is None else of_execution
        of_move = of_execution if isinstance(event.move, ExecutionMoved) else event.move.run.execution_id
        if event.seq != expected or {event.execution_id, of_move} != {of_execution}:
            raise GapFound(of_execution, expected=expected, found=event.seq)
        yield event


def advance_execution(execution: Execution, moved: ExecutionMoved) -> Execution:
    """`execution` after the move; owner, token and lease stay as they are.

    An end, or an interruption, brings `ended_at`, `duration` and `exit_code`; running again takes them back.
    A cancelled execution keeps the reason it was given when the cancelling began. Raises IllegalMove.
    """
    status = step(execution.status, moved.before, moved.after)
    stopped = status.final or status is ExecutionStatus.INTERRUPTED
    keeps_reason = moved.reason is None and moved.before is ExecutionStatus.CANCELLING
    return replace(
        execution,
        status=status,
        started_at=execution.started_at or (moved.at if status is ExecutionStatus.RUNNING else None),
        ended_at=moved.at if stopped else None,
        duration=moved.duration if stopped else None,
        exit_code=moved.exit_code if stopped else None,
        reason=execution.reason if keeps_reason else moved.reason,
    )


def advance_run(run: TaskRun, moved: TaskMoved) -> TaskRun:
    """`run` after the move: what the move says of output, error and reason replaces what was said before.

    Raises IllegalMove.
    """
    status = step(run.status, moved.before, moved.after)
    return replace(
        run,
        status=status,
        attempts=run.attempts if moved.attempt is None else max(run.attempts, moved.attempt.key.number),
        started_at=run.started_at or (moved.at if status is TaskStatus.RUNNING else None),
        ended_at=moved.at if status.final else None,
        duration=moved.duration if status.final else None,
        output=moved.output,
        error=moved.error,
        error_type=moved.error_type,
        reason=moved.reason,
        next_attempt_at=moved.next_attempt_at,
        cached_from=moved.cached_from,
        cache_key=moved.cache_key,
    )


def advance_attempt(known: Attempt | None, moved: TaskMoved | AttemptNoted, new: Attempt) -> Attempt:
    """The attempt as it is to be stored: `new`, as `moved` brought it; what it does not say stays as it was `known`.

    A note tells where an attempt runs, never how it stands: one that comes late changes no end.
    """
    if known is None:
        return new
    return replace(
        new,
        status=known.status if isinstance(moved, AttemptNoted) else new.status,
        started_at=new.started_at or known.started_at,
        ended_at=new.ended_at or known.ended_at,
        duration=_said(new.duration, known.duration),
        pid=_said(new.pid, known.pid),
        error=_said(new.error, known.error),
        error_type=_said(new.error_type, known.error_type),
        reason=new.reason or known.reason,
        traceback=_said(new.traceback, known.traceback),
        log=_said(new.log, known.log),
        code_sha256=_said(new.code_sha256, known.code_sha256),
        usage=Usage(
            cpu_seconds=_said(new.usage.cpu_seconds, known.usage.cpu_seconds),
            peak_memory_bytes=_said(new.usage.peak_memory_bytes, known.usage.peak_memory_bytes),
        ),
    )


def step(now: S, before: S, after: S) -> S:
    """Return `after` where the state is the expected `before` and the table has the step; else raise IllegalMove."""
    if now != before:
        raise IllegalMove(now, after)
    return move(now, after)


def _said(new: V | None, known: V | None) -> V | None:
    return known if new is None else new
