"""Promises about the log as a record: a legal path, the same as what is stored, whole, nothing twice (R1, R2, R16)."""

from collections import Counter
from collections.abc import Iterator

from orchestrator.core.events import ExecutionMoved
from orchestrator.core.evidence import Checked, Evidence, fault, fault_of
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import EXECUTION_MOVES, TASK_MOVES, ExecutionStatus, TaskStatus

UNDER_CANCEL = frozenset({ExecutionStatus.CANCELLING, ExecutionStatus.CANCELLED})
"""What starts then breaks R14, and is told there."""


def never_again(evidence: Evidence) -> Checked:
    """R1: what was recorded as completed does not start again, in no life of its execution."""
    faults: list[Message] = []
    completed = 0
    for steps in evidence.of_run.values():
        done = False
        for step in steps:
            if step.begins and done:
                faults.append(fault(step, N_("started again although it had completed")))
            if step.move.after is TaskStatus.COMPLETED:
                completed += not done
                done = True
    return Checked(cases=completed, faults=faults)


def legal_path(evidence: Evidence) -> Checked:
    """R2: gap-free, each move from the state reached to one that may follow it (D8); its sum is what is stored."""
    faults = [*_gaps(evidence), *_illegal_turnings(evidence), *_illegal_steps(evidence), *_unlike_the_store(evidence)]
    return Checked(cases=len(evidence.events) + len(evidence.task_runs) + len(evidence.attempts), faults=faults)


def complete(evidence: Evidence) -> Checked:
    """R16: of an execution that is over, every selected task and no other has one end; skipped ones say why."""
    return Checked(cases=len(evidence.execution.request.tasks), faults=[*_ends(evidence), *_selection(evidence)])


def _gaps(evidence: Evidence) -> Iterator[Message]:
    execution_id = evidence.execution.execution_id
    before = 0
    for event in evidence.events:
        if event.seq != before + 1:
            yield fault_of(f"#{event.seq}", N_("event {expected} should stand here"), expected=before + 1)
        before = event.seq
        of_move = execution_id if isinstance(event.move, ExecutionMoved) else event.move.run.execution_id
        if {event.execution_id, of_move} != {execution_id}:
            other = of_move if event.execution_id == execution_id else event.execution_id
            yield fault_of(f"#{event.seq}", N_("belongs to another execution, {execution_id}"), execution_id=other)


def _illegal_turnings(evidence: Evidence) -> Iterator[Message]:
    status = ExecutionStatus.QUEUED
    for turning in evidence.turnings:
        move = turning.move
        if move.before is not status:
            yield fault(turning, N_("moved from {before} while it was {status}"), before=move.before, status=status)
        elif move.after not in EXECUTION_MOVES.get(status, ()):
            yield fault(turning, N_("{before} cannot become {after}"), before=status, after=move.after)
        status = move.after


def _illegal_steps(evidence: Evidence) -> Iterator[Message]:
    statuses: dict[TaskRunKey, TaskStatus] = {}
    for step in evidence.steps:
        move = step.move
        status = statuses.get(move.run, TaskStatus.PENDING)
        if move.before is not status:
            yield fault(step, N_("moved from {before} while it was {status}"), before=move.before, status=status)
        elif move.after not in TASK_MOVES.get(status, ()):
            yield fault(step, N_("{before} cannot become {after}"), before=status, after=move.after)
        elif step.execution.final:
            yield fault(step, N_("moved although its execution was {status}"), status=step.execution)
        elif step.begins and not step.marked and step.execution not in {ExecutionStatus.RUNNING, *UNDER_CANCEL}:
            yield fault(step, N_("started while its execution was {status}"), status=step.execution)
        statuses[move.run] = move.after


def _unlike_the_store(evidence: Evidence) -> Iterator[Message]:
    if evidence.execution.status is not evidence.status:
        yield fault_of(
            evidence.execution.execution_id,
            N_("stored as {stored}, the log says {logged}"),
            stored=evidence.execution.status,
            logged=evidence.status,
        )
    yield from _runs_unlike_the_store(evidence)
    yield from _attempts_unlike_the_store(evidence)


def _runs_unlike_the_store(evidence: Evidence) -> Iterator[Message]:
    stored = {run.key: run for run in evidence.task_runs}
    for key, run in stored.items():
        steps = evidence.of_run.get(key, ())
        logged = steps[-1].move.after if steps else TaskStatus.PENDING
        begun = max((step.move.attempt.key.number for step in steps if step.move.attempt is not None), default=0)
        if run.status is not logged:
            text = N_("stored as {stored}, the log says {logged}")
            yield fault_of(key.task_id, text, stored=run.status, logged=logged)
        if run.attempts != begun:
            text = N_("stored with {stored} attempt(s), the log has {logged}")
            yield fault_of(key.task_id, text, stored=run.attempts, logged=begun)
    for key, steps in evidence.of_run.items():
        if key not in stored:
            yield fault(steps[0], N_("no such task run is stored"))


def _attempts_unlike_the_store(evidence: Evidence) -> Iterator[Message]:
    logged: dict[AttemptKey, Attempt] = {}
    for step in evidence.steps:
        if step.move.attempt is not None:
            logged[step.move.attempt.key] = step.move.attempt
    stored = {attempt.key: attempt for attempt in evidence.attempts}
    for key, attempt in stored.items():
        if key not in logged:
            text = N_("attempt {number} is stored, and the log does not tell of it")
            yield fault_of(key.run.task_id, text, number=key.number)
        elif attempt.status != logged[key].status:
            text = N_("attempt {number} is stored as {stored}, the log says {logged}")
            said = logged[key].status
            yield fault_of(key.run.task_id, text, number=key.number, stored=attempt.status, logged=said)
    for key in logged:
        if key not in stored:
            text = N_("attempt {number} is in the log, and is not stored")
            yield fault_of(key.run.task_id, text, number=key.number)


def _ends(evidence: Evidence) -> Iterator[Message]:
    ended: set[TaskRunKey] = set()
    for step in evidence.steps:
        if not step.move.after.final:
            continue
        if step.move.run in ended:
            yield fault(step, N_("ended a second time"))
        ended.add(step.move.run)
        if step.move.after is TaskStatus.SKIPPED and step.move.reason is None:
            yield fault(step, N_("was skipped without a reason"))
    if evidence.ended:
        of_tasks = {key.task_id for key in ended}
        for task_id in evidence.execution.request.tasks:
            if task_id not in of_tasks:
                text = N_("has no end although its execution is {status}")
                yield fault_of(task_id, text, status=evidence.status)


def _selection(evidence: Evidence) -> Iterator[Message]:
    selected = evidence.execution.request.tasks
    stored = Counter(run.key.task_id for run in evidence.task_runs if run.key.index is None)
    for task_id in selected:
        if stored[task_id] != 1:
            yield fault_of(task_id, N_("is stored {count} times"), count=stored[task_id])
        if task_id not in evidence.plan.tasks:
            yield fault_of(task_id, N_("was selected, and the plan does not hold it"))
    seen = {*evidence.plan.tasks, *(run.key.task_id for run in evidence.task_runs)}
    seen.update(key.task_id for key in evidence.of_run)
    for task_id in sorted(seen - set(selected)):
        yield fault_of(task_id, N_("was not selected"))
