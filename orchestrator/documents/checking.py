"""One way through a parsed configuration: section by section, then what they say about each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.core.messages import N_, Message
from orchestrator.core.tasks import CachePolicy, Limits, Mock, Registry, Task
from orchestrator.documents.models import CacheModel, ConfigurationModel, LimitsModel, MockModel, PoolsModel, TaskModel
from orchestrator.documents.names import check_id
from orchestrator.documents.objects import (
    check_key,
    empty,
    known_fields,
    missing,
    read_object,
    report_unknown_fields,
    values_given,
    without,
)
from orchestrator.documents.outputs import OutputUses
from orchestrator.documents.places import JSONPath, Places, shown
from orchestrator.documents.problems import Enough, Problems
from orchestrator.documents.reading import Parsed, find_hidden_faults
from orchestrator.documents.references import References
from orchestrator.documents.schedules import ScheduleReader
from orchestrator.documents.suggestions import Suggestions
from orchestrator.documents.templates import check_templates
from orchestrator.documents.workflows import WorkflowReader


class Checker:
    """Collects the problems of one configuration and, where there are none, what it defines."""

    def __init__(self, places: Places, parsed: Parsed) -> None:
        self.problems = Problems(places)
        self._places = places
        self._parsed = parsed

    def check(self) -> Registry | None:
        """What the file defines; None if there are problems."""
        try:
            find_hidden_faults(self._parsed, self._places, self.problems)
            registry = self._check_top(self._parsed.value)
        except Enough:
            return None
        return None if self.problems.any else registry

    def _check_top(self, top: object) -> Registry | None:
        if not isinstance(top, dict):
            fault = Message(template=N_("the top level must be an object, not {value}"), facts={"value": shown(top)})
            self.problems.with_value((), fault)
            return None
        report_unknown_fields(top, known_fields(ConfigurationModel), (), self.problems)
        if not isinstance(top.get("$schema", ""), str):
            fault = Message(template=N_("must be a string, not {value}"), facts={"value": shown(top["$schema"])})
            self.problems.with_value(("$schema",), fault)
        limits = read_object(LimitsModel, top.get("orchestrator_config", {}), ("orchestrator_config",), self.problems)
        pools = self._read_pools(top.get("pools", {}))
        raw_tasks = self._list_of_tasks(top)
        tasks = [self._read_task(raw, ("tasks", index)) for index, raw in enumerate(raw_tasks)]
        references = References(raw_tasks, self._places, self.problems)
        references.check_tasks()
        asked = self._check_outputs(raw_tasks, references)
        if pools is not None:
            self._check_pools(raw_tasks, pools)
        workflows = WorkflowReader(references, asked, self.problems).read_all(top.get("workflows", {}))
        schedules = ScheduleReader(top.get("workflows"), workflows, self.problems).read_all(top.get("schedules", {}))
        if limits is None or self.problems.any:
            return None
        return Registry([task for task in tasks if task is not None], workflows, _limits(limits), pools, schedules)

    def _list_of_tasks(self, top: Mapping[str, object]) -> Sequence[object]:
        if "tasks" not in top:
            self.problems.with_part((), missing("tasks"))
            return []
        tasks = top["tasks"]
        if not isinstance(tasks, list):
            fault = Message(
                template=N_("{field} must be a list, not {value}"),
                facts={"field": shown("tasks"), "value": shown(tasks)},
            )
            self.problems.with_value(("tasks",), fault)
            return []
        if not tasks:
            self.problems.with_value(("tasks",), empty("tasks"))
        return tasks

    def _read_pools(self, raw: object) -> dict[str, int] | None:
        """Slots by pool; None where the section as a whole is wrong."""
        read_object(PoolsModel, {"pools": raw}, (), self.problems)
        if not isinstance(raw, dict):
            return None
        for name in raw:
            check_key(check_id, ("pools", name), N_("pool name: {fault}"), self.problems)
        return raw

    def _read_task(self, raw: object, path: JSONPath) -> Task | None:
        cache = None
        if isinstance(raw, dict) and "cache" in raw:
            cache = read_object(CacheModel, raw["cache"], (*path, "cache"), self.problems)
            raw = without(raw, "cache")
        mock = None
        if isinstance(raw, dict) and "mock" in raw:
            mock = read_object(MockModel, raw["mock"], (*path, "mock"), self.problems)
            raw = without(raw, "mock")
        read = read_object(TaskModel, raw, path, self.problems)
        if read is None:
            return None
        given: dict[str, Any] = values_given(read)
        if cache is not None:
            given["cache"] = _cache(cache)
        if mock is not None:
            given["mock"] = _mock(mock)
        return Task(**given)

    def _check_outputs(self, raw_tasks: Sequence[object], references: References) -> dict[str, set[str]]:
        """Check what tasks take from others, and every other `${…}` on the way.

        Gives task id → names of the execution parameters that its `parameters` use; only tasks that use any.
        """
        asked: dict[str, set[str]] = {}
        uses = OutputUses(raw_tasks, references.index_of, references.suggestions, self.problems)
        for index, raw in enumerate(raw_tasks):
            if not isinstance(raw, dict):
                continue
            if "inputs" in raw:
                uses.check_inputs(index)
            if self._parsed.templates and "parameters" in raw:
                path: JSONPath = ("tasks", index, "parameters")
                used = check_templates(raw["parameters"], path, self.problems, uses.of_task(index))
                if used and isinstance(raw.get("task_id"), str):
                    asked[raw["task_id"]] = used
        uses.check_upstream()
        return asked

    def _check_pools(self, raw_tasks: Sequence[object], pools: Mapping[str, int]) -> None:
        suggestions = Suggestions(pools)
        for index, raw in enumerate(raw_tasks):
            name = raw.get("pool") if isinstance(raw, dict) else None
            if isinstance(name, str) and name not in pools:
                self.problems.with_value(("tasks", index, "pool"), suggestions.no_such_pool(name))


def _limits(read: LimitsModel) -> Limits:
    given: dict[str, Any] = values_given(read)
    if "allowed_modules" in given:
        given["allowed_modules"] = tuple(read.allowed_modules)
    return Limits(**given)


def _cache(read: CacheModel) -> CachePolicy:
    given: dict[str, Any] = values_given(read)
    if "inputs" in given:
        given["inputs"] = tuple(read.inputs)
    return CachePolicy(**given)


def _mock(read: MockModel) -> Mock:
    given: dict[str, Any] = values_given(read)
    return Mock(**given, declares_output="output" in given)
