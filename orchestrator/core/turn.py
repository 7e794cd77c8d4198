"""One turn of the step machine: what an event means for each task run, and what follows of itself."""

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.core import reasons
from orchestrator.core.attempt_records import ended_attempt, lost_attempt, marked_attempt
from orchestrator.core.consequences import Consequences
from orchestrator.core.deadlines import blamed, time_left
from orchestrator.core.executions import Attempt
from orchestrator.core.judging import Verdict, judge
from orchestrator.core.ledger import Ledger
from orchestrator.core.machine_state import (
    AttemptFinished,
    CacheLookedUp,
    Command,
    Ending,
    MachineState,
    MarkAsked,
    RunState,
    StartAttempt,
    StopAttempt,
    WakeAt,
)
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import Cancelled, Outcome, Returned, TimedOut
from orchestrator.core.slots import Slots
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import OnInterrupt


class Turn:
    """Works on copies of one state; `result()` gives the new state and the commands."""

    def __init__(self, state: MachineState, now: Moment, chance: float) -> None:
        self._state = state
        self._now = now
        self._chance = chance
        self._plan = state.plan
        self._ledger = Ledger(state, now)
        self._slots = Slots(state)
        self._others = Consequences(state, self._ledger, self._slots)

    def result(self) -> tuple[MachineState, tuple[Command, ...]]:
        """The state after this turn, and what is to be done."""
        after = replace(
            self._state,
            runs=self._ledger.runs,
            status=self._ledger.status,
            began=self._ledger.began,
            waiting=frozenset(self._ledger.waiting),
            ready=self._slots.ready,
            live=self._slots.live,
            pools_held=self._slots.pools_held,
            pools_of_others=self._slots.others,
            open=self._others.open,
            halted_by=self._others.halted_by,
            critical_failure=self._others.critical_failure,
            errors=self._others.errors,
            ending=self._others.ending,
        )
        return after, tuple(self._ledger.commands)

    # --- what can happen ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The execution starts, or goes on after an interruption: every task is looked at once."""
        if self._ledger.status not in {ExecutionStatus.QUEUED, ExecutionStatus.INTERRUPTED}:
            return
        self._ledger.began = self._ledger.began or self._now
        self._ledger.move_execution(ExecutionStatus.RUNNING)
        if self._others.ending is not None:
            return  # a stop came first: it begins, and starts nothing
        if self._others.halted_by is not None:
            self._others.halt(self._others.halted_by)  # a failure in the middle of a stop left the rest to us
        for task_id in self._ledger.in_state(self._plan.order, TaskStatus.INTERRUPTED):
            self._take_up(task_id)
        for task_id in self._plan.order:
            self._others.look_at(task_id)
        self._others.spread()

    def lose_owner(self) -> None:
        """Whoever drove it is gone: what was under way is interrupted, or cancelled where that had been asked."""
        cancelling = self._ledger.status is ExecutionStatus.CANCELLING
        if self._ledger.status is not ExecutionStatus.RUNNING and not cancelling:
            return
        for task_id in self._ledger.in_state(self._plan.order, TaskStatus.RUNNING):
            self._lose_attempt(task_id, cancelling=cancelling)
        self._interrupt_waiting()
        if not cancelling:
            self._ledger.move_execution(ExecutionStatus.INTERRUPTED, reasons.OWNER_GONE)

    def finish_attempt(self, event: AttemptFinished) -> None:
        """An attempt ended; anything but the one that is under way is an old story."""
        task_id = event.attempt.run.task_id
        run = self._ledger.runs.get(task_id)
        if run is None or run.status is not TaskStatus.RUNNING or event.attempt.number != run.attempts:
            return
        self._slots.give_back(task_id)
        verdict = judge(Cancelled() if self._others.ending is Ending.CANCEL else event.outcome)
        if isinstance(event.outcome, TimedOut) and verdict.error_type == "timeout":
            verdict = blamed(self._plan.tasks[task_id].task, self._now.since(run.began), verdict)
        self._apply(task_id, run, verdict, ended_attempt(event, run, verdict, self._now), event.outcome)
        self._others.spread()

    def pass_time(self) -> None:
        """Waiting task runs whose time has come get in line for a slot."""
        for task_id in self._waiting():
            due = self._ledger.runs[task_id].due
            if due is not None and due <= self._now.ticks and self._others.ending is None:
                self._ledger.update(task_id, due=None)
                self._line_up_again(task_id)
        self._others.spread()

    def end(self, ending: Ending) -> None:
        """Cancel or stop: no new attempt, the live ones are ended; asked again, they are killed at once."""
        status = self._ledger.status
        if status in {ExecutionStatus.QUEUED, ExecutionStatus.INTERRUPTED}:
            self._others.ending = ending  # a stop that comes before the beginning: it begins, and starts nothing
            if ending is Ending.CANCEL:
                self._cancel_what_is_not_running()
                self._ledger.move_execution(ExecutionStatus.CANCELLED, reasons.CANCELLED)
            return
        if self._others.ending is Ending.EXPIRE and ending is Ending.STOP:
            ending = Ending.EXPIRE  # it fails in a moment anyway
        if self._others.ending is not Ending.CANCEL:  # a cancel is never softened into a stop
            self._others.ending = ending
            if ending is Ending.CANCEL:
                self._ledger.move_execution(ExecutionStatus.CANCELLING, reasons.CANCELLED)
                self._cancel_what_is_not_running()
        self._slots.send_home()
        self._stop_attempts()

    def give_up(self) -> None:
        """It was interrupted and nobody is to resume it: it ends as failed."""
        if self._ledger.status is ExecutionStatus.INTERRUPTED:
            self._others.ending = Ending.EXPIRE
            self._others.fail_open(reasons.NOT_RESUMED)
            self._ledger.move_execution(ExecutionStatus.FAILED, reasons.NOT_RESUMED)

    def mark(self, event: MarkAsked) -> None:
        """An operator's word for a task run that is not under way; for any other it means nothing."""
        run = self._ledger.runs.get(event.task_id)
        open_states = {TaskStatus.PENDING, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED}
        if run is None or run.status not in open_states:
            return
        self._slots.send_home(lambda other: other == event.task_id)
        why = reasons.marked(event.by, event.reason)
        skip = event.mark_as is TaskStatus.SKIPPED
        attempt: Attempt | None = None
        if not (skip and run.status is TaskStatus.PENDING):
            number = run.attempts + 1
            key = self._ledger.attempt_key(event.task_id, number)
            attempt = marked_attempt(key, self._now, why)
            self._ledger.update(event.task_id, attempts=number, began=run.began or self._now, cache_key=None)
            self._ledger.move_task(event.task_id, TaskStatus.RUNNING, attempt=attempt)
        status = TaskStatus.SKIPPED if skip else TaskStatus.COMPLETED
        self._others.settle(event.task_id, status, attempt=attempt, reason=why, neutral=skip)
        self._others.spread()

    def see_pools(self, others: Mapping[str, int]) -> None:
        """Slots that other executions hold."""
        self._slots.others = {pool: count for pool, count in others.items() if count}

    def take_look_up(self, event: CacheLookedUp) -> None:
        """The cache was asked: take the result, or get in line."""
        run = self._ledger.runs.get(event.task_id)
        if run is None or run.status is not TaskStatus.PENDING or not run.looked_up or self._others.ending is not None:
            return
        self._ledger.update(event.task_id, cache_key=event.cache_key)
        if event.found is not None:
            self._others.take_result(event.task_id, event.found.output, event.found.execution_id)
            self._others.spread()
        elif not self._others.barred(event.task_id) and not self._slots.in_line(event.task_id):
            self._slots.line_up(event.task_id)

    # --- what follows of itself --------------------------------------------------------------------------------------

    def fill_slots(self) -> None:
        """Start what is ready while there is room (R12: exactly that many)."""
        if self._ledger.status is not ExecutionStatus.RUNNING:
            return
        expires_at = self._expires_at()
        if expires_at is not None and self._now.ticks >= expires_at:
            self._expire()  # whatever was heard: what is resumed too late must start nothing either
        while self._others.ending is None and (task_id := self._slots.next_one()) is not None:
            self._start(task_id)
            self._others.spread()
        moments = [due for task_id in self._ledger.waiting if (due := self._ledger.runs[task_id].due) is not None]
        if expires_at is not None and self._others.ending is None:
            moments.append(expires_at)
        if moments:
            self._ledger.commands.append(WakeAt(ticks=min(moments)))

    def conclude(self) -> None:
        """Give the execution its last state once nothing is under way and nothing more can start."""
        status = self._ledger.status
        if self._slots.live:
            return
        if status is ExecutionStatus.CANCELLING:
            self._ledger.move_execution(ExecutionStatus.CANCELLED, reasons.CANCELLED)
        elif status is ExecutionStatus.RUNNING and self._others.ending is Ending.EXPIRE:
            self._ledger.move_execution(ExecutionStatus.FAILED, reasons.EXPIRED)
        elif status is ExecutionStatus.RUNNING and self._others.open == 0:
            self._ledger.move_execution(self._others.verdict)
        elif status is ExecutionStatus.RUNNING and self._others.ending is Ending.STOP:
            self._interrupt_waiting()
            self._ledger.move_execution(ExecutionStatus.INTERRUPTED, reasons.STOPPED)

    # --- the end of an attempt ---------------------------------------------------------------------------------------

    def _apply(self, task_id: str, run: RunState, verdict: Verdict, ended: Attempt, outcome: Outcome) -> None:
        task = self._plan.tasks[task_id].task
        settle = self._others.settle
        if self._others.ending is Ending.CANCEL:
            settle(task_id, TaskStatus.CANCELLED, attempt=ended, reason=reasons.CANCELLED)
        elif self._others.ending is Ending.EXPIRE and not isinstance(outcome, Returned):
            settle(task_id, TaskStatus.FAILED, attempt=ended, reason=reasons.EXPIRED, verdict=verdict)
        elif self._others.ending is Ending.STOP and not isinstance(outcome, Returned):
            self._count_stopped(task_id, run, verdict, outcome)
            self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, attempt=ended, reason=reasons.STOPPED)
        elif verdict.skipped:
            said = reasons.SAID_SKIPPED
            settle(task_id, TaskStatus.SKIPPED, attempt=ended, output=verdict.output, reason=said, neutral=True)
        elif verdict.error_type is None:
            settle(task_id, TaskStatus.COMPLETED, attempt=ended, output=verdict.output)
        elif verdict.interrupted and task.on_interrupt is OnInterrupt.FAIL:
            settle(task_id, TaskStatus.FAILED, attempt=ended, verdict=verdict, reason=reasons.NOT_AGAIN)
        elif verdict.interrupted and run.interruptions < task.max_interruptions and not self._others.barred(task_id):
            again = run.interruptions + 1
            self._ledger.update(task_id, interruptions=again, last_failure=verdict, cut_short=True)
            self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, attempt=ended, verdict=verdict)
            self._line_up_again(task_id)
        else:
            self._fail_or_retry(task_id, run, verdict, ended, outcome)

    def _count_stopped(self, task_id: str, run: RunState, verdict: Verdict, outcome: Outcome) -> None:
        """A stop itself costs nothing; what the attempt lost of its own accord while it was being stopped does."""
        lost = int(verdict.interrupted)
        failed = int(not lost and not isinstance(outcome, Cancelled))
        self._ledger.update(
            task_id,
            cut_short=True,
            last_failure=verdict,
            interruptions=run.interruptions + lost,
            failures=run.failures + failed,
        )

    def _fail_or_retry(self, task_id: str, run: RunState, verdict: Verdict, ended: Attempt, outcome: Outcome) -> None:
        failures = run.failures + (0 if verdict.interrupted else 1)
        self._ledger.update(task_id, failures=failures, last_failure=verdict)
        delay = self._delay(task_id, failures, verdict, outcome)
        if delay is None:
            self._others.settle(task_id, TaskStatus.FAILED, attempt=ended, verdict=verdict)
        else:
            self._ledger.update(task_id, due=self._now.ticks + delay)
            self._ledger.move_task(task_id, TaskStatus.RETRY_WAIT, attempt=ended, verdict=verdict, delay=delay)

    def _delay(self, task_id: str, failures: int, verdict: Verdict, outcome: Outcome) -> float | None:
        """Seconds until the next attempt; None where there is none."""
        policy = self._plan.tasks[task_id].task.retry_policy
        if verdict.interrupted or self._others.barred(task_id) or not policy.may_retry(outcome):
            return None
        if self._others.ending is Ending.EXPIRE:
            return None
        delay = policy.delay_after(failures, self._chance)
        if delay is None:
            return None
        left = time_left(self._plan.tasks[task_id].task, self._now.since(self._ledger.runs[task_id].began))
        return None if left is not None and delay.total_seconds() >= left else delay.total_seconds()

    def _lose_attempt(self, task_id: str, *, cancelling: bool) -> None:
        """The attempt under way died with its owner."""
        run = self._ledger.runs[task_id]
        self._slots.give_back(task_id)
        lost = lost_attempt(self._ledger.attempt_key(task_id, run.attempts), run, self._now, cancelled=cancelling)
        if cancelling:
            self._others.settle(task_id, TaskStatus.CANCELLED, attempt=lost, reason=reasons.CANCELLED)
            return
        why = Verdict(ended="lost", error_type="lost", reason=reasons.OWNER_GONE, interrupted=True)
        self._ledger.update(task_id, interruptions=run.interruptions + 1, last_failure=why, cut_short=True)
        self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, attempt=lost, verdict=why)

    # --- starting, waiting, stopping ---------------------------------------------------------------------------------

    def _start(self, task_id: str) -> None:
        run = self._ledger.runs[task_id]
        left = time_left(self._plan.tasks[task_id].task, self._now.since(self._ledger.runs[task_id].began))
        if left is not None and left <= 0:
            why = reasons.past_deadline(self._plan.tasks[task_id].task.deadline or 0.0)
            self._others.settle(task_id, TaskStatus.FAILED, verdict=run.last_failure, reason=why)
            return
        number = run.attempts + 1
        key = self._ledger.attempt_key(task_id, number)
        self._slots.take(task_id)
        cache_key = run.cache_key if number == 1 else None  # what it was made of may have been mended since
        self._ledger.update(task_id, attempts=number, began=run.began or self._now, cache_key=cache_key)
        self._ledger.update(task_id, attempt_began=self._now, due=None, cut_short=False)
        self._ledger.move_task(task_id, TaskStatus.RUNNING, attempt=Attempt(key=key, started_at=self._now.at))
        self._ledger.commands.append(StartAttempt(attempt=key, limit=left, alone=run.interruptions > 0))

    def _take_up(self, task_id: str) -> None:
        """What becomes of an interrupted task run when its execution goes on."""
        run = self._ledger.runs[task_id]
        task = self._plan.tasks[task_id].task
        if run.status is not TaskStatus.INTERRUPTED:
            return  # a critical one that was taken up before it failed, and took it along
        if run.cut_short and task.on_interrupt is OnInterrupt.FAIL:
            self._others.settle(task_id, TaskStatus.FAILED, verdict=run.last_failure, reason=reasons.NOT_AGAIN)
        elif run.interruptions > task.max_interruptions or run.failures > task.retry_count:
            self._others.settle(task_id, TaskStatus.FAILED, verdict=run.last_failure)
        else:
            self._slots.line_up(task_id)

    def _line_up_again(self, task_id: str) -> None:
        if not self._slots.in_line(task_id):
            self._slots.line_up(task_id)

    def _expires_at(self) -> float | None:
        """Ticks at which the execution's time is over; None without a limit."""
        began = self._ledger.began
        if self._state.max_duration is None or began is None or self._ledger.status is not ExecutionStatus.RUNNING:
            return None
        return began.ticks + self._state.max_duration

    def _expire(self) -> None:
        """The execution lasted too long: it fails, whatever is under way is ended."""
        if self._others.ending is not None:
            return
        self._others.ending = Ending.EXPIRE
        self._others.fail_open(reasons.EXPIRED)
        self._stop_attempts()

    def _stop_attempts(self) -> None:
        for task_id in self._ledger.in_state(self._plan.order, TaskStatus.RUNNING):
            key = self._ledger.attempt_key(task_id, self._ledger.runs[task_id].attempts)
            self._ledger.commands.append(StopAttempt(attempt=key))

    def _interrupt_waiting(self) -> None:
        for task_id in self._waiting():
            self._ledger.move_task(task_id, TaskStatus.INTERRUPTED, reason=reasons.STOPPED)

    def _waiting(self) -> list[str]:
        return sorted(self._ledger.waiting, key=lambda task_id: self._plan.tasks[task_id].position)

    def _cancel_what_is_not_running(self) -> None:
        open_states = (TaskStatus.PENDING, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED)
        for task_id in self._ledger.in_state(self._plan.order, *open_states):
            self._others.settle(task_id, TaskStatus.CANCELLED, reason=reasons.CANCELLED)
        self._others.forget()
