"""What `execute_all()` hands back: the original's `TaskResult` per task, and how the execution ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.exit_codes import OF_STATUS, ExitCode
from orchestrator.core.outcomes import JSON
from orchestrator.core.report import Say, error_of
from orchestrator.core.states import ExecutionStatus, TaskStatus


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """One task of a finished execution; `duration` in seconds."""

    task_id: str
    status: TaskStatus
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: float | None = None
    output: JSON = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionResult:
    """How an execution ended. It is true (`if result:`) where everything selected completed."""

    execution_id: str
    status: ExecutionStatus
    results: Mapping[str, TaskResult]
    duration: float | None
    report: str
    """Path of the execution's report."""
    log: str
    """Path of its log file."""
    troubles: tuple[OrchestratorError, ...] = ()
    """What went wrong beside the execution, such as a report that could not be written."""

    @property
    def exit_code(self) -> ExitCode:
        """The code of D3; 5 where the orchestrator itself had trouble."""
        return ExitCode.UNABLE if self.troubles else OF_STATUS[self.status]

    def __bool__(self) -> bool:
        return self.exit_code == ExitCode.SUCCESS


def results_of(task_runs: Iterable[TaskRun], say: Say) -> dict[str, TaskResult]:
    """Stored task runs as results by task id, in plan order."""
    return {
        run.key.task_id: TaskResult(
            task_id=run.key.task_id,
            status=run.status,
            start_time=run.started_at,
            end_time=run.ended_at,
            duration=run.duration,
            output=run.output,
            error=error_of(run, say),
        )
        for run in task_runs
    }


def runs_stand_at(task_runs: Iterable[TaskRun], status: ExecutionStatus) -> list[TaskRun]:
    """Task runs as they are to be shown beside `status`: where the owner is gone, nothing is running (R21)."""
    if status is not ExecutionStatus.INTERRUPTED:
        return list(task_runs)
    return [
        replace(run, status=TaskStatus.INTERRUPTED) if run.status is TaskStatus.RUNNING else run for run in task_runs
    ]


def stands_at(execution: Execution, now: datetime) -> ExecutionStatus:
    """The status to show: one that has no owner any more is not `running` (R21)."""
    left_alone = execution.lease_until is not None and execution.lease_until < now
    if execution.status in {ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING} and left_alone:
        return ExecutionStatus.INTERRUPTED
    return execution.status
