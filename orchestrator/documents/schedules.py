"""The section `schedules`: when which workflow is due, and the parameters that it gets."""

from collections.abc import Mapping
from typing import Any

from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import TEMPLATE, fill_templates, fits, names_used
from orchestrator.core.schedules import Schedule
from orchestrator.core.tasks import ParameterType, Workflow
from orchestrator.documents.fields import MOST_SCHEDULES
from orchestrator.documents.names import check_id
from orchestrator.documents.objects import check_key, read_object, values_given
from orchestrator.documents.places import JSONPath, shown
from orchestrator.documents.problems import Problems
from orchestrator.documents.schedule_model import ScheduleModel
from orchestrator.documents.suggestions import Suggestions
from orchestrator.timetable.cron import BadCron
from orchestrator.timetable.times import check_fires
from orchestrator.timetable.working_days import NoHolidays, NoWorkingDay

DATE = "execution.date"


class ScheduleReader:
    """Reads schedules and reports what is wrong with them."""

    def __init__(self, raw_workflows: object, workflows: list[Workflow], problems: Problems) -> None:
        """`workflows`: those of `raw_workflows` that could be read."""
        self._workflows = {workflow.workflow_id: workflow for workflow in workflows}
        self._names = frozenset(raw_workflows) if isinstance(raw_workflows, dict) else frozenset()
        self._suggestions = Suggestions(self._names)
        self._problems = problems

    def read_all(self, raw_schedules: object) -> list[Schedule]:
        """Those of the section `schedules` that could be read, in the file's order."""
        if not isinstance(raw_schedules, dict):
            fault = Message(
                template=N_("{field} must be an object, not {value}"),
                facts={"field": shown("schedules"), "value": shown(raw_schedules)},
            )
            self._problems.with_value(("schedules",), fault)
            return []
        if len(raw_schedules) > MOST_SCHEDULES:
            fault = Message(template=N_("has more than {most} entries"), facts={"most": MOST_SCHEDULES})
            self._problems.with_value(("schedules",), fault)
            return []
        read = [self._read(name, raw, ("schedules", name)) for name, raw in raw_schedules.items()]
        return [schedule for schedule in read if schedule is not None]

    def _read(self, name: str, raw: object, path: JSONPath) -> Schedule | None:
        check_key(check_id, path, N_("schedule name: {fault}"), self._problems)
        read = read_object(ScheduleModel, raw, path, self._problems)
        if not isinstance(raw, dict):
            return None
        one_kind = self._check_kind(raw, path)
        self._check_workflow(raw, path)
        if read is None or not one_kind:
            return None
        given: dict[str, Any] = values_given(read)
        schedule = Schedule(name=name, **given)
        self._check_fires(schedule, path)
        return schedule

    def _check_kind(self, raw: Mapping[str, object], path: JSONPath) -> bool:
        """Report where not exactly one of `cron` and `every` is given, and what belongs to the other one."""
        kinds = [field for field in ("cron", "every") if field in raw]
        if not kinds:
            fault = N_('does not say when: give "cron" (such as "0 6 * * *") or "every" (such as "15m")')
            self._problems.with_part(path, Message(template=fault))
        elif len(kinds) > 1:
            fault = N_('"cron" and "every" exclude each other: keep one of them')
            self._problems.with_part(path, Message(template=fault))
        elif "anchor" in raw and kinds == ["cron"]:
            fault = N_('"anchor" goes with "every" only: "cron" says by itself when')
            self._problems.with_value((*path, "anchor"), Message(template=fault))
        return len(kinds) == 1

    def _check_workflow(self, raw: Mapping[str, object], path: JSONPath) -> None:
        """Report a workflow that there is not, and parameters that it does not take, or not so."""
        name = raw.get("workflow")
        if not isinstance(name, str):
            return
        if name not in self._names:
            self._problems.with_value((*path, "workflow"), self._suggestions.no_such_workflow(name))
            return
        given = raw.get("parameters", {})
        if name in self._workflows and isinstance(given, dict):
            self._check_parameters(self._workflows[name], given, path)

    def _check_parameters(self, workflow: Workflow, given: Mapping[str, Any], path: JSONPath) -> None:
        suggestions = Suggestions(workflow.parameters)
        for name, value in given.items():
            here = (*path, "parameters", name)
            declared = workflow.parameters.get(name)
            if declared is None:
                self._problems.with_key(here, _undeclared(name, workflow, suggestions.nearest(name)))
                continue
            fault = _unfit(declared.type, value)
            if fault is not None:
                self._problems.with_value(here, fault)
        for name, declared in workflow.parameters.items():
            if declared.required and name not in given:
                fault = Message(
                    template=N_("workflow {workflow} needs parameter {name}: give it in parameters"),
                    facts={"workflow": shown(workflow.workflow_id), "name": shown(name)},
                )
                self._problems.with_part(path, fault)

    def _check_fires(self, schedule: Schedule, path: JSONPath) -> None:
        try:
            check_fires(schedule)
        except (NoHolidays, NoWorkingDay) as why:
            self._problems.with_value((*path, "working_days"), why.message)
        except BadCron as bad:
            self._problems.with_value((*path, "cron"), bad.message)


def _undeclared(name: str, workflow: Workflow, near: str | None) -> Message:
    facts = {"workflow": shown(workflow.workflow_id), "name": shown(name), "near": shown(near)}
    if near is None:
        return Message(template=N_("workflow {workflow} declares no parameter {name}"), facts=facts)
    return Message(template=N_("workflow {workflow} declares no parameter {name} – did you mean {near}?"), facts=facts)


def _unfit(kind: ParameterType, value: JSON) -> Message | None:
    """What is wrong with `value` as a parameter of type `kind`, templates considered."""
    if not isinstance(value, str) or "${" not in value:
        fitting = fits(kind, value)
    else:
        unknown = next((name for name in names_used(value) if name != DATE), None)
        if unknown is not None:
            return Message(
                template=N_("{template} is not known in a schedule; there is {form}"),
                facts={"template": shown(f"${{{unknown}}}"), "form": f"${{{DATE}}}"},
            )
        if "${" in TEMPLATE.sub(" ", value):
            return Message(
                template=N_("{template} is not closed; write $${{ for a literal ${{"), facts={"template": shown(value)}
            )
        fitting = kind is ParameterType.STRING or fits(kind, fill_templates(value, {DATE: "2026-01-01"}))
    if fitting:
        return None
    return Message(
        template=N_("must be of type {type}, not {value}"), facts={"type": kind.value, "value": shown(value)}
    )
