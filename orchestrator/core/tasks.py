"""Definitions: tasks, workflows and the registry that holds them (semantics §6, step 1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from orchestrator.core.errors import UnknownTask, UnknownWorkflow, UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.retry import RetryPolicy
from orchestrator.core.schedules import Schedule

ALL = "all"


class TriggerRule(StrEnum):
    """What a task asks of its dependencies before it may start (semantics D2d)."""

    ALL_SUCCESS = "all_success"
    ALL_DONE = "all_done"
    NONE_FAILED = "none_failed"
    ONE_SUCCESS = "one_success"
    ALL_FAILED = "all_failed"
    ONE_FAILED = "one_failed"
    ALWAYS = "always"

    @property
    def clean_up(self) -> bool:
        """True for rules that still start after a critical failure."""
        return self in _CLEAN_UP


class OnInterrupt(StrEnum):
    """What becomes of a task whose attempt was lost with its place (semantics D9)."""

    RETRY = "retry"
    FAIL = "fail"


class Isolation(StrEnum):
    """Whether an attempt gets a process of its own, or a warm one that others used before (design, section 3)."""

    FRESH = "fresh"
    SHARED = "shared"


class OnConflict(StrEnum):
    """What a new execution does while as many of its workflow run as may (semantics, section 4)."""

    QUEUE = "queue"
    SKIP = "skip"
    CANCEL_RUNNING = "cancel_running"


class OnRestart(StrEnum):
    """What a worker does with an execution that an earlier one left interrupted (semantics D8)."""

    RESUME = "resume"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """How many executions of a workflow may run at once."""

    limit: int
    on_conflict: OnConflict = OnConflict.QUEUE


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """When a result is taken again instead of executing the task: while all that is named here is unchanged."""

    code: bool = True
    """The source of the task's module."""
    parameters: bool = True
    """The parameters as the function gets them."""
    inputs: tuple[str, ...] = ()
    """Files and patterns, relative to ETL_HOME; their contents count."""
    expires: float | None = None
    """Seconds after which a result is too old."""


@dataclass(frozen=True, kw_only=True)
class Mock:
    """What a rehearsal takes a task to do, instead of executing it; no other execution looks at it."""

    output: JSON = None
    """What it returns, where `declares_output`."""
    declares_output: bool = False
    """Whether the file says what it returns; null is an output, too."""
    duration: float | None = None
    """Seconds that an attempt takes; None: nothing is said."""


_CLEAN_UP = frozenset({TriggerRule.ALWAYS, TriggerRule.ALL_DONE, TriggerRule.ONE_FAILED, TriggerRule.ALL_FAILED})


@dataclass(frozen=True, kw_only=True)
class Task:
    """A named function with dependencies and limits; it never runs by itself.

    The fields are those of the JSON file; times are seconds.
    """

    task_id: str
    module_path: str
    function_name: str
    name: str = ""
    description: str = ""
    dependencies: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS
    parameters: dict[str, JSON] = field(default_factory=dict)
    timeout: float | None = None
    """None: the configuration's `default_timeout`."""
    retry_count: int = 0
    retry_delay: float = 1
    retry_max_delay: float = 60
    retry_on: list[str] = field(default_factory=list)
    no_retry_on: list[str] = field(default_factory=list)
    critical: bool = True
    category: str = "general"
    inputs: dict[str, str] = field(default_factory=dict)
    """Parameter → task whose output it takes (D15)."""
    deadline: float | None = None
    """Seconds for the whole task, all attempts and the waits between them together (D5)."""
    max_interruptions: int = 3
    """Attempts that may be lost with their place before the task fails (D4)."""
    on_interrupt: OnInterrupt = OnInterrupt.RETRY
    isolation: Isolation = Isolation.FRESH
    memory_limit_mb: int | None = None
    environment: str | None = None
    """`inherit` or `clean`; None: as the configuration says (D21)."""
    pool: str | None = None
    priority: int = 0
    """Of tasks that are ready, those with a higher number start first."""
    cache: CachePolicy | None = None
    mock: Mock | None = None

    @property
    def title(self) -> str:
        """The name for people; the id where none was given."""
        return self.name or self.task_id

    @property
    def retry_policy(self) -> RetryPolicy:
        """The retry fields as one policy."""
        return RetryPolicy(
            retry_count=self.retry_count,
            first_delay=timedelta(seconds=self.retry_delay),
            longest_delay=timedelta(seconds=self.retry_max_delay),
            retry_on=tuple(self.retry_on),
            no_retry_on=tuple(self.no_retry_on),
        )


