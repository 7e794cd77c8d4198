"""Whether an execution kept the promises, recomputed from its event log alone (R2 and those it can bear witness to).

Nothing here is shared with the step machine that made the log. A log that was cut, rewritten or written by two owners
at once is found by what it says, not by who wrote it; that no event was altered at all is the affair of its chain.
What the log cannot show is not verified: that something *could* have started earlier (R7, half of R12), or that a
process tree was really gone (R5).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.core.events import Event
from orchestrator.core.evidence import Checked, Evidence, gather
from orchestrator.core.executions import Attempt, Execution, TaskRun
from orchestrator.core.messages import N_, Message
from orchestrator.core.plan import Plan
from orchestrator.core.verified_attempts import one_at_a_time, retries, room, sources, time_limits
from orchestrator.core.verified_course import cancelling, order, verdict
from orchestrator.core.verified_records import complete, legal_path, never_again

MOST_SHOWN = 5
"""Faults that a finding spells out; the others it counts."""
NOT_ENDED = N_("it has not ended: verified as far as it went")

PROMISES: Mapping[str, Callable[[Evidence], Checked]] = {
    "R1": never_again,
    "R2": legal_path,
    "R4": one_at_a_time,
    "R6": order,
    "R8": retries,
    "R9": time_limits,
    "R10": verdict,
    "R12": room,
    "R14": cancelling,
    "R16": complete,
    "D16": sources,
}
"""By the numbers of the semantics; each is looked at on its own, so that one fault may break several."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one promise in one execution."""

    promise: str
    held: bool
    detail: Message | None = None
    """Where it did not hold, each fault by task and event number; where it did, what limits the finding."""
    cases: int
    """How often the promise was at stake: starts, ends, records."""


def verify(
    execution: Execution,
    plan: Plan,
    events: Sequence[Event],
    task_runs: Sequence[TaskRun],
    attempts: Sequence[Attempt],
    *,
    kill_grace: float,
    default_timeout: float,
    pools: Mapping[str, int],
) -> list[Finding]:
    """One finding for each of `PROMISES`, in that order.

    Args:
        execution: as stored, read together with the rest: one that goes on meanwhile seems to contradict its log.
        plan: made again from the execution's stored configuration.
        events: the whole log, from its first event on.
        task_runs: as stored, only to be compared with what the log adds up to.
        attempts: as stored, likewise.
        kill_grace: seconds of the stored configuration, as `default_timeout`.
        default_timeout: for tasks that name no timeout.
        pools: slots by pool; others have no limit of their own.
    """
    evidence = gather(
        execution,
        plan,
        events,
        task_runs,
        attempts,
        kill_grace=kill_grace,
        default_timeout=default_timeout,
        pools=pools,
    )
    return [_finding(promise, check(evidence), ended=evidence.ended) for promise, check in PROMISES.items()]


def _finding(promise: str, checked: Checked, *, ended: bool) -> Finding:
    detail = _listed(checked.faults) if checked.faults else None
    if detail is None and not ended:
        detail = Message(template=NOT_ENDED)
    return Finding(promise=promise, held=not checked.faults, detail=detail, cases=checked.cases)


def _listed(faults: Sequence[Message]) -> Message:
    """The first few, one after the other; a message may be a fact of another, so each keeps its own words."""
    left_out = len(faults) - MOST_SHOWN
    shown = list(faults[:MOST_SHOWN])
    if left_out > 0:
        shown.append(Message(template=N_("and {count} more"), facts={"count": left_out}))
    listed = shown.pop()
    while shown:
        listed = Message(template="{one}; {others}", facts={"one": shown.pop(), "others": listed})
    return listed
