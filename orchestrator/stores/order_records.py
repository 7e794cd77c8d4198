"""Rows of orders: how a wish for an execution is written down and read again."""

from datetime import datetime

from orchestrator.core.states import TaskStatus
from orchestrator.core.storing import Order, OrderKind
from orchestrator.stores.records import Row, plain, time_text


def order_values(execution_id: str, order: Order) -> tuple[object, ...]:
    """What ADD_ORDER stores; the number is given by the database."""
    return (
        execution_id,
        order.kind,
        time_text(order.at),
        plain(order.by),
        plain(order.reason),
        plain(order.task_id),
        order.mark_as,
        execution_id,
    )


def read_order(row: Row) -> Order:
    """An order from its row."""
    mark_as = row["mark_as"]
    return Order(
        kind=OrderKind(row["kind"]),
        at=datetime.fromisoformat(row["at"]),
        by=row["by"],
        reason=row["reason"],
        task_id=row["task_id"],
        mark_as=None if mark_as is None else TaskStatus(mark_as),
        number=row["number"],
    )


def as_stored(order: Order, number: int) -> Order:
    """The order as it is read again: time in UTC, texts that a database can hold."""
    names = ("kind", "at", "by", "reason", "task_id", "mark_as")
    row = dict(zip(names, order_values("", order)[1:-1], strict=True))
    return read_order(row | {"number": number})
