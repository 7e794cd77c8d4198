"""What the promises say of one task run, in the tests' own words: nothing in here asks the machine."""

from collections.abc import Collection, Mapping, Sequence

from orchestrator.core.outcomes import Cancelled, Lost, NotCallable, Outcome, Raised, Returned
from orchestrator.core.tasks import Task
from tests.unit.core.scenarios import Scenario

MAY_FOLLOW = {
    "pending": {"running", "skipped", "cancelled"},
    "running": {"completed", "failed", "retry_wait", "interrupted", "cancelled", "skipped"},
    "retry_wait": {"running", "failed", "cancelled", "interrupted"},
    "interrupted": {"running", "failed", "cancelled"},
}
EXECUTION_MAY_FOLLOW = {
    "queued": {"running", "cancelled"},
    "running": {"completed", "completed_with_errors", "failed", "cancelling", "interrupted"},
    "cancelling": {"cancelled"},
    "interrupted": {"running", "cancelled", "failed"},
}
FINAL = {"completed", "failed", "skipped", "cancelled"}
CLEAN_UP = {"always", "all_done", "one_failed", "all_failed"}
EARLY = {"one_success", "one_failed"}
CLOSE = 1e-3
"""Seconds; the wall clock counts whole microseconds, and adds up what it rounds."""
GOOD, BAD, NEUTRAL = "good", "bad", "neutral"


def ended(rule: str, firm: Sequence[str | None], loose: Collection[str | None]) -> bool:
    """R6: what it waits for has ended, or one of it is enough for its rule."""
    return None not in loose and (None not in firm or rule in EARLY)


def met(rule: str, kinds: Sequence[str | None]) -> bool:
    """Whether the rule holds of dependencies that ended so (D2d)."""
    if not kinds:
        return True
    return {
        "all_success": kinds.count(GOOD) == len(kinds),
        "none_failed": BAD not in kinds,
        "one_success": GOOD in kinds,
        "all_failed": kinds.count(BAD) == len(kinds),
        "one_failed": BAD in kinds,
    }.get(rule, True)


def never(rule: str, kinds: Sequence[str | None]) -> bool:
    """Whether the rule can no longer be met, however the open ones (None) end."""
    match rule:
        case "none_failed":
            return BAD in kinds
        case "one_success":
            return not {GOOD, None} & set(kinds)
        case "all_failed":
            return bool({GOOD, NEUTRAL} & set(kinds))
        case "one_failed":
            return not {BAD, None} & set(kinds)
    return False


def skip_kind(rule: str, kinds: Sequence[str | None]) -> str | None:
    """What the skip of a task with such dependencies means for others; None where they give no reason for one."""
    if rule == "all_success" and BAD in kinds:
        return BAD
    if never(rule, kinds) or (rule == "all_success" and NEUTRAL in kinds and None not in kinds):
        return NEUTRAL
    return None


def is_failure(outcome: Outcome) -> bool:
    """Whether the user's code answers for it (D4)."""
    if isinstance(outcome, Returned):
        return isinstance(outcome.output, dict) and outcome.output.get("status") in ("error", "failed")
    return not isinstance(outcome, Cancelled | Lost)


def is_final_failure(outcome: Outcome, task: Task) -> bool:
    """Whether no other attempt may follow, whatever is left of the budget (D4)."""
    if isinstance(outcome, Raised):
        return bool({outcome.error_type, *outcome.lineage} & set(task.no_retry_on))
    return isinstance(outcome, NotCallable)


def longest_and_shortest_wait(task: Task, failures: int) -> tuple[float, float]:
    """Seconds before the attempt that follows so many failures: ±20 % (D4)."""
    wait = min(task.retry_delay * 2 ** (failures - 1), task.retry_max_delay)
    return wait * 0.8, wait * 1.2


def verdict(scenario: Scenario, kinds: Mapping[str, str], *, expired: bool) -> str:
    """What the ends add up to (D2, D3)."""
    bad = [task_id for task_id, kind in kinds.items() if kind == BAD]
    if expired or any(scenario.plan.tasks[task_id].task.critical for task_id in bad):
        return "failed"
    return "completed_with_errors" if bad else "completed"
