"""Random executions of the whole core: machine, event log, resuming, with owners that die and faults of all kinds.

`Simulation(scenario, seed).run()` walks one execution to its end: a `Scenario` says what is to be executed and how each
attempt will end (fixed by its own seed, whatever the order), the second seed decides what happens in which order, and
what goes wrong. The clock, the store (simulated_store.py) and the executor are fakes; an oracle (simulated_oracle.py)
checks every step. Whatever is not as it must be raises AssertionError.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random

from orchestrator.core.errors import NoRoom, OrdersWaiting, StaleOwner
from orchestrator.core.events import Event
from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine import initial_state
from orchestrator.core.machine_state import (
    AttemptFinished,
    Begin,
    CacheLookedUp,
    CancelAsked,
    LookUp,
    MachineEvent,
    OwnerLost,
    PoolsSeen,
    StartAttempt,
    StopAsked,
    StopAttempt,
    TimePassed,
)
from orchestrator.core.moments import Moment
from orchestrator.core.outcomes import Cancelled, Lost
from orchestrator.core.resuming import state_after
from tests.unit.core.scenarios import Scenario
from tests.unit.core.simulated_comparison import differences
from tests.unit.core.simulated_faults import ENDINGS, OLD_STORIES, Faults
from tests.unit.core.simulated_nemesis import inject
from tests.unit.core.simulated_oracle import Oracle
from tests.unit.core.simulated_owner import Owner, Step
from tests.unit.core.simulated_rules import FINAL
from tests.unit.core.simulated_store import FakeStore
from tests.unit.core.subjects import AT, ID

FINALS = {"completed", "completed_with_errors", "failed", "cancelled"}
MOST_DRAFTS = 5
"""Of one commit: the store may refuse the first for a cancel, and for each pool's slots."""


