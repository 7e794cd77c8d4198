"""`/metrics` for Prometheus: what the store holds now, and what happened since the server started."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse

from orchestrator.core.events import ExecutionMoved, TaskMoved
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Placed, Store
from orchestrator.operations.tokens import Role
from orchestrator.settings import VERSION
from orchestrator.web import answers
from orchestrator.web.remembering import Remembered
from orchestrator.web.requests import house_of, needs

router = APIRouter(tags=["service"], dependencies=[Depends(needs(Role.READ))])

FRESH: Final = 5.0
"""Seconds for which counts over the whole store are not taken anew."""
BUCKETS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200)
MOST_UNDER_WAY: Final = 1000
UNDER_WAY: Final = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)


@dataclass(kw_only=True)
class Counters:
    """What is counted as it happens; names without a label for what has no bound."""

    workflow_of: Callable[[str], str]
    """The workflow of an execution, "" without one."""
    registry: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=False))

    def __post_init__(self) -> None:
        labels = ["workflow", "status"]
        self._executions = Counter("etl_executions_ended", "Executions that ended", labels, registry=self.registry)
        self._duration = Histogram(
            "etl_execution_duration_seconds", "From start to end", ["workflow"], buckets=BUCKETS, registry=self.registry
        )
        self._tasks = Counter("etl_tasks_ended", "Task runs that ended", ["task", "status"], registry=self.registry)
        self._task_duration = Histogram(
            "etl_task_duration_seconds",
            "From the first start to the end",
            ["task"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._attempts = Counter("etl_attempts_started", "Attempts that began", ["task"], registry=self.registry)
        self._interruptions = Counter(
            "etl_interruptions", "Task runs that were interrupted", ["task"], registry=self.registry
        )
        self._retries = Counter(
            "etl_retries", "Attempts that failed and are tried again", ["task"], registry=self.registry
        )
        self._cpu = Counter("etl_task_cpu_seconds", "Processor time of attempts", ["task"], registry=self.registry)
        self._memory = Gauge("etl_task_peak_memory_bytes", "Of the latest attempt", ["task"], registry=self.registry)

    def observe(self, placed: Placed) -> None:
        """Count one event."""
        move = placed.event.move
        if isinstance(move, ExecutionMoved) and move.after.final:
            workflow = self.workflow_of(placed.event.execution_id)
            self._executions.labels(workflow, move.after.value).inc()
            if move.duration is not None:
                self._duration.labels(workflow).observe(move.duration)
        elif isinstance(move, TaskMoved):
            self._observe_task(move)

    def _observe_task(self, move: TaskMoved) -> None:
        task = move.run.task_id
        if move.after is TaskStatus.RUNNING:
            self._attempts.labels(task).inc()
        elif move.after is TaskStatus.RETRY_WAIT:
            self._retries.labels(task).inc()
        elif move.after is TaskStatus.INTERRUPTED:
            self._interruptions.labels(task).inc()
        elif move.after.final:
            self._tasks.labels(task, move.after.value).inc()
            if move.duration is not None:
                self._task_duration.labels(task).observe(move.duration)
        if move.attempt is not None and move.attempt.ended_at is not None:
            usage = move.attempt.usage
            if usage.cpu_seconds is not None:
                self._cpu.labels(task).inc(usage.cpu_seconds)
            if usage.peak_memory_bytes is not None:
                self._memory.labels(task).set(usage.peak_memory_bytes)


@dataclass(kw_only=True, eq=False)
class Stored(Collector):
    """What the store holds at this moment; counts over all of it are at most a few seconds old."""

    store: Callable[[], Store]
    streams: Callable[[], int]
    workers: Callable[[], int]
    _numbers: Remembered[Mapping[str, Mapping[str, int]]] = field(
        init=False, default_factory=lambda: Remembered(seconds=FRESH)
    )

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client asks for it."""
        numbers = self._numbers.fresh(lambda: self.store().numbers())
        yield _by("etl_executions", "Executions in each state", "status", numbers["executions"], ExecutionStatus)
        yield _by("etl_task_runs", "Task runs in each state", "status", numbers["task_runs"], TaskStatus)
        yield _by("etl_attempts", "Attempts in each state", "status", numbers["attempts"], ())
        yield GaugeMetricFamily(
            "etl_refused_writes", "Writes by owners that had lost it", value=numbers["refused_writes"]["total"]
        )
        now = datetime.now(UTC)
        waiting = self.store().waiting_for_workers(at=now, limit=MOST_UNDER_WAY)
        oldest = max(((now - one.created_at).total_seconds() for one in waiting), default=0.0)
        yield GaugeMetricFamily("etl_queue_length", "Executions that wait for a worker", value=len(waiting))
        yield GaugeMetricFamily("etl_queue_oldest_seconds", "How long the first in line has waited", value=oldest)
        owned = self.store().list_executions(statuses=UNDER_WAY, limit=MOST_UNDER_WAY)
        lease = GaugeMetricFamily(
            "etl_lease_remaining_seconds", "Until the lease of an execution ends", labels=["execution_id"]
        )
        for one in owned:
            if one.lease_until is not None:
                lease.add_metric([one.execution_id], (one.lease_until - now).total_seconds())
        yield lease
        yield GaugeMetricFamily("etl_event_streams", "Clients that listen", value=self.streams())
        yield GaugeMetricFamily("etl_workers", "Worker processes of this server that run", value=self.workers())
        info = GaugeMetricFamily("etl_build_info", "What runs", labels=["version"])
        info.add_metric([VERSION], 1)
        yield info


@router.get(
    "/metrics",
    summary="Métricas para Prometheus / Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses={
        **answers.problems(),
        200: {"description": "text/plain", "content": {"text/plain": {"schema": {"type": "string"}}}},
    },
)
def show_metrics(request: Request) -> Response:
    """Gauges of the store, and counters since this server started."""
    house_of(request)
    return Response(generate_latest(request.app.state.counters.registry), media_type=CONTENT_TYPE_LATEST)


def _by(name: str, meaning: str, label: str, numbers: Mapping[str, int], expected: Iterable[str]) -> GaugeMetricFamily:
    """One gauge per state, those without any included: a line that comes and goes cannot be drawn."""
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for status in dict.fromkeys([*map(str, expected), *numbers]):
        family.add_metric([status], numbers.get(status, 0))
    return family
