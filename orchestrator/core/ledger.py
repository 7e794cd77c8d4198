"""The moves of one turn: checks each against the table, applies it, and lists it for the store."""

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.exit_codes import OF_STATUS
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.judging import Verdict
from orchestrator.core.machine_state import Command, MachineState, Record, RunState
from orchestrator.core.messages import Message
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import JSON
from orchestrator.core.reasons import waiting_to_retry
from orchestrator.core.states import ExecutionStatus, TaskStatus, move


class Ledger:
    """Task runs and status of one execution while a turn works on them, and the commands that come of it."""

    def __init__(self, state: MachineState, now: Moment) -> None:
        self._execution_id = state.execution_id
        self.now = now
        self.runs: dict[str, RunState] = dict(state.runs)
        self.status = state.status
        self.began = state.began
        self.waiting: set[str] = set(state.waiting)
        """Task runs in `retry_wait`, so that nobody has to look through all."""
        self.commands: list[Command] = []

    def update(self, task_id: str, **changes: object) -> None:
        """Change what is remembered of a task run, its status aside."""
        self.runs[task_id] = replace(self.runs[task_id], **changes)  # type: ignore[arg-type]  # replace checks the names

    def move_task(
        self,
        task_id: str,
        status: TaskStatus,
        *,
        attempt: Attempt | None = None,
        output: JSON = None,
        reason: Message | None = None,
        verdict: Verdict | None = None,
        delay: float | None = None,
        cached_from: str | None = None,
        neutral: bool | None = None,
    ) -> None:
        """Give a task run its next state; `delay` in seconds is the wait before another attempt."""
        run = self.runs[task_id]
        after = move(run.status, status)
        if delay is not None:
            reason = waiting_to_retry(run.attempts, delay)
        self.runs[task_id] = replace(run, status=after)
        self.waiting.discard(task_id)
        if after is TaskStatus.RETRY_WAIT:
            self.waiting.add(task_id)
        self._record(
            TaskMoved(
                run=self.run_key(task_id),
                before=run.status,
                after=after,
                at=self.now.at,
                attempt=attempt,
                output=verdict.output if verdict else output,
                error=verdict.error if verdict else None,
                error_type=verdict.error_type if verdict else None,
                reason=reason or (verdict.reason if verdict else None),
                next_attempt_at=None if delay is None else self.now.later(delay).at,
                duration=self.now.since(run.began) if after.final else None,
                cached_from=cached_from,
                cache_key=run.cache_key if after is TaskStatus.COMPLETED else None,
                neutral=neutral if after is TaskStatus.SKIPPED else None,
            )
        )

    def move_execution(self, status: ExecutionStatus, reason: Message | None = None) -> None:
        """Give the execution its next state, with duration and exit code where it ends or is left."""
        after = move(self.status, status)
        self._record(
            ExecutionMoved(
                before=self.status,
                after=after,
                at=self.now.at,
                duration=self.now.since(self.began) if after in OF_STATUS else None,
                exit_code=OF_STATUS.get(after),
                reason=reason,
            )
        )
        self.status = after

    def run_key(self, task_id: str) -> TaskRunKey:
        """The stored identity of a task run."""
        return TaskRunKey(execution_id=self._execution_id, task_id=task_id)

    def attempt_key(self, task_id: str, number: int) -> AttemptKey:
        """The stored identity of one of its attempts."""
        return AttemptKey(run=self.run_key(task_id), number=number)

    def in_state(self, order: Sequence[str], *statuses: TaskStatus) -> list[str]:
        """Those of `order` that stand in one of `statuses`, in that order."""
        return [task_id for task_id in order if self.runs[task_id].status in statuses]

    def _record(self, moved: ExecutionMoved | TaskMoved) -> None:
        self.commands.append(Record(move=moved))
