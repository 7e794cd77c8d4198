"""One execution as a page shows it: its tasks and attempts, when each ran, what held up the end."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.core.errors import NoSuchExecution, UsageError
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.redaction import shown_parameters
from orchestrator.core.report import error_of
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Registry, Task
from orchestrator.listeners.report_file import report_file_name
from orchestrator.operations.lately import Streak, streak_of
from orchestrator.operations.parts import Parts, registry_as_started
from orchestrator.operations.telling import files_of, rows_of, why
from orchestrator.translation import say
from orchestrator.web.ui.drawing import Asked, Drawing, drawing_of
from orchestrator.web.ui.flows import edges_of

WIDTH: Final = 1000
"""Of the time line, in its own units."""
ROW: Final = 22
LONGEST_OUTPUT: Final = 4000
LOOKED_BACK: Final = 30
"""Executions before this one, from which it is told since when something fails."""
MOST_ROWS: Final = 500
"""Tasks that a page shows one by one."""
WANTED: Final = (
    TaskStatus.FAILED,
    TaskStatus.RUNNING,
    TaskStatus.RETRY_WAIT,
    TaskStatus.INTERRUPTED,
    TaskStatus.CANCELLED,
    TaskStatus.SKIPPED,
    TaskStatus.PENDING,
    TaskStatus.COMPLETED,
)
"""Of more, those that are looked at first."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A task of the execution, as a row of the table."""

    run: TaskRun
    attempts: Sequence[Attempt]
    name: str
    why: str
    rows: int | None
    files: Mapping[str, str]
    output: str
    errors: Mapping[int, str]
    """By number of the attempt."""
    critical_path: bool
    given: str
    """Parameters and where others come from, as configured; empty where there are none."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """An attempt on the time line; `x` and `width` in its units."""

    task_id: str
    number: int
    status: str
    x: float
    width: float
    y: int
    seconds: float
    critical_path: bool


@dataclass(frozen=True, kw_only=True)
class Course:
    """Everything about one execution, as of one moment."""

    execution: Execution
    status: ExecutionStatus
    lines: Sequence[Line]
    hidden: int
    """Tasks that were asked for and have no row."""
    bars: Sequence[Bar]
    span: float
    """Seconds from the first start to the end, or to now."""
    counts: Mapping[TaskStatus, int]
    drawing: Drawing
    states: Any
    """Of what is drawn, for the script."""
    parameters: str
    report_there: bool
    streak: Streak | None
    """Of the task that failed first."""
    held_back: Sequence[str]
    """Tasks that were skipped."""
    about: str
    """What its workflow says of itself."""

    @property
    def first_failure(self) -> Line | None:
        """The task that failed before all others."""
        failed = [line for line in self.lines if line.run.status is TaskStatus.FAILED and line.run.ended_at is not None]
        return min(failed, key=lambda line: (line.run.ended_at, line.run.position), default=None)

    @property
    def done(self) -> int:
        """Tasks that have ended."""
        return sum(count for status, count in self.counts.items() if status.final)

    @property
    def total(self) -> int:
        """All tasks."""
        return sum(self.counts.values())

    @property
    def height(self) -> int:
        """Of the time line."""
        return ROW * max(1, len({bar.y for bar in self.bars}))


def course_of(parts: Parts, execution: Execution, asked: Asked) -> Course:
    """Read it and lay it out, with rows for the tasks that are asked for; raises StoreUnusable."""
    now = datetime.now(UTC)
    status = stands_at(execution, now)
    store, key = parts.store, execution.execution_id
    runs = runs_stand_at(store.task_runs(key), status)
    attempts: dict[str, list[Attempt]] = {}
    for attempt in store.attempts(key):
        attempts.setdefault(attempt.key.run.task_id, []).append(attempt)
    registry = _registry(parts, execution)
    edges = edges_of(registry, [run.key.task_id for run in runs]) if registry is not None else []
    slow = held_up_by(runs, edges)
    until = execution.ended_at or max((run.ended_at for run in runs if run.ended_at), default=now)
    until = until if status.final or status is ExecutionStatus.INTERRUPTED else now
    drawing = drawing_of([run.key.task_id for run in runs], edges, asked)
    wanted = frozenset(drawing.tasks)
    shown = [run for run in runs if run.key.task_id in wanted]
    if len(shown) > MOST_ROWS:
        shown = sorted(
            sorted(shown, key=lambda run: WANTED.index(run.status))[:MOST_ROWS], key=lambda run: run.position
        )
    lines = [_line(parts, registry, run, attempts.get(run.key.task_id, []), slow) for run in shown]
    begun = execution.started_at or execution.created_at
    span = max((until - begun).total_seconds(), 0.001)
    counts = {each: sum(run.status is each for run in runs) for each in TaskStatus}
    return Course(
        execution=execution,
        status=status,
        lines=lines,
        hidden=len(wanted) - len(lines),
        bars=_bars(lines, begun, span, until),
        span=span,
        counts={each: count for each, count in counts.items() if count},
        drawing=drawing,
        states=drawing.states({run.key.task_id: run.status.value for run in runs}),
        parameters=_text(shown_parameters(execution.request.parameters)) if execution.request.parameters else "",
        streak=_streak(parts, execution, runs),
        held_back=[run.key.task_id for run in runs if run.status is TaskStatus.SKIPPED],
        about=_about(registry, execution),
        report_there=(parts.settings.reports / report_file_name(key)).exists(),
    )


def held_up_by(runs: Sequence[TaskRun], edges: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The critical path as it was: the task that ended last, and before each the last of those it waited for."""
    ended = {run.key.task_id: run.ended_at for run in runs if run.ended_at is not None}
    if not ended:
        return frozenset()
    before: dict[str, list[str]] = {}
    for first, then in edges:
        before.setdefault(then, []).append(first)
    chain, task = set(), max(ended, key=lambda task_id: ended[task_id])
    while task not in chain:
        chain.add(task)
        waited_for = [one for one in before.get(task, ()) if one in ended]
        if not waited_for:
            break
        task = max(waited_for, key=lambda task_id: ended[task_id])
    return frozenset(chain)


