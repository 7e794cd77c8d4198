"""What stored orders mean for the step machine, in the order in which they are to be heard."""

from collections.abc import Iterable

from orchestrator.core.machine_state import CancelAsked, MachineEvent, MarkAsked
from orchestrator.core.storing import Order, OrderKind


def events_of(orders: Iterable[Order]) -> list[MachineEvent]:
    """An event for each order, cancels first.

    A mark that is heard before could complete the last task, and an acknowledged cancel would come too late (D7).
    """
    known = list(orders)
    cancels: list[MachineEvent] = [CancelAsked() for order in known if order.kind is OrderKind.CANCEL]
    marks: list[MachineEvent] = [
        MarkAsked(task_id=order.task_id, mark_as=order.mark_as, by=order.by, reason=order.reason)
        for order in known
        if order.kind is OrderKind.MARK and order.task_id is not None and order.mark_as is not None
    ]
    return cancels + marks
