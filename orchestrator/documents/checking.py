"""One way through a parsed configuration: section by section, then what they say about each other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.core.messages import N_, Message
from orchestrator.core.parameters import fits
from orchestrator.core.tasks import ALL, Limits, Registry, Task, Workflow, WorkflowParameter
from orchestrator.documents.models import ConfigurationModel, LimitsModel, ParameterModel, TaskModel, WorkflowModel
from orchestrator.documents.names import Fault, check_id, check_parameter_name
from orchestrator.documents.objects import (
    empty,
    known_fields,
    missing,
    must_be_object,
    read_object,
    report_unknown_fields,
    values_given,
)
from orchestrator.documents.places import JSONPath, Places, shown
from orchestrator.documents.problems import Enough, Problems
from orchestrator.documents.reading import Parsed, find_hidden_faults
from orchestrator.documents.references import References
from orchestrator.documents.templates import check_templates, parameters_used


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
        raw_tasks = self._list_of_tasks(top)
        tasks = [self._read_task(raw, ("tasks", index)) for index, raw in enumerate(raw_tasks)]
        references = References(raw_tasks, self._places, self.problems)
        references.check_tasks()
        workflows = self._read_workflows(top, references, self._parameters_asked(raw_tasks))
        if limits is None or self.problems.any:
            return None
        return Registry([task for task in tasks if task is not None], workflows, _limits(limits))

    def _list_of_tasks(self, top: Mapping[str, object]) -> Sequence[object]:
        if "tasks" not in top:
            self.problems.with_part((), missing("tasks"))
            return []
        tasks = top["tasks"]
        if not isinstance(tasks, list):
            fault = Message(template=N_("{field} must be a list, not {value}"), facts=_field_and("tasks", tasks))
            self.problems.with_value(("tasks",), fault)
            return []
        if not tasks:
            self.problems.with_value(("tasks",), empty("tasks"))
        return tasks

    def _read_task(self, raw: object, path: JSONPath) -> Task | None:
        read = read_object(TaskModel, raw, path, self.problems)
        if self._parsed.templates and isinstance(raw, dict):
            check_templates(raw.get("parameters"), (*path, "parameters"), self.problems)
        if read is None:
            return None
        given: dict[str, Any] = values_given(read)
        return Task(**given)

    def _read_workflows(
        self, top: Mapping[str, object], references: References, asked: Mapping[str, set[str]]
    ) -> list[Workflow]:
        raw_workflows = top.get("workflows", {})
        if not isinstance(raw_workflows, dict):
            fault = Message(
                template=N_("{field} must be an object, not {value}"), facts=_field_and("workflows", raw_workflows)
            )
            self.problems.with_value(("workflows",), fault)
            return []
        read = []
        for name, raw in raw_workflows.items():
            path: JSONPath = ("workflows", name)
            self._check_key(check_id, path, N_("workflow name: {fault}"))
            workflow = self._read_workflow(name, raw, path)
            selected = raw.get("tasks") if isinstance(raw, dict) else None
            if isinstance(selected, list):
                references.check_selection(selected, (*path, "tasks"))
            if workflow is not None:
                self._check_declared(workflow, path, asked)
                read.append(workflow)
        return read

    def _read_workflow(self, name: str, raw: object, path: JSONPath) -> Workflow | None:
        parameters: dict[str, WorkflowParameter] | None = {}
        if isinstance(raw, dict) and "parameters" in raw:
            parameters = self._read_parameters(raw["parameters"], (*path, "parameters"))
            raw = {field: value for field, value in raw.items() if field != "parameters"}
        read = read_object(WorkflowModel, raw, path, self.problems)
        if read is None or parameters is None:
            return None
        given: dict[str, Any] = values_given(read)
        return Workflow(workflow_id=name, parameters=parameters, **given)

    def _read_parameters(self, raw: object, path: JSONPath) -> dict[str, WorkflowParameter] | None:
        if not isinstance(raw, dict):
            self.problems.with_value(path, must_be_object(raw))
            return None
        return {name: self._read_parameter(name, declared, (*path, name)) for name, declared in raw.items()}

    def _read_parameter(self, name: str, raw: object, path: JSONPath) -> WorkflowParameter:
        self._check_key(check_parameter_name, path, N_("parameter name: {fault}"))
        read = read_object(ParameterModel, raw, path, self.problems)
        if read is None:
            return WorkflowParameter(name=name)
        required = "default" not in read.model_fields_set
        if not required and not fits(read.type, read.default):
            self.problems.with_value((*path, "default"), _unfit_default(read))
        return WorkflowParameter(name=name, type=read.type, default=read.default, required=required)

    def _parameters_asked(self, raw_tasks: Sequence[object]) -> dict[str, set[str]]:
        """Task id → names of the execution parameters that its `parameters` use; only tasks that use any."""
        if not self._parsed.templates:
            return {}
        asked = {
            raw["task_id"]: parameters_used(raw.get("parameters"))
            for raw in raw_tasks
            if isinstance(raw, dict) and isinstance(raw.get("task_id"), str)
        }
        return {task_id: used for task_id, used in asked.items() if used}

    def _check_key(self, check: Callable[[str], str], path: JSONPath, template: str) -> None:
        """Report the key that ends `path` where `check` refuses it."""
        try:
            check(str(path[-1]))
        except Fault as fault:
            self.problems.with_key(path, Message(template=template, facts={"fault": fault.message}))

    def _check_declared(self, workflow: Workflow, path: JSONPath, asked: Mapping[str, set[str]]) -> None:
        """Report execution parameters that a task of `workflow` asks for and that it does not declare."""
        selected = list(asked) if workflow.tasks == [ALL] else [task for task in workflow.tasks if task in asked]
        for task_id in selected:
            for parameter in sorted(asked[task_id] - workflow.parameters.keys()):
                fault = Message(
                    template=N_("task {task} uses ${{params.{parameter}}}, which this workflow does not declare"),
                    facts={"task": shown(task_id), "parameter": parameter},
                )
                self.problems.with_part(path, fault)


def _limits(read: LimitsModel) -> Limits:
    given: dict[str, Any] = values_given(read)
    if "allowed_modules" in given:
        given["allowed_modules"] = tuple(read.allowed_modules)
    return Limits(**given)


def _field_and(field: str, value: object) -> dict[str, object]:
    return {"field": shown(field), "value": shown(value)}


def _unfit_default(read: ParameterModel) -> Message:
    return Message(
        template=N_("must be of type {type}, not {value}; leave default out where it must be given"),
        facts={"type": read.type.value, "value": shown(read.default)},
    )
