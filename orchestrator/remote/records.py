"""What a server tells, as the records of the core: so it is shown by whatever shows what is stored here."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import quote

from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.states import ExecutionStatus, TaskStatus

NEVER = datetime.min.replace(tzinfo=UTC)


def execution_of(report: Mapping[str, Any]) -> Execution:
    """The execution that a report is of; what reports do not tell has its default."""
    started_at = _moment(report["start_time"])
    request = Request(
        tasks=tuple(report["execution_order"]),
        workflow=report["workflow"],
        parameters=dict(report.get("parameters") or {}),
        parallel=bool(report.get("parallel")),
        max_workers=int(report.get("max_workers") or 1),
        source=str(report.get("started_by") or ""),
        data_source=report.get("data_source"),
        assumed_satisfied=tuple(report.get("assumed_satisfied") or ()),
        rerun_of=report.get("rerun_of"),
        kept=tuple(report.get("results_kept") or ()),
    )
    return Execution(
        execution_id=str(report["execution_id"]),
        request=request,
        status=ExecutionStatus(report["status"]),
        created_at=started_at or NEVER,
        started_at=started_at,
        ended_at=_moment(report["end_time"]),
        duration=report["total_duration"],
        exit_code=report.get("exit_code"),
        reason=_said(report.get("reason")),
    )


def runs_of(report: Mapping[str, Any]) -> list[TaskRun]:
    """The task runs of a report, in its order."""
    execution_id = str(report["execution_id"])
    return [
        TaskRun(
            key=TaskRunKey(execution_id=execution_id, task_id=task_id),
            position=position,
            status=TaskStatus(result["status"]),
            attempts=len(result.get("attempts") or ()),
            started_at=_moment(result["start_time"]),
            ended_at=_moment(result["end_time"]),
            duration=result["duration"],
            output=result["output"],
            error=result["error"],
            error_type=result.get("error_type"),
            reason=_said(result.get("reason")),
            next_attempt_at=_moment(result.get("next_attempt_at")),
            cached_from=result.get("cached_from"),
        )
        for position, (task_id, result) in enumerate(report["results"].items())
    ]


def attempts_of(report: Mapping[str, Any]) -> list[Attempt]:
    """The attempts of a report; `log` is the address of what each wrote, below that of the server."""
    execution_id = str(report["execution_id"])
    return [
        Attempt(
            key=AttemptKey(run=TaskRunKey(execution_id=execution_id, task_id=task_id), number=tried["number"]),
            status=str(tried["status"]),
            started_at=_moment(tried.get("start_time")),
            ended_at=_moment(tried.get("end_time")),
            log=f"/executions/{execution_id}/tasks/{quote(task_id, safe='')}/attempts/{tried['number']:d}/log",
        )
        for task_id, result in report["results"].items()
        for tried in result.get("attempts") or ()
    ]


def zone_of(report: Mapping[str, Any]) -> tzinfo | None:
    """The zone in which the server tells times; None where it told none."""
    moment = _moment(report["start_time"])
    return None if moment is None else moment.tzinfo


def event_of(kind: str, data: Mapping[str, Any]) -> Event | None:
    """An event of the stream; None for a kind that a later version may send."""
    build = _MOVES.get(kind)
    if build is None:
        return None
    return Event(execution_id=str(data["execution_id"]), seq=int(data["seq"]), move=build(data))


def _execution_moved(data: Mapping[str, Any]) -> ExecutionMoved:
    return ExecutionMoved(
        before=ExecutionStatus(data["before"]),
        after=ExecutionStatus(data["after"]),
        at=datetime.fromisoformat(data["at"]),
        duration=data["duration"],
        exit_code=data["exit_code"],
        reason=_said(data["reason"]),
    )


def _task_moved(data: Mapping[str, Any]) -> TaskMoved:
    return TaskMoved(
        run=_run(data),
        before=TaskStatus(data["before"]),
        after=TaskStatus(data["after"]),
        at=datetime.fromisoformat(data["at"]),
        attempt=_attempt(data) if data.get("attempt") is not None else None,
        error=data["error"],
        error_type=data["error_type"],
        reason=_said(data["reason"]),
        duration=data["duration"],
        cached_from=data["cached_from"],
    )


def _attempt_noted(data: Mapping[str, Any]) -> AttemptNoted:
    return AttemptNoted(run=_run(data), attempt=_attempt(data), at=datetime.fromisoformat(data["at"]))


def _run(data: Mapping[str, Any]) -> TaskRunKey:
    return TaskRunKey(execution_id=str(data["execution_id"]), task_id=str(data["task_id"]), index=data["index"])


def _attempt(data: Mapping[str, Any]) -> Attempt:
    key = AttemptKey(run=_run(data), number=int(data["attempt"]))
    return Attempt(key=key, pid=data.get("pid"), reason=_said(data.get("attempt_reason")))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _said(text: str | None) -> Message | None:
    """Words that the server has put into the reader's language already."""
    return Message(template="{text}", facts={"text": text}) if text else None


_MOVES: dict[str, Callable[[Mapping[str, Any]], Move]] = {
    "execution": _execution_moved,
    "task": _task_moved,
    "attempt": _attempt_noted,
}
