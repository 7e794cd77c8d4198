"""Promises about attempts: one at a time, as often and as long as allowed, within the slots (R4, R8, R9, R12, D16)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from orchestrator.core.evidence import LIVE, Checked, Evidence, Step, fault, fault_of
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import TaskStatus
from orchestrator.core.tasks import OnInterrupt, Task

TOLERANCE = timedelta(milliseconds=50)
"""By which a retry may seem early: the wall clock is not the one that is waited by."""
AFTER_GRACE = 1.0
"""Seconds beyond the grace period in which a process tree is to be gone (R9)."""
NOT_CALLABLE = frozenset({"import_error", "module_not_allowed", "function_not_found", "signature_error"})
NEVER_RETRIED = frozenset({"cancelled", "lost", "completed", "skipped"})
"""Ends of an attempt after which nothing may wait for another one."""


def one_at_a_time(evidence: Evidence) -> Checked:
    """R4: a task has one live attempt at most; they are numbered 1, 2, 3 …, and what ends is what began."""
    faults: list[Message] = []
    begun: dict[AttemptKey, int] = {}
    for steps in evidence.of_run.values():
        faults += _numbered(steps, begun)
    for note in evidence.notes:
        if begun.get(note.noted.attempt.key, note.place) >= note.place:
            number = note.noted.attempt.key.number
            faults.append(fault(note, N_("attempt {number} is noted before it began"), number=number))
    return Checked(cases=len(begun), faults=faults)


def retries(evidence: Evidence) -> Checked:
    """R8: no more attempts than D4 grants, none after an end that is not retried, none before its time."""
    faults: list[Message] = []
    cases = 0
    for steps in evidence.of_run.values():
        planned = evidence.planned(steps[0].task_id)
        if planned is not None:
            cases += sum(step.starts_code for step in steps)
            faults += _Budget(planned.task).spent_by(steps)
    return Checked(cases=cases, faults=faults)


def time_limits(evidence: Evidence) -> Checked:
    """R9: no attempt lasted longer than its limit, the grace period and a second, by the monotonic clock.

    What died with its owner has no such duration; it was ended by the lease, not by the timeout.
    """
    faults: list[Message] = []
    cases = 0
    for step in evidence.steps:
        planned = evidence.planned(step.task_id)
        attempt = step.move.attempt
        if not step.ends_code or planned is None or attempt is None or attempt.duration is None:
            continue
        cases += 1
        limit = _limit(planned.task, evidence.default_timeout)
        if attempt.duration > limit + evidence.kill_grace + AFTER_GRACE:
            text = N_("attempt {number} lasted {duration} s; its limit is {limit} s")
            lasted = f"{attempt.duration:.1f}"
            faults.append(fault(step, text, number=attempt.key.number, duration=lasted, limit=f"{limit:g}"))
    return Checked(cases=cases, faults=faults)


def room(evidence: Evidence) -> Checked:
    """R12: never more attempts at once than `max_workers`, nor than a pool has slots, in this execution alone."""
    faults: list[Message] = []
    most = evidence.execution.request.max_workers
    live: dict[TaskRunKey, str | None] = {}
    in_use: Counter[str | None] = Counter()
    cases = 0
    for step in evidence.steps:
        run = step.move.run
        if step.move.before is LIVE and run in live:
            in_use[live.pop(run)] -= 1
        if not step.starts_code:
            continue
        cases += 1
        if run in live:  # two attempts of one task are the affair of R4, and counted once here
            in_use[live.pop(run)] -= 1
        pool = _pool(evidence, step.task_id)
        live[run] = pool
        in_use[pool] += 1
        if len(live) > most:
            text = N_("started as number {count} at once; max_workers is {most}")
            faults.append(fault(step, text, count=len(live), most=most))
        if pool is not None and in_use[pool] > evidence.pools.get(pool, in_use[pool]):
            text = N_("started as number {count} in pool {pool}, which has {slots} slot(s)")
            faults.append(fault(step, text, count=in_use[pool], pool=pool, slots=evidence.pools[pool]))
    return Checked(cases=cases, faults=faults)


def sources(evidence: Evidence) -> Checked:
    """D16: a result that no attempt made names the execution it is taken from, and only such a one does."""
    faults: list[Message] = []
    kept = set(evidence.execution.request.kept)
    cases = 0
    for steps in evidence.of_run.values():
        took = False
        for step in steps:
            if step.begins:
                took = step.taken
            elif step.move.before is LIVE and (took or step.move.cached_from is not None or step.task_id in kept):
                cases += 1
                faults += _unsourced(evidence, step, kept=step.task_id in kept)
    for run in evidence.task_runs:
        steps = evidence.of_run.get(run.key, ())
        logged = steps[-1].move.cached_from if steps else None
        if run.cached_from != logged:
            text = N_("its result is stored as that of {stored}, the log says {logged}")
            faults.append(fault_of(run.key.task_id, text, stored=run.cached_from, logged=logged))
    return Checked(cases=cases, faults=faults)


def _numbered(steps: Sequence[Step], begun: dict[AttemptKey, int]) -> Iterator[Message]:
    """Faults of one task run; `begun` learns where in the log each attempt began."""
    live: int | None = None
    count = 0
    for step in steps:
        number = None if step.move.attempt is None else step.move.attempt.key.number
        if step.move.attempt is not None and step.move.attempt.key.run != step.move.run:
            yield fault(
                step, N_("names an attempt of another task, {task_id}"), task_id=step.move.attempt.key.run.task_id
            )
        if step.move.before is LIVE:
            if number != live:
                yield fault(step, N_("attempt {number} ended, {live} was under way"), number=number, live=live)
            live = None
        if step.begins and step.move.attempt is not None:
            if live is not None:
                yield fault(step, N_("attempt {number} began while {live} was under way"), number=number, live=live)
            if number != count + 1:
                yield fault(step, N_("attempt {number} began; {next} comes next"), number=number, next=count + 1)
            live = number
            count = max(count, number or 0)
            begun.setdefault(step.move.attempt.key, step.place)


class _Budget:
    """What D4 grants one task, and what it has used of it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._attempts = 0
        self._retries = 0
        self._interruptions = 0
        self._lost = 0
        self._last: Step | None = None
        """The end of its latest attempt."""

    def spent_by(self, steps: Sequence[Step]) -> Iterator[Message]:
        """Faults of one task run, in order."""
        before: Step | None = None
        for step in steps:
            if step.ends_code:
                yield from self._ends(step)
            elif step.starts_code:
                yield from self._starts(step, before)
            before = step

    def _ends(self, step: Step) -> Iterator[Message]:
        self._last = step
        attempt = step.move.attempt
        if step.move.after is TaskStatus.INTERRUPTED:
            self._interruptions += 1
            self._lost += step.move.error_type == "lost"  # a stop, too, interrupts: that costs nothing
        elif step.move.after is TaskStatus.RETRY_WAIT and attempt is not None:
            self._retries += 1
            if self._not_retried(attempt):
                text = N_("waits for another attempt after an end that is not retried ({why})")
                yield fault(step, text, why=attempt.error_type or attempt.status)
            if self._retries > self._task.retry_count:
                text = N_("waits for retry {number}; retry_count is {most}")
                yield fault(step, text, number=self._retries, most=self._task.retry_count)

    def _starts(self, step: Step, before: Step | None) -> Iterator[Message]:
        self._attempts += 1
        most = 1 + self._task.retry_count + self._interruptions
        if self._attempts > most:
            yield fault(step, N_("attempt {number} of at most {most}"), number=self._attempts, most=most)
        if self._lost > self._task.max_interruptions:
            text = N_("started again after {count} interruptions; max_interruptions is {most}")
            yield fault(step, text, count=self._lost, most=self._task.max_interruptions)
        last = self._last
        if last is None or before is None:
            return
        if last.move.after is TaskStatus.INTERRUPTED and self._task.on_interrupt is OnInterrupt.FAIL:
            yield fault(step, N_("started again after an interruption, and on_interrupt is fail"))
        if last.move.after.final:
            yield fault(step, N_("started again after it had ended as {status}"), status=last.move.after)
        if before.move.after is TaskStatus.RETRY_WAIT:
            due = before.move.next_attempt_at
            if due is None:
                yield fault(before, N_("waits for another attempt without a time"))
            elif step.move.at < due - TOLERANCE:
                early = f"{(due - step.move.at).total_seconds():.3f}"
                yield fault(step, N_("started {early} s before its time"), early=early)

    def _not_retried(self, attempt: Attempt) -> bool:
        """Whether this end is one of those that D4 names; the log keeps no lineage of an exception, only its class."""
        if attempt.status in NEVER_RETRIED:
            return True
        if attempt.status != "failed" or attempt.error_type is None:
            return False
        names = {attempt.error_type, attempt.error_type.rpartition(".")[2]}
        raised = attempt.error_type != "reported_failure"
        return attempt.error_type in NOT_CALLABLE or (raised and bool(names & set(self._task.no_retry_on)))


def _limit(task: Task, default_timeout: float) -> float:
    """Seconds that an attempt may take."""
    timeout = default_timeout if task.timeout is None else task.timeout
    return timeout if task.deadline is None else min(timeout, task.deadline)


def _pool(evidence: Evidence, task_id: str) -> str | None:
    planned = evidence.planned(task_id)
    of_request = evidence.execution.request.pools.get(task_id)
    return of_request or (planned.task.pool if planned is not None else None)


def _unsourced(evidence: Evidence, step: Step, *, kept: bool) -> Iterator[Message]:
    """What is wrong with a result that was, or should have been, taken from elsewhere."""
    if step.marked:
        return
    if step.move.attempt is not None:
        if kept:
            yield fault(step, N_("was to be kept from an earlier execution, and was executed"))
        else:
            yield fault(step, N_("names {source} as its source, and was executed"), source=step.move.cached_from)
    elif step.move.after is not TaskStatus.COMPLETED or step.move.cached_from is None:
        yield fault(step, N_("{status} without an attempt, and names no source"), status=step.move.after)
    elif step.move.cached_from == evidence.execution.execution_id:
        yield fault(step, N_("names its own execution as the source"))
