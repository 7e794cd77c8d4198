"""What is answered, as models for the OpenAPI document; the answers themselves are plain JSON."""

from json import dumps
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import Response

from orchestrator.core.outcomes import JSON
from orchestrator.core.states import ExecutionStatus, TaskStatus

ALWAYS: Final = (401, 403, 404, 421, 429, 503)
"""Statuses that any address may answer."""
WITH_BODY: Final = (400, 408, 413, 415, 422)
"""Statuses that an address may answer besides which is sent a body."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Problem(_Answer):
    """RFC 9457: what is wrong with a request."""

    type: str = Field(examples=["urn:orquestador-etl:problem:unknown-workflow"])
    title: str
    status: int
    detail: str
    errors: list["ProblemPlace"] = Field(default_factory=list)


class ProblemPlace(_Answer):
    """One fault of a body or a configuration, and where it stands."""

    place: str
    detail: str


class Service(_Answer):
    """What this is."""

    name: str
    version: str
    description: str
    endpoints: list[str]


class Health(_Answer):
    """That the server is there."""

    status: str = Field(examples=["ok", "degraded"])


class WorkerHealth(_Answer):
    """A worker process of this server; `silent_for` in seconds."""

    pid: int | None
    state: Literal["starts", "runs", "silent", "gone"]
    silent_for: float


class ServerHealth(Health):
    """That the server is there, and, for whoever sends a token, how its workers are."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=False)

    workers: list[WorkerHealth] = Field(default=[], description="Solo con token / only with a token")


class Readiness(_Answer):
    """Whether it can do its work; `troubles` say what keeps it from it."""

    status: str = Field(examples=["ready", "not ready"])
    troubles: list[str]
    workers: int = Field(description="Procesos que ejecutan / worker processes that run")


class TaskDefinition(_Answer):
    """A task; times are seconds."""

    task_id: str
    name: str
    category: str
    critical: bool
    timeout: float
    retry_count: int
    dependencies: list[str]
    after: list[str]
    description: str
    function: str


class Tasks(_Answer):
    """The tasks of a configuration, in its order."""

    tasks: list[TaskDefinition]
    total: int


class WorkflowDefinition(_Answer):
    """A workflow and the ids that it selects; `parameters` by name with their type."""

    workflow: str
    name: str
    description: str
    tasks: list[str]
    count: int
    parameters: dict[str, str]


class Workflows(_Answer):
    """The workflows of a configuration, in its order."""

    workflows: list[WorkflowDefinition]
    total: int


class Validation(_Answer):
    """Whether a configuration can be used, and every problem that keeps it from it."""

    valid: bool
    problems: list[str]
    tasks: int | None
    workflows: int | None


class Plan(_Answer):
    """What an execution would do."""

    model_config = ConfigDict(extra="allow")

    workflow: str | None
    parallel: bool
    max_workers: int
    execution_order: list[str]
    assumed_satisfied: list[str]
    tasks: list[dict[str, JsonValue]]


class Accepted(_Answer):
    """An execution that was stored, or that stood already."""

    execution_id: str = Field(examples=["exec_20240918_143022_a1b2c3d4"])
    status: ExecutionStatus
    message: str
    links: dict[str, str]


class ExecutionSummary(_Answer):
    """An execution in a list; durations in seconds, times ISO 8601 with offset."""

    execution_id: str
    status: ExecutionStatus
    workflow: str | None
    started_by: str
    created_at: str
    start_time: str | None
    end_time: str | None
    total_duration: float | None
    exit_code: int | None
    task_count: int
    rerun_of: str | None


class Executions(_Answer):
    """Newest first; `next` is the cursor of the next page, null on the last one."""

    executions: list[ExecutionSummary]
    next: str | None


class SlotDecided(_Answer):
    """What became of a slot."""

    slot: str
    fate: Literal["fired", "missed", "skipped", "refused"]
    execution_id: str | None
    decided_at: str | None
    reason: str | None


class SchedulePause(_Answer):
    """Who paused a schedule, and why."""

    at: str | None
    by: str
    reason: str


class Schedule(_Answer):
    """When a workflow is due; `next` and `last` are in its own zone, `every` in seconds."""

    schedule: str
    description: str
    workflow: str
    when: str
    cron: str | None
    every: float | None
    timezone: str
    working_days: bool
    catchup: Literal["none", "latest", "all"]
    enabled: bool
    paused: SchedulePause | None
    next: list[str]
    last: list[SlotDecided]


class Schedules(_Answer):
    """All of the configuration, in the order of the file."""

    schedules: list[Schedule]


class TaskResult(_Answer):
    """What became of one task; `duration` in seconds from its first start to its end."""

    model_config = ConfigDict(extra="allow")

    task_id: str
    status: TaskStatus
    start_time: str | None
    end_time: str | None
    duration: float | None
    output: JsonValue
    error: str | None


class ExecutionReport(_Answer):
    """An execution whole, as its report."""

    model_config = ConfigDict(extra="allow")

    execution_id: str
    status: ExecutionStatus
    workflow: str | None
    start_time: str | None
    end_time: str | None
    total_duration: float | None
    execution_order: list[str]
    results: dict[str, TaskResult]


class ReportSummary(_Answer):
    """A report in a list."""

    execution_id: str
    status: ExecutionStatus
    workflow: str | None
    end_time: str | None
    total_duration: float | None
    report: str


class Reports(_Answer):
    """Newest first; `next` is the cursor of the next page, null on the last one."""

    reports: list[ReportSummary]
    next: str | None


class Ended(_Answer):
    """What became of a wish to end or to forget an execution."""

    execution_id: str
    status: ExecutionStatus
    message: str


def ok(model: type[BaseModel], *statuses: int, success: int = 200) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of an address: its answer, and every status that it may refuse with."""
    return {success: {"model": model}} | problems(*statuses)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of an address, besides those of all."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": "Problem", "content": content} for status in sorted({*statuses, *ALWAYS})}


def json(content: JSON, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(json_bytes(content), status_code=status, media_type="application/json", headers=headers)


def json_bytes(content: JSON) -> bytes:
    """`content` in UTF-8; halves of characters, which a task may have returned, are spelt out."""
    return dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
