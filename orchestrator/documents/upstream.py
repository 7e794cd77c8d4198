"""Which tasks stand upstream of which: many questions answered together, in bounded time and memory."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

Pair: TypeAlias = tuple[int, int]

_AT_ONCE = 4096
"""Tasks whose descendants are marked in one walk: 512 bytes for each task of the file."""


def not_upstream(asked: Iterable[Pair], needs: Sequence[Collection[int]]) -> set[Pair]:
    """Those pairs (task, other) of `asked` whose other is not needed by the task, directly or through others.

    `needs[task]` are the tasks that it depends on. Tasks on a cycle, or behind one, are left out: what stands upstream
    of them is only known once the cycle is gone. Costs one walk over all edges for each `_AT_ONCE` distinct others
    that some task does not need directly; none where there is no such.
    """
    far = [(task, other) for task, other in asked if other not in needs[task]]
    if not far:
        return set()
    order = _in_order(needs)
    ordered = set(order)
    others = list(dict.fromkeys(other for _, other in far))
    absent: set[Pair] = set()
    for start in range(0, len(others), _AT_ONCE):
        bit_of = {other: 1 << n for n, other in enumerate(others[start : start + _AT_ONCE])}
        marks = _marks(order, needs, bit_of)
        absent |= {
            (task, other)
            for task, other in far
            if other in bit_of and task in ordered and not marks[task] & bit_of[other]
        }
    return absent


def _marks(order: Sequence[int], needs: Sequence[Collection[int]], bit_of: dict[int, int]) -> list[int]:
    """For each task the bits of itself and of all upstream of it."""
    marks = [0] * len(needs)
    for task in order:
        mark = bit_of.get(task, 0)
        for other in needs[task]:
            mark |= marks[other]
        marks[task] = mark
    return marks


def _in_order(needs: Sequence[Collection[int]]) -> list[int]:
    """Tasks after everything that they need; without those that never come to it."""
    missing = [len(others) for others in needs]
    needed_by: list[list[int]] = [[] for _ in needs]
    for task, others in enumerate(needs):
        for other in others:
            needed_by[other].append(task)
    order = [task for task, count in enumerate(missing) if count == 0]
    for task in order:  # grows while it is walked
        for waiting in needed_by[task]:
            missing[waiting] -= 1
            if missing[waiting] == 0:
                order.append(waiting)
    return order
