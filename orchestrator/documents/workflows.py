"""Workflows of one file: what they select, the parameters that they declare, how many may run at once."""

from collections.abc import Mapping
from typing import Any

from orchestrator.core.messages import N_, Message
from orchestrator.core.parameters import fits
from orchestrator.core.tasks import ALL, Concurrency, Workflow, WorkflowParameter
from orchestrator.documents.models import ConcurrencyModel, ParameterModel, WorkflowModel
from orchestrator.documents.names import check_id, check_parameter_name
from orchestrator.documents.objects import check_key, must_be_object, read_object, values_given, without
from orchestrator.documents.places import JSONPath, shown
from orchestrator.documents.problems import Problems
from orchestrator.documents.references import References


class WorkflowReader:
    """Reads workflows and reports what is wrong with them."""

    def __init__(self, references: References, asked: Mapping[str, set[str]], problems: Problems) -> None:
        """`asked`: task id → names of the execution parameters that its own parameters use; only tasks that use any."""
        self._references = references
        self._asked = asked
        self._problems = problems

    def read_all(self, raw_workflows: object) -> list[Workflow]:
        """Those of the section `workflows` that could be read, in the file's order."""
        if not isinstance(raw_workflows, dict):
            fault = Message(
                template=N_("{field} must be an object, not {value}"),
                facts={"field": shown("workflows"), "value": shown(raw_workflows)},
            )
            self._problems.with_value(("workflows",), fault)
            return []
        read = [self._read(name, raw, ("workflows", name)) for name, raw in raw_workflows.items()]
        return [workflow for workflow in read if workflow is not None]

    def _read(self, name: str, raw: object, path: JSONPath) -> Workflow | None:
        check_key(check_id, path, N_("workflow name: {fault}"), self._problems)
        workflow = self._read_fields(name, raw, path)
        selected = raw.get("tasks") if isinstance(raw, dict) else None
        if isinstance(selected, list):
            self._references.check_selection(selected, (*path, "tasks"))
        if workflow is not None:
            self._check_declared(workflow, path)
        return workflow

    def _read_fields(self, name: str, raw: object, path: JSONPath) -> Workflow | None:
        parts: dict[str, Any] = {}
        if isinstance(raw, dict) and "parameters" in raw:
            parts["parameters"] = self._read_parameters(raw["parameters"], (*path, "parameters"))
        if isinstance(raw, dict) and "concurrency" in raw:
            parts["concurrency"] = self._read_concurrency(raw["concurrency"], (*path, "concurrency"))
        read = read_object(WorkflowModel, without(raw, *parts), path, self._problems)
        if read is None or None in parts.values():
            return None
        given: dict[str, Any] = values_given(read)
        return Workflow(workflow_id=name, **parts, **given)

    def _read_concurrency(self, raw: object, path: JSONPath) -> Concurrency | None:
        read = read_object(ConcurrencyModel, raw, path, self._problems)
        if read is None:
            return None
        given: dict[str, Any] = values_given(read)
        return Concurrency(**given)

    def _read_parameters(self, raw: object, path: JSONPath) -> dict[str, WorkflowParameter] | None:
        if not isinstance(raw, dict):
            self._problems.with_value(path, must_be_object(raw))
            return None
        return {name: self._read_parameter(name, declared, (*path, name)) for name, declared in raw.items()}

    def _read_parameter(self, name: str, raw: object, path: JSONPath) -> WorkflowParameter:
        check_key(check_parameter_name, path, N_("parameter name: {fault}"), self._problems)
        read = read_object(ParameterModel, raw, path, self._problems)
        if read is None:
            return WorkflowParameter(name=name)
        required = "default" not in read.model_fields_set
        if not required and not fits(read.type, read.default):
            self._problems.with_value((*path, "default"), _unfit_default(read))
        return WorkflowParameter(name=name, type=read.type, default=read.default, required=required)

    def _check_declared(self, workflow: Workflow, path: JSONPath) -> None:
        """Report execution parameters that a task of `workflow` asks for and that it does not declare."""
        asked = self._asked
        selected = list(asked) if workflow.tasks == [ALL] else [task for task in workflow.tasks if task in asked]
        for task_id in selected:
            for parameter in sorted(asked[task_id] - workflow.parameters.keys()):
                fault = Message(
                    template=N_("task {task} uses ${{params.{parameter}}}, which this workflow does not declare"),
                    facts={"task": shown(task_id), "parameter": parameter},
                )
                self._problems.with_part(path, fault)


def _unfit_default(read: ParameterModel) -> Message:
    return Message(
        template=N_("must be of type {type}, not {value}; leave default out where it must be given"),
        facts={"type": read.type.value, "value": shown(read.default)},
    )
