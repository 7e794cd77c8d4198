"""What a place needs to make one attempt of a planned task: templates filled, environment narrowed (D15, D21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from orchestrator.core.attempt_logs import attempt_log_name
from orchestrator.core.executions import Execution, Request
from orchestrator.core.identity import AttemptKey
from orchestrator.core.outcomes import JSON
from orchestrator.core.parameters import fill_templates
from orchestrator.core.plan import Plan
from orchestrator.core.ports import Call
from orchestrator.core.redaction import secret_values
from orchestrator.core.tasks import Limits

TRIAL_ID = "00000000_000000"


@dataclass(frozen=True, kw_only=True)
class CallMaker:
    """Turns planned tasks into calls; the same for every attempt of one execution."""

    plan: Plan
    limits: Limits
    zone: tzinfo
    home: Path
    state: Path
    environment: Mapping[str, str]
    """What every task gets; `ETL_EXECUTION_ID` is added here."""
    search_path: tuple[Path, ...]
    allowed_modules: tuple[str, ...]

    def check(self, request: Request, at: datetime) -> None:
        """Fill every task's templates once, before anything is stored; raises UsageError naming what has no value."""
        facts = self._facts(request, TRIAL_ID, at)
        for planned in self.plan.tasks.values():
            fill_templates(planned.task.parameters, facts)

    def call(self, attempt: AttemptKey, execution: Execution) -> Call:
        """The call of one attempt of `execution`."""
        task = self.plan.tasks[attempt.run.task_id].task
        facts = self._facts(execution.request, execution.execution_id, execution.created_at)
        parameters = {name: fill_templates(value, facts) for name, value in task.parameters.items()}
        return Call(
            attempt=attempt,
            module_path=task.module_path,
            function_name=task.function_name,
            parameters=parameters,
            timeout=task.timeout or self.limits.default_timeout,
            kill_grace=self.limits.kill_grace,
            log_path=str(self.state / self.log_name(attempt)),
            environment={**self.environment, "ETL_EXECUTION_ID": execution.execution_id},
            search_path=tuple(str(folder) for folder in self.search_path),
            allowed_modules=(*self.allowed_modules, *self.limits.allowed_modules),
            working_directory=str(self.home),
            hidden=tuple(self.hidden(execution.request) | secret_values(parameters)),
        )

    def log_name(self, attempt: AttemptKey) -> str:
        """Where the log of `attempt` lies, relative to the state folder."""
        return attempt_log_name(attempt, self.plan.tasks[attempt.run.task_id].position)

    def hidden(self, request: Request) -> frozenset[str]:
        """Values that must not be shown or stored."""
        parameters = [planned.task.parameters for planned in self.plan.tasks.values()]
        return secret_values(self.environment, request.parameters, *parameters)

    def _facts(self, request: Request, execution_id: str, at: datetime) -> dict[str, JSON]:
        """What `${…}` may name."""
        facts: dict[str, JSON] = {f"params.{name}": value for name, value in request.parameters.items()}
        facts |= {f"env.{name}": value for name, value in self.environment.items()}
        local = at.astimezone(self.zone)
        return facts | {"execution.id": execution_id, "execution.date": local.date().isoformat()}