class Simulation:
    """One walk through a scenario."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        *,
        endings: bool = True,
        faults: Collection[str] | None = None,
        most_faults: int = 1000,
    ) -> None:
        if faults is None:
            faults = (*OLD_STORIES, *(ENDINGS if endings else ()))
        pool_of = {t: p.task.pool for t, p in scenario.plan.tasks.items() if p.task.pool is not None}
        self.scenario = scenario
        self.store = FakeStore(ID, pool_of, scenario.pools)
        self.oracle = Oracle(scenario)
        self.faults = Faults(faults, most_faults, Random(f"{seed} faults"))
        self.steps = 0
        self.chance = Random(seed)
        self._initial = initial_state(ID, scenario.plan, **scenario.options)
        self.now = 0.0
        """True seconds."""
        self.skew = 0.0
        """What the wall's clock is ahead."""
        self._owners: list[Owner] = []
        """Those that live, or whose attempts do; the last one holds the claim."""
        self.lock: Owner | None = None
        """The kernel's lock: held until an owner's attempts are known to be dead (D9)."""
        self.left_over: list[AttemptFinished] = []
        """Results that were told once, or that nobody was there to hear."""
        self._resumes = len(faults) > len(ENDINGS + OLD_STORIES)

    @property
    def events(self) -> list[Event]:
        return self.store.log

    @property
    def execution(self) -> str:
        return self.store.status.value

    @property
    def status(self) -> dict[str, str]:
        return self.oracle.status

    def run(self) -> "Simulation":
        """To the end; raises AssertionError where anything is not as it must be."""
        most = 100 * self.scenario.size + 1000
        while not self._over():
            most -= 1
            assert most, "R7: it does not end"
            self._act()
        while frozen := [owner for owner in self._owners if owner.frozen]:
            self._wake(frozen[0])
        self._check_end()
        return self

    # --- what happens next -------------------------------------------------------------------------------------------

    def _over(self) -> bool:
        if self.lock is not None:
            return False
        if self.execution in FINALS:
            return True
        left = self.execution == "interrupted" and not self.store.orders(after=0)
        return left and not self._owners and (not self._resumes or self.chance.random() < 0.15)

    def _act(self) -> None:
        kind = self.faults.pick(0.3)
        if kind is not None and inject(self, kind):
            self.faults.carried_out(kind)
            return
        frozen = [owner for owner in self._owners if owner.frozen]
        if frozen and self.chance.random() < 0.2:
            self._wake(self.chance.choice(frozen))
            return
        holder = self.lock
        if holder is None:
            orders = bool(self.store.orders(after=0))
            self._claim(settle_only=orders and self.faults.strike("settled_by_another", 0.5))
        elif holder.gone or holder.frozen:
            self._let_go(holder)
        else:
            self.turn(holder, self._next_events(holder))

    def _next_events(self, owner: Owner) -> list[MachineEvent]:
        """What the owner hears next."""
        chance = self.chance.random()
        due = owner.wake_at is not None and owner.wake_at <= self.now + owner.origin
        if owner.inbox and chance < 0.6:
            return self._some_of(owner)
        if owner.under_way and (owner.wake_at is None or chance < 0.8):
            self._end_one(owner)
            return self._some_of(owner) if self.chance.random() < 0.7 else [TimePassed()]
        if owner.inbox:
            return self._some_of(owner)
        news = bool(self.store.orders(after=owner.obeyed))
        if news and (chance < 0.5 or not owner.state.waits_for_pools):
            return owner.orders(self.store)
        if owner.state.waits_for_pools:
            if not owner.under_way:
                self.store.neighbours.clear()
            return [PoolsSeen(others=dict(self.store.neighbours))]
        assert owner.wake_at is not None, "R7: nothing is under way, and nothing will wake it"
        if not due:
            seconds = owner.wake_at - owner.origin - self.now
            self.now += self.chance.choice([0.5, 1.0, 1.0, 1.5]) * max(0.0, seconds) + 1e-6
        return [TimePassed()]

    def _some_of(self, owner: Owner) -> list[MachineEvent]:
        """One or more of what the inbox holds, in any order."""
        heard = []
        while owner.inbox and (not heard or self.chance.random() < 0.3):
            heard.append(owner.inbox.pop(self.chance.randrange(len(owner.inbox))))
        return heard

    # --- owners ------------------------------------------------------------------------------------------------------

    def _claim(self, *, settle_only: bool = False) -> None:
        """Somebody takes it: what it knows is what the event log says."""
        at, before = self.wall(), self.store.status
        claim = self.store.claim(f"owner {self.store.token + 1}", at=at, proven_dead=self.store.owner)
        origin = self.chance.choice([0.0, 1000.0, 1e6, -self.now])
        clock = Moment(at=at, ticks=self.now + origin)
        owner = Owner(claim=claim, state=state_after(self._initial, self.store.log, clock), origin=origin)
        self._owners.append(owner)
        self.lock = owner
        self.oracle.new_owner(at, self.now)
        heard: list[MachineEvent] = [OwnerLost()] if before.value in {"running", "cancelling"} else []
        if self.faults.strike("cancel", 0.02):
            heard.append(CancelAsked())
        if self.faults.strike("stop", 0.02):
            heard.append(StopAsked())
        heard += owner.orders(self.store)
        if settle_only:  # a cancel or a mark where nobody drives it: whoever asked does what is asked, and leaves
            self.turn(owner, heard)
            self._leave(owner)
        else:
            self.turn(owner, [*heard, Begin()])

    def kill(self, owner: Owner) -> None:
        """Its attempts live on until its supervisor has seen it."""
        owner.gone, owner.frozen, owner.stands_at = True, False, None
        self.left_over += [event for event in owner.inbox if isinstance(event, AttemptFinished)]
        owner.inbox.clear()
        if not owner.under_way:
            self._owners.remove(owner)
            self.lock = None if self.lock is owner else self.lock

    def _leave(self, owner: Owner) -> None:
        if not owner.gone:
            assert not owner.under_way, f"it left while {list(owner.under_way)} lived"
            self.kill(owner)

    def _let_go(self, holder: Owner) -> None:
        """The supervisor of an owner that died, or does not answer, ends its attempts one by one."""
        if holder.under_way:
            key = self.chance.choice(list(holder.under_way))
            self.process_ends(holder, key)
            outcome = self.scenario.outcome(key) if self.chance.random() < 0.3 else Cancelled()
            told = AttemptFinished(attempt=key, outcome=outcome, duration=1.0)
            (holder.inbox if holder.frozen else self.left_over).append(told)
        elif holder.gone:
            self._owners.remove(holder)
            self.lock = None
        else:
            self.now += self.chance.random() * 30
            self.lock = None

    def _wake(self, owner: Owner) -> None:
        """It goes on where it stood, and does not know that time has passed."""
        owner.frozen = False
        if self.lock is None and owner.claim.token == self.store.token:
            self.lock = owner
        if owner.stands_at is not None:
            stands_at, owner.stands_at = owner.stands_at, None
            self._go_on(owner, stands_at)
        if not owner.gone and self.lock is not owner:  # it tries to renew its lease, at the latest
            assert self.store.token != owner.claim.token or self.execution in FINAL | {"interrupted"}
            if owner.inbox and not owner.frozen:
                self.turn(owner, self._some_of(owner))
        if not owner.gone and not owner.frozen and self.lock is not owner:
            with suppress(StaleOwner):
                self.store.renew(owner.claim, at=self.wall())
            self.kill(owner)

    # --- one commit --------------------------------------------------------------------------------------------------

    def turn(self, owner: Owner, heard: Sequence[MachineEvent]) -> None:
        if owner.wake_at is not None and owner.wake_at <= self.now + owner.origin and TimePassed() not in heard:
            heard = [*heard, TimePassed()]
        if heard:
            self._go_on(owner, self._commit(owner, list(heard)))

    def _go_on(self, owner: Owner, turn: Iterator[str]) -> None:
        """Through the turn, as far as the owner gets."""
        for point in turn:
            if self.faults.strike(point, 0.03):
                self.kill(owner)
                return
            if self.faults.strike("frozen", 0.01):
                owner.frozen, owner.stands_at = True, turn
                return
        if not owner.gone and (self.execution in FINALS or self.execution == "interrupted") and self.lock is owner:
            self._leave(owner)

    def _commit(self, owner: Owner, heard: list[MachineEvent]) -> Iterator[str]:
        """All that was heard in one record; only what is stored is then started or stopped. Yields where it may die."""
        for _ in range(MOST_DRAFTS):
            steps = owner.draft(heard, self._clock(), self.chance)
            yield "killed_before_record"
            if self.faults.strike("disk_full", 0.02):
                self.kill(owner)
                return
            try:
                self._record(owner, steps)
                break
            except OrdersWaiting:
                heard = [*owner.orders(self.store), *heard]
            except NoRoom as full:
                heard = [PoolsSeen(others=full.in_use), *(one for one in heard if not isinstance(one, PoolsSeen))]
            except StaleOwner:
                self.kill(owner)
                return
        else:
            raise AssertionError("R7: the store refuses every draft")
        yield "killed_after_record"
        for step in steps:
            for deed in step.deeds:
                self._perform(owner, deed)
                yield "killed_between_starts"

    def _record(self, owner: Owner, steps: Sequence[Step]) -> None:
        moves = [move for step in steps for move in step.moves]
        if moves:
            self.store.record(owner.claim, moves, obeyed=owner.obeyed)
        elif owner.claim.token != self.store.token:
            raise StaleOwner(ID)  # without a move nobody checks; the lease's renewal does
        owner.believe(steps)
        self.oracle.neighbours = dict(self.store.neighbours)
        for step in steps:
            self.steps += 1
            self.oracle.hear(step)
            if isinstance(step.event, AttemptFinished) and self._was(step.event.attempt):
                self.left_over.append(step.event)
        ends = self.execution in FINALS | {"interrupted"}
        if moves and (len(self.store.log) < 12 or ends or self.chance.random() < 3 / len(self.store.log)):
            told = state_after(self._initial, self.store.log, owner.moment(self._clock()))
            assert not (different := differences(owner.state, told)), f"R1: resumed it would be {different}"

    def _perform(self, owner: Owner, deed: object) -> None:
        match deed:
            case StartAttempt(attempt=attempt) if self.lock is owner:
                owner.under_way[attempt] = None
                self.oracle.process_begins(attempt)
            case StartAttempt(attempt=attempt):  # its supervisor has given up, and taken the lock with it
                owner.inbox.append(AttemptFinished(attempt=attempt, outcome=Lost(message="gone"), duration=0.0))
            case StopAttempt(attempt=attempt):
                owner.told_to_stop.add(attempt)
            case LookUp(task_id=task_id):
                key = f"key of {task_id}" if self.chance.random() < 0.9 else None
                found = self.scenario.cached(task_id) if key else None
                owner.inbox.append(CacheLookedUp(task_id=task_id, cache_key=key, found=found))

    # --- attempts ----------------------------------------------------------------------------------------------------

    def _end_one(self, owner: Owner) -> None:
        key = self.chance.choice(list(owner.under_way))
        self.now += self.chance.random() * 10
        outcome = self.scenario.outcome(key)
        if key in owner.told_to_stop and self.chance.random() < 0.5:
            outcome = Cancelled()
        self.process_ends(owner, key)
        owner.inbox.append(AttemptFinished(attempt=key, outcome=outcome, duration=1.0))

    def process_ends(self, owner: Owner, key: AttemptKey) -> None:
        del owner.under_way[key]
        self.oracle.process_ends(key)

    def _was(self, attempt: AttemptKey) -> bool:
        """Whether there has been such an attempt."""
        return 0 < attempt.number <= self.oracle.attempts[attempt.run.task_id]

    # --- clocks and the end ------------------------------------------------------------------------------------------

    def wall(self):
        return AT + timedelta(seconds=self.now + self.skew)

    def _clock(self) -> Moment:
        """The wall's time and true seconds."""
        return Moment(at=self.wall(), ticks=self.now)

    def _check_end(self) -> None:
        assert not self._owners, "somebody is left"
        assert self.oracle.execution == self.execution
        told = {task_id: status.value for task_id, status in self.store.runs.items()}
        assert dict.fromkeys(self.status, "pending") | told == self.status
        self.oracle.check_end()
