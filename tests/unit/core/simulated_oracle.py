"""Watches one simulated execution and knows what must be true after every step, from the promises alone.

It hears what was stored, which processes exist and what was asked; it never asks the machine. Checks raise AssertionError.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine_state import (
    AttemptFinished,
    Begin,
    CacheLookedUp,
    CancelAsked,
    LookUp,
    MarkAsked,
    OwnerLost,
    PoolsSeen,
    StartAttempt,
    StopAsked,
    StopAttempt,
    TimePassed,
)
from orchestrator.core.outcomes import Cancelled, Lost
from orchestrator.core.tasks import OnInterrupt
from tests.unit.core import simulated_rules as rules
from tests.unit.core.scenarios import Scenario, upstreams_of
from tests.unit.core.simulated_owner import Step
from tests.unit.core.simulated_rules import BAD, CLEAN_UP, CLOSE, FINAL, GOOD, NEUTRAL

IDLE = {"queued", "interrupted"}


class Oracle:
    """What is true of the execution, whoever drives it."""

    def __init__(self, scenario: Scenario) -> None:
        self.execution = "queued"
        self.status = dict.fromkeys(scenario.plan.order, "pending")
        self.kinds: dict[str, str] = {}
        self.attempts: Counter[str] = Counter()
        self.no_more: str | None = None
        """Why the owner of the moment may start nothing: cancel, stop, expire."""
        self.cancel_acknowledged = False
        self.neighbours: Mapping[str, int] = {}
        self._scenario = scenario
        self._tasks = {task_id: planned.task for task_id, planned in scenario.plan.tasks.items()}
        self._ranks = {t: (-planned.task.priority, planned.position) for t, planned in scenario.plan.tasks.items()}
        self._upstream = upstreams_of(scenario)
        self._failures: Counter[str] = Counter()
        self._interruptions: Counter[str] = Counter()
        self._never_again: dict[str, str] = {}
        self._living: dict[str, AttemptKey] = {}
        self._halted = False
        self._began_at: dict[str, datetime] = {}
        self._began: dict[str, float] = {}
        """True seconds, as the owner of the moment must believe; "" is the execution."""
        self._due: dict[str, float] = {}
        self._in_line: set[str] = set()
        self._seen: Mapping[str, int] = {}
        self._asked: set[str] = set()
        self._answers: dict[str, bool] = {}

    # --- what others tell it -----------------------------------------------------------------------------------------

    def new_owner(self, at: datetime, now: float) -> None:
        """Somebody else drives it from now on; all it can know of the past is what the wall's clock said."""
        assert not self._living, f"claimed while {list(self._living)} lived"
        self.no_more = None
        self._seen = {}
        self._in_line.clear()
        self._asked.clear()
        self._answers.clear()
        self._began = {name: now - (at - began).total_seconds() for name, began in self._began_at.items()}

    def process_begins(self, key: AttemptKey) -> None:
        task_id = key.run.task_id
        assert task_id not in self._living, f"R4: two attempts of {task_id} live"
        assert (self.status[task_id], self.attempts[task_id]) == ("running", key.number), "not the one recorded"
        self._living[task_id] = key
        pool = self._tasks[task_id].pool
        if pool is not None:  # here, not step by step: one commit may give a slot back after it took another
            held = sum(self._tasks[t].pool == pool for t in self._running)
            free = self._scenario.pools[pool] - self.neighbours.get(pool, 0)
            assert held <= free, f"{held} hold slots of {pool}, {free} were free"

    def process_ends(self, key: AttemptKey) -> None:
        del self._living[key.run.task_id]

    def hear(self, step: Step) -> None:
        """A step whose moves are stored."""
        old_story = self._is_old_story(step)
        before = self.no_more
        marks = isinstance(step.event, MarkAsked) and self._is_open_and_idle(step.event.task_id)
        self._note_what_was_asked(step)
        started = []
        for move in step.moves:
            if isinstance(move, ExecutionMoved):
                self._execution_moves(move, step)
            elif isinstance(move, TaskMoved):
                self._task_moves(move, step)
        for deed in step.deeds:
            if isinstance(deed, StartAttempt):
                started.append(deed.attempt.run.task_id)
                self._check_limit(deed, step)
            elif isinstance(deed, LookUp):
                assert deed.task_id not in self._asked, "asked the cache twice"
                assert self._tasks[deed.task_id].cache is not None
                self._asked.add(deed.task_id)
        if old_story and self.no_more == before:
            assert [*step.moves, *started] == [], f"an old story counted: {step.event}"
        if marks:
            assert self.status[step.event.task_id] == step.event.mark_as.value, "the operator's word was not heard"
        self._check_stops(step)
        self._check_slots(step, started)

    def check_end(self) -> None:
        """Nobody drives it any more, and nobody will."""
        assert not self._living, f"attempts are left: {self._living}"
        assert not self.cancel_acknowledged or self.execution == "cancelled", "D7: an acknowledged cancel was lost"
        if self.execution == "interrupted":
            assert set(self.status.values()) <= FINAL | {"pending", "interrupted"}
        else:
            assert set(self.status.values()) <= FINAL, f"R16: {self.status}"

    # --- one step ----------------------------------------------------------------------------------------------------

    def _is_old_story(self, step: Step) -> bool:
        if not isinstance(step.event, AttemptFinished):
            return False
        task_id, number = step.event.attempt.run.task_id, step.event.attempt.number
        return self.status[task_id] != "running" or self.attempts[task_id] != number

    def _is_open_and_idle(self, task_id: str) -> bool:
        return self.execution not in FINAL and self.status[task_id] in {"pending", "retry_wait", "interrupted"}

    def _note_what_was_asked(self, step: Step) -> None:
        event = step.event
        if isinstance(event, CancelAsked):
            self.no_more = "cancel"
        elif isinstance(event, StopAsked):
            self.no_more = self.no_more or "stop"
        elif isinstance(event, PoolsSeen):
            self._seen = event.others
        elif isinstance(event, CacheLookedUp):
            self._answers[event.task_id] = event.found is not None
        elif isinstance(event, TimePassed):
            self._in_line |= {task_id for task_id, due in self._due.items() if due <= step.now - CLOSE}
        if self.no_more is None and self._expired(step):
            self.no_more = "expire"

    def _expired(self, step: Step) -> bool:
        most, began = self._scenario.max_duration, self._began.get("")
        begins = isinstance(step.event, Begin) and self.execution == "interrupted"
        driven = begins or (self.execution == "running" and not isinstance(step.event, OwnerLost))
        if most is None or began is None or not driven:
            return False
        if abs(step.now - began - most) < CLOSE:  # too close for us to say
            return step.state.ending is not None
        return step.now - began >= most

    def _execution_moves(self, moved: ExecutionMoved, step: Step) -> None:
        assert moved.before.value == self.execution
        assert moved.after.value in rules.EXECUTION_MAY_FOLLOW[self.execution], f"D8: {moved}"
        self.execution = moved.after.value
        if self.execution == "running" and "" not in self._began:
            self._began_at[""], self._began[""] = moved.at, step.now
        if moved.duration is not None:
            self._check_duration("", moved.duration, step)
        if self.execution in rules.EXECUTION_MAY_FOLLOW:
            assert self.execution != "interrupted" or isinstance(step.event, OwnerLost) or self.no_more == "stop"
            return
        assert not self._living, f"ended while {list(self._living)} lived"
        assert self.execution == "cancelled" or set(self.status.values()) <= FINAL, f"R16: {self.status}"
        cancelled = self.no_more == "cancel" or moved.before.value == "cancelling"
        told = rules.verdict(self._scenario, self.kinds, expired=self.no_more == "expire")
        assert self.execution == ("cancelled" if cancelled else told), f"D3: {self.execution}, not {told}"

    def _task_moves(self, moved: TaskMoved, step: Step) -> None:
        task_id, before, after = moved.run.task_id, moved.before.value, moved.after.value
        assert before == self.status[task_id], f"{task_id} is {self.status[task_id]}, not {before}"
        assert after in rules.MAY_FOLLOW[before], f"D8: {before} → {after}"
        if after == "running":
            self._begins(moved, step)
        elif before == "running":
            self._count_end(moved, step)
        self.status[task_id] = after
        self._due.pop(task_id, None)
        self._in_line.discard(task_id)
        if moved.next_attempt_at is not None:
            self._check_wait(moved, step)
        if after in FINAL:
            self._check_duration(task_id, moved.duration, step)
            kind = self.kinds[task_id] = self._kind_of(moved, step)
            assert moved.neutral == (kind == NEUTRAL if after == "skipped" else None), f"neutral: {moved}"
            critical = self._tasks[task_id].critical and after != "cancelled"
            self._halted |= kind == BAD and critical and self._scenario.stop_on_failure

    def _begins(self, moved: TaskMoved, step: Step) -> None:
        task_id = moved.run.task_id
        if task_id not in self._began:
            self._began_at[task_id], self._began[task_id] = moved.at, step.now
        if moved.attempt is None:
            has = task_id in self._scenario.kept or self._answers.get(task_id, False)
            assert has, f"{task_id} took a result that nobody has"
            assert not self._barred(task_id)
            assert self._may_start(task_id), f"R6: {task_id} took a result too early"
            return
        self.attempts[task_id] += 1
        assert moved.attempt.key.number == self.attempts[task_id], f"R4: {moved.attempt.key}"
        if moved.attempt.status == "marked":
            assert isinstance(step.event, MarkAsked)
            assert step.event.task_id == task_id
        else:
            self._check_start(task_id, step)

    def _check_start(self, task_id: str, step: Step) -> None:
        task = self._tasks[task_id]
        assert self.execution == "running"
        assert self.no_more is None, f"{task_id} started after {self.no_more}"
        assert self._failures[task_id] <= task.retry_count, f"R8: {task_id} failed {self._failures[task_id]} times"
        lost = self._interruptions[task_id]
        assert lost <= task.max_interruptions, f"R8: {task_id} was interrupted {lost} times"
        assert task_id not in self._never_again, f"{task_id} started after {self._never_again[task_id]}"
        assert task_id not in self._scenario.kept, f"{task_id} has a result"
        assert task_id not in self._due or step.now >= self._due[task_id] - CLOSE, f"R8: {task_id} did not wait"
        assert not self._barred(task_id), f"R10: {task_id} started after a critical failure"
        assert self._may_start(task_id), f"R6: {task_id} started too early"
        if task.deadline is not None:
            spent = step.now - self._began[task_id]
            assert spent < task.deadline + CLOSE, f"D5: {task_id} started after its deadline"

    def _check_limit(self, deed: StartAttempt, step: Step) -> None:
        task_id = deed.attempt.run.task_id
        assert (self.status[task_id], self.attempts[task_id]) == ("running", deed.attempt.number)
        deadline = self._tasks[task_id].deadline
        if deadline is None:
            assert deed.limit is None
        else:
            left = deadline - max(0.0, step.now - self._began[task_id])
            assert deed.limit is not None
            assert abs(deed.limit - left) < CLOSE, f"D5: {deed.limit} s for {task_id}, not {left}"
        assert deed.alone == (self._interruptions[task_id] > 0)

    def _count_end(self, moved: TaskMoved, step: Step) -> None:
        """Which budget an attempt cost, from how its process ended, not from how it was written down."""
        task_id = moved.run.task_id
        task = self._tasks[task_id]
        if moved.after.value == "interrupted" and task.on_interrupt is OnInterrupt.FAIL:
            self._never_again[task_id] = "it was interrupted"
        if isinstance(step.event, OwnerLost):
            self._interruptions[task_id] += 1
        elif isinstance(step.event, AttemptFinished) and not isinstance(step.event.outcome, Cancelled):
            outcome = step.event.outcome
            self._interruptions[task_id] += isinstance(outcome, Lost)
            self._failures[task_id] += rules.is_failure(outcome)
            if rules.is_final_failure(outcome, task) and self.no_more != "stop":  # a stop leaves that open
                self._never_again[task_id] = f"{outcome}"

    def _check_wait(self, moved: TaskMoved, step: Step) -> None:
        task_id = moved.run.task_id
        wait = (moved.next_attempt_at - moved.at).total_seconds()
        shortest, longest = rules.longest_and_shortest_wait(self._tasks[task_id], self._failures[task_id])
        assert shortest - CLOSE <= wait <= longest + CLOSE, f"R8: {wait} s before another attempt of {task_id}"
        self._due[task_id] = step.now + wait

    def _check_duration(self, name: str, duration: float | None, step: Step) -> None:
        """R31: as long as it was, whatever happened to the wall's clock meanwhile."""
        if name not in self._began:
            assert duration is None
            return
        lasted = max(0.0, step.now - self._began[name])
        assert duration is not None
        assert abs(duration - lasted) < CLOSE, f"R31: {name or 'it'} lasted {lasted} s, not {duration}"

    def _kind_of(self, moved: TaskMoved, step: Step) -> str:
        """What this end means for those that wait for it, from what became of its own dependencies (D2)."""
        task_id = moved.run.task_id
        marked = isinstance(step.event, MarkAsked) and step.event.task_id == task_id
        if moved.after.value == "completed":
            return GOOD
        if moved.after.value != "skipped":
            return BAD
        if marked or moved.attempt is not None:
            return NEUTRAL
        if self.no_more == "expire" and str(moved.reason).startswith("the execution's max_duration"):
            return BAD
        rule = self._tasks[task_id].trigger_rule.value
        kind = rules.skip_kind(rule, self._kinds_before(task_id))
        if kind is None or str(moved.reason).startswith("not started"):
            assert self._halted, f"{task_id} was skipped for no reason"
            assert rule not in CLEAN_UP
            return BAD
        return kind

    def _check_stops(self, step: Step) -> None:
        """R9, R14, R15: whatever lives is told to stop, and nothing is without a reason."""
        stopped = {deed.attempt.run.task_id for deed in step.deeds if isinstance(deed, StopAttempt)}
        assert stopped <= set(self._running), f"{stopped} are not under way"
        assert not stopped or self.no_more is not None, "stopped for no reason"
        if isinstance(step.event, CancelAsked | StopAsked) and self.execution in {"running", "cancelling"}:
            assert stopped == set(self._running), f"only {stopped} were told to stop"

    def _check_slots(self, step: Step, started: list[str]) -> None:
        """R12: never more than there are slots, and exactly that many while enough could start, the first first."""
        running = len(self._running)
        assert running <= self._scenario.max_workers, f"R12: {running} at once"
        if self.execution != "running" or self.no_more is not None:
            return
        full = running == self._scenario.max_workers
        if full and not started:
            return
        ready = [task_id for task_id in self.status if self._is_ready(task_id)]
        assert full or not ready, f"R12: {ready} could start, {running} run"
        if ready and not any(isinstance(move, TaskMoved) and move.after.value == "failed" for move in step.moves):
            first, last = min(map(self._ranks.get, ready)), max(map(self._ranks.get, started))
            assert last <= first, f"{ready} came before {started}"

    # --- questions ---------------------------------------------------------------------------------------------------

    @property
    def _running(self) -> list[str]:
        return [task_id for task_id, status in self.status.items() if status == "running"]

    def _is_ready(self, task_id: str) -> bool:
        """Whether it waits for nothing but a slot of this execution's own."""
        status, task = self.status[task_id], self._tasks[task_id]
        if status == "pending":
            waits = task.cache is not None and task_id not in self._answers and task_id not in self._scenario.kept
            ready = not waits and self._may_start(task_id)
        else:
            ready = status == "interrupted" or task_id in self._in_line
        if not ready or self._barred(task_id) or task.pool is None:
            return ready and not self._barred(task_id)
        held = sum(self._tasks[t].pool == task.pool for t in self._running)
        return held + self._seen.get(task.pool, 0) < self._scenario.pools[task.pool]

    def _barred(self, task_id: str) -> bool:
        return self._halted and self._tasks[task_id].trigger_rule.value not in CLEAN_UP

    def _kinds_before(self, task_id: str) -> list[str | None]:
        return [self.kinds.get(upstream) for upstream in self._upstream[task_id][0]]

    def _may_start(self, task_id: str) -> bool:
        rule = self._tasks[task_id].trigger_rule.value
        firm = self._kinds_before(task_id)
        loose = [self.kinds.get(upstream) for upstream in self._upstream[task_id][1]]
        return rules.ended(rule, firm, loose) and rules.met(rule, firm)