class ParameterType(StrEnum):
    """Types that a workflow's parameter may declare."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True, kw_only=True)
class WorkflowParameter:
    """A declared execution parameter (D15); without a default it must be given."""

    name: str
    type: ParameterType = ParameterType.STRING
    default: JSON = None
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A named list of tasks; `["all"]` means every registered one."""

    workflow_id: str
    name: str = ""
    description: str = ""
    tasks: list[str] = field(default_factory=list)
    parameters: dict[str, WorkflowParameter] = field(default_factory=dict)
    max_duration: float | None = None
    """Seconds for an execution of it (D5)."""
    concurrency: Concurrency | None = None
    on_restart: OnRestart = OnRestart.RESUME

    @property
    def title(self) -> str:
        """The name for people; the id where none was given."""
        return self.name or self.workflow_id


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The `orchestrator_config` section: what holds for every task that names nothing else."""

    name: str = "Orquestador ETL"
    version: str = "1.0.0"
    description: str = ""
    default_timeout: float = 3600
    max_parallel_workers: int = 3
    allowed_modules: tuple[str, ...] = ()
    environment: str = "inherit"
    kill_grace: float = 5
    timezone: str | None = None
    """None: the machine's own zone."""
    language: str = "es"


class Registry:
    """The tasks and workflows that may be asked for and when, in the order they were given."""

    def __init__(
        self,
        tasks: Iterable[Task] = (),
        workflows: Iterable[Workflow] = (),
        limits: Limits | None = None,
        pools: Mapping[str, int] | None = None,
        schedules: Iterable[Schedule] = (),
    ) -> None:
        self._tasks: dict[str, Task] = {}
        self._workflows: dict[str, Workflow] = {}
        self._schedules: dict[str, Schedule] = {}
        self.limits = limits or Limits()
        self.pools: Mapping[str, int] = dict(pools or {})
        """Slots by pool."""
        for task in tasks:
            self.add_task(task)
        for workflow in workflows:
            self.add_workflow(workflow)
        for schedule in schedules:
            self.add_schedule(schedule)

    @property
    def tasks(self) -> Mapping[str, Task]:
        """By id, in order of registration."""
        return self._tasks

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """By id, in the file's order."""
        return self._workflows

    @property
    def schedules(self) -> Mapping[str, Schedule]:
        """By name, in the file's order; no execution depends on them, so snapshots hold none."""
        return self._schedules

    def add_task(self, task: Task) -> None:
        """Register `task`; raises UsageError where its id is taken or reserved."""
        if task.task_id == ALL:
            raise UsageError(N_("a task may not be called {name!r}: the word stands for every task"), name=ALL)
        if task.task_id in self._tasks:
            raise UsageError(N_("task_id {name!r} is registered twice"), name=task.task_id)
        self._tasks[task.task_id] = task

    def add_workflow(self, workflow: Workflow) -> None:
        """Register `workflow`; raises UsageError where its name is taken."""
        if workflow.workflow_id in self._workflows:
            raise UsageError(N_("workflow {name!r} is registered twice"), name=workflow.workflow_id)
        self._workflows[workflow.workflow_id] = workflow

    def add_schedule(self, schedule: Schedule) -> None:
        """Register `schedule`; raises UsageError where its name is taken."""
        if schedule.name in self._schedules:
            raise UsageError(N_("schedule {name!r} is registered twice"), name=schedule.name)
        self._schedules[schedule.name] = schedule

    def task(self, task_id: str) -> Task:
        """The task of that id; raises UnknownTask."""
        try:
            return self._tasks[task_id]
        except KeyError:
            raise UnknownTask(task_id, self._tasks) from None

    def workflow(self, name: str) -> Workflow:
        """The workflow of that name; raises UnknownWorkflow."""
        try:
            return self._workflows[name]
        except KeyError:
            raise UnknownWorkflow(name, self._workflows) from None

    def tasks_of(self, workflow: Workflow) -> list[str]:
        """Ids that the workflow selects, in registration order for `["all"]`, else in its own."""
        return list(self._tasks) if workflow.tasks == [ALL] else list(workflow.tasks)