def _line(
    parts: Parts, registry: Registry | None, run: TaskRun, attempts: Sequence[Attempt], slow: frozenset[str]
) -> Line:
    task = registry.tasks.get(run.key.task_id) if registry is not None else None
    output = _text(run.output) if run.output is not None else ""
    return Line(
        run=run,
        attempts=attempts,
        name=task.title if task is not None else run.key.task_id,
        why=why(run, parts.zone),
        rows=rows_of(run.output),
        files=files_of(run.output),
        output=output if len(output) <= LONGEST_OUTPUT else f"{output[:LONGEST_OUTPUT]}…",
        errors={each.key.number: error_of(each, say) or "" for each in attempts},
        critical_path=run.key.task_id in slow,
        given=_given(task) if task is not None else "",
    )


def _given(task: Task) -> str:
    """What its function was called with: values, and tasks whose output a parameter is."""
    taken = {name: {"$output_of": source} for name, source in task.inputs.items()}
    return _text(shown_parameters(task.parameters) | taken) if task.parameters or taken else ""


def _about(registry: Registry | None, execution: Execution) -> str:
    workflow = registry.workflows.get(execution.request.workflow or "") if registry is not None else None
    return workflow.description if workflow is not None else ""


def _streak(parts: Parts, execution: Execution, runs: Sequence[TaskRun]) -> Streak | None:
    """How long the task that failed first has failed, as far as the executions before this one tell."""
    failed = [run for run in runs if run.status is TaskStatus.FAILED and run.ended_at is not None]
    workflow = execution.request.workflow
    if not failed or workflow is None:
        return None
    first = min(failed, key=lambda run: (run.ended_at, run.position))
    try:
        before = parts.store.list_executions(limit=LOOKED_BACK, before=execution.execution_id, workflow=workflow)
    except NoSuchExecution:  # forgotten at this moment
        return None
    of_task = parts.store.task_runs_of([one.execution_id for one in before], task_ids=[first.key.task_id])
    past = [run for one in before for run in of_task[one.execution_id]]
    return streak_of([first, *past], looked_at=LOOKED_BACK)


def _bars(lines: Sequence[Line], begun: datetime, span: float, until: datetime) -> list[Bar]:
    bars = []
    for place, line in enumerate(line for line in lines if line.attempts):
        for attempt in line.attempts:
            if attempt.started_at is None:
                continue
            start = (attempt.started_at - begun).total_seconds()
            seconds = ((attempt.ended_at or until) - attempt.started_at).total_seconds()
            bars.append(
                Bar(
                    task_id=line.run.key.task_id,
                    number=attempt.key.number,
                    status=attempt.status,
                    x=round(WIDTH * min(max(start / span, 0.0), 1.0), 1),
                    width=round(max(2.0, WIDTH * min(max(seconds / span, 0.0), 1.0)), 1),
                    y=place * ROW,
                    seconds=max(seconds, 0.0),
                    critical_path=line.critical_path,
                )
            )
    return bars


def _registry(parts: Parts, execution: Execution) -> Registry | None:
    try:
        return registry_as_started(parts, execution)
    except UsageError:  # forgotten: the record itself is still there
        return None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
