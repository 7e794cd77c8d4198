"""What a configuration says about itself: ids taken twice, names that nobody bears, cycles.

Works on the raw values, so that a file with other faults still hears about these.
"""

from collections.abc import Iterator, Sequence

from orchestrator.core.cycles import find_cycles
from orchestrator.core.errors import cycle_text
from orchestrator.core.messages import N_, Message
from orchestrator.core.tasks import ALL
from orchestrator.documents.places import JSONPath, Places, path_text, shown
from orchestrator.documents.problems import Problems
from orchestrator.documents.suggestions import Suggestions

LINKS = ("dependencies", "after")
_ALONE = N_("{name} stands alone or not at all")
_LONG_CYCLE = 10


class References:
    """The task ids of one file, and the checks of everything that names them."""

    def __init__(self, tasks: Sequence[object], places: Places, problems: Problems) -> None:
        self._tasks = tasks
        self._places = places
        self._problems = problems
        self.index_of: dict[str, int] = {}
        """Task id → index of the task that bears it (the first one)."""
        for index, raw in enumerate(tasks):
            task_id = _id_of(raw)
            if task_id is not None:
                self.index_of.setdefault(task_id, index)
        self.suggestions = Suggestions(self.index_of)

    def check_tasks(self) -> None:
        """Report ids that stand twice, links to nobody, to oneself or given twice, and cycles."""
        for index, raw in enumerate(self._tasks):
            task_id = _id_of(raw)
            if task_id is not None and self.index_of[task_id] != index:
                self._problems.with_value(("tasks", index, "task_id"), self._id_twice(task_id, index))
        for index, raw in enumerate(self._tasks):
            for field in LINKS:
                self._check_links(raw, ("tasks", index, field))
        self._check_cycles()

    def check_selection(self, selected: Sequence[object], path: JSONPath) -> None:
        """Report nobody's names, names given twice, and `all` in company, in a workflow's list at `path`."""
        seen: set[str] = set()
        for position, name in enumerate(selected):
            if not isinstance(name, str):
                continue
            here = (*path, position)
            if name == ALL:
                if len(selected) > 1:
                    self._problems.with_value(here, Message(template=_ALONE, facts={"name": shown(ALL)}))
            elif name in seen:
                self._problems.with_value(here, _twice(name, "tasks"))
            elif name not in self.index_of:
                self._problems.with_value(here, self.suggestions.no_such_task(name))
            seen.add(name)

    def _check_links(self, raw: object, path: JSONPath) -> None:
        field = str(path[-1])
        own_id = _id_of(raw)
        seen: set[str] = set()
        for position, target in _links(raw, field):
            if target == own_id:
                fault = Message(template=N_("{name} depends on itself"), facts={"name": shown(own_id)})
                self._problems.with_value((*path, position), fault)
            elif target in seen:
                self._problems.with_value((*path, position), _twice(target, field))
            elif target not in self.index_of:
                self._problems.with_value((*path, position), self.suggestions.no_such_dependency(target))
            seen.add(target)

    def _check_cycles(self) -> None:
        for cycle in find_cycles({task_id: self._edges(index) for task_id, index in self.index_of.items()}):
            text = cycle_text([shown(task_id)[1:-1] for task_id in cycle])
            count = len(cycle) - 1
            template = N_("cycle: {path}") if count < _LONG_CYCLE else N_("cycle of {count} tasks: {path}")
            fault = Message(template=template, facts={"count": count, "path": text})
            self._problems.with_part(("tasks", self.index_of[cycle[0]]), fault)

    def _edges(self, index: int) -> list[str]:
        """Whom a task waits for, itself aside: that is reported on its own."""
        raw = self._tasks[index]
        return [target for field in LINKS for _, target in _links(raw, field) if target != _id_of(raw)]

    def _id_twice(self, task_id: str, index: int) -> Message:
        first: JSONPath = ("tasks", self.index_of[task_id])
        line, column = self._places.line_and_column(self._places.value_at((*first, "task_id")))
        return Message(
            template=N_("task_id {name} at {first} (line {first_line}, column {first_column}) and {second}"),
            facts={
                "name": shown(task_id),
                "first": path_text(first),
                "first_line": line,
                "first_column": column,
                "second": path_text(("tasks", index)),
            },
        )


def _links(raw: object, field: str) -> Iterator[tuple[int, str]]:
    """Entries of `dependencies` or `after` that are texts, with their positions."""
    targets = raw.get(field) if isinstance(raw, dict) else None
    if isinstance(targets, list):
        yield from ((position, target) for position, target in enumerate(targets) if isinstance(target, str))


def _id_of(raw: object) -> str | None:
    task_id = raw.get("task_id") if isinstance(raw, dict) else None
    return task_id if isinstance(task_id, str) else None


def _twice(name: str, field: str) -> Message:
    return Message(template=N_("{name} twice in {field}"), facts={"name": shown(name), "field": field})
