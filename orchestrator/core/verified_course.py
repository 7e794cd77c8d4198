"""Promises about the course of an execution: order, what a failure means, how a cancel ends it (R6, R10, R14)."""

from collections.abc import Callable, Iterator, Sequence

from orchestrator.core import reasons
from orchestrator.core.evidence import Checked, Evidence, Kind, Step, Turning, fault
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import TriggerRule

Kinds = Sequence[Kind | None]
"""What the dependencies of a task have come to; None for those that have not ended."""

GOOD, BAD, NEUTRAL = Kind.GOOD, Kind.BAD, Kind.NEUTRAL
MET: dict[TriggerRule, Callable[[Kinds], bool]] = {
    TriggerRule.ALL_SUCCESS: lambda kinds: all(kind is GOOD for kind in kinds),
    TriggerRule.ALL_DONE: lambda kinds: None not in kinds,
    TriggerRule.NONE_FAILED: lambda kinds: None not in kinds and BAD not in kinds,
    TriggerRule.ONE_SUCCESS: lambda kinds: GOOD in kinds,
    TriggerRule.ALL_FAILED: lambda kinds: all(kind is BAD for kind in kinds),
    TriggerRule.ONE_FAILED: lambda kinds: BAD in kinds,
    TriggerRule.ALWAYS: lambda kinds: None not in kinds,
}
"""When each rule lets a task with dependencies start (D2d)."""
BEYOND_HOPE: dict[TriggerRule, Callable[[Kinds], bool]] = {
    TriggerRule.ALL_SUCCESS: lambda kinds: NEUTRAL in kinds and not {BAD, None} & set(kinds),
    TriggerRule.ALL_DONE: lambda _: False,
    TriggerRule.NONE_FAILED: lambda kinds: BAD in kinds,
    TriggerRule.ONE_SUCCESS: lambda kinds: not {GOOD, None} & set(kinds),
    TriggerRule.ALL_FAILED: lambda kinds: bool({GOOD, NEUTRAL} & set(kinds)),
    TriggerRule.ONE_FAILED: lambda kinds: not {BAD, None} & set(kinds),
    TriggerRule.ALWAYS: lambda _: False,
}
"""When each rule can never be met any more, so that its task is skipped and nobody is to blame."""
CLEAN_UP = frozenset({TriggerRule.ALWAYS, TriggerRule.ALL_DONE, TriggerRule.ONE_FAILED, TriggerRule.ALL_FAILED})
MARKED = reasons.marked("", "").template


def order(evidence: Evidence) -> Checked:
    """R6: what started had its `after` edges ended and its rule met by what its dependencies had come to (D2c, D2d).

    An operator's mark asks neither.
    """
    faults: list[Message] = []
    cases = 0
    for step in evidence.steps:
        planned = evidence.planned(step.task_id)
        if planned is None or not step.begins or step.marked:
            continue
        cases += 1
        early = [upstream for upstream in planned.after if evidence.kind_at(upstream, step.place) is None]
        if early:
            text = N_("started before {upstream} had ended")
            faults.append(fault(step, text, upstream=", ".join(early[:3])))
        kinds = [evidence.kind_at(upstream, step.place) for upstream in planned.dependencies]
        if kinds and not MET[planned.task.trigger_rule](kinds):
            text = N_("started although its rule {rule} was not met: {upstreams}")
            rule, upstreams = planned.task.trigger_rule.value, _told(planned.dependencies, kinds)
            faults.append(fault(step, text, rule=rule, upstreams=upstreams))
    return Checked(cases=cases, faults=faults)


def verdict(evidence: Evidence) -> Checked:
    """R10: the execution's end follows from those of its tasks; a critical failure lets only clean-up start (D2)."""
    faults: list[Message] = []
    halted = _halted_at(evidence)
    cases = 0
    for step in evidence.steps:
        planned = evidence.planned(step.task_id)
        if planned is None:
            continue
        clean_up = planned.task.trigger_rule in CLEAN_UP
        late = halted is not None and step.place > halted and not clean_up
        if step.begins and not step.marked:
            cases += 1
            if late:
                faults.append(fault(step, N_("started after a critical failure, and is no clean-up")))
        elif step.move.after is TaskStatus.SKIPPED:
            cases += 1
            if step.neutral not in _skips_allowed(evidence, step, late=late):
                text = N_("was skipped, and what it waited for gives no cause for it: {upstreams}")
                if step.neutral:
                    text = N_("was skipped as if nobody were to blame: {upstreams}")
                kinds = [evidence.kind_at(upstream, step.place) for upstream in planned.dependencies]
                faults.append(fault(step, text, upstreams=_told(planned.dependencies, kinds)))
    ends = [turning for turning in evidence.turnings if turning.move.after.final]
    for turning in ends:
        faults += _wrong_end(evidence, turning)
    return Checked(cases=cases + len(ends), faults=faults)


