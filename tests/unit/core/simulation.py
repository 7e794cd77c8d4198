"""Random executions of the step machine, checked after every step by rules that share no code with it.

`Simulation(scenario, seed).run()` walks one execution: a `Scenario` says what is to be executed and how each attempt
will end (fixed by its own seed, whatever the order), the second seed decides in which order things happen. Every check
raises AssertionError; the scenario's repr says how to make it again.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from orchestrator.core.events import Event, ExecutionMoved, TaskMoved
from orchestrator.core.folding import fold
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.machine import initial_state, step
from orchestrator.core.machine_state import (
    AttemptFinished,
    Begin,
    CancelAsked,
    MachineEvent,
    Record,
    StartAttempt,
    StopAsked,
    StopAttempt,
    TimePassed,
    WakeAt,
)
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import Cancelled, Lost, Returned
from orchestrator.core.states import TaskStatus
from tests.unit.core.scenarios import Scenario, upstreams_of
from tests.unit.core.subjects import AT, ID

MAY_FOLLOW = {
    "pending": "running skipped cancelled",
    "running": "completed failed retry_wait interrupted cancelled skipped",
    "retry_wait": "running failed cancelled interrupted",
    "interrupted": "running failed cancelled",
}
FINAL = {"completed", "failed", "skipped", "cancelled"}
CLEAN_UP = {"always", "all_done", "one_failed", "all_failed"}
EARLY = {"one_success", "one_failed"}
MAX_INTERRUPTIONS = 3
CLOSE = 1e-3
"""Seconds; the wall clock counts whole microseconds, and adds up what it rounds."""
GOOD, BAD, NEUTRAL = "good", "bad", "neutral"


class Simulation:
    """One walk through a scenario."""

    def __init__(self, scenario: Scenario, seed: int, *, endings: bool = True) -> None:
        self.scenario = scenario
        self.events: list[Event] = []
        self.status = dict.fromkeys(scenario.plan.order, "pending")
        self.execution = "queued"
        self._chance = Random(seed)
        self._endings = endings
        self._now = Moment(at=AT, ticks=0.0)
        self._state = initial_state(
            ID,
            scenario.plan,
            max_workers=scenario.max_workers,
            stop_on_failure=scenario.stop_on_failure,
            max_interruptions=MAX_INTERRUPTIONS,
        )
        self._upstream = upstreams_of(scenario)
        self._kind: dict[str, str] = {}
        self._live: dict[AttemptKey, None] = {}
        self._told_to_stop: set[AttemptKey] = set()
        self._past: list[AttemptFinished] = []
        self._attempts: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._due: dict[str, float] = {}
        self._wake_at: float | None = None
        self._asked: list[str] = []
        self._halted = False

    def run(self) -> "Simulation":
        """To the end; raises AssertionError where anything is not as it must be."""
        if self._endings and self._chance.random() < 0.05:
            self._hear(self._chance.choice([CancelAsked(), StopAsked()]))
        self._hear(Begin())
        most = 60 * self.scenario.size + 200
        while self.execution not in {"completed", "completed_with_errors", "failed", "cancelled", "interrupted"}:
            most -= 1
            assert most, f"it does not end: {self.scenario}"
            self._hear(self._next_event())
        self._check_end()
        return self

    # --- what happens next -------------------------------------------------------------------------------------------

    def _next_event(self) -> MachineEvent:
        chance = self._chance.random()
        if self._endings and chance < 0.01:
            return self._chance.choice([CancelAsked(), StopAsked()])
        if self._past and chance < 0.08:
            return self._chance.choice(self._past)
        if chance < 0.12:
            return self._stray_result()
        if self._live and (self._wake_at is None or chance < 0.7):
            return self._end_of(self._chance.choice(list(self._live)))
        assert self._wake_at is not None, f"nothing is under way, nothing will wake it: {self.scenario}"
        self._pass_time(self._chance.choice([0.5, 1.0, 1.0, 1.5]) * max(0.0, self._wake_at - self._now.ticks))
        return TimePassed()

    def _end_of(self, attempt: AttemptKey) -> AttemptFinished:
        self._pass_time(self._chance.random() * 10)
        outcome = self.scenario.outcome(attempt)
        if attempt in self._told_to_stop and self._chance.random() < 0.7:
            outcome = Cancelled()
        return AttemptFinished(attempt=attempt, outcome=outcome, duration=1.0)

    def _stray_result(self) -> AttemptFinished:
        """Of an attempt that never was."""
        task_id = self._chance.choice(list(self.status))
        run = TaskRunKey(execution_id=ID, task_id=task_id)
        key = AttemptKey(run=run, number=self._attempts[task_id] + self._chance.choice([1, 2, -1]))
        return AttemptFinished(attempt=key, outcome=Returned(output=None), duration=1.0)

    def _pass_time(self, seconds: float) -> None:
        self._now = self._now.later(seconds)

    # --- one step, checked -------------------------------------------------------------------------------------------

    def _hear(self, event: MachineEvent) -> None:
        means_something = not isinstance(event, AttemptFinished) or event.attempt in self._live
        if isinstance(event, AttemptFinished) and means_something:
            self._past.append(event)
            self._lost[event.attempt.run.task_id] += isinstance(event.outcome, Lost)
        before = self._state
        self._state, commands = step(before, event, self._now, self._chance.random())
        if isinstance(event, CancelAsked | StopAsked) and self.execution not in {"cancelled", "interrupted"}:
            self._asked.append("cancel" if isinstance(event, CancelAsked) else "stop")
        self._wake_at = None
        for command in commands:
            match command:
                case Record(move=ExecutionMoved() as moved):
                    self._execution_moves(moved)
                case Record(move=TaskMoved() as moved):
                    self._task_moves(moved)
                case StartAttempt(attempt=attempt):
                    assert self._attempts[attempt.run.task_id] == attempt.number, "started before its move was recorded"
                    self._live[attempt] = None
                case StopAttempt(attempt=attempt):
                    assert attempt in self._live
                    self._told_to_stop.add(attempt)
                case WakeAt(ticks=ticks):
                    self._wake_at = ticks
        if isinstance(event, AttemptFinished) and not means_something:
            assert not [command for command in commands if not isinstance(command, WakeAt)], "an old story counted"
        self._check_slots(woken=isinstance(event, TimePassed))

    def _execution_moves(self, moved: ExecutionMoved) -> None:
        assert moved.before.value == self.execution
        self.execution = moved.after.value
        self._note(moved)

    def _task_moves(self, moved: TaskMoved) -> None:
        task_id, before, after = moved.run.task_id, moved.before.value, moved.after.value
        assert before == self.status[task_id], f"{task_id} is {self.status[task_id]}, not {before}: {self.scenario}"
        assert after in MAY_FOLLOW[before].split(), f"{before} → {after}: {self.scenario}"
        if before == "running":
            del self._live[next(key for key in self._live if key.run == moved.run)]
        if after == "running":
            self._check_start(moved)
        self.status[task_id] = after
        self._due.pop(task_id, None)
        if moved.next_attempt_at is not None:
            self._due[task_id] = (moved.next_attempt_at - AT).total_seconds()
        if after in FINAL:
            self._kind[task_id] = self._kind_of(moved)
            critical = self.scenario.plan.tasks[task_id].task.critical
            if self._kind[task_id] == BAD and critical and self.scenario.stop_on_failure and not self._asked:
                self._halted = True
        self._note(moved)

    def _note(self, moved: ExecutionMoved | TaskMoved) -> None:
        self.events.append(Event(execution_id=ID, seq=len(self.events) + 1, move=moved))

    def _kind_of(self, moved: TaskMoved) -> str:
        """What this end means for those that wait for it, from what became of its own dependencies (D2)."""
        if moved.after is TaskStatus.COMPLETED:
            return GOOD
        if moved.after is not TaskStatus.SKIPPED:
            return BAD
        if moved.attempt is not None:
            return NEUTRAL
        kinds = [self._kind.get(upstream) for upstream in self._upstream[moved.run.task_id][0]]
        rule = self.scenario.plan.tasks[moved.run.task_id].task.trigger_rule.value
        broken = BAD in kinds if rule == "all_success" else _never(rule, kinds)
        if not broken and (rule != "all_success" or NEUTRAL not in kinds or None in kinds):
            assert self._halted, f"{moved.run.task_id} was skipped for no reason: {self.scenario}"
            assert rule not in CLEAN_UP
            return BAD
        if str(moved.reason).startswith("not started"):
            assert self._halted
            return BAD
        return BAD if rule == "all_success" and BAD in kinds else NEUTRAL

    def _check_start(self, moved: TaskMoved) -> None:
        task_id = moved.run.task_id
        planned = self.scenario.plan.tasks[task_id]
        assert self.execution == "running"
        assert not self._asked, f"started after a {self._asked[0]}: {self.scenario}"
        self._attempts[task_id] += 1
        assert moved.attempt is not None
        assert moved.attempt.key.number == self._attempts[task_id]
        assert self._attempts[task_id] <= 1 + planned.task.retry_count + min(self._lost[task_id], MAX_INTERRUPTIONS)
        assert self.status[task_id] != "retry_wait" or self._now.ticks >= self._due[task_id] - CLOSE
        assert not self._halted or planned.task.trigger_rule.value in CLEAN_UP
        assert self._may_start(task_id), f"{task_id} started too early: {self.scenario}"

    def _may_start(self, task_id: str) -> bool:
        """R6, and the rule: what it waits for has ended, or one of it is enough."""
        firm, loose = self._upstream[task_id]
        rule = self.scenario.plan.tasks[task_id].task.trigger_rule.value
        kinds = [self._kind.get(upstream) for upstream in firm]
        if any(self._kind.get(upstream) is None for upstream in loose) or (None in kinds and rule not in EARLY):
            return False
        return not kinds or {
            "all_success": kinds.count(GOOD) == len(kinds),
            "none_failed": BAD not in kinds,
            "one_success": GOOD in kinds,
            "all_failed": kinds.count(BAD) == len(kinds),
            "one_failed": BAD in kinds,
        }.get(rule, True)

    def _check_slots(self, *, woken: bool) -> None:
        """R12: never more than there are slots, and exactly that many while enough could start."""
        running = sum(status == "running" for status in self.status.values())
        assert running == len(self._live) <= self.scenario.max_workers
        if self.execution != "running" or self._asked or running == self.scenario.max_workers:
            return
        for task_id, status in self.status.items():
            barred = self._halted and self.scenario.plan.tasks[task_id].task.trigger_rule.value not in CLEAN_UP
            due = woken and task_id in self._due and self._due[task_id] <= self._now.ticks - CLOSE
            ready = status == "interrupted" or due or (status == "pending" and self._may_start(task_id))
            assert barred or not ready, f"{task_id} could run, {running} do: {self.scenario}"

    # --- the end -----------------------------------------------------------------------------------------------------

    def _check_end(self) -> None:
        assert not self._live, f"attempts are left: {self.scenario}"
        folded = fold(self.events)
        assert folded.execution.value == self.execution == self._state.status.value
        of_runs = dict.fromkeys(self.status, "pending")
        of_runs |= {key.task_id: status.value for key, status in folded.runs.items()}
        of_state = {task_id: run.status.value for task_id, run in self._state.runs.items()}
        assert of_runs == self.status == of_state
        ends = Counter(event.move.run for event in self.events if _is_end(event))
        assert set(ends.values()) <= {1}
        if self.execution == "interrupted":
            assert "stop" in self._asked
            assert "cancel" not in self._asked
            assert set(self.status.values()) <= FINAL | {"pending", "interrupted"}
            return
        assert set(self.status.values()) <= FINAL, f"{self.status}: {self.scenario}"
        assert len(ends) == len(self.status)
        assert self.execution == self.verdict()

    def verdict(self) -> str:
        """What the ends add up to (D2, D3)."""
        if "cancel" in self._asked:
            return "cancelled"
        bad = [task_id for task_id, kind in self._kind.items() if kind == BAD]
        if any(self.scenario.plan.tasks[task_id].task.critical for task_id in bad):
            return "failed"
        return "completed_with_errors" if bad else "completed"


def _is_end(event: Event) -> bool:
    return isinstance(event.move, TaskMoved) and event.move.after.value in FINAL


def _never(rule: str, kinds: Sequence[str | None]) -> bool:
    """Whether the rule can no longer be met, however the open ones (None) end."""
    return {
        "none_failed": BAD in kinds,
        "one_success": not {GOOD, None} & set(kinds),
        "all_failed": bool({GOOD, NEUTRAL} & set(kinds)),
        "one_failed": not {BAD, None} & set(kinds),
    }.get(rule, False)
