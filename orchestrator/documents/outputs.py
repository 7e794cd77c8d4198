"""What tasks take from the results of others: `inputs`, and `${tasks.…}` in parameters (semantics D15)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from orchestrator.core.inputs import ROOT, task_of
from orchestrator.core.messages import N_, Message
from orchestrator.documents.names import check_parameter_name
from orchestrator.documents.objects import check_key
from orchestrator.documents.places import JSONPath, shown
from orchestrator.documents.problems import Problems
from orchestrator.documents.suggestions import Suggestions
from orchestrator.documents.upstream import not_upstream

TaskFault: TypeAlias = Callable[[str, JSONPath], Message | None]
LONGEST_NAME = 1000
"""Of what stands between the braces; whoever fills templates tries every dot in it as the end of an id."""
_OUTPUT = re.compile(r"\.output(?=\.|$)")
_WAY = re.compile(r"(\.output(\.[^.]+)*)?", re.DOTALL)


class OutputUses:
    """Collects every use of another task's output in one file, and reports those that cannot be."""

    def __init__(
        self, tasks: Sequence[object], index_of: Mapping[str, int], suggestions: Suggestions, problems: Problems
    ) -> None:
        self._tasks = tasks
        self._index_of = index_of
        self._suggestions = suggestions
        self._problems = problems
        self._uses: list[tuple[int, str, JSONPath]] = []

    def check_inputs(self, index: int) -> None:
        """Report keys of `inputs` that are no parameters or stand in `parameters` too, and tasks that there are not."""
        raw = self._tasks[index]
        inputs = raw.get("inputs") if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or not isinstance(inputs, dict):
            return
        parameters = raw.get("parameters")
        for name, task_id in inputs.items():
            path: JSONPath = ("tasks", index, "inputs", name)
            check_key(check_parameter_name, path, N_("parameter name: {fault}"), self._problems)
            if isinstance(parameters, dict) and name in parameters:
                template = N_("{name} stands in parameters, too; leave one of them out")
                self._problems.with_key(path, Message(template=template, facts={"name": shown(name)}))
            if isinstance(task_id, str):
                self._use(index, task_id, path)

    def of_task(self, index: int) -> TaskFault:
        """Judges templates of task `index`: what is wrong with `tasks.…` at a place, else notes the use.

        The forms are `tasks.ID`, `tasks.ID.output` and `tasks.ID.output.a.b.0`. An id may hold nearly any character,
        dots and `.output` too: the longest registered id that fits is meant. What no template can name: ids that hold
        `{` or `}`, and keys of an output that hold a dot.
        """

        def fault_of(name: str, path: JSONPath) -> Message | None:
            if len(name) > LONGEST_NAME:
                facts = {"count": len(name), "most": LONGEST_NAME, "value": shown(name)}
                return Message(template=N_("has {count} characters, more than {most}: {value}"), facts=facts)
            rest = name.removeprefix(ROOT)
            task_id = task_of(name, self._index_of)
            if not task_id:
                return self._suggestions.no_such_task(_probable_id(rest))
            if _WAY.fullmatch(rest[len(task_id) :]) is None:
                return Message(
                    template=N_("after task {task} comes .output and then the way to a value, as in {example}"),
                    facts={"task": shown(task_id), "example": "${tasks.ID.output.x.0}"},
                )
            self._uses.append((index, task_id, path))
            return None

        return fault_of

    def check_upstream(self) -> None:
        """Report every use of a task that is not among the dependencies, direct or through others."""
        if not self._uses:
            return
        needs = [self._needed_by(raw) for raw in self._tasks]
        asked = {(index, self._index_of[task_id]) for index, task_id, _ in self._uses}
        absent = not_upstream(asked, needs)
        for index, task_id, path in self._uses:
            if self._index_of[task_id] == index:
                self._problems.with_value(path, Message(template=N_("a task cannot take its own output")))
            elif (index, self._index_of[task_id]) in absent:
                template = N_("task {task} is not among the dependencies of this task; add it to dependencies")
                self._problems.with_value(path, Message(template=template, facts={"task": shown(task_id)}))

    def _use(self, index: int, task_id: str, path: JSONPath) -> None:
        if task_id in self._index_of:
            self._uses.append((index, task_id, path))
        else:
            self._problems.with_value(path, self._suggestions.no_such_task(task_id))

    def _needed_by(self, raw: object) -> frozenset[int]:
        targets = raw.get("dependencies") if isinstance(raw, dict) else None
        if not isinstance(targets, list):
            return frozenset()
        known = (target for target in targets if isinstance(target, str) and target in self._index_of)
        return frozenset(self._index_of[target] for target in known)


def _probable_id(rest: str) -> str:
    """What was probably meant as the id in `tasks.rest`, which fits none."""
    return _OUTPUT.split(rest, maxsplit=1)[0]
