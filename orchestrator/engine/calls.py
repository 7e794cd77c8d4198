"""What a place needs to make one attempt of a planned task: templates filled, environment narrowed (D15, D21)."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path

from orchestrator.core.attempt_logs import attempt_log_name
from orchestrator.core.errors import UsageError
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import AttemptKey
from orchestrator.core.inputs import check_inputs, facts_of_outputs, secrets_filled, tasks_asked
from orchestrator.core.machine_state import StartAttempt
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import fill_templates
from orchestrator.core.plan import Plan
from orchestrator.core.ports import Call
from orchestrator.core.redaction import secret_values, spellings
from orchestrator.core.tasks import Isolation, Limits, Task

TRIAL_ID = "00000000_000000"

Outputs = Mapping[str, JSON]
"""Task id → what it returned."""


@dataclass(frozen=True, kw_only=True)
class CallMaker:
    """Turns planned tasks into calls; the same for every attempt of one execution."""

    plan: Plan
    limits: Limits
    zone: tzinfo
    home: Path
    state: Path
    environments: Mapping[str, Mapping[str, str]]
    """What a task gets, by `inherit` and `clean`; `ETL_EXECUTION_ID` is added here."""
    search_path: tuple[Path, ...]
    allowed_modules: tuple[str, ...]
    secret: Callable[[str], str]
    """The value of a secret; raises UsageError where there is none."""
    known: Mapping[str, Task] = field(default_factory=dict)
    """Every task of the configuration, for outputs of tasks outside the plan."""

    def check(self, request: Request, at: datetime, *, without: Collection[str] = ()) -> None:
        """Fill the templates of every task but those of `without` once, before anything is done.

        Raises UsageError naming what has no value.
        """
        for planned in self.plan.tasks.values():
            if planned.task.task_id in without:
                continue
            facts = self._facts(request, TRIAL_ID, at)
            check_inputs(planned.task, facts, self.known)
            secrets_filled(planned.task.parameters, self.secret)

    def outputs_asked(self) -> frozenset[str]:
        """Tasks whose outputs are parameters of a planned one."""
        return frozenset(
            asked for planned in self.plan.tasks.values() for asked in tasks_asked(planned.task, self.known)
        )

    def parameters(self, task: Task, execution: Execution, outputs: Outputs) -> dict[str, JSON]:
        """The keyword arguments of the call, references to secrets still standing; raises UsageError."""
        facts = self._facts(execution.request, execution.execution_id, execution.created_at)
        facts |= facts_of_outputs(task, outputs, self.known)
        given = {name: fill_templates(value, facts) for name, value in task.parameters.items()}
        return given | {name: outputs[source] for name, source in task.inputs.items()}

    def call(self, start: StartAttempt, execution: Execution, outputs: Outputs) -> Call:
        """The call of one attempt of `execution`; raises UsageError where an input has no value."""
        task = self.plan.tasks[start.attempt.run.task_id].task
        written = self.parameters(task, execution, outputs)
        parameters, secrets = secrets_filled(written, self.secret)
        timeout = task.timeout or self.limits.default_timeout
        return Call(
            attempt=start.attempt,
            module_path=task.module_path,
            function_name=task.function_name,
            parameters=parameters,
            timeout=timeout if start.limit is None else min(timeout, start.limit),
            kill_grace=self.limits.kill_grace,
            log_path=str(self.state / self.log_name(start.attempt)),
            environment=self._environment_of(task, execution),
            search_path=tuple(str(folder) for folder in self.search_path),
            allowed_modules=(*self.allowed_modules, *self.limits.allowed_modules),
            working_directory=str(self.home),
            hidden=tuple(
                self.hidden(execution.request)
                | secret_values(parameters)
                | {spelling for secret in secrets for spelling in spellings(secret)}
            ),
            alone=start.alone,
            memory_limit_mb=task.memory_limit_mb,
            # a warm process keeps the code that it imported: no result of it may be kept for the code of today
            isolation=(Isolation.FRESH if task.cache is not None else task.isolation).value,
        )

    def log_name(self, attempt: AttemptKey) -> str:
        """Where the log of `attempt` lies, relative to the state folder."""
        return attempt_log_name(attempt, self.plan.tasks[attempt.run.task_id].position)

    def hidden(self, request: Request) -> frozenset[str]:
        """Values that must not be shown or stored."""
        return self._hidden_of_all | secret_values(request.parameters)

    @cached_property
    def _hidden_of_all(self) -> frozenset[str]:
        """Those of the environment and of all tasks: gone through once, not at every call."""
        parameters = [planned.task.parameters for planned in self.plan.tasks.values()]
        return secret_values(self.environments["inherit"], *parameters) | self._declared_secrets

    @cached_property
    def _declared_secrets(self) -> frozenset[str]:
        """Values of all `$secret`s of the plan, as far as they can be had: any task may come across them."""
        found: set[str] = set()
        for planned in self.plan.tasks.values():
            with suppress(UsageError):
                found |= secrets_filled(planned.task.parameters, self.secret)[1]
        return frozenset(spelling for secret in found for spelling in spellings(secret))

    def _environment_of(self, task: Task, execution: Execution) -> dict[str, str]:
        """The task's environment; an execution keeps the data source that it was started with (R23)."""
        source = execution.request.data_source
        kept = {} if source is None else {"ETL_SOURCE": source}
        return {**self._environment(task), **kept, "ETL_EXECUTION_ID": execution.execution_id}

    def _environment(self, task: Task) -> Mapping[str, str]:
        return self.environments[task.environment or self.limits.environment]

    def _facts(self, request: Request, execution_id: str, at: datetime) -> dict[str, JSON]:
        """What `${…}` may name, outputs of tasks aside; a variable asked for by name is given to clean tasks, too."""
        facts: dict[str, JSON] = {f"params.{name}": value for name, value in request.parameters.items()}
        facts |= {f"env.{name}": value for name, value in self.environments["inherit"].items()}
        slot = request.scheduled_for  # in the schedule's own zone
        local = at.astimezone(self.zone) if slot is None else datetime.fromisoformat(slot)
        return facts | {"execution.id": execution_id, "execution.date": local.date().isoformat()}
