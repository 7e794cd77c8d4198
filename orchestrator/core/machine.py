"""The step machine of one execution: `step(state, event, now) → (state, commands)`, pure and whole.

It decides every move of D8: what is ready (D1, D2d), what a failure stops (D2), what is tried again (D4), how a cancel
or a stop ends it (D7). It writes nothing and starts nothing: the engine records the moves it names, then performs the
rest.
"""

from orchestrator.core.machine_state import (
    AttemptFinished,
    Begin,
    CancelAsked,
    Command,
    Ending,
    MachineEvent,
    MachineState,
    RunState,
    StopAsked,
    TimePassed,
)
from orchestrator.core.moments import Moment
from orchestrator.core.plan import Plan
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.trigger_rules import Tally
from orchestrator.core.turn import Turn


def initial_state(
    execution_id: str, plan: Plan, *, max_workers: int, stop_on_failure: bool = True, max_interruptions: int = 3
) -> MachineState:
    """An execution that is queued: every task of `plan` pending."""
    return MachineState(
        execution_id=execution_id,
        plan=plan,
        max_workers=max_workers,
        stop_on_failure=stop_on_failure,
        max_interruptions=max_interruptions,
        runs={
            task_id: RunState(tally=Tally(len(planned.dependencies)), held=len(planned.after))
            for task_id, planned in plan.tasks.items()
        },
        open=len(plan.order),
    )


def step(
    state: MachineState, event: MachineEvent, now: Moment, chance: float = 0.5
) -> tuple[MachineState, tuple[Command, ...]]:
    """The state after `event`, and what is to be done about it, in order.

    `chance` in [0, 1) is the jitter of a retry. Events that no longer mean anything (a late or doubled result, anything
    after the end) change nothing.
    """
    if state.status.final or state.status is ExecutionStatus.INTERRUPTED:
        return state, ()
    turn = Turn(state, now, chance)
    match event:
        case Begin():
            turn.begin()
        case AttemptFinished():
            turn.finish_attempt(event.attempt, event.outcome, event.duration, event.usage)
        case TimePassed():
            turn.wake_retries()
        case CancelAsked():
            turn.end(Ending.CANCEL)
        case StopAsked():
            turn.end(Ending.STOP)
    turn.fill_slots()
    turn.conclude()
    return turn.result()
