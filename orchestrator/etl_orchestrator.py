"""The facade: what the README promises for Python, over the operations that join configuration, store and executor."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path
from typing import Any

from orchestrator.core.errors import ExecutionEnded, NoReport, UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.outcomes import JSON
from orchestrator.core.ports import Listener
from orchestrator.core.redaction import secret_values
from orchestrator.core.results import ExecutionResult, TaskResult
from orchestrator.core.selection import Selection, select
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Store
from orchestrator.core.tasks import Registry, Task, TriggerRule, Workflow
from orchestrator.documents.checked import Checked, open_configuration, remember
from orchestrator.engine.runner import Runner
from orchestrator.listeners.outbox import Lasting
from orchestrator.operations import driving, ordering
from orchestrator.operations.declaring import task, task_of, workflow, workflow_of
from orchestrator.operations.journeys import Journey, take_up
from orchestrator.operations.parts import REPORT, Parts
from orchestrator.operations.rerunning import Part, wanted_again
from orchestrator.operations.submitting import Wanted, submit
from orchestrator.settings import Settings, read_settings

__all__ = ["ETLOrchestrator", "ExecutionResult", "Task", "TaskResult", "TaskStatus", "TriggerRule", "Workflow"]
__all__ += ["create_orchestrator", "task", "workflow"]


class ETLOrchestrator:
    """Tasks, workflows, and their executions. Making one opens nothing; store and executor open at first use."""

    def __init__(
        self, registry: Registry | None = None, settings: Settings | None = None, checked: Checked | None = None
    ) -> None:
        self.results: dict[str, TaskResult] = {}
        """Of the latest execution that this object drove, by task id."""
        self.parts = Parts(registry or Registry(), settings)
        self._checked = checked

    # --- definitions -------------------------------------------------------------------------------------------------

    @property
    def registry(self) -> Registry:
        """Everything that may be asked for."""
        return self.parts.registry

    @property
    def settings(self) -> Settings:
        """Where things lie; read at first use."""
        return self.parts.settings

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Registered tasks by id."""
        return self.registry.tasks

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """Workflows by id."""
        return self.registry.workflows

    def register_task(self, task: Task | Callable[..., Any]) -> None:
        """Add a task, or a function declared by `@task`; raises UsageError where its id is taken or reserved."""
        self.registry.add_task(task_of(task))

    def register_workflow(self, workflow: Workflow | Callable[..., Any]) -> None:
        """Add a workflow, or a function declared by `@workflow` with those of its tasks that are not registered yet.

        Raises UsageError where its name is taken, or a task is unknown.
        """
        made, members = (workflow, []) if isinstance(workflow, Workflow) else workflow_of(workflow)
        for member in members:
            if member.task_id not in self.registry.tasks:
                self.registry.add_task(member)
        self.registry.add_workflow(made)

    # --- executions --------------------------------------------------------------------------------------------------

    async def execute_all(
        self, parallel: bool = False, max_workers: int = 3, stop_on_failure: bool = True
    ) -> ExecutionResult:
        """Execute every registered task in an order its dependencies allow.

        With `stop_on_failure` a failed critical task keeps what has not started from starting (D2). Raises UsageError,
        and then nothing was started.
        """
        return await self.execute(
            all_tasks=True, parallel=parallel, max_workers=max_workers, stop_on_failure=stop_on_failure
        )

    async def execute(
        self,
        *,
        workflow: str | None = None,
        tasks: Sequence[str] = (),
        all_tasks: bool = False,
        parallel: bool = False,
        max_workers: int | None = None,
        stop_on_failure: bool = True,
        parameters: Mapping[str, JSON] | None = None,
        listeners: Sequence[Listener] = (),
    ) -> ExecutionResult:
        """Execute a workflow, some tasks, or all of them: exactly one of the three."""
        journey = self.submit(
            select(self.registry, workflow=workflow, tasks=tasks, all_tasks=all_tasks, parameters=parameters),
            parallel=parallel,
            max_workers=max_workers,
            stop_on_failure=stop_on_failure,
            source="python",
        )
        return await self.drive(journey, listeners=listeners)

    def submit(
        self,
        selection: Selection,
        *,
        parallel: bool = False,
        max_workers: int | None = None,
        stop_on_failure: bool = True,
        require_dependencies: bool = False,
        exclusive: bool = False,
        source: str = "cli",
    ) -> Journey:
        """Check everything that can be checked, then store the execution as queued; it is durable when this returns.

        Raises UsageError, and then nothing was stored; StoreUnusable, HomeUnusable.
        """
        wanted = Wanted(
            tasks=selection.tasks,
            workflow=selection.workflow,
            parameters=selection.parameters,
            parallel=parallel,
            max_workers=max_workers,
            stop_on_failure=stop_on_failure,
            require_dependencies=require_dependencies,
            exclusive=exclusive,
            source=source,
        )
        return self._submitted(wanted)

    def rerun(self, first: Execution, part: Part) -> Journey:
        """Store a new execution that repeats `first`, or a part of it, by today's definitions (D16).

        Raises UsageError where it has not ended, or there is nothing to repeat.
        """
        return self._submitted(wanted_again(self.parts, first, part))

    def take_up(self, execution: Execution) -> Journey:
        """An execution that was interrupted, or never begun, with the definitions it was started with (D13, D16).

        Raises ExecutionEnded, and UsageError where a variable or a secret that is still needed has no value here.
        """
        return take_up(self.parts, execution)

    async def drive(
        self,
        journey: Journey,
        *,
        listeners: Sequence[Listener] = (),
        log_level: int = logging.INFO,
        on_start: Callable[[Runner], None] = lambda _: None,
    ) -> ExecutionResult:
        """Own the execution and take it to its end; `on_start` gets the runner, to cancel or stop it.

        Raises BeingDriven where another process drives it.
        """
        parts = journey.parts
        try:
            with driving.taking_over(parts, journey.execution) as taken:
                result = await driving.drive(
                    parts, taken, journey.plan, listeners=listeners, log_level=log_level, on_start=on_start
                )
        except ExecutionEnded:  # cancelled from elsewhere before it began
            result = driving.result_of(parts, parts.store.get_execution(journey.execution.execution_id))
        self.results = dict(result.results)
        return result

    def cancel(self, execution: Execution, *, reason: str = "") -> Execution:
        """Have `execution` end as `cancelled`, whoever drives it, and wait for that; an ended one is left as it is."""
        return ordering.cancel(self.parts, execution, reason=reason)

    def mark(self, execution: Execution, task_id: str, mark_as: TaskStatus, *, reason: str) -> Execution:
        """Declare a task that is not under way completed or skipped; raises UsageError where it cannot be."""
        return ordering.mark(self.parts, execution, task_id, mark_as, reason=reason)

    # --- looking back ------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The state store; opened at first use. Raises StoreUnusable, HomeUnusable."""
        return self.parts.store

    @property
    def zone(self) -> tzinfo:
        """The zone of ids, logs and reports: the configuration's, else the machine's."""
        return self.parts.zone

    def find_execution(self, part: str) -> Execution:
        """The one whose id is `part`, or holds it and no other does; raises NoSuchExecution, AmbiguousExecution."""
        return self.parts.find_execution(part)

    def latest_execution(self) -> Execution | None:
        """The execution that was asked for last; None before the first."""
        return self.parts.latest_execution()

    def result_of(self, execution: Execution) -> ExecutionResult:
        """How a stored execution stands, as `drive` hands it back."""
        return driving.result_of(self.parts, execution)

    def write_report(self, execution: Execution) -> Path:
        """Make a finished execution's report (again) from what is stored (R24); raises NoReport before its end."""
        if not (execution.status.final or execution.status is ExecutionStatus.INTERRUPTED):
            raise NoReport(execution.execution_id, execution.status.value)
        hidden = secret_values(self.settings.environment, execution.request.parameters)
        path = self.parts.report_file(hidden).write(execution.execution_id)
        for delivery in self.store.deliveries(REPORT):
            if delivery.event.execution_id == execution.execution_id:
                self.store.delivered(delivery)
        return path

    def report_of(self, execution: Execution) -> dict[str, JSON]:
        """What its report says as it stands now, without what is to stay hidden; nothing is written."""
        hidden = secret_values(self.settings.environment, execution.request.parameters)
        contents = self.parts.report_file(hidden).contents(execution.execution_id)
        assert isinstance(contents, dict)
        return contents

    def deliver_what_is_left(self) -> None:
        """Write the reports that an earlier process could not write any more; raises HomeUnusable."""
        hidden = secret_values(self.settings.environment)
        Lasting(self.parts.report_file(hidden), REPORT, self.store).deliver_what_is_left()

    def close(self) -> None:
        """Let go of the store. The object may be used again: it opens anew."""
        self.parts.close()

    def _submitted(self, wanted: Wanted) -> Journey:
        execution, plan = submit(self.parts, wanted)
        if self._checked is not None:
            remember(self._checked, self.settings.checked)
        return Journey(execution=execution, plan=plan, parts=self.parts)


def create_orchestrator(config_file: str | os.PathLike[str] | None = None) -> ETLOrchestrator:
    """An orchestrator for a configuration file; without one, for the file that ships with the project.

    Opens nothing. Raises ConfigurationRefused with every problem of the file, UsageError where it cannot be read.
    """
    settings = read_settings(config=config_file)
    checked = open_configuration(settings.config, settings.checked)
    return ETLOrchestrator(checked.registry, settings, checked)


def open_for_reading(config_file: str | os.PathLike[str] | None = None) -> ETLOrchestrator:
    """An orchestrator that looks at what is stored, even where the configuration is broken by now."""
    with suppress(UsageError):
        return create_orchestrator(config_file)
    return ETLOrchestrator(settings=read_settings(config=config_file))
