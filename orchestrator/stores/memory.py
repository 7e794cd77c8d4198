"""The store that forgets: for tests, rehearsals and executions that nobody will ask about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from orchestrator.core.errors import ExecutionIdTaken, NoSuchExecution, StaleOwner
from orchestrator.core.events import Event, Move
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.stores.event_records import move_text, read_move
from orchestrator.stores.recording import Stored, apply_moves, check_owner
from orchestrator.stores.records import in_utc, read_request, request_text


@dataclass(kw_only=True)
class _Kept:
    """One execution with all that belongs to it."""

    execution: Execution
    runs: dict[TaskRunKey, TaskRun]
    attempts: dict[AttemptKey, Attempt] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


class MemoryStore:
    """Keeps everything in this process; see `Store` for what each method promises, save that nothing is durable.

    Any thread may call it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._snapshots: dict[str, str] = {}
        self._lock = RLock()

    def create_execution(self, execution_id: str, request: Request, *, snapshot: str, at: datetime) -> Execution:
        """Reserve the id; raises ExecutionIdTaken. A request with no `snapshot` hash keeps no text."""
        request = read_request(request_text(request))  # a copy: what the caller does to its own later changes nothing
        execution = Execution(
            execution_id=execution_id, request=request, status=ExecutionStatus.QUEUED, created_at=in_utc(at)
        )
        keys = [TaskRunKey(execution_id=execution_id, task_id=task_id) for task_id in request.tasks]
        with self._lock:
            if execution_id in self._kept:
                raise ExecutionIdTaken(execution_id)
            if request.snapshot:
                self._snapshots.setdefault(request.snapshot, snapshot)
            runs = {key: TaskRun(key=key, position=position) for position, key in enumerate(keys)}
            self._kept[execution_id] = _Kept(execution=execution, runs=runs)
        return execution

    def claim_execution(self, execution_id: str, *, owner: str, lease: timedelta, at: datetime) -> Execution:
        """Become the owner; raises NoSuchExecution, StaleOwner."""
        now = in_utc(at)
        with self._lock:
            kept = self._find(execution_id)
            stored = kept.execution
            held = stored.owner not in {None, owner} and stored.lease_until is not None and stored.lease_until > now
            if stored.status.final or held:
                raise StaleOwner(execution_id)
            kept.execution = replace(
                stored, owner=owner, fencing_token=stored.fencing_token + 1, lease_until=now + lease
            )
            return kept.execution

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        """Extend the lease; raises StaleOwner."""
        until = in_utc(at) + lease
        with self._lock:
            kept = self._claimed(execution)
            kept.execution = replace(kept.execution, lease_until=until)

    def record(self, execution: Execution, moves: Sequence[Move]) -> list[Event]:
        """Apply all moves or none; raises StaleOwner, IllegalMove."""
        # as a database would keep them: later changes by the caller, and types that JSON lacks, do not get in
        copies = [read_move(execution.execution_id, in_utc(moved.at), move_text(moved)) for moved in moves]
        with self._lock:
            kept = self._claimed(execution)
            stored = Stored(execution=kept.execution, runs=kept.runs, attempts=kept.attempts, last_seq=len(kept.events))
            recorded = apply_moves(stored, copies)
            kept.execution = recorded.execution
            kept.runs.update(recorded.runs)
            kept.attempts.update(recorded.attempts)
            kept.events.extend(recorded.events)
            return list(recorded.events)

    def get_execution(self, execution_id: str) -> Execution:
        """The execution; raises NoSuchExecution."""
        with self._lock:
            return self._find(execution_id).execution

    def find_executions(self, part: str, *, limit: int = 10) -> list[str]:
        """Ids that contain `part`, newest first."""
        found = (execution.execution_id for execution in self._newest_first())
        return [execution_id for execution_id in found if part in execution_id][:limit]

    def list_executions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        statuses: Iterable[ExecutionStatus] = (),
        workflow: str | None = None,
    ) -> list[Execution]:
        """Newest first; raises NoSuchExecution where `before` is unknown."""
        wanted = frozenset(statuses)
        with self._lock:
            border = None if before is None else _age(self._find(before).execution)
            return [
                execution
                for execution in self._newest_first()
                if (border is None or _age(execution) < border)
                and (not wanted or execution.status in wanted)
                and workflow in {None, execution.request.workflow}
            ][:limit]

    def task_runs(self, execution_id: str) -> list[TaskRun]:
        """By position, then index; empty for an unknown execution."""
        with self._lock:
            kept = self._kept.get(execution_id)
            return [] if kept is None else sorted(kept.runs.values(), key=_place)

    def attempts(self, execution_id: str) -> list[Attempt]:
        """By task run's position, then number; empty for an unknown execution."""
        with self._lock:
            kept = self._kept.get(execution_id)
            if kept is None:
                return []
            return sorted(kept.attempts.values(), key=lambda a: (_place(kept.runs[a.key.run]), a.key.number))

    def events(self, execution_id: str, *, after: int = 0) -> list[Event]:
        """The event log from `after` on, exclusive; empty for an unknown execution."""
        with self._lock:
            kept = self._kept.get(execution_id)
            return [] if kept is None else kept.events[max(after, 0) :]

    def snapshot(self, sha256: str) -> str:
        """The configuration's text; raises KeyError."""
        with self._lock:
            return self._snapshots[sha256]

    def latest_completed(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Task id → id of the latest execution that held it, where it completed there."""
        with self._lock:
            newest_first = [self._kept[execution.execution_id] for execution in self._newest_first()]
            found = {}
            for task_id in task_ids:
                kept, runs = next(((k, r) for k in newest_first if (r := _runs_of(k, task_id))), (None, []))
                if kept is not None and all(run.status is TaskStatus.COMPLETED for run in runs):
                    found[task_id] = kept.execution.execution_id
            return found

    def close(self) -> None:
        """Nothing is held open."""

    def _find(self, execution_id: str) -> _Kept:
        try:
            return self._kept[execution_id]
        except KeyError:
            raise NoSuchExecution(execution_id) from None

    def _claimed(self, execution: Execution) -> _Kept:
        kept = self._kept.get(execution.execution_id)
        if kept is None:
            raise StaleOwner(execution.execution_id)
        check_owner(kept.execution, execution)
        return kept

    def _newest_first(self) -> list[Execution]:
        with self._lock:
            return sorted((kept.execution for kept in self._kept.values()), key=_age, reverse=True)


def _age(execution: Execution) -> tuple[datetime, str]:
    return execution.created_at, execution.execution_id


def _place(run: TaskRun) -> tuple[int, int, str]:
    return run.position, -1 if run.key.index is None else run.key.index, run.key.task_id


def _runs_of(kept: _Kept, task_id: str) -> list[TaskRun]:
    return [run for key, run in kept.runs.items() if key.task_id == task_id]
