"""The step machine's state from what is stored: an execution goes on as if nobody had been away (D9, R1).

Only the event log is read; every move says what it changed, so folding them gives back all that a machine knew.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from orchestrator.core import reasons
from orchestrator.core.consequences import blames, told
from orchestrator.core.events import Event, ExecutionMoved, TaskMoved
from orchestrator.core.folding import checked
from orchestrator.core.judging import Verdict
from orchestrator.core.machine_state import MachineState, RunState
from orchestrator.core.moments import Moment
from orchestrator.core.plan import Plan
from orchestrator.core.states import ExecutionStatus, TaskStatus

COUNTED = frozenset({"failed", "timeout", "crashed"})
"""Ends of an attempt that the user's code answers for."""


def state_after(state: MachineState, events: Iterable[Event], now: Moment) -> MachineState:
    """`state`, an initial one, after `events`, the whole log; lengths of time are told back from `now`.

    Raises GapFound for a log that is broken.
    """
    past = _Past(state, now)
    for event in checked(events):
        if isinstance(event.move, ExecutionMoved):
            past.execution_moved(event.move)
        elif isinstance(event.move, TaskMoved):
            past.task_moved(event.move)
    return past.state()


class _Past:
    """What the moves so far add up to."""

    def __init__(self, state: MachineState, now: Moment) -> None:
        self._state = state
        self._plan: Plan = state.plan
        self._now = now
        self._runs: dict[str, RunState] = dict(state.runs)
        self._status = state.status
        self._began: Moment | None = None
        self._halted_by: str | None = None
        self._critical_failure = False
        self._errors = False

    def execution_moved(self, moved: ExecutionMoved) -> None:
        self._status = moved.after
        if moved.after is ExecutionStatus.RUNNING and self._began is None:
            self._began = self._moment(moved.at)

    def task_moved(self, moved: TaskMoved) -> None:
        task_id = moved.run.task_id
        run = replace(self._runs[task_id], status=moved.after, due=None)
        if moved.attempt is not None:
            run = replace(run, attempts=max(run.attempts, moved.attempt.key.number))
        match moved.after:
            case TaskStatus.RUNNING:
                here = self._moment(moved.at)
                run = replace(run, began=run.began or here, attempt_began=here, cut_short=False)
            case TaskStatus.RETRY_WAIT:
                due = None if moved.next_attempt_at is None else self._moment(moved.next_attempt_at).ticks
                run = replace(run, failures=run.failures + 1, last_failure=_verdict(moved), due=due)
            case TaskStatus.INTERRUPTED if moved.attempt is not None:
                lost = moved.attempt.status == "lost"
                counted = moved.attempt.status in COUNTED
                run = replace(
                    run,
                    interruptions=run.interruptions + lost,
                    failures=run.failures + counted,
                    last_failure=_verdict(moved),
                    cut_short=True,
                )
        self._runs[task_id] = run
        if moved.after.final:
            self._tell(moved)

    def state(self) -> MachineState:
        running = [task_id for task_id, run in self._runs.items() if run.status is TaskStatus.RUNNING]
        pools: dict[str, int] = {}
        for task_id in running:
            pool = self._plan.tasks[task_id].task.pool
            if pool is not None:
                pools[pool] = pools.get(pool, 0) + 1
        return replace(
            self._state,
            status=self._status,
            runs=self._runs,
            live=len(running),
            pools_held=pools,
            open=sum(not run.status.final for run in self._runs.values()),
            waiting=frozenset(t for t, run in self._runs.items() if run.status is TaskStatus.RETRY_WAIT),
            began=self._began,
            halted_by=self._halted_by,
            critical_failure=self._critical_failure,
            errors=self._errors,
        )

    def _tell(self, moved: TaskMoved) -> None:
        """What the end of a task run meant for the others."""
        task_id = moved.run.task_id
        neutral = _neutral(moved)
        for dependent in self._plan.dependents[task_id]:
            run = self._runs[dependent]
            if task_id in self._plan.tasks[dependent].strong:
                self._runs[dependent] = replace(run, tally=told(run.tally, moved.after, neutral=neutral))
            else:
                self._runs[dependent] = replace(run, held=run.held - 1)
        if blames(moved.after, neutral=neutral):
            self._errors = True
            if self._plan.tasks[task_id].task.critical:
                self._critical_failure = True
                if self._state.stop_on_failure:
                    self._halted_by = self._halted_by or task_id

    def _moment(self, at: datetime) -> Moment:
        """`at` on both clocks, as far as the wall clock can be trusted across the gap."""
        return Moment(at=at, ticks=self._now.ticks + (at - self._now.at).total_seconds())


def _neutral(moved: TaskMoved) -> bool:
    """Whether a skip was nobody's fault; logs of the first version do not say, but their reasons do."""
    if moved.neutral is not None or moved.after is not TaskStatus.SKIPPED:
        return bool(moved.neutral)
    template = "" if moved.reason is None else moved.reason.template
    return template not in {reasons.blocked_by("").template, reasons.halted_by("").template}


def _verdict(moved: TaskMoved) -> Verdict:
    """What went wrong with the attempt that the move ended."""
    attempt = moved.attempt
    return Verdict(
        ended="failed" if attempt is None else attempt.status,
        error=moved.error if attempt is None else attempt.error,
        error_type=moved.error_type if attempt is None else attempt.error_type,
        reason=moved.reason if attempt is None else attempt.reason,
        traceback=None if attempt is None else attempt.traceback,
        interrupted=moved.after is TaskStatus.INTERRUPTED,
    )
