"""Whether there is room for what a batch of moves starts: one decision for every store, from what it has counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.core.errors import NoRoom
from orchestrator.core.executions import Execution
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Room

UNCLAIMED = timedelta(minutes=1)
"""How long a new execution that nobody has claimed yet keeps another of its workflow from being made."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Slots of one pool that are taken, the moves included."""

    mine: int
    """By the execution that moves."""
    others: int
    """By all others whose lease still runs."""


def check_pools(room: Room, taken: Mapping[str, Taken]) -> None:
    """Raise NoRoom where more slots of a pool are taken than there are."""
    full = [pool for pool, slots in room.pools.items() if taken[pool].mine + taken[pool].others > slots]
    if full:
        raise NoRoom(", ".join(full), {pool: taken[pool].others for pool in room.pools})


def begins(before: Execution, after: Execution) -> bool:
    """True where the moves set the execution running, which its workflow must have room for."""
    return after.status is ExecutionStatus.RUNNING and before.status is not ExecutionStatus.RUNNING


def check_workflow(room: Room, others_running: int) -> None:
    """Raise NoRoom where the workflow may have no more executions than `others_running`."""
    if room.workflow is not None and room.concurrency is not None and others_running >= room.concurrency:
        raise NoRoom(room.workflow, {})
