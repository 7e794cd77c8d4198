"""Why a task run or an execution stands where it stands, in our words."""

from collections.abc import Sequence

from orchestrator.core.messages import N_, Message
from orchestrator.core.tasks import Task, TriggerRule

CANCELLED = Message(template=N_("the execution was cancelled"))
STOPPED = Message(template=N_("the orchestrator was stopped"))
OWNER_GONE = Message(template=N_("the orchestrator that ran it is gone"))
EXPIRED = Message(template=N_("the execution's max_duration is over"))
NOT_RESUMED = Message(template=N_("interrupted, and on_restart says that it is not resumed"))
NOT_AGAIN = Message(template=N_("interrupted, and on_interrupt says that it must not run twice"))
SAID_SKIPPED = Message(template=N_("the function returned status skipped"))


def blocked_by(upstream: str) -> Message:
    """A dependency failed, or was itself skipped because of a failure."""
    return Message(template=N_("{upstream} did not complete"), facts={"upstream": upstream})


def neutral_skip(task: Task, skipped: Sequence[str]) -> Message:
    """The rule cannot be met, and nobody is to blame; `skipped` are the dependencies that were skipped."""
    if task.trigger_rule is TriggerRule.ALL_SUCCESS:
        return Message(template=N_("{upstream} was skipped"), facts={"upstream": ", ".join(skipped[:3])})
    rule = task.trigger_rule.value
    return Message(template=N_("trigger rule {rule} cannot be met any more"), facts={"rule": rule})


def halted_by(task_id: str) -> Message:
    """A critical failure stopped what had not started."""
    return Message(template=N_("not started: the critical task {task_id} did not complete"), facts={"task_id": task_id})


def retry_given_up(task_id: str) -> Message:
    """A critical failure stopped what was waiting for another attempt."""
    return Message(
        template=N_("not tried again: the critical task {task_id} did not complete"), facts={"task_id": task_id}
    )


def waiting_to_retry(attempt: int, delay: float) -> Message:
    """Between two attempts; `delay` in seconds."""
    return Message(
        template=N_("attempt {number} failed; the next one starts in {delay} s"),
        facts={"number": attempt, "delay": f"{delay:.1f}"},
    )


def past_deadline(deadline: float) -> Message:
    """No attempt may run any more: the task's `deadline`, in seconds, is over."""
    return Message(
        template=N_("its deadline of {deadline} s for all attempts is over"), facts={"deadline": f"{deadline:g}"}
    )


def marked(by: str, reason: str) -> Message:
    """An operator said so."""
    return Message(template=N_("marked by {by}: {reason}"), facts={"by": by, "reason": reason})


def result_of(execution_id: str) -> Message:
    """Not executed: the result of an earlier execution holds."""
    return Message(template=N_("result of execution {execution_id}"), facts={"execution_id": execution_id})
