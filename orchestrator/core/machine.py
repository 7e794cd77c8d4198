"""The step machine of one execution: `step(state, event, now) → (state, commands)`, pure and whole.

It decides every move of D8: what is ready (D1, D2d), what a failure stops (D2), what is tried again (D4), how a cancel
or a stop ends it (D7), what becomes of what died with its owner (D9). It writes nothing and starts nothing: the engine
records the moves it names, then performs the rest.
"""

from collections.abc import Mapping

from orchestrator.core.machine_state import (
    AttemptFinished,
    Begin,
    CacheLookedUp,
    CancelAsked,
    Command,
    Ending,
    GiveUp,
    Kept,
    MachineEvent,
    MachineState,
    MarkAsked,
    OwnerLost,
    PoolsSeen,
    RunState,
    StopAsked,
    TimePassed,
)
from orchestrator.core.moments import Moment
from orchestrator.core.plan import Plan
from orchestrator.core.trigger_rules import Tally
from orchestrator.core.turn import Turn


def initial_state(
    execution_id: str,
    plan: Plan,
    *,
    max_workers: int,
    stop_on_failure: bool = True,
    max_duration: float | None = None,
    pools: Mapping[str, int] | None = None,
    kept: Mapping[str, Kept] | None = None,
) -> MachineState:
    """An execution that is queued: every task of `plan` pending."""
    return MachineState(
        execution_id=execution_id,
        plan=plan,
        max_workers=max_workers,
        stop_on_failure=stop_on_failure,
        max_duration=max_duration,
        pools=pools or {},
        kept=kept or {},
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
    if state.status.final:
        return state, ()
    turn = Turn(state, now, chance)
    _take(turn, event)
    turn.fill_slots()
    turn.conclude()
    return turn.result()


def _take(turn: Turn, event: MachineEvent) -> None:
    match event:
        case Begin():
            turn.begin()
        case OwnerLost():
            turn.lose_owner()
        case AttemptFinished():
            turn.finish_attempt(event)
        case TimePassed():
            turn.pass_time()
        case CancelAsked() | StopAsked():
            turn.end(Ending.CANCEL if isinstance(event, CancelAsked) else Ending.STOP)
        case GiveUp():
            turn.give_up()
        case MarkAsked():
            turn.mark(event)
        case PoolsSeen(others=others):
            turn.see_pools(others)
        case CacheLookedUp():
            turn.take_look_up(event)
