"""Executions as they are stored, made from the moves of a journey, for the tests that verify them and break them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.core.events import Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.plan import Plan
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.verification import Finding, verify
from tests.unit.core.subjects import AT, ID

KILL_GRACE = 5.0
DEFAULT_TIMEOUT = 3600.0
EARLIER = "20250331_120000"
"""Another execution."""


def run_of(task_id: str) -> TaskRunKey:
    return TaskRunKey(execution_id=ID, task_id=task_id)


def attempt_of(task_id: str, number: int, **fields) -> Attempt:
    return Attempt(key=AttemptKey(run=run_of(task_id), number=number), started_at=AT, **fields)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What `verify` is given. The store agrees with the moves, legal or not, unless a test says otherwise."""

    plan: Plan
    execution: Execution
    events: tuple[Event, ...]
    task_runs: tuple[TaskRun, ...]
    attempts: tuple[Attempt, ...]
    pools: Mapping[str, int]

    @property
    def moves(self) -> list[Move]:
        return [event.move for event in self.events]

    def verified(self) -> list[Finding]:
        return verify(
            self.execution,
            self.plan,
            self.events,
            self.task_runs,
            self.attempts,
            kill_grace=KILL_GRACE,
            default_timeout=DEFAULT_TIMEOUT,
            pools=self.pools,
        )

    @property
    def broken(self) -> dict[str, str]:
        """Promises that did not hold, and what is said of them."""
        return {finding.promise: str(finding.detail) for finding in self.verified() if not finding.held}


def case_of(plan: Plan, moves: Sequence[Move], *, slots: Mapping[str, int] | None = None, **asked) -> Case:
    """`slots` by pool; `asked` holds fields of the request."""
    status = ExecutionStatus.QUEUED
    runs = {
        key: TaskRun(key=key, position=position)
        for position, task_id in enumerate(plan.order)
        for key in [TaskRunKey(execution_id=ID, task_id=task_id)]
    }
    attempts: dict[AttemptKey, Attempt] = {}
    for move in moves:
        if isinstance(move, ExecutionMoved):
            status = move.after
        elif isinstance(move, TaskMoved):
            run = runs.get(move.run, TaskRun(key=move.run, position=len(runs)))
            number = run.attempts if move.attempt is None else max(run.attempts, move.attempt.key.number)
            runs[move.run] = replace(run, status=move.after, attempts=number, cached_from=move.cached_from)
            if move.attempt is not None:
                attempts[move.attempt.key] = move.attempt
    request = Request(**{"tasks": plan.order, "max_workers": 100, **asked})
    return Case(
        plan=plan,
        execution=Execution(execution_id=ID, request=request, status=status, created_at=AT),
        events=tuple(Event(execution_id=ID, seq=seq, move=move) for seq, move in enumerate(moves, start=1)),
        task_runs=tuple(runs.values()),
        attempts=tuple(attempts.values()),
        pools=slots or {},
    )


def place_of(moves: Sequence[Move], task_id: str, after: str, nth: int = 0) -> int:
    """Where the task became `after`, for the nth time."""
    found = [
        place
        for place, move in enumerate(moves)
        if isinstance(move, TaskMoved) and move.run.task_id == task_id and move.after.value == after
    ]
    return found[nth]


def edited(moves: Sequence[Move], place: int, **changes) -> list[Move]:
    """With other fields in one move; a change may be a function of the old value."""
    fields = {
        name: value(getattr(moves[place], name)) if isinstance(value, Callable) else value
        for name, value in changes.items()
    }
    return [*moves[:place], replace(moves[place], **fields), *moves[place + 1 :]]


def carried(moves: Sequence[Move], place: int, to: int) -> list[Move]:
    """With one move standing elsewhere."""
    left = list(moves)
    left.insert(to, left.pop(place))
    return left


def without(moves: Sequence[Move], *places: int) -> list[Move]:
    return [move for place, move in enumerate(moves) if place not in places]
