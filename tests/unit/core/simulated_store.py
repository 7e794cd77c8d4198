"""A store that is a list: event log, owner, fencing token, lease, orders, and slots that a neighbour holds as well."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orchestrator.core.errors import NoRoom, OrdersWaiting, StaleOwner
from orchestrator.core.events import Event, ExecutionMoved, Move, TaskMoved
from orchestrator.core.folding import step
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Order, OrderKind

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """Who drives the execution, as the store knows it."""

    owner: str
    token: int


@dataclass
class FakeStore:
    """What is in here survives every owner. Each method is one transaction, as in `core/storing.py`."""

    execution_id: str
    pool_of: Mapping[str, str]
    """Task id → pool, of those that need a slot."""
    slots: Mapping[str, int]
    log: list[Event] = field(default_factory=list)
    status: ExecutionStatus = ExecutionStatus.QUEUED
    runs: dict[str, TaskStatus] = field(default_factory=dict)
    owner: str | None = None
    token: int = 0
    lease_until: datetime | None = None
    obeyed: int = 0
    refused: int = 0
    """Writes by owners that had lost it."""
    neighbours: Counter[str] = field(default_factory=Counter)
    """Slots that another execution holds."""
    _orders: list[Order] = field(default_factory=list)

    def claim(self, owner: str, *, at: datetime, proven_dead: str | None) -> Claim:
        lasts = self.lease_until is not None and at < self.lease_until and self.owner != proven_dead
        if self.status.final or (self.owner is not None and lasts):
            raise StaleOwner(self.execution_id)
        self.owner, self.token, self.lease_until = owner, self.token + 1, at + LEASE
        return Claim(owner, self.token)

    def renew(self, claim: Claim, *, at: datetime) -> None:
        self._check_owner(claim)
        self.lease_until = at + LEASE

    def record(self, claim: Claim, moves: Sequence[Move], *, obeyed: int) -> None:
        self._check_owner(claim)
        after, runs = self._applied(moves)
        ended = after in {ExecutionStatus.CANCELLING, ExecutionStatus.CANCELLED}
        if not ended and any(order.kind is OrderKind.CANCEL and order.number > obeyed for order in self._orders):
            raise OrdersWaiting(self.execution_id)
        self._check_room(moves, runs)
        self.status, self.runs, self.obeyed = after, runs, max(obeyed, self.obeyed)
        first = len(self.log) + 1
        self.log += [Event(execution_id=self.execution_id, seq=first + n, move=move) for n, move in enumerate(moves)]
        if after.final or after is ExecutionStatus.INTERRUPTED:
            self.owner = self.lease_until = None

    def give_order(self, order: Order) -> bool:
        """False where the execution has ended, or such a cancel waits already."""
        if self.status.final or (order.kind is OrderKind.CANCEL and self.cancel_waits):
            return False
        self._orders.append(replace(order, number=len(self._orders) + 1))
        return True

    def orders(self, *, after: int) -> list[Order]:
        return [order for order in self._orders if order.number > max(after, self.obeyed)]

    @property
    def cancel_waits(self) -> bool:
        return any(order.kind is OrderKind.CANCEL for order in self.orders(after=0))

    def held(self, pool: str) -> int:
        """Slots that this execution holds."""
        return _in_use(self.runs, self.pool_of)[pool]

    def neighbour_takes(self, pool: str, *, at: datetime) -> bool:
        """Whether there was a slot for it; those of an owner whose lease ran out are free."""
        ours = self.held(pool) if self.lease_until is not None and at < self.lease_until else 0
        if ours + self.neighbours[pool] >= self.slots[pool]:
            return False
        self.neighbours[pool] += 1
        return True

    def _check_owner(self, claim: Claim) -> None:
        if (claim.owner, claim.token) != (self.owner, self.token):
            self.refused += 1
            raise StaleOwner(self.execution_id)

    def _applied(self, moves: Sequence[Move]) -> tuple[ExecutionStatus, dict[str, TaskStatus]]:
        status, runs = self.status, dict(self.runs)
        for move in moves:
            if isinstance(move, ExecutionMoved):
                status = step(status, move.before, move.after)
            elif isinstance(move, TaskMoved):
                task_id = move.run.task_id
                runs[task_id] = step(runs.get(task_id, TaskStatus.PENDING), move.before, move.after)
        return status, runs

    def _check_room(self, moves: Sequence[Move], runs: Mapping[str, TaskStatus]) -> None:
        started = {m.run.task_id for m in moves if isinstance(m, TaskMoved) and m.after is TaskStatus.RUNNING}
        ours = _in_use(runs, self.pool_of)
        for pool in {self.pool_of[task_id] for task_id in started if task_id in self.pool_of}:
            if ours[pool] + self.neighbours[pool] > self.slots[pool]:
                raise NoRoom(pool, dict(self.neighbours))


def _in_use(runs: Mapping[str, TaskStatus], pool_of: Mapping[str, str]) -> Counter[str]:
    return Counter(pool_of[t] for t, status in runs.items() if status is TaskStatus.RUNNING and t in pool_of)
