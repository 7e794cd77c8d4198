"""What an attempt's end means for its task run: done, skipped, or a failure with its name (semantics D4, D15)."""

from dataclasses import dataclass

from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import (
    JSON,
    Cancelled,
    Crashed,
    Lost,
    NotCallable,
    Outcome,
    Raised,
    Returned,
    TimedOut,
)

CRASHED = N_("the process ended without a result: {how}")
LOST = N_("the place that ran it is gone: {how}")
TIMED_OUT = N_("killed at its limit of {limit} s, with all that it had started")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`ended` is how the attempt's record names it; `error_type` is None where nothing went wrong."""

    ended: str
    output: JSON = None
    error: str | None = None
    """In the words of the user's code."""
    reason: Message | None = None
    """In ours, where the code could not say anything."""
    error_type: str | None = None
    traceback: str | None = None
    skipped: bool = False
    interrupted: bool = False
    """True where the place, not the user's code, is to blame."""


def judge(outcome: Outcome) -> Verdict:  # noqa: PLR0911 - one return per kind of outcome
    """Name the end of an attempt."""
    match outcome:
        case Returned(output=output):
            return _judge_returned(output)
        case Raised(error_type=error_type, message=message, traceback=traceback):
            return Verdict(ended="failed", error=message, error_type=error_type, traceback=traceback)
        case NotCallable(error_type=error_type, message=message, traceback=traceback):
            return Verdict(ended="failed", error=message, error_type=error_type, traceback=traceback or None)
        case TimedOut(limit=limit):
            return Verdict(ended="timeout", error_type="timeout", reason=_timeout(limit))
        case Crashed(message=message):
            return Verdict(
                ended="crashed", error_type="crash", reason=Message(template=CRASHED, facts={"how": message})
            )
        case Lost(message=message):
            lost = Message(template=LOST, facts={"how": message})
            return Verdict(ended="lost", error_type="lost", reason=lost, interrupted=True)
        case Cancelled():
            return Verdict(ended="cancelled", error_type="cancelled")


def _timeout(limit: float) -> Message:
    return Message(template=TIMED_OUT, facts={"limit": f"{limit:g}"})


def _judge_returned(output: JSON) -> Verdict:
    said = output.get("status") if isinstance(output, dict) else None
    if isinstance(output, dict) and said in ("error", "failed"):  # no set: a status may be unhashable
        why = output.get("message") or output.get("error") or f'the function returned "status": "{said}"'
        return Verdict(ended="failed", output=output, error=str(why), error_type="reported_failure")
    if said == "skipped":
        return Verdict(ended="skipped", output=output, skipped=True)
    return Verdict(ended="completed", output=output)
