"""Two executions side by side: what took longer, what gave other rows, what was configured otherwise."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import redact, secret_values, shown_parameters
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.core.states import ExecutionStatus
from orchestrator.operations.differences import (
    Differences,
    TaskDifference,
    beyond_noise,
    by_key,
    json_differences,
    longer_by,
    task_differences,
)
from orchestrator.operations.parts import Parts
from orchestrator.web.problems import RequestRefused
from orchestrator.web.requests import execution_named, house_of
from orchestrator.web.ui import rendering
from orchestrator.web.ui.showing import reader

router = APIRouter(prefix="/ui", include_in_schema=False)

OFFERED: Final = 20
"""Executions of the workflow that one may compare with."""
LOOKED_THROUGH: Final = 200
"""For those that were asked for by tasks, which the store cannot tell from others."""
MOST_SHOWN: Final = 500
"""Tasks that differ; of those that do not, names."""
LONGEST_SNAPSHOT: Final = 2_000_000
"""Characters; a longer configuration is only said to be another one."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two, as of now."""

    execution: Execution
    status: ExecutionStatus
    runs: Sequence[TaskRun]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`after` against `before`."""

    before: Side
    after: Side
    differing: Sequence[TaskDifference]
    hidden: int
    """Tasks that differ and have no row."""
    equal: Sequence[str]
    """Ids of tasks that do not differ."""
    parameters: Differences
    configuration: Differences | None
    """None where one is not stored any more, or both are too long to be compared."""

    @property
    def seconds(self) -> float | None:
        """By how much `after` took longer."""
        return longer_by(self.before.execution.duration, self.after.execution.duration)

    @property
    def took_otherwise(self) -> bool:
        """Whether their durations differ by more than chance."""
        return self.seconds is not None and beyond_noise(self.seconds, self.before.execution.duration)

    @property
    def nothing_differs(self) -> bool:
        """Whether there is nothing to show but that."""
        same_state = self.before.status is self.after.status
        return same_state and not (
            self.took_otherwise or self.differing or self.parameters or self.configuration is None or self.configuration
        )


@router.get("/executions/{execution_id}/compare", dependencies=[reader])
def compare(
    request: Request, execution_id: str, other_id: Annotated[str | None, Query(alias="with", max_length=80)] = None
) -> Response:
    """An execution against another, or against the one before it."""
    parts = house_of(request).parts_at_hand()
    try:
        this = execution_named(parts.store, execution_id)
        other = execution_named(parts.store, other_id) if other_id else _one_before(parts, this)
    except RequestRefused as refusal:
        return rendering.page(request, "nothing.html", section="executions", status=refusal.status, live=None)
    return rendering.page(
        request,
        "comparison.html",
        section="executions",
        live=None,
        this=this,
        other=other,
        offered=_offered(parts, this, other),
        found=comparison_of(parts, other, this) if other is not None else None,
        zone=parts.zone,
    )


def comparison_of(parts: Parts, before: Execution, after: Execution) -> Comparison:
    """Read both and compare them; raises StoreUnusable."""
    first, second = _side(parts, before), _side(parts, after)
    tasks = task_differences(first.runs, second.runs)
    differing = [task for task in tasks if not task.equal]
    return Comparison(
        before=first,
        after=second,
        differing=differing[:MOST_SHOWN],
        hidden=max(0, len(differing) - MOST_SHOWN),
        equal=[task.task_id for task in tasks if task.equal],
        parameters=json_differences(
            shown_parameters(before.request.parameters), shown_parameters(after.request.parameters)
        ),
        configuration=_configurations(parts, before, after),
    )


def _side(parts: Parts, execution: Execution) -> Side:
    status = stands_at(execution, datetime.now(UTC))
    runs = runs_stand_at(parts.store.task_runs(execution.execution_id), status)
    return Side(execution=execution, status=status, runs=runs)


def _configurations(parts: Parts, before: Execution, after: Execution) -> Differences | None:
    """Of what either was started with, as far as it concerns them."""
    if before.request.snapshot == after.request.snapshot:
        return Differences()
    try:
        texts = [parts.store.snapshot(one.request.snapshot) for one in (before, after)]
    except KeyError:
        return None
    if max(map(len, texts)) > LONGEST_SNAPSHOT:
        return None
    workflows = {one.request.workflow for one in (before, after)}
    tasks = frozenset((*before.request.tasks, *after.request.tasks))
    first, second = (_concerning(json.loads(text), workflows, tasks) for text in texts)
    hidden = secret_values(first, second, parts.settings.environment)
    return json_differences(redact(first, hidden), redact(second, hidden))


def _concerning(document: dict[str, Any], workflows: set[str | None], tasks: frozenset[str]) -> dict[str, JSON]:
    """What a snapshot says of these workflows and tasks, and of all; tasks by their ids."""
    return {
        "orchestrator_config": document["orchestrator_config"],
        "pools": document.get("pools", {}),
        "workflows": {name: one for name, one in document["workflows"].items() if name in workflows},
        "tasks": by_key((task for task in document["tasks"] if task["task_id"] in tasks), "task_id"),
    }


def _one_before(parts: Parts, this: Execution) -> Execution | None:
    """The last of the same kind before it that completed, else the last that did not; None before the second."""
    earlier = _alike(parts, this, before=this.execution_id)
    completed = (one for one in earlier if one.status is ExecutionStatus.COMPLETED)
    return next(completed, earlier[0] if earlier else None)


def _offered(parts: Parts, this: Execution, other: Execution | None) -> list[Execution]:
    """The latest of the same kind but itself, newest first, and `other` among them."""
    latest = [one for one in _alike(parts, this) if one.execution_id != this.execution_id]
    if other is not None and other.execution_id not in {one.execution_id for one in latest}:
        latest.append(other)
    return latest


def _alike(parts: Parts, this: Execution, *, before: str | None = None) -> list[Execution]:
    """Executions of the same workflow, or of selected tasks too, newest first."""
    workflow = this.request.workflow
    if workflow is not None:
        return parts.store.list_executions(limit=OFFERED, before=before, workflow=workflow)
    latest = parts.store.list_executions(limit=LOOKED_THROUGH, before=before)
    return [one for one in latest if one.request.workflow is None][:OFFERED]