def cancelling(evidence: Evidence) -> Checked:
    """R14: once cancelled nothing starts, whatever is left ends as cancelled, and so does the execution (D7)."""
    faults: list[Message] = []
    cases = 0
    for step in evidence.steps:
        cancelled = step.move.after is TaskStatus.CANCELLED
        if step.execution in {ExecutionStatus.CANCELLING, ExecutionStatus.CANCELLED}:
            cases += 1
            if step.begins:
                faults.append(fault(step, N_("started although its execution was {status}"), status=step.execution))
            elif not cancelled:
                text = N_("became {status} after its execution had been cancelled")
                faults.append(fault(step, text, status=step.move.after))
        elif cancelled:
            cases += 1
            never_asked = evidence.ended and evidence.status is not ExecutionStatus.CANCELLED
            if step.execution is ExecutionStatus.RUNNING or never_asked:
                faults.append(fault(step, N_("was cancelled, and nobody had cancelled its execution")))
    asked = False
    for turning in evidence.turnings:
        if asked and turning.move.after is not ExecutionStatus.CANCELLED:
            cases += 1
            text = N_("the execution became {status} after it had been cancelled")
            faults.append(fault(turning, text, status=turning.move.after))
        asked = asked or turning.move.after is ExecutionStatus.CANCELLING
    return Checked(cases=cases, faults=faults)


def _halted_at(evidence: Evidence) -> int | None:
    """Where in the log the first critical failure stands; None where there is none, or it was to stop nothing."""
    if not evidence.execution.request.stop_on_failure:
        return None
    blamed = [end.place for task_id, end in evidence.ends.items() if end.blamed and _critical(evidence, task_id)]
    return min(blamed, default=None)


def _skips_allowed(evidence: Evidence, step: Step, *, late: bool) -> set[bool]:
    """Values of `Step.neutral` for which the log holds a cause; `late`: a critical failure came before."""
    planned = evidence.plan.tasks[step.task_id]
    template = "" if step.move.reason is None else step.move.reason.template
    if step.move.attempt is not None or template == MARKED:
        return {True}  # the function, or an operator, said so
    if template in {reasons.EXPIRED.template, reasons.NOT_RESUMED.template}:
        return {False}
    kinds = [evidence.kind_at(upstream, step.place) for upstream in planned.dependencies]
    allowed: set[bool] = {False} if late else set()
    if kinds and BEYOND_HOPE[planned.task.trigger_rule](kinds):
        allowed |= {True}
    if planned.task.trigger_rule is TriggerRule.ALL_SUCCESS and BAD in kinds:
        allowed |= {False}
    return allowed


def _wrong_end(evidence: Evidence, turning: Turning) -> Iterator[Message]:
    move = turning.move
    if (move.exit_code == 0) is not (move.after is ExecutionStatus.COMPLETED) and move.exit_code is not None:
        yield fault(turning, N_("ended with exit code {code}"), code=int(move.exit_code))
    expired = move.reason is not None and move.reason.template == reasons.EXPIRED.template
    given_up = move.before is ExecutionStatus.INTERRUPTED  # `on_restart: fail`
    if move.after is ExecutionStatus.CANCELLED or (move.after is ExecutionStatus.FAILED and (expired or given_up)):
        return
    to_blame = [task_id for task_id, end in evidence.ends.items() if end.blamed and end.place < turning.place]
    critical = [task_id for task_id in to_blame if _critical(evidence, task_id)]
    due = ExecutionStatus.COMPLETED_WITH_ERRORS if to_blame else ExecutionStatus.COMPLETED
    due = ExecutionStatus.FAILED if critical else due
    if move.after is not due:
        text = N_("ended so, and should be {due}; did not complete: {tasks}")
        yield fault(turning, text, due=due, tasks=", ".join((critical or to_blame)[:3]) or "-")


def _critical(evidence: Evidence, task_id: str) -> bool:
    planned = evidence.planned(task_id)
    return planned is not None and planned.task.critical


def _told(upstreams: Sequence[str], kinds: Kinds) -> str:
    """`extract: good, load: open`, of many the first few."""
    pairs = [
        f"{upstream}: {kind.name.lower() if kind else 'open'}" for upstream, kind in zip(upstreams, kinds, strict=True)
    ]
    return ", ".join(pairs[:4])
