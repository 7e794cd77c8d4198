"""Groups of tasks that are too many to draw each: by how their names begin, else by layer, else by their order."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

MOST_GROUPS: Final = 60
"""Boxes that can still be told apart at one glance."""
PART: Final = 500
"""Tasks of a part, where only their order tells them apart."""
TOO_LARGE: Final = 0.8
"""Share of all tasks in one group above which names say nothing."""
SMALL: Final = 0.05
"""Share of all tasks below which a group is not parted any more."""

_BOUNDARY: Final = re.compile(r"[_\-./:\s]+|(?<=[^\W\d_])(?=\d)")
"""Where a part of a name ends: at a separator, or where a number begins (`table7`)."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Some of the tasks; `key` names the group among those of the same tasks."""

    key: str
    tasks: Sequence[str]
    by: str
    """`name`: they begin with `key`. `layer`, `order`: those from `first` to `last`, from 1."""
    first: int = 0
    last: int = 0


def groups_of(tasks: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[Group]:
    """At most `MOST_GROUPS` groups in which each task stands once, in the order of their first tasks."""
    if not tasks:
        return []
    return _by_name(tasks) or _by_layer(tasks, edges) or _by_order(tasks)


def edges_between(groups: Sequence[Group], edges: Iterable[tuple[str, str]]) -> Counter[tuple[int, int]]:
    """How many edges lead from one group to another, by their places in `groups`."""
    at = {task: place for place, group in enumerate(groups) for task in group.tasks}
    between = Counter((at[first], at[then]) for first, then in edges if first in at and then in at)
    return Counter({pair: count for pair, count in between.items() if pair[0] != pair[1]})


def layers_of(tasks: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """For each task the length of the longest path that leads to it: 0 for a start, and for what waits for itself."""
    layer = dict.fromkeys(tasks, 0)
    after: dict[str, list[str]] = {}
    waits_for = Counter[str]()
    for first, then in edges:
        if first in layer and then in layer:
            after.setdefault(first, []).append(then)
            waits_for[then] += 1
    ready = deque(task for task in tasks if not waits_for[task])
    while ready:
        task = ready.popleft()
        for then in after.get(task, ()):
            layer[then] = max(layer[then], layer[task] + 1)
            waits_for[then] -= 1
            if not waits_for[then]:
                ready.append(then)
    return layer


def _by_name(tasks: Sequence[str]) -> list[Group]:
    """By how names begin: the largest group is parted again and again; none where names tell too little."""
    ends = {task: [found.start() for found in _BOUNDARY.finditer(task) if found.start()] for task in tasks}
    whole: list[tuple[str, list[str]]] = []
    to_part = [(-len(tasks), 0, "", list(tasks))]  # the largest first; of equals, the least parted
    while to_part:
        _size, depth, beginning, members = heappop(to_part)
        parts: dict[str, list[str]] = {}
        for task in members:
            at = ends[task]
            parts.setdefault(task[: at[depth]] if depth < len(at) else task, []).append(task)
        many = len(whole) + len(to_part) + len(parts) > MOST_GROUPS
        if many or len(parts) == len(members) or len(members) < SMALL * len(tasks):
            whole.append((beginning, members))
        else:
            for part, those in parts.items():
                heappush(to_part, (-len(those), depth + 1, part, those))
    if max(len(members) for _beginning, members in whole) > TOO_LARGE * len(tasks):
        return []
    first = {task: place for place, task in enumerate(tasks)}
    whole.sort(key=lambda group: first[group[1][0]])
    return [Group(key=beginning, tasks=members, by="name") for beginning, members in whole]


def _by_layer(tasks: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[Group]:
    """By how far from a start; neighbouring layers together where there are many, none where all are in one."""
    layer = layers_of(tasks, edges)
    count = max(layer.values(), default=0) + 1
    if count == 1:
        return []
    together = -(-count // MOST_GROUPS)
    bands: dict[int, list[str]] = {}
    for task in tasks:
        bands.setdefault(layer[task] // together, []).append(task)
    return [
        _numbered("layer", band * together + 1, min(count, (band + 1) * together), members)
        for band, members in sorted(bands.items())
    ]


def _by_order(tasks: Sequence[str]) -> list[Group]:
    size = max(PART, -(-len(tasks) // MOST_GROUPS))
    return [
        _numbered("order", start + 1, min(len(tasks), start + size), tasks[start : start + size])
        for start in range(0, len(tasks), size)
    ]


def _numbered(by: str, first: int, last: int, tasks: Sequence[str]) -> Group:
    return Group(key=f"{by} {first}-{last}", tasks=tasks, by=by, first=first, last=last)
