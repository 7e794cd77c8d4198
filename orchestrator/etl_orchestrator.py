"""The facade: the only place that joins configuration, store, executor and listeners."""

import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestrator.core.errors import (
    AmbiguousExecution,
    ExecutionIdTaken,
    HomeUnusable,
    NoReport,
    NoSuchExecution,
    UsageError,
)
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import execution_id_at, is_execution_id, is_part_of_id
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.plan import Plan, make_plan
from orchestrator.core.ports import Listener, Store
from orchestrator.core.redaction import redact, secret_values
from orchestrator.core.results import ExecutionResult, TaskResult, results_of
from orchestrator.core.selection import Selection, select
from orchestrator.core.snapshot import snapshot_of
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Registry, Task, TriggerRule, Workflow
from orchestrator.documents.checked import Checked, open_configuration, remember
from orchestrator.engine.calls import CallMaker
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.owners import owner_name
from orchestrator.engine.runner import Runner
from orchestrator.executors import open_executor
from orchestrator.listeners.log_file import LogFile, log_file_name
from orchestrator.listeners.report_file import ReportFile, report_file_name
from orchestrator.settings import LEASE, SHIPPED, VERSION, Settings, read_settings
from orchestrator.stores import open_store
from orchestrator.translation import say

__all__ = ["ETLOrchestrator", "ExecutionResult", "Task", "TaskResult", "TaskStatus", "TriggerRule", "Workflow"]
__all__ += ["create_orchestrator"]

MOST_WORKERS = 1024


