"""Cycles in a graph of names: the shortest of each knot, without recursion."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

MOST_STEPS = 1_000_000
"""Edges walked in the search for the shortest cycle of one knot; past it the shortest one found so far counts."""
SHORTEST = 2
"""Names on the shortest cycle that is no self-reference."""


def find_cycles(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One cycle for each independent knot of `edges`, in the order of their first members.

    A knot is a strongly connected component: names that all reach each other. Of each the shortest cycle is given,
    turned so that it starts with the name that `edges` holds first, and closed: `["a", "b", "a"]`. A name that points
    at itself is the cycle `["a", "a"]`. Targets that are no key of `edges` are ignored.

    In a knot so dense and large that the search takes more than `MOST_STEPS`, the cycle given is a real one but may
    not be the shortest.
    """
    rank = {name: position for position, name in enumerate(edges)}
    cycles = []
    for knot in _knots(edges):
        members = sorted(knot, key=rank.__getitem__)
        path = _shortest_cycle(members, edges)
        cycles.append([*path, path[0]])
    return sorted(cycles, key=lambda cycle: rank[cycle[0]])


def _knots(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Strongly connected components that hold a cycle (Tarjan, with an explicit stack)."""
    walk = _Walk(edges)
    for root in edges:
        if root not in walk.number:
            walk.explore(root)
    return walk.knots


class _Walk:
    """A depth-first walk that numbers names as it meets them and sets each component aside when it is complete."""

    def __init__(self, edges: Mapping[str, Sequence[str]]) -> None:
        self.number: dict[str, int] = {}
        self.knots: list[list[str]] = []
        self._edges = edges
        self._lowest: dict[str, int] = {}
        self._open: dict[str, None] = {}  # met, component not complete; ordered as a stack

    def explore(self, root: str) -> None:
        """Walk everything that `root` reaches and that was not met before."""
        self._meet(root)
        path = [(root, iter(self._edges[root]))]
        while path:
            name, targets = path[-1]
            deeper = self._next_unseen(name, targets)
            if deeper is not None:
                self._meet(deeper)
                path.append((deeper, iter(self._edges[deeper])))
                continue
            path.pop()
            if path:
                above = path[-1][0]
                self._lowest[above] = min(self._lowest[above], self._lowest[name])
            if self._lowest[name] == self.number[name]:
                self._set_aside(name)

    def _meet(self, name: str) -> None:
        self.number[name] = self._lowest[name] = len(self.number)
        self._open[name] = None

    def _next_unseen(self, name: str, targets: Iterator[str]) -> str | None:
        """Go on through `targets` to the first that was never met; those still open lower `name`."""
        for target in targets:
            if target not in self._edges:
                continue
            if target not in self.number:
                return target
            if target in self._open:
                self._lowest[name] = min(self._lowest[name], self.number[target])
        return None

    def _set_aside(self, name: str) -> None:
        """Take from the stack everything down to `name`: one component."""
        component = []
        while name in self._open:
            component.append(self._open.popitem()[0])
        if len(component) > 1 or name in self._edges[name]:
            self.knots.append(component)


def _shortest_cycle(members: Sequence[str], edges: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest cycle among `members` (one knot, in a fixed order), from its first member on, not closed.

    Looks for the shortest one through the first member, takes that member away together with all that can then no
    longer lie on a cycle, and goes on with the rest: a ring needs one search, not one for each of its members.
    Whatever is found later holds none of those taken away, so each cycle starts with the first of its own.
    """
    for name in members:
        if name in edges[name]:
            return [name]
    graph = _Remainder(members, edges)
    best: list[str] = []
    steps = 0
    for start in members:
        if start not in graph.alive:
            continue
        found, walked = graph.cycle_through(start, shorter_than=len(best))
        best = found or best
        steps += walked
        if len(best) == SHORTEST or steps > MOST_STEPS:
            break
        graph.take_away(start)
    return best


class _Remainder:
    """A knot that shrinks while it is searched: only `alive` names may still lie on a cycle."""

    def __init__(self, members: Sequence[str], edges: Mapping[str, Sequence[str]]) -> None:
        self.alive = set(members)
        self._targets = {name: [to for to in dict.fromkeys(edges[name]) if to in self.alive] for name in members}
        self._sources: dict[str, list[str]] = {name: [] for name in members}
        for name, targets in self._targets.items():
            for target in targets:
                self._sources[target].append(name)
        self._ways_out = {name: len(targets) for name, targets in self._targets.items()}
        self._ways_in = {name: len(sources) for name, sources in self._sources.items()}

    def cycle_through(self, start: str, *, shorter_than: int) -> tuple[list[str], int]:
        """The shortest cycle through `start` (breadth first), or [], and the number of edges walked.

        With `shorter_than` above 0 only cycles of fewer names are looked for.
        """
        reached_from = {start: start}
        depth = {start: 1}
        queue = deque([start])
        steps = 0
        while queue:
            name = queue.popleft()
            if shorter_than and depth[name] >= shorter_than:
                break
            for target in self._targets[name]:
                steps += 1
                if target == start:
                    return _path_back(name, start, reached_from), steps
                if target in self.alive and target not in depth:
                    reached_from[target] = name
                    depth[target] = depth[name] + 1
                    queue.append(target)
        return [], steps

    def take_away(self, first: str) -> None:
        """Remove `first`, and then whoever is left without a way in or a way out."""
        ended = [first]
        while ended:
            name = ended.pop()
            if name not in self.alive:
                continue
            self.alive.discard(name)
            ended += _fewer(self._ways_in, self._targets[name])
            ended += _fewer(self._ways_out, self._sources[name])


def _fewer(ways: dict[str, int], names: Sequence[str]) -> list[str]:
    """Count one way less for each of `names`; those that have none left."""
    for name in names:
        ways[name] -= 1
    return [name for name in names if ways[name] == 0]


def _path_back(name: str, start: str, reached_from: Mapping[str, str]) -> list[str]:
    path = [name]
    while path[-1] != start:
        path.append(reached_from[path[-1]])
    return path[::-1]
