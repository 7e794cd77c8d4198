"""What is stored of one execution, read so that it fits together, and whether its report file says the same."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from orchestrator.core.events import Event
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.plan import make_plan
from orchestrator.core.report import build_report
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.verification import Finding, verify
from orchestrator.listeners.report_file import report_file_name
from orchestrator.operations.parts import Parts, registry_as_started
from orchestrator.translation import say

MOST_READINGS = 20
"""An execution under way is read again when something was stored meanwhile, at most so often."""
SAME = ("status", "exit_code", "counts", "workflow", "execution_order")
"""Fields of a report that must be the stored ones; texts and times may be worded anew."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """All that is stored of one execution, as of one moment."""

    execution: Execution
    events: Sequence[Event]
    task_runs: Sequence[TaskRun]
    attempts: Sequence[Attempt]
    settled: bool = True
    """False where so much was stored while it was read that the parts may not fit together."""


def record_of(parts: Parts, execution_id: str) -> Record:
    """Read one execution whole; what is stored meanwhile begins the reading anew.

    Raises NoSuchExecution; StoreUnusable where its event log is not as it was stored.
    """
    store = parts.store
    for _ in range(MOST_READINGS):
        events = store.events(execution_id)
        record = Record(
            execution=store.get_execution(execution_id),
            events=events,
            task_runs=store.task_runs(execution_id),
            attempts=store.attempts(execution_id),
        )
        if not store.events(execution_id, after=events[-1].seq if events else 0):
            return record
    return replace(record, settled=False)


def verified(parts: Parts, execution: Execution) -> list[Finding]:
    """What became of each promise in a stored execution, its report file included once it has ended (R16).

    Raises UsageError where the configuration it was started with is not stored any more.
    """
    registry = registry_as_started(parts, execution)
    record = record_of(parts, execution.execution_id)
    found = verify(
        record.execution,
        make_plan(registry, record.execution.request.tasks),
        record.events,
        record.task_runs,
        record.attempts,
        kill_grace=registry.limits.kill_grace,
        default_timeout=registry.limits.default_timeout,
        pools=registry.pools,
    )
    if record.execution.status.final:
        found.append(_report_finding(parts, record))
    return found


def report_expected(execution: Execution) -> bool:
    """Whether a report file is to be there: once it has ended, or was interrupted by a stop."""
    return execution.status.final or execution.status is ExecutionStatus.INTERRUPTED


def report_faults(parts: Parts, record: Record) -> Iterator[Message]:
    """How the report file differs from what is stored; nothing where it says the same."""
    path = parts.settings.reports / report_file_name(record.execution.execution_id)
    try:
        written: JSON = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield Message(template=N_("{path} is not there"), facts={"path": str(path)})
        return
    except (OSError, ValueError) as why:
        yield Message(template=N_("{path} cannot be read: {why}"), facts={"path": str(path), "why": why})
        return
    if not isinstance(written, dict):
        yield Message(template=N_("{path} is no report"), facts={"path": str(path)})
        return
    stored = build_report(record.execution, record.task_runs, record.attempts, zone=parts.zone, say=say)
    for name in SAME:
        if written.get(name) != stored[name]:
            yield _unlike(name, written.get(name), stored[name])
    ours, theirs = _statuses(stored), _statuses(written)
    for task_id in sorted(ours.keys() | theirs.keys()):
        if ours.get(task_id) != theirs.get(task_id):
            yield _unlike(f"results.{task_id}.status", theirs.get(task_id), ours.get(task_id))


def _report_finding(parts: Parts, record: Record) -> Finding:
    faults = list(report_faults(parts, record))
    detail = None if not faults else faults[0]
    if detail is not None and len(faults) > 1:
        detail = Message(template=N_("{one}; and {count} more"), facts={"one": detail, "count": len(faults) - 1})
    return Finding(promise="report", held=not faults, detail=detail, cases=1)


def _unlike(name: str, written: JSON, stored: JSON) -> Message:
    facts = {"name": name, "written": _short(written), "stored": _short(stored)}
    return Message(template=N_("{name} is {written} in the report and {stored} in the store"), facts=facts)


def _short(value: JSON, limit: int = 60) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _statuses(report: dict[str, JSON]) -> dict[str, JSON]:
    results = report.get("results")
    if not isinstance(results, dict):
        return {}
    return {task_id: result.get("status") for task_id, result in results.items() if isinstance(result, dict)}