class ETLOrchestrator:
    """Tasks, workflows, and their executions. Making one opens nothing; store and executor open at first use."""

    def __init__(
        self, registry: Registry | None = None, settings: Settings | None = None, checked: Checked | None = None
    ) -> None:
        self.registry = registry or Registry()
        self.results: dict[str, TaskResult] = {}
        """Of the latest execution that this object drove, by task id."""
        self._settings = settings
        self._checked = checked
        self._store: Store | None = None

    # --- definitions -------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """Where things lie; read at first use."""
        if self._settings is None:
            self._settings = read_settings()
        return self._settings

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Registered tasks by id."""
        return self.registry.tasks

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """Workflows by id."""
        return self.registry.workflows

    def register_task(self, task: Task) -> None:
        """Add a task; raises UsageError where its id is taken or reserved."""
        self.registry.add_task(task)

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
        execution, plan = self.submit(
            select(self.registry, workflow=workflow, tasks=tasks, all_tasks=all_tasks, parameters=parameters),
            parallel=parallel,
            max_workers=max_workers,
            stop_on_failure=stop_on_failure,
            source="python",
        )
        return await self.drive(execution, plan, listeners=listeners)

    def submit(
        self,
        selection: Selection,
        *,
        parallel: bool = False,
        max_workers: int | None = None,
        stop_on_failure: bool = True,
        require_dependencies: bool = False,
        source: str = "cli",
    ) -> tuple[Execution, Plan]:
        """Check everything that can be checked, then store the execution as queued; it is durable when this returns.

        Raises UsageError, and then nothing was stored; StoreUnusable, HomeUnusable.
        """
        plan = make_plan(self.registry, selection.tasks)
        workers = self._workers(parallel=parallel, max_workers=max_workers)
        text = snapshot_of(self.registry)
        request = Request(
            tasks=plan.order,
            workflow=selection.workflow,
            parameters=selection.parameters,
            parallel=parallel,
            max_workers=workers,
            stop_on_failure=stop_on_failure,
            source=source,
            data_source=self.settings.data_source if _uses_city_data(plan) else None,
            assumed_satisfied=plan.assumed_satisfied,
            snapshot=sha256(text.encode()).hexdigest(),
            version=VERSION,
        )
        self._call_maker(plan).check(request, SystemClock().now())
        if require_dependencies:
            self._require(plan)
        execution = self._reserve(request, text)
        if self._checked is not None:
            remember(self._checked, self.settings.checked)
        return execution, plan

    async def drive(
        self,
        execution: Execution,
        plan: Plan,
        *,
        listeners: Sequence[Listener] = (),
        log_level: int = logging.INFO,
        on_start: Callable[[Runner], None] = lambda _: None,
    ) -> ExecutionResult:
        """Claim a queued execution and take it to its end; `on_start` gets the runner, to cancel or stop it."""
        clock = SystemClock()
        claimed = self.store.claim_execution(execution.execution_id, owner=owner_name(), lease=LEASE, at=clock.now())
        calls = self._call_maker(plan)
        hidden = calls.hidden(claimed.request)
        log = LogFile(self.settings.logs, claimed.execution_id, level=log_level, zone=self.zone)
        runner = Runner(
            store=self.store,
            executor=open_executor("processes", max_workers=claimed.request.max_workers),
            make_call=lambda attempt: calls.call(attempt, claimed),
            listeners=[log, self._report_file(hidden), *listeners],
            clock=clock,
            lease=LEASE,
            log_of=lambda attempt: f"{self.settings.state.name}/{calls.log_name(attempt)}",
            hidden=hidden,
        )
        on_start(runner)
        driven = await runner.drive(claimed, plan)
        self.results = results_of(self.store.task_runs(claimed.execution_id), say)
        return ExecutionResult(
            execution_id=claimed.execution_id,
            status=driven.execution.status,
            results=self.results,
            duration=driven.execution.duration,
            report=str(self.settings.reports / report_file_name(claimed.execution_id)),
            log=str(self.settings.logs / log_file_name(claimed.execution_id)),
            troubles=driven.troubles,
        )

    # --- looking back ------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The state store; opened at first use. Raises StoreUnusable, HomeUnusable."""
        if self._store is None:
            self._prepare_home()
            self._store = open_store(self.settings.state_url)
        return self._store

    def find_execution(self, part: str) -> Execution:
        """The execution whose id is `part`, or holds it and no other does.

        Raises NoSuchExecution, AmbiguousExecution; the characters are checked before any look-up (D6).
        """
        if not is_part_of_id(part):
            raise NoSuchExecution(part)
        if is_execution_id(part):
            with suppress(NoSuchExecution):
                return self.store.get_execution(part)
        found = self.store.find_executions(part)
        if not found:
            raise NoSuchExecution(part)
        if len(found) > 1:
            raise AmbiguousExecution(part, found)
        return self.store.get_execution(found[0])

    def latest_execution(self) -> Execution | None:
        """The execution that was asked for last; None before the first."""
        latest = self.store.list_executions(limit=1)
        return latest[0] if latest else None

    def write_report(self, execution: Execution) -> Path:
        """Make a finished execution's report (again) from what is stored (R24); raises NoReport before its end."""
        if not (execution.status.final or execution.status is ExecutionStatus.INTERRUPTED):
            raise NoReport(execution.execution_id, execution.status.value)
        hidden = secret_values(self.settings.environment, execution.request.parameters)
        return self._report_file(hidden).write(execution.execution_id)

    @property
    def zone(self) -> tzinfo:
        """The zone of ids, logs and reports: the configuration's, else the machine's."""
        named = self.registry.limits.timezone
        local = datetime.now().astimezone().tzinfo
        assert local is not None
        return ZoneInfo(named) if named else local

    def close(self) -> None:
        """Let go of the store. The object may be used again: it opens anew."""
        if self._store is not None:
            self._store.close()
            self._store = None

    # --- parts -------------------------------------------------------------------------------------------------------

    def _workers(self, *, parallel: bool, max_workers: int | None) -> int:
        workers = self.registry.limits.max_parallel_workers if max_workers is None else max_workers
        if not 1 <= workers <= MOST_WORKERS:
            raise UsageError(
                N_("max-workers must lie between 1 and {most}, not {given}"), most=MOST_WORKERS, given=workers
            )
        return workers if parallel else 1

    def _require(self, plan: Plan) -> None:
        done = self.store.latest_completed(plan.assumed_satisfied)
        missing = [task_id for task_id in plan.assumed_satisfied if task_id not in done]
        if missing:
            raise UsageError(
                N_("not completed in their latest execution: {missing}; run them first, or add --with-dependencies"),
                missing=", ".join(missing),
            )

    def _reserve(self, request: Request, snapshot: str) -> Execution:
        now = SystemClock().now()
        stem = execution_id_at(now.astimezone(self.zone))
        execution_id = stem
        while True:
            try:
                return self.store.create_execution(execution_id, request, snapshot=snapshot, at=now)
            except ExecutionIdTaken:
                execution_id = f"{stem}_{secrets.token_hex(4)}"

    def _prepare_home(self) -> None:
        for folder in (self.settings.home, self.settings.state, self.settings.logs, self.settings.reports):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as why:
                raise HomeUnusable(
                    N_("folder {path} cannot be made: {why}; ETL_HOME chooses another place"), path=str(folder), why=why
                ) from why

    def _call_maker(self, plan: Plan) -> CallMaker:
        limits = self.registry.limits
        return CallMaker(
            plan=plan,
            limits=limits,
            zone=self.zone,
            home=self.settings.home,
            state=self.settings.state,
            environment=self.settings.task_environment(clean=limits.environment == "clean"),
            search_path=self.settings.search_path,
            allowed_modules=SHIPPED,
        )

    def _report_file(self, hidden: frozenset[str]) -> ReportFile:
        return ReportFile(self.settings.reports, self.store, zone=self.zone, clean=lambda value: redact(value, hidden))


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


def _uses_city_data(plan: Plan) -> bool:
    """Whether any task is one of the shipped pipeline, whose data has a source worth naming."""
    return any(planned.task.module_path.partition(".")[0].endswith("_app") for planned in plan.tasks.values())
