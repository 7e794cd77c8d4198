"""What goes wrong between two commits of an owner: signals, orders, old stories, rivals, clocks, places that die."""

from datetime import timedelta

from orchestrator.core.errors import StaleOwner
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.machine_state import AttemptFinished, CancelAsked, MachineEvent, StopAsked
from orchestrator.core.outcomes import Lost, Returned
from orchestrator.core.states import TaskStatus
from orchestrator.core.storing import Order, OrderKind
from tests.unit.core.simulated_owner import Owner
from tests.unit.core.subjects import ID

DAY = 86_400.0


def inject(world, kind: str) -> bool:
    """Have it happen to `world`, a Simulation, now; False where it cannot."""
    match kind:
        case "clock_day":
            world.skew += world.chance.choice([DAY, -DAY])
        case "clock_back":
            world.skew -= world.chance.random() / 100
        case "neighbour":
            return _neighbour_moves(world)
        case "order_cancel":
            return _order(world, Order(kind=OrderKind.CANCEL, at=world.wall()))
        case "order_mark":
            return _order(world, _mark(world))
        case _:
            driver = world.lock
            return driver is not None and not driver.gone and not driver.frozen and _strike(world, driver, kind)
    return True


def _strike(world, driver: Owner, kind: str) -> bool:
    """At the owner that drives it now."""
    match kind:
        case "rival_claim":
            return _rival_claims(world)
        case "killed_idle":
            world.kill(driver)
        case "frozen":
            driver.frozen = True
        case "supervisor_killed":
            for key in list(driver.under_way):
                world.process_ends(driver, key)
                driver.inbox.append(_ended(key, Lost(message="the supervisor is gone")))
        case "cancel":
            driver.inbox.append(CancelAsked())
        case "stop":
            driver.inbox.append(StopAsked())
        case "late_result" if world.left_over:
            driver.inbox.append(world.chance.choice(world.left_over))
        case "stray_result":
            world.turn(driver, [_stray_result(world)])
        case _:
            return False
    return True


def _stray_result(world) -> MachineEvent:
    """Of an attempt that never was."""
    task_id = world.chance.choice(list(world.status))
    number = world.oracle.attempts[task_id] + world.chance.choice([1, 2, -1])
    key = AttemptKey(run=TaskRunKey(execution_id=ID, task_id=task_id), number=number)
    return _ended(key, Returned(output=None))


def _ended(key: AttemptKey, outcome) -> AttemptFinished:
    return AttemptFinished(attempt=key, outcome=outcome, duration=1.0)


def _rival_claims(world) -> bool:
    """A second one wants it while the first's lease lasts, and can prove nobody's death that matters."""
    if world.store.lease_until is None:
        return False
    try:
        world.store.claim("rival", at=world.store.lease_until - timedelta(seconds=1), proven_dead="somebody else")
    except StaleOwner:
        return True
    raise AssertionError("R4: two owners")


def _order(world, order: Order) -> bool:
    if not world.store.give_order(order):
        return False
    if order.kind is OrderKind.CANCEL:
        world.oracle.cancel_acknowledged = True
    return True


def _mark(world) -> Order:
    open_ones = [task_id for task_id, status in world.status.items() if status == "pending"]
    task_id = world.chance.choice(open_ones if open_ones and world.chance.random() < 0.7 else list(world.status))
    mark_as = world.chance.choice([TaskStatus.COMPLETED, TaskStatus.SKIPPED])
    return Order(kind=OrderKind.MARK, at=world.wall(), task_id=task_id, mark_as=mark_as, by="op", reason="by hand")


def _neighbour_moves(world) -> bool:
    """Another execution takes a slot of a pool, or gives one back."""
    if not world.scenario.pools:
        return False
    pool = world.chance.choice(sorted(world.scenario.pools))
    if world.store.neighbours[pool] and world.chance.random() < 0.4:
        world.store.neighbours[pool] -= 1
        return True
    return world.store.neighbour_takes(pool, at=world.wall())
