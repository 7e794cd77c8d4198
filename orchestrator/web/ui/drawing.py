"""What the graph of a page draws: each of the tasks that were asked for, or groups of them where they are too many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from orchestrator.core.messages import N_
from orchestrator.translation import _
from orchestrator.web.ui.grouping import Group, edges_between, groups_of

MOST_DRAWN: Final = 1000
"""Tasks that are drawn one by one: above it a browser takes more than a second."""
FIRST: Final = 100
"""Tasks that have a row beside a drawing of groups."""
WORDS: Final = {
    "layer": (N_("step {first}"), N_("steps {first} to {last}")),
    "order": (N_("task {first}"), N_("tasks {first} to {last}")),
}
"""For one, and for more."""

Edges = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which of the tasks a page is asked for, by its address; without anything, all of them."""

    words: str = ""
    """In the id."""
    groups: Sequence[str] = ()
    """Keys: a group of the tasks with these words, a group among its tasks, and so on."""

    @property
    def query(self) -> str:
        """As it stands in an address: empty, or with its `?`."""
        pairs = ([("task", self.words)] if self.words else []) + [("group", key) for key in self.groups]
        return f"?{urlencode(pairs)}" if pairs else ""

    def only(self, groups: int) -> str:
        """The query with only so many of the groups."""
        return Asked(words=self.words, groups=self.groups[:groups]).query


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The tasks that were asked for, out of `total`, and what the graph shows of them."""

    asked: Asked
    total: int
    tasks: Sequence[str]
    edges: Edges
    groups: Sequence[Group]
    """Empty where each task is drawn by itself."""

    @property
    def rows(self) -> Sequence[str]:
        """The tasks that have a row: all that are drawn, and of groups the first."""
        return self.tasks[:FIRST] if self.groups else self.tasks

    @property
    def data(self) -> Mapping[str, Any]:
        """For the script: nodes in order, and edges by the places of two nodes; between groups with their number."""
        if self.groups:
            nodes = [{"id": name_of(group), "key": group.key, "count": len(group.tasks)} for group in self.groups]
            return {"nodes": nodes, "edges": [[*pair, n] for pair, n in edges_between(self.groups, self.edges).items()]}
        at = {task: place for place, task in enumerate(self.tasks)}
        return {
            "nodes": [{"id": task} for task in self.tasks],
            "edges": [[at[one], at[two]] for one, two in dict.fromkeys(self.edges)],
        }

    def states(self, states: Mapping[str, str]) -> Any:
        """For the script: to each state the places of its tasks; of groups, for each the numbers by state."""
        if self.groups:
            return [Counter(states[task] for task in group.tasks) for group in self.groups]
        places: dict[str, list[int]] = {}
        for place, task in enumerate(self.tasks):
            places.setdefault(states[task], []).append(place)
        return places


def drawing_of(tasks: Sequence[str], edges: Edges, asked: Asked) -> Drawing:
    """What is shown where of `tasks` those of `asked` are wanted; keys that name no group are passed over."""
    return _drawing(tuple(tasks), tuple(edges), asked.words, tuple(asked.groups))


@lru_cache(maxsize=16)
def _drawing(all_tasks: tuple[str, ...], edges: Edges, words: str, keys: tuple[str, ...]) -> Drawing:
    """Kept, because a page that is looked at asks for the same again and again."""
    tasks: Sequence[str] = all_tasks
    if words:
        tasks, edges = _among([task for task in tasks if words.lower() in task.lower()], edges)
    found = []
    for key in keys:
        members = next((group.tasks for group in groups_of(tasks, edges) if group.key == key), None)
        if members is not None:
            tasks, edges = _among(members, edges)
            found.append(key)
    return Drawing(
        asked=Asked(words=words, groups=found),
        total=len(all_tasks),
        tasks=tasks,
        edges=edges,
        groups=groups_of(tasks, edges) if len(tasks) > MOST_DRAWN else (),
    )


def name_of(group: Group) -> str:
    """A group in the reader's words."""
    if group.by == "name":
        return group.key if len(group.tasks) == 1 else f"{group.key}…"
    one, more = WORDS[group.by]
    return _(one if group.first == group.last else more).format(first=group.first, last=group.last)


def _among(tasks: Sequence[str], edges: Edges) -> tuple[Sequence[str], Edges]:
    here = frozenset(tasks)
    return tasks, [(first, then) for first, then in edges if first in here and then in here]
