"""The report of one execution as plain data: the original's shape, and what it left out (D1, D6, D12, R16)."""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import shown_parameters
from orchestrator.core.states import TaskStatus

Say = Callable[[Message | None], str]


def build_report(
    execution: Execution, task_runs: Iterable[TaskRun], attempts: Iterable[Attempt], *, zone: tzinfo, say: Say
) -> dict[str, JSON]:
    """The report as JSON; times are ISO 8601 in `zone`, durations seconds, reasons in the words of `say`."""
    runs = list(task_runs)
    tries: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        tries.setdefault(attempt.key.run.task_id, []).append(attempt)
    request = execution.request
    counts = {status.value: sum(run.status is status for run in runs) for status in TaskStatus}
    return {
        "execution_id": execution.execution_id,
        "status": execution.status.value,
        "exit_code": execution.exit_code,
        "workflow": request.workflow,
        "start_time": iso(execution.started_at, zone),
        "end_time": iso(execution.ended_at, zone),
        "total_duration": _seconds(execution.duration),
        "execution_order": list(request.tasks),
        "counts": {status: count for status, count in counts.items() if count},
        "results": {run.key.task_id: _result(run, tries.get(run.key.task_id, []), zone, say) for run in runs},
        "assumed_satisfied": list(request.assumed_satisfied),
        "parameters": shown_parameters(request.parameters),
        "data_source": request.data_source,
        "parallel": request.parallel,
        "max_workers": request.max_workers,
        "stop_on_failure": request.stop_on_failure,
        "started_by": request.source,
        "reason": say(execution.reason) or None,
        "rerun_of": request.rerun_of,
        "results_kept": list(request.kept),
        "refused_writes": execution.refused_writes,
        "configuration_sha256": request.snapshot,
        "orchestrator_version": request.version,
    }


def error_of(run: TaskRun | Attempt, say: Say) -> str | None:
    """What went wrong: the code's own words, else ours; None where nothing did."""
    if run.error:
        return run.error
    return (say(run.reason) or run.error_type) if run.error_type else None


def iso(moment: datetime | None, zone: tzinfo) -> str | None:
    """ISO 8601 with offset, to the millisecond."""
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="milliseconds")


def _result(run: TaskRun, attempts: list[Attempt], zone: tzinfo, say: Say) -> dict[str, JSON]:
    return {
        "task_id": run.key.task_id,
        "status": run.status.value,
        "start_time": iso(run.started_at, zone),
        "end_time": iso(run.ended_at, zone),
        "duration": _seconds(run.duration),
        "output": run.output,
        "error": error_of(run, say),
        "error_type": run.error_type,
        "reason": say(run.reason) or None,
        "cached_from": run.cached_from,
        "next_attempt_at": iso(run.next_attempt_at, zone),
        "attempts": [_attempt(attempt, zone, say) for attempt in attempts],
    }


def _attempt(attempt: Attempt, zone: tzinfo, say: Say) -> dict[str, JSON]:
    return {
        "number": attempt.key.number,
        "status": attempt.status,
        "start_time": iso(attempt.started_at, zone),
        "end_time": iso(attempt.ended_at, zone),
        "duration": _seconds(attempt.duration),
        "error": error_of(attempt, say),
        "error_type": attempt.error_type,
        "traceback": attempt.traceback,
        "pid": attempt.pid,
        "log": attempt.log,
        "cpu_seconds": _seconds(attempt.usage.cpu_seconds),
        "peak_memory_bytes": attempt.usage.peak_memory_bytes,
        "code_sha256": attempt.code_sha256,
    }


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
