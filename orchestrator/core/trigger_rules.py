"""Whether a task may start, must wait, or can never start, from what became of its dependencies (semantics D2d)."""

from dataclasses import dataclass
from enum import Enum, auto

from orchestrator.core.tasks import TriggerRule


@dataclass(frozen=True, slots=True)
class Tally:
    """How the dependencies of one task have ended so far, out of `total`."""

    total: int
    succeeded: int = 0
    failed: int = 0
    """Failed, cancelled, or skipped because something before them failed."""
    skipped: int = 0
    """Skipped neutrally: a rule not met, or the function said so."""

    @property
    def open(self) -> int:
        """Dependencies that have not ended."""
        return self.total - self.succeeded - self.failed - self.skipped

    def with_success(self) -> "Tally":
        """One more succeeded."""
        return Tally(self.total, self.succeeded + 1, self.failed, self.skipped)

    def with_failure(self) -> "Tally":
        """One more failed."""
        return Tally(self.total, self.succeeded, self.failed + 1, self.skipped)

    def with_skip(self) -> "Tally":
        """One more was skipped neutrally."""
        return Tally(self.total, self.succeeded, self.failed, self.skipped + 1)


class Decision(Enum):
    """What a rule says now; START and the skips are final, whatever ends later."""

    START = auto()
    WAIT = auto()
    SKIP_BLOCKED = auto()
    """A dependency failed: it counts as a failure of what was asked for."""
    SKIP_NEUTRAL = auto()
    """The rule cannot be met any more, and that is no failure."""


def decide(rule: TriggerRule, tally: Tally) -> Decision:
    """Ask whether `rule` holds, or can still become true; without dependencies every rule holds."""
    if tally.total == 0:
        return Decision.START
    if rule is TriggerRule.ALL_SUCCESS and tally.failed:
        return Decision.SKIP_BLOCKED
    if _broken(rule, tally):
        return Decision.SKIP_NEUTRAL
    return Decision.START if _met(rule, tally) else Decision.WAIT


def _broken(rule: TriggerRule, tally: Tally) -> bool:
    """True where no end of the open dependencies can fulfil the rule, or change how the task is skipped."""
    match rule:
        case TriggerRule.ALL_SUCCESS:  # while something is open it may yet fail, and then the skip is no neutral one
            return tally.skipped > 0 and tally.open == 0
        case TriggerRule.NONE_FAILED:
            return tally.failed > 0
        case TriggerRule.ONE_SUCCESS:
            return tally.open == 0 and tally.succeeded == 0
        case TriggerRule.ALL_FAILED:
            return tally.succeeded + tally.skipped > 0
        case TriggerRule.ONE_FAILED:
            return tally.open == 0 and tally.failed == 0
        case TriggerRule.ALL_DONE | TriggerRule.ALWAYS:
            return False


def _met(rule: TriggerRule, tally: Tally) -> bool:
    match rule:
        case TriggerRule.ONE_SUCCESS:
            return tally.succeeded > 0
        case TriggerRule.ONE_FAILED:
            return tally.failed > 0
        case _:
            return tally.open == 0
