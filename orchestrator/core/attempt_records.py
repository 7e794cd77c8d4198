"""The record of an attempt that is over: ended by itself or by us, lost with its owner, or an operator's word."""

from datetime import datetime

from orchestrator.core import reasons
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey
from orchestrator.core.judging import Verdict
from orchestrator.core.machine_state import AttemptFinished, RunState
from orchestrator.core.messages import Message
from orchestrator.core.moments import Moment


def ended_attempt(event: AttemptFinished, run: RunState, verdict: Verdict, now: Moment) -> Attempt:
    """An attempt whose end was heard of."""
    return Attempt(
        key=event.attempt,
        status=verdict.ended,
        started_at=_began_at(run),
        ended_at=now.at,
        duration=event.duration,
        error=verdict.error,
        error_type=verdict.error_type,
        reason=verdict.reason,
        traceback=verdict.traceback,
        usage=event.usage,
        code_sha256=event.code_sha256,
    )


def lost_attempt(key: AttemptKey, run: RunState, now: Moment, *, cancelled: bool) -> Attempt:
    """An attempt that died with its owner; how long it lasted nobody knows."""
    kind = "cancelled" if cancelled else "lost"
    return Attempt(
        key=key,
        status=kind,
        started_at=_began_at(run),
        ended_at=now.at,
        error_type=kind,
        reason=reasons.OWNER_GONE,
    )


def marked_attempt(key: AttemptKey, now: Moment, why: Message) -> Attempt:
    """No attempt at all: an operator said how the task ended, and `why`."""
    return Attempt(key=key, status="marked", started_at=now.at, ended_at=now.at, duration=0.0, reason=why)


def _began_at(run: RunState) -> datetime | None:
    return run.attempt_began.at if run.attempt_began else None
