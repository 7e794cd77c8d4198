"""What the event log of an execution says, sorted for those who verify it; nothing of the step machine is used here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from orchestrator.core import reasons
from orchestrator.core.events import AttemptNoted, Event, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.plan import Plan, PlannedTask
from orchestrator.core.states import ExecutionStatus, TaskStatus

LIVE = TaskStatus.RUNNING
BLAMING = frozenset({reasons.blocked_by("").template, reasons.halted_by("").template})
"""Reasons of skips for which somebody is to blame, as far as logs of the first version knew them."""


class Kind(Enum):
    """What the end of a task run means for those that wait for it (D2, D2d)."""

    GOOD = auto()
    BAD = auto()
    """Failed, cancelled, or skipped because of a failure."""
    NEUTRAL = auto()
    """Skipped, and nobody is to blame."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A move of a task run, and where the execution stood when it was made."""

    place: int
    """Place in the log from 0; `seq` may be what is broken."""
    seq: int
    move: TaskMoved
    execution: ExecutionStatus

    @property
    def task_id(self) -> str:
        """Whose move it is."""
        return self.move.run.task_id

    @property
    def begins(self) -> bool:
        """Whether the task run became `running`."""
        return self.move.after is LIVE

    @property
    def marked(self) -> bool:
        """Whether an operator's word stands for the attempt: no code ran, no order and no rule was asked."""
        return self.move.attempt is not None and self.move.attempt.status == "marked"

    @property
    def taken(self) -> bool:
        """Whether it became `running` only to take a result that stood already: there is no attempt."""
        return self.begins and self.move.attempt is None

    @property
    def starts_code(self) -> bool:
        """Whether an attempt in the full sense began: user's code, somewhere."""
        return self.begins and self.move.attempt is not None and not self.marked

    @property
    def ends_code(self) -> bool:
        """Whether such an attempt ended."""
        return self.move.before is LIVE and self.move.attempt is not None and not self.marked

    @property
    def neutral(self) -> bool:
        """Of a skip, whether it says that nobody is to blame; logs of the first version say so by its reason alone."""
        if self.move.neutral is not None:
            return self.move.neutral
        template = "" if self.move.reason is None else self.move.reason.template
        return template not in BLAMING


@dataclass(frozen=True, kw_only=True)
class Turning:
    """A move of the execution itself."""

    place: int
    seq: int
    move: ExecutionMoved


@dataclass(frozen=True, kw_only=True)
class Note:
    """A word about where an attempt runs."""

    place: int
    seq: int
    noted: AttemptNoted


@dataclass(frozen=True, kw_only=True)
class End:
    """The first final state that a task run reached, and where in the log."""

    place: int
    kind: Kind
    blamed: bool
    """It counts against the execution: failed, or skipped because of a failure."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The log taken apart, beside what the store says and what was asked for."""

    execution: Execution
    plan: Plan
    events: Sequence[Event]
    task_runs: Sequence[TaskRun]
    attempts: Sequence[Attempt]
    kill_grace: float
    """Seconds (D5)."""
    default_timeout: float
    """Seconds, where a task names none."""
    pools: Mapping[str, int]
    """Slots by pool."""
    steps: Sequence[Step]
    turnings: Sequence[Turning]
    notes: Sequence[Note]
    of_run: Mapping[TaskRunKey, Sequence[Step]]
    ends: Mapping[str, End]
    """By task id; fan-out items are not among them."""

    @property
    def status(self) -> ExecutionStatus:
        """Where the log leaves the execution."""
        return self.turnings[-1].move.after if self.turnings else ExecutionStatus.QUEUED

    @property
    def ended(self) -> bool:
        """Whether the log tells of an execution that is over."""
        return self.status.final

    def planned(self, task_id: str) -> PlannedTask | None:
        """The task with its edges; None for one that the plan does not hold."""
        return self.plan.tasks.get(task_id)

    def kind_at(self, task_id: str, place: int) -> Kind | None:
        """What that task's end meant as the log stood before `place`; None while it had not ended."""
        end = self.ends.get(task_id)
        return end.kind if end is not None and end.place < place else None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One promise looked at: how many cases there were, and each that broke it."""

    cases: int
    faults: Sequence[Message]


def gather(
    execution: Execution,
    plan: Plan,
    events: Sequence[Event],
    task_runs: Sequence[TaskRun],
    attempts: Sequence[Attempt],
    *,
    kill_grace: float,
    default_timeout: float,
    pools: Mapping[str, int],
) -> Evidence:
    """Take the log apart; a broken one, too: nothing is refused here."""
    status = ExecutionStatus.QUEUED
    steps: list[Step] = []
    turnings: list[Turning] = []
    notes: list[Note] = []
    of_run: dict[TaskRunKey, list[Step]] = {}
    ends: dict[str, End] = {}
    for place, event in enumerate(events):
        move = event.move
        if isinstance(move, ExecutionMoved):
            turnings.append(Turning(place=place, seq=event.seq, move=move))
            status = move.after
        elif isinstance(move, AttemptNoted):
            notes.append(Note(place=place, seq=event.seq, noted=move))
        else:
            step = Step(place=place, seq=event.seq, move=move, execution=status)
            steps.append(step)
            of_run.setdefault(move.run, []).append(step)
            if move.after.final and move.run.index is None:
                ends.setdefault(move.run.task_id, _end(step))
    return Evidence(
        execution=execution,
        plan=plan,
        events=events,
        task_runs=task_runs,
        attempts=attempts,
        kill_grace=kill_grace,
        default_timeout=default_timeout,
        pools=pools,
        steps=steps,
        turnings=turnings,
        notes=notes,
        of_run=of_run,
        ends=ends,
    )


def fault(step: Step | Turning | Note, template: str, **facts: object) -> Message:
    """What is wrong with a move, by task and event number."""
    if isinstance(step, Step):
        where: object = step.task_id
    elif isinstance(step, Note):
        where = step.noted.run.task_id
    else:
        where = step.move.after.value
    what = Message(template=template, facts=facts)
    return Message(template="#{seq} {where}: {what}", facts={"seq": step.seq, "where": where, "what": what})


def fault_of(where: str, template: str, **facts: object) -> Message:
    """What is wrong with a record, or with a task that the log should tell of and does not."""
    return Message(template="{where}: {what}", facts={"where": where, "what": Message(template=template, facts=facts)})


def _end(step: Step) -> End:
    skipped = step.move.after is TaskStatus.SKIPPED
    if step.move.after is TaskStatus.COMPLETED:
        kind = Kind.GOOD
    elif skipped and step.neutral:
        kind = Kind.NEUTRAL
    else:
        kind = Kind.BAD
    blamed = step.move.after is TaskStatus.FAILED or (skipped and kind is Kind.BAD)
    return End(place=step.place, kind=kind, blamed=blamed)
