"""One turn of the step machine: what an event means for each task run, and what follows of itself."""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import replace

from orchestrator.core import reasons
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey
from orchestrator.core.judging import Verdict, judge
from orchestrator.core.ledger import Ledger
from orchestrator.core.machine_state import Command, Ending, MachineState, RunState, StartAttempt, StopAttempt, WakeAt
from orchestrator.core.messages import Message
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import JSON, Cancelled, Outcome, Returned, Usage
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.trigger_rules import Decision, decide


class Turn:
    """Works on copies of one state; `result()` gives the new state and the commands."""

    def __init__(self, state: MachineState, now: Moment, chance: float) -> None:
        self._state = state
        self._now = now
        self._chance = chance
        self._plan = state.plan
        self._ledger = Ledger(state, now)
        self._ready: list[int] = list(state.ready)
        self._live = state.live
        self._open = state.open
        self._halted_by = state.halted_by
        self._critical_failure = state.critical_failure
        self._errors = state.errors
        self._ending = state.ending
        self._settled: deque[tuple[str, TaskStatus, bool]] = deque()

    def result(self) -> tuple[MachineState, tuple[Command, ...]]:
        """The state after this turn, and what is to be done."""
        after = replace(
            self._state,
            runs=self._ledger.runs,
            status=self._ledger.status,
            began=self._ledger.began,
            waiting=frozenset(self._ledger.waiting),
            ready=tuple(self._ready),
            live=self._live,
            open=self._open,
            halted_by=self._halted_by,
            critical_failure=self._critical_failure,
            errors=self._errors,
            ending=self._ending,
        )
        return after, tuple(self._ledger.commands)

    # --- what can happen ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The execution starts: every task is looked at once."""
        if self._ledger.status is not ExecutionStatus.QUEUED:
            return
        self._ledger.began = self._now
        self._ledger.move_execution(ExecutionStatus.RUNNING)
        for task_id in self._plan.order:
            self._look_at(task_id)
        self._spread()

    def finish_attempt(self, attempt: AttemptKey, outcome: Outcome, duration: float, usage: Usage) -> None:
        """An attempt ended; anything but the one that is under way is an old story."""
        run = self._ledger.runs.get(attempt.run.task_id)
        if run is None or run.status is not TaskStatus.RUNNING or attempt.number != run.attempts:
            return
        self._live -= 1
        verdict = judge(Cancelled() if self._ending is Ending.CANCEL else outcome)
        ended = Attempt(
            key=attempt,
            status=verdict.ended,
            started_at=run.attempt_began.at if run.attempt_began else None,
            ended_at=self._now.at,
            duration=duration,
            error=verdict.error,
            error_type=verdict.error_type,
            reason=verdict.reason,
            traceback=verdict.traceback,
            usage=usage,
        )
        self._apply(attempt.run.task_id, run, verdict, ended, outcome)
        self._spread()

    def wake_retries(self) -> None:
        """Waiting task runs whose time has come get in line for a slot."""
        for task_id in self._waiting():
            due = self._ledger.runs[task_id].due
            if due is not None and due <= self._now.ticks and self._ending is None:
                self._ledger.update(task_id, due=None)
                self._get_in_line(task_id)

    def end(self, ending: Ending) -> None:
        """Cancel or stop: no new attempt, the live ones are ended; asked again, they are killed at once."""
        if self._ledger.status is ExecutionStatus.QUEUED:
            self._ending = ending  # a stop that comes before the beginning: it begins, and starts nothing
            if ending is Ending.CANCEL:
                self._cancel_what_is_not_running()
                self._ledger.move_execution(ExecutionStatus.CANCELLED, reasons.CANCELLED)
            return
        if self._ending is not Ending.CANCEL:  # a cancel is never softened into a stop
            self._ending = ending
            if ending is Ending.CANCEL:
                self._ledger.move_execution(ExecutionStatus.CANCELLING, reasons.CANCELLED)
                self._cancel_what_is_not_running()
        self._ready.clear()
        for task_id in self._ledger.in_state(self._plan.order, TaskStatus.RUNNING):
            key = self._ledger.attempt_key(task_id, self._ledger.runs[task_id].attempts)
            self._ledger.commands.append(StopAttempt(attempt=key))

    # --- what follows of itself --------------------------------------------------------------------------------------

    def fill_slots(self) -> None:
        """Start what is ready while there is room (R12: exactly that many)."""
        if self._ending is not None or self._ledger.status is not ExecutionStatus.RUNNING:
            return
        while self._ready and self._live < self._state.max_workers:
            self._start(self._plan.order[self._ready.pop(0)])
        dues = [due for task_id in self._ledger.waiting if (due := self._ledger.runs[task_id].due) is not None]
        if dues:
            self._ledger.commands.append(WakeAt(ticks=min(dues)))

    def conclude(self) -> None:
        """Give the execution its last state once nothing is under way and nothing more can start."""
        status = self._ledger.status
        if self._live:
            return
        if status is ExecutionStatus.CANCELLING:
            self._ledger.move_execution(ExecutionStatus.CANCELLED, reasons.CANCELLED)
        elif status is ExecutionStatus.RUNNING and self._open == 0:
            self._ledger.move_execution(self._verdict())
        elif status is ExecutionStatus.RUNNING and self._ending is Ending.STOP:
            for task_id in self._waiting():
                self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, reason=reasons.STOPPED)
            self._ledger.move_execution(ExecutionStatus.INTERRUPTED, reasons.STOPPED)

    # --- the end of an attempt ---------------------------------------------------------------------------------------

    def _apply(self, task_id: str, run: RunState, verdict: Verdict, ended: Attempt, outcome: Outcome) -> None:
        if self._ending is Ending.CANCEL:
            self._settle(task_id, TaskStatus.CANCELLED, attempt=ended, reason=reasons.CANCELLED)
        elif self._ending is Ending.STOP and not isinstance(outcome, Returned):
            self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, attempt=ended, reason=reasons.STOPPED)
        elif verdict.skipped:
            said = reasons.SAID_SKIPPED
            self._settle(task_id, TaskStatus.SKIPPED, attempt=ended, output=verdict.output, reason=said, neutral=True)
        elif verdict.error_type is None:
            self._settle(task_id, TaskStatus.COMPLETED, attempt=ended, output=verdict.output)
        elif verdict.interrupted and run.interruptions < self._state.max_interruptions and not self._barred(task_id):
            self._ledger.update(task_id, interruptions=run.interruptions + 1, last_failure=verdict)
            self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, attempt=ended, verdict=verdict)
            self._get_in_line(task_id)
        else:
            self._fail_or_retry(task_id, run, verdict, ended, outcome)

    def _fail_or_retry(self, task_id: str, run: RunState, verdict: Verdict, ended: Attempt, outcome: Outcome) -> None:
        failures = run.failures + (0 if verdict.interrupted else 1)
        self._ledger.update(task_id, failures=failures, last_failure=verdict)
        delay = self._delay(task_id, failures, verdict, outcome)
        if delay is None:
            self._settle(task_id, TaskStatus.FAILED, attempt=ended, verdict=verdict)
        else:
            self._ledger.update(task_id, due=self._now.ticks + delay)
            self._ledger.move_task(task_id, TaskStatus.RETRY_WAIT, attempt=ended, verdict=verdict, delay=delay)

    def _delay(self, task_id: str, failures: int, verdict: Verdict, outcome: Outcome) -> float | None:
        """Seconds until the next attempt; None where there is none."""
        policy = self._plan.tasks[task_id].task.retry_policy
        if verdict.interrupted or self._barred(task_id) or not policy.may_retry(outcome):
            return None
        delay = policy.delay_after(failures, self._chance)
        return None if delay is None else delay.total_seconds()

    # --- what an end means for others --------------------------------------------------------------------------------

    def _spread(self) -> None:
        """Tell those that wait about each end, until nothing changes any more."""
        while self._settled:
            task_id, status, neutral = self._settled.popleft()
            for dependent in self._plan.dependents[task_id]:
                self._tell(dependent, task_id, status, neutral=neutral)
                self._look_at(dependent, because_of=task_id)

    def _tell(self, task_id: str, upstream: str, status: TaskStatus, *, neutral: bool) -> None:
        run = self._ledger.runs[task_id]
        if upstream not in self._plan.tasks[task_id].strong:
            self._ledger.update(task_id, held=run.held - 1)
        elif status is TaskStatus.COMPLETED:
            self._ledger.update(task_id, tally=run.tally.with_success())
        elif neutral:
            self._ledger.update(task_id, tally=run.tally.with_skip())
        else:
            self._ledger.update(task_id, tally=run.tally.with_failure())

    def _look_at(self, task_id: str, because_of: str = "") -> None:
        """Start, skip or leave a pending task, whatever its rule says now."""
        run = self._ledger.runs[task_id]
        planned = self._plan.tasks[task_id]
        if run.status is not TaskStatus.PENDING or self._in_line(planned.position):
            return
        decision = decide(planned.task.trigger_rule, run.tally)
        if decision is Decision.START and run.held == 0 and not self._barred(task_id):
            self._get_in_line(task_id)
        elif decision is Decision.SKIP_BLOCKED:
            self._settle(task_id, TaskStatus.SKIPPED, reason=reasons.blocked_by(because_of))
        elif decision is Decision.SKIP_NEUTRAL:
            skipped = self._ledger.in_state(planned.dependencies, TaskStatus.SKIPPED)
            why = reasons.neutral_skip(planned.task, skipped)
            self._settle(task_id, TaskStatus.SKIPPED, reason=why, neutral=True)

    def _halt(self, task_id: str) -> None:
        """A critical task failed: nothing new starts but clean-up; other attempts are given up (D2)."""
        self._halted_by = task_id
        for other in self._ledger.in_state(self._plan.order, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED):
            if self._barred(other):
                why = self._ledger.runs[other].last_failure
                self._settle(other, TaskStatus.FAILED, verdict=why, reason=reasons.retry_given_up(task_id))
        for other in self._ledger.in_state(self._plan.order, TaskStatus.PENDING):
            if self._barred(other):
                self._settle(other, TaskStatus.SKIPPED, reason=reasons.halted_by(task_id))
        runs, order = self._ledger.runs, self._plan.order
        self._ready = [position for position in self._ready if not runs[order[position]].status.final]

    def _barred(self, task_id: str) -> bool:
        """True for what a critical failure keeps from (another) start: everything but clean-up."""
        return self._halted_by is not None and not self._plan.tasks[task_id].task.trigger_rule.clean_up

    def _settle(
        self,
        task_id: str,
        status: TaskStatus,
        *,
        attempt: Attempt | None = None,
        output: JSON = None,
        reason: Message | None = None,
        verdict: Verdict | None = None,
        neutral: bool = False,
    ) -> None:
        """Move a task run to a final state and remember to tell those that wait for it."""
        self._ledger.move_task(task_id, status, attempt=attempt, output=output, reason=reason, verdict=verdict)
        self._open -= 1
        self._settled.append((task_id, status, neutral))
        if status is TaskStatus.COMPLETED or neutral or status is TaskStatus.CANCELLED:
            return
        self._errors = True
        if self._plan.tasks[task_id].task.critical:
            self._critical_failure = True
            if self._state.stop_on_failure and self._halted_by is None and self._ending is None:
                self._halt(task_id)

    # --- slots and lines ---------------------------------------------------------------------------------------------

    def _start(self, task_id: str) -> None:
        run = self._ledger.runs[task_id]
        number = run.attempts + 1
        key = self._ledger.attempt_key(task_id, number)
        self._live += 1
        self._ledger.update(task_id, attempts=number, began=run.began or self._now, attempt_began=self._now, due=None)
        self._ledger.move_task(task_id, TaskStatus.RUNNING, attempt=Attempt(key=key, started_at=self._now.at))
        self._ledger.commands.append(StartAttempt(attempt=key))

    def _get_in_line(self, task_id: str) -> None:
        insort(self._ready, self._plan.tasks[task_id].position)

    def _in_line(self, position: int) -> bool:
        place = bisect_left(self._ready, position)
        return place < len(self._ready) and self._ready[place] == position

    def _waiting(self) -> list[str]:
        return sorted(self._ledger.waiting, key=lambda task_id: self._plan.tasks[task_id].position)

    def _cancel_what_is_not_running(self) -> None:
        open_states = (TaskStatus.PENDING, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED)
        for task_id in self._ledger.in_state(self._plan.order, *open_states):
            self._settle(task_id, TaskStatus.CANCELLED, reason=reasons.CANCELLED)
        self._settled.clear()

    def _verdict(self) -> ExecutionStatus:
        if self._critical_failure:
            return ExecutionStatus.FAILED
        return ExecutionStatus.COMPLETED_WITH_ERRORS if self._errors else ExecutionStatus.COMPLETED
