"""What the end of one task run means for the others: who starts, who is skipped, what a critical failure stops (D2)."""

from collections import deque

from orchestrator.core import reasons
from orchestrator.core.executions import Attempt
from orchestrator.core.judging import Verdict
from orchestrator.core.ledger import Ledger
from orchestrator.core.machine_state import LookUp, MachineState
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.slots import Slots
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.trigger_rules import Decision, Tally, decide


class Consequences:
    """Settles task runs and tells those that wait for them, until nothing changes any more."""

    def __init__(self, state: MachineState, ledger: Ledger, slots: Slots) -> None:
        self._state = state
        self._plan = state.plan
        self._ledger = ledger
        self._slots = slots
        self._settled: deque[tuple[str, TaskStatus, bool]] = deque()
        self.open = state.open
        self.halted_by = state.halted_by
        self.critical_failure = state.critical_failure
        self.errors = state.errors
        self.ending = state.ending

    def settle(
        self,
        task_id: str,
        status: TaskStatus,
        *,
        attempt: Attempt | None = None,
        output: JSON = None,
        reason: Message | None = None,
        verdict: Verdict | None = None,
        neutral: bool = False,
        cached_from: str | None = None,
    ) -> None:
        """Move a task run to a final state and remember to tell those that wait for it."""
        self._ledger.move_task(
            task_id,
            status,
            attempt=attempt,
            output=output,
            reason=reason,
            verdict=verdict,
            cached_from=cached_from,
            neutral=neutral,
        )
        self.open -= 1
        self._settled.append((task_id, status, neutral))
        if not blames(status, neutral=neutral):
            return
        self.errors = True
        if self._plan.tasks[task_id].task.critical:
            self.critical_failure = True
            if self._state.stop_on_failure and self.halted_by is None and self.ending is None:
                self.halt(task_id)

    def spread(self) -> None:
        """Tell those that wait about each end, until nothing changes any more."""
        while self._settled:
            task_id, status, neutral = self._settled.popleft()
            for dependent in self._plan.dependents[task_id]:
                run = self._ledger.runs[dependent]
                if task_id in self._plan.tasks[dependent].strong:
                    self._ledger.update(dependent, tally=told(run.tally, status, neutral=neutral))
                else:
                    self._ledger.update(dependent, held=run.held - 1)
                self.look_at(dependent, because_of=task_id)

    def forget(self) -> None:
        """Tell nobody: all have been settled at once."""
        self._settled.clear()

    def look_at(self, task_id: str, because_of: str = "") -> None:
        """Start, skip or leave a pending task, whatever its rule says now."""
        run = self._ledger.runs[task_id]
        planned = self._plan.tasks[task_id]
        if run.status is not TaskStatus.PENDING or self._slots.in_line(task_id):
            return
        decision = decide(planned.task.trigger_rule, run.tally)
        if decision is Decision.START and run.held == 0 and not self.barred(task_id):
            self._make_ready(task_id)
        elif decision is Decision.SKIP_BLOCKED:
            self.settle(task_id, TaskStatus.SKIPPED, reason=reasons.blocked_by(because_of))
        elif decision is Decision.SKIP_NEUTRAL:
            skipped = self._ledger.in_state(planned.dependencies, TaskStatus.SKIPPED)
            why = reasons.neutral_skip(planned.task, skipped)
            self.settle(task_id, TaskStatus.SKIPPED, reason=why, neutral=True)

    def barred(self, task_id: str) -> bool:
        """True for what a critical failure keeps from (another) start: everything but clean-up."""
        return self.halted_by is not None and not self._plan.tasks[task_id].task.trigger_rule.clean_up

    def halt(self, task_id: str) -> None:
        """A critical task failed: nothing new starts but clean-up; other attempts are given up (D2)."""
        self.halted_by = task_id
        for other in self._ledger.in_state(self._plan.order, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED):
            if self.barred(other):
                why = self._ledger.runs[other].last_failure
                self.settle(other, TaskStatus.FAILED, verdict=why, reason=reasons.retry_given_up(task_id))
        for other in self._ledger.in_state(self._plan.order, TaskStatus.PENDING):
            if self.barred(other):
                self.settle(other, TaskStatus.SKIPPED, reason=reasons.halted_by(task_id))
        self._slots.send_home(lambda other: self._ledger.runs[other].status.final)

    def fail_open(self, reason: Message) -> None:
        """End all that is neither running nor ended: what has begun fails, the rest is skipped; nobody is told."""
        self.critical_failure = True
        self._slots.send_home()
        for task_id in self._ledger.in_state(self._plan.order, TaskStatus.RETRY_WAIT, TaskStatus.INTERRUPTED):
            why = self._ledger.runs[task_id].last_failure
            self.settle(task_id, TaskStatus.FAILED, verdict=why, reason=reason)
        for task_id in self._ledger.in_state(self._plan.order, TaskStatus.PENDING):
            self.settle(task_id, TaskStatus.SKIPPED, reason=reason)
        self.forget()

    def take_result(self, task_id: str, output: JSON, execution_id: str) -> None:
        """Complete a task run with a result that stands already, without executing anything."""
        self._ledger.update(task_id, began=self._ledger.now)
        self._ledger.move_task(task_id, TaskStatus.RUNNING)
        self.settle(
            task_id,
            TaskStatus.COMPLETED,
            output=output,
            reason=reasons.result_of(execution_id),
            cached_from=execution_id,
        )

    @property
    def verdict(self) -> ExecutionStatus:
        """What the ends add up to (D3)."""
        if self.critical_failure:
            return ExecutionStatus.FAILED
        return ExecutionStatus.COMPLETED_WITH_ERRORS if self.errors else ExecutionStatus.COMPLETED

    def _make_ready(self, task_id: str) -> None:
        """Its result may be there already; else it gets in line, after the cache was asked."""
        kept = self._state.kept.get(task_id)
        if kept is not None:
            self.take_result(task_id, kept.output, kept.execution_id)
        elif self._plan.tasks[task_id].task.cache is None:
            self._slots.line_up(task_id)
        elif not self._ledger.runs[task_id].looked_up:  # asked once; until the answer comes it is in no line
            self._ledger.update(task_id, looked_up=True)
            self._ledger.commands.append(LookUp(task_id=task_id))


def blames(status: TaskStatus, *, neutral: bool) -> bool:
    """Whether an end counts against the execution: a failure, or a skip because of one."""
    return status is TaskStatus.FAILED or (status is TaskStatus.SKIPPED and not neutral)


def told(tally: Tally, status: TaskStatus, *, neutral: bool) -> Tally:
    """`tally` of a task after one of its dependencies ended so."""
    if status is TaskStatus.COMPLETED:
        return tally.with_success()
    return tally.with_skip() if neutral else tally.with_failure()
