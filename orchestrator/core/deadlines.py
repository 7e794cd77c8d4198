"""What a task's deadline leaves to its attempts, and when it is to blame for a timeout (semantics D5)."""

from dataclasses import replace

from orchestrator.core import reasons
from orchestrator.core.judging import Verdict
from orchestrator.core.tasks import Task

SLACK = 0.05
"""Seconds: a timeout that comes so close to the deadline was the deadline's."""


def time_left(task: Task, spent: float | None) -> float | None:
    """Seconds for all that is still to come, `spent` seconds after its first start; None without a deadline."""
    return None if task.deadline is None else task.deadline - (spent or 0.0)


def blamed(task: Task, spent: float | None, verdict: Verdict) -> Verdict:
    """`verdict` on a timeout; where the deadline was over, that is the reason."""
    if task.deadline is None or spent is None or spent < task.deadline - SLACK:
        return verdict
    return replace(verdict, reason=reasons.past_deadline(task.deadline))
