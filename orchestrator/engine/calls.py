"""What a place needs to make one attempt of a planned task: templates filled, environment narrowed (D15, D21)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from orchestrator.core.attempt_logs import attempt_log_name
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import AttemptKey
from orchestrator.core.inputs import check_inputs, facts_of_outputs, secrets_filled, tasks_asked
from orchestrator.core.machine_state import StartAttempt
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import fill_templates
from orchestrator.core.plan import Plan
from orchestrator.core.ports import Call
from orchestrator.core.redaction import secret_values
from orchestrator.core.tasks import Limits, Task

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

    def check(self, request: Request, at: datetime) -> None:
        """Fill every task's templates once, before anything is stored; raises UsageError naming what has no value."""
        for planned in self.plan.tasks.values():
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
            environment={**self._environment(task), "ETL_EXECUTION_ID": execution.execution_id},
            search_path=tuple(str(folder) for folder in self.search_path),
            allowed_modules=(*self.allowed_modules, *self.limits.allowed_modules),
            working_directory=str(self.home),
            hidden=tuple(self.hidden(execution.request) | secret_values(parameters) | secrets),
            alone=start.alone,
            memory_limit_mb=task.memory_limit_mb,
            isolation=task.isolation.value,
        )

    def log_name(self, attempt: AttemptKey) -> str:
        """Where the log of `attempt` lies, relative to the state folder."""
        return attempt_log_name(attempt, self.plan.tasks[attempt.run.task_id].position)

    def hidden(self, request: Request) -> frozenset[str]:
        """Values that must not be shown or stored."""
        parameters = [planned.task.parameters for planned in self.plan.tasks.values()]
        return secret_values(self.environments["inherit"], request.parameters, *parameters)

    def _environment(self, task: Task) -> Mapping[str, str]:
        return self.environments[task.environment or self.limits.environment]

    def _facts(self, request: Request, execution_id: str, at: datetime) -> dict[str, JSON]:
        """What `${…}` may name, outputs of tasks aside; a variable asked for by name is given to clean tasks, too."""
        facts: dict[str, JSON] = {f"params.{name}": value for name, value in request.parameters.items()}
        facts |= {f"env.{name}": value for name, value in self.environments["inherit"].items()}
        local = at.astimezone(self.zone)
        return facts | {"execution.id": execution_id, "execution.date": local.date().isoformat()}
