"""A journey whose owner is gone, taken up by somebody who knows nothing but the event log."""

from datetime import timedelta

from orchestrator.core.events import Event
from orchestrator.core.machine_state import OwnerLost
from orchestrator.core.moments import Moment
from orchestrator.core.resuming import state_after
from orchestrator.core.states import ExecutionStatus
from tests.unit.core.subjects import ID, Journey

LEFT_ALONE = {ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING}


def told(journey: Journey, *, seconds: float = 0.0) -> Journey:
    """The same as the event log tells it, `seconds` later, in a process whose ticks count from elsewhere."""
    now = journey.state
    again = Journey(
        now.plan,
        max_workers=now.max_workers,
        stop_on_failure=now.stop_on_failure,
        max_duration=now.max_duration,
        pools=now.pools,
        kept=now.kept,
    )
    again.now = Moment(at=journey.now.at + timedelta(seconds=seconds), ticks=5.0)
    again.moves = list(journey.moves)
    events = [Event(execution_id=ID, seq=seq, move=move) for seq, move in enumerate(journey.moves, start=1)]
    again.state = state_after(again.state, events, again.now)
    return again


def resumed(journey: Journey, *, seconds: float = 0.0) -> Journey:
    """Somebody else goes on with it."""
    again = told(journey, seconds=seconds)
    if again.status in LEFT_ALONE:
        again.hear(OwnerLost())
    return again.begin()
