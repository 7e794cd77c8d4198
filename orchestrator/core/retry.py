"""When a failed attempt is tried again (semantics D4). Pure arithmetic; chance is an argument."""

from dataclasses import dataclass
from datetime import timedelta

from orchestrator.core.outcomes import Cancelled, Crashed, Lost, NotCallable, Outcome, Raised, Returned, TimedOut

JITTER = 0.2


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """At most `1 + retry_count` attempts, with a wait that doubles up to `longest_delay`."""

    retry_count: int = 0
    first_delay: timedelta = timedelta(seconds=1)
    longest_delay: timedelta = timedelta(seconds=60)
    retry_on: tuple[str, ...] = ()
    """Exception names; when given, only these exceptions are retried (timeouts and crashes always may be)."""
    no_retry_on: tuple[str, ...] = ()

    def delay_after(self, attempt: int, chance: float = 0.5) -> timedelta | None:
        """Wait before the attempt that follows `attempt` (the first is 1); None if that was the last.

        `chance` in [0, 1) spreads the wait over ±20 %; 0.5 means no jitter.
        """
        if attempt > self.retry_count:
            return None
        doublings = min(attempt - 1, 20)  # past any sensible cap, and short of timedelta's own
        wait = min(self.first_delay * (1 << doublings), self.longest_delay)
        return wait * (1 + JITTER * (2 * chance - 1))

    def may_retry(self, outcome: Outcome) -> bool:
        """Whether this kind of end is worth another attempt at all, budget aside."""
        match outcome:
            case Raised(lineage=lineage, error_type=error_type):
                names = {*lineage, error_type}
                if names & set(self.no_retry_on):
                    return False
                return not self.retry_on or bool(names & set(self.retry_on))
            case Returned() | TimedOut() | Crashed() | Lost():  # a Returned that is a failure says status: failed
                return True
            case NotCallable() | Cancelled():
                return False
