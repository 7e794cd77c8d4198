"""Whether the event log of an execution is whole, legal and adds up to what is stored of it (R2)."""

from collections.abc import Iterable, Iterator

from orchestrator.core.errors import IllegalMove
from orchestrator.core.events import AttemptNoted, Event, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.folding import GapFound, advance_attempt, fold
from orchestrator.core.identity import AttemptKey
from orchestrator.core.messages import N_
from orchestrator.core.states import TaskStatus
from orchestrator.operations.findings import Finding, advice, error
from orchestrator.operations.looking_back import Record

WAY_OUT = advice(N_("put a backup in the store's place (`etl db backup` makes them); do not resume this execution"))


def faults_of_log(record: Record) -> Iterator[Finding]:
    """A legal path without a gap that adds up to what is stored (R2)."""
    where = record.execution.execution_id
    try:
        statuses = fold(record.events)
    except (GapFound, IllegalMove) as why:
        yield error("event_log", N_("its event log is broken: {why}"), where, advice=WAY_OUT, why=why.message)
        return
    if statuses.execution is not record.execution.status:
        yield _unlike(where, where, record.execution.status, statuses.execution)
    for run in record.task_runs:
        logged = statuses.runs.get(run.key, TaskStatus.PENDING)
        if logged is not run.status:
            yield _unlike(where, run.key.task_id, run.status, logged)
    yield from _attempts(record)


def _attempts(record: Record) -> Iterator[Finding]:
    """The same attempts as in the log, numbered without a gap; none under way but of what is running."""
    where = record.execution.execution_id
    logged = _logged_attempts(record.events)
    stored = {attempt.key: attempt.status for attempt in record.attempts}
    running = {run.key for run in record.task_runs if run.status is TaskStatus.RUNNING}
    for key in sorted(logged.keys() | stored.keys()):
        if logged.get(key) != stored.get(key):
            what = f"{key.run.task_id} #{key.number}"
            yield _unlike(where, what, stored.get(key, "–"), logged.get(key, "–"))
        elif stored[key] == "running" and key.run not in running:
            yield error(
                "attempts",
                N_("attempt {number} of {task_id} never ended, though its task has"),
                where,
                advice=WAY_OUT,
                number=key.number,
                task_id=key.run.task_id,
            )
    for run in record.task_runs:
        numbers = sorted(key.number for key in stored if key.run == run.key)
        if numbers != list(range(1, run.attempts + 1)):
            yield error(
                "attempts",
                N_("task {task_id} counts {count} attempt(s), stored are: {numbers}"),
                where,
                advice=WAY_OUT,
                task_id=run.key.task_id,
                count=run.attempts,
                numbers=", ".join(map(str, numbers)) or "–",
            )


def _logged_attempts(events: Iterable[Event]) -> dict[AttemptKey, str]:
    """How each attempt stands by the log alone."""
    known: dict[AttemptKey, Attempt] = {}
    for event in events:
        moved = event.move
        if isinstance(moved, TaskMoved | AttemptNoted) and moved.attempt is not None:
            key = moved.attempt.key
            known[key] = advance_attempt(known.get(key), moved, moved.attempt)
    return {key: attempt.status for key, attempt in known.items()}


def _unlike(where: str, what: str, stored: str, logged: str) -> Finding:
    return error(
        "event_log",
        N_("{what} is stored as {stored}, its event log says {logged}"),
        where,
        advice=WAY_OUT,
        what=what,
        stored=str(stored),
        logged=str(logged),
    )
