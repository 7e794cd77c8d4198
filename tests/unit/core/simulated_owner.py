"""One process that drives the execution: its clock, what it knows, what it heard, what it has under way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from orchestrator.core.events import Move
from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine import step
from orchestrator.core.machine_state import (
    CancelAsked,
    Command,
    MachineEvent,
    MachineState,
    MarkAsked,
    Record,
    WakeAt,
)
from orchestrator.core.moments import Moment
from orchestrator.core.storing import OrderKind
from tests.unit.core.simulated_store import Claim, FakeStore


@dataclass(frozen=True)
class Step:
    """One event, and what the machine made of it."""

    event: MachineEvent
    now: float
    """Seconds of true time."""
    moves: Sequence[Move]
    deeds: Sequence[Command]
    state: MachineState


@dataclass(eq=False)
class Owner:
    """Alive until `gone`; while `frozen` it does nothing, and does not know it."""

    claim: Claim
    state: MachineState
    origin: float
    """Its ticks at the true time 0: each process counts from somewhere else."""
    inbox: list[MachineEvent] = field(default_factory=list)
    under_way: dict[AttemptKey, None] = field(default_factory=dict)
    """Attempts that live; they outlive their owner for a while."""
    told_to_stop: set[AttemptKey] = field(default_factory=set)
    wake_at: float | None = None
    """In ticks."""
    obeyed: int = 0
    gone: bool = False
    frozen: bool = False
    stands_at: Iterator[str] | None = None
    """Where it was frozen, in the middle of a turn."""

    def moment(self, clock: Moment) -> Moment:
        """`clock` (the wall's time, true seconds) as this process reads it."""
        return Moment(at=clock.at, ticks=clock.ticks + self.origin)

    def orders(self, store: FakeStore) -> list[MachineEvent]:
        """What others asked for, as far as it has not been heard; a cancel first, or a mark might end it before (D7)."""
        news: list[MachineEvent] = []
        for order in sorted(store.orders(after=self.obeyed), key=lambda order: order.kind is not OrderKind.CANCEL):
            self.obeyed = max(self.obeyed, order.number)
            if order.kind is OrderKind.CANCEL:
                news.append(CancelAsked())
            else:
                assert order.task_id is not None
                assert order.mark_as is not None
                news.append(MarkAsked(task_id=order.task_id, mark_as=order.mark_as, by=order.by, reason=order.reason))
        return news

    def draft(self, heard: Sequence[MachineEvent], clock: Moment, chance: Random) -> list[Step]:
        """What the machine makes of all that was heard; nothing of it has happened yet."""
        steps, state, now = [], self.state, self.moment(clock)
        for event in heard:
            state, commands = step(state, event, now, chance.random())
            moves = [command.move for command in commands if isinstance(command, Record)]
            deeds = [command for command in commands if not isinstance(command, Record)]
            steps.append(Step(event=event, now=clock.ticks, moves=moves, deeds=deeds, state=state))
        return steps

    def believe(self, steps: Sequence[Step]) -> None:
        """The moves are stored: the draft is what is true now."""
        self.state = steps[-1].state
        self.wake_at = next((deed.ticks for deed in steps[-1].deeds if isinstance(deed, WakeAt)), None)
