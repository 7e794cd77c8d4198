"""Pages of what was and is executed: home, workflows, executions; and the live parts of each."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.core.states import ExecutionStatus
from orchestrator.core.tasks import Workflow
from orchestrator.web.executions import next_cursor, page_of
from orchestrator.web.problems import RequestRefused
from orchestrator.web.requests import execution_named, house_of
from orchestrator.web.ui import rendering
from orchestrator.web.ui.configuration_page import part_of, problems_at_hand
from orchestrator.web.ui.course import course_of
from orchestrator.web.ui.drawing import Asked
from orchestrator.web.ui.durations_shown import durations_of
from orchestrator.web.ui.flows import flow, flows, grid_of
from orchestrator.web.ui.overview import overview
from orchestrator.web.ui.run_form import fields_of
from orchestrator.web.ui.showing import anything, live_part, moves_execution, reader

router = APIRouter(prefix="/ui", include_in_schema=False)

ON_A_PAGE: Final = 50


def asked_for(
    group: Annotated[list[str] | None, Query(max_length=20)] = None,
    task: Annotated[str, Query(max_length=200)] = "",
) -> Asked:
    """Which tasks a page with a graph is asked for."""
    return Asked(words=task.strip(), groups=group or [])


Wanted = Annotated[Asked, Depends(asked_for)]


@router.get("", dependencies=[reader])
def home(request: Request) -> Response:
    """What runs, what failed, what waits."""
    return rendering.page(request, "home.html", section="home", live="/ui/live/home", **_home(request)())


@router.get("/workflows", dependencies=[reader])
def workflows(request: Request) -> Response:
    """All of the server's configuration, each with how it went."""
    facts = _workflows(request)()
    return rendering.page(request, "workflows.html", section="workflows", live="/ui/live/workflows", **facts)


@router.get("/workflows/{workflow_id}", dependencies=[reader])
def workflow(request: Request, workflow_id: str, asked: Wanted) -> Response:
    """One of them: its last executions by task, its graph, and what executes it."""
    parts = house_of(request).parts_at_hand()
    found = parts.registry.workflows.get(workflow_id)
    if found is None:
        return rendering.page(request, "nothing.html", section="workflows", status=404, live=None)
    facts = flow(parts, found, asked) | grid_of(parts, found, asked)
    facts |= durations_of(parts, found) | part_of(parts, found) | {"fields": fields_of(found)}
    live = f"/ui/live/workflows/{quote(workflow_id, safe='')}{facts['drawing'].asked.query}"
    return rendering.page(request, "workflow.html", section="workflows", live=live, **facts)


@router.get("/executions", dependencies=[reader])
def executions(
    request: Request,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    workflow: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """All of them, newest first, a page at a time; or those whose id holds `q`."""
    facts = _executions(request, status or [], workflow or None, cursor, q.strip())()
    live = f"/ui/live/executions?{request.url.query}" if cursor is None else None
    return rendering.page(request, "executions.html", section="executions", live=live, **facts)


@router.get("/executions/{execution_id}", dependencies=[reader])
def execution(request: Request, execution_id: str, asked: Wanted) -> Response:
    """One of them, whole."""
    try:
        facts = _execution(request, execution_id, asked)()
    except RequestRefused as refusal:
        return rendering.page(request, "nothing.html", section="executions", status=refusal.status, live=None)
    ended = facts["course"].status.final
    live = None if ended else f"/ui/live/executions/{execution_id}{facts['course'].drawing.asked.query}"
    return rendering.page(request, "execution.html", section="executions", live=live, **facts)


@router.get("/live/home", dependencies=[reader])
async def live_home(request: Request) -> Response:
    """The first page as it changes."""
    return live_part(request, "parts/home.html", _home(request), anything)


@router.get("/live/workflows", dependencies=[reader])
async def live_workflows(request: Request) -> Response:
    """The workflows as their executions go."""
    return live_part(request, "parts/workflows.html", _workflows(request), moves_execution)


@router.get("/live/workflows/{workflow_id}", dependencies=[reader])
async def live_workflow(request: Request, workflow_id: str, asked: Wanted) -> Response:
    """The grid of a workflow as it grows."""
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        found = parts.registry.workflows.get(workflow_id)
        return grid_of(parts, found if found is not None else Workflow(workflow_id=workflow_id), asked)

    return live_part(request, "parts/grid.html", facts, anything)


@router.get("/live/executions", dependencies=[reader])
async def live_executions(
    request: Request,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    workflow: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The list as it changes."""
    facts = _executions(request, status or [], workflow or None, None, q.strip())
    return live_part(request, "parts/executions.html", facts, moves_execution)


@router.get("/live/executions/{execution_id}", dependencies=[reader])
async def live_execution(request: Request, execution_id: str, asked: Wanted) -> Response:
    """An execution as it goes on."""
    await run_in_threadpool(lambda: execution_named(house_of(request).store, execution_id))
    facts = _execution(request, execution_id, asked)
    return live_part(
        request,
        "parts/execution.html",
        facts,
        lambda placed: placed.event.execution_id == execution_id,
        new_executions=False,
    )


@router.get("/{rest:path}", dependencies=[reader])
def nothing(request: Request, rest: str) -> Response:
    """An address that leads nowhere."""
    del rest
    return rendering.page(request, "nothing.html", section="", status=404, live=None)


def _home(request: Request) -> Callable[[], dict[str, Any]]:
    house, state = house_of(request), request.app.state
    return lambda: overview(house.parts_at_hand(), state.lately, state.reported)


def _workflows(request: Request) -> Callable[[], dict[str, Any]]:
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        return flows(parts) | problems_at_hand(parts)

    return facts


def _executions(
    request: Request, statuses: list[ExecutionStatus], workflow: str | None, cursor: str | None, words: str
) -> Callable[[], dict[str, Any]]:
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        found = page_of(parts, cursor, ON_A_PAGE, statuses, workflow=workflow, part=words or None)
        return {
            "executions": found,
            "next": next_cursor(found, ON_A_PAGE),
            "chosen": [status.value for status in statuses],
            "workflow": workflow or "",
            "words": words,
            "workflows": sorted(parts.registry.workflows),
            "every_status": [status.value for status in ExecutionStatus],
            "zone": parts.zone,
            "first_page": cursor is None,
        }

    return facts


def _execution(request: Request, execution_id: str, asked: Asked) -> Callable[[], dict[str, Any]]:
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        found = execution_named(parts.store, execution_id)
        return {"course": course_of(parts, found, asked), "execution": found, "zone": parts.zone}

    return facts
