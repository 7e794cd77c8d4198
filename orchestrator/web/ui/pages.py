"""The addresses of the dashboard: pages, their live parts, the session, the files of ours that browsers ask for."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.core.events import ExecutionMoved
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Placed
from orchestrator.core.tasks import Workflow
from orchestrator.documents.bodies import LanguageBody, LoginBody
from orchestrator.operations.tokens import Role
from orchestrator.translation import LANGUAGES, current_language
from orchestrator.web.access import Access
from orchestrator.web.executions import next_cursor, page_of
from orchestrator.web.problems import RequestRefused, refused
from orchestrator.web.requests import bearer_of, body_as, execution_named, house_of, needs
from orchestrator.web.ui import rendering, session
from orchestrator.web.ui.course import course_of
from orchestrator.web.ui.flows import flow, flows, grid_of
from orchestrator.web.ui.live import Live, View
from orchestrator.web.ui.overview import overview

router = APIRouter(prefix="/ui", include_in_schema=False)
reader = Depends(needs(Role.READ))

ON_A_PAGE: Final = 50
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
_OURS: Final = re.compile(r"/ui([/?][^\\\s]*)?")
FOR_EVER: Final = "public, max-age=31536000, immutable"


@router.get("/login")
async def login_page(request: Request) -> Response:
    """Asks for the token, once."""
    return rendering.html("login.html", next=_inside(request.query_params.get("next")))


@router.post("/login")
async def login(request: Request, body: Annotated[LoginBody, Depends(body_as(LoginBody))]) -> Response:
    """Keep a token that opens something; raises RequestRefused (401, 429)."""
    access: Access = request.app.state.access
    peer = request.client.host if request.client else "?"
    await access.bearer(f"Bearer {body.token.strip()}", peer=peer, proxied=False)
    response = Response(status_code=204)
    session.begin(response, request.scope, body.token.strip())
    return response


@router.post("/logout", dependencies=[reader])
async def logout(request: Request) -> Response:
    """Forget it."""
    response = Response(status_code=204)
    session.end(response, request.scope)
    return response


@router.post("/language")
async def language(request: Request, body: Annotated[LanguageBody, Depends(body_as(LanguageBody))]) -> Response:
    """Speak another language on the pages from now on."""
    if body.language not in LANGUAGES:
        raise refused(422, "not-valid", N_("there is no such language here"))
    response = Response(status_code=204)
    session.speak(response, request.scope, body.language)
    return response


@router.get("/static/{digest}/{name:path}")
async def static(digest: str, name: str) -> Response:
    """A file of ours by its name and digest."""
    found = await run_in_threadpool(rendering.static_file, name)
    if found is None:
        raise refused(404, "not-found", N_("there is nothing of that name here"))
    content, known = found
    kind = KINDS[f".{name.rpartition('.')[2]}"]
    keep = FOR_EVER if digest == known else "no-cache"
    return Response(content, media_type=f"{kind}; charset=utf-8", headers={"cache-control": keep})


@router.get("/static/{rest:path}")
async def no_file(rest: str) -> Response:
    """What no digest stands before."""
    del rest
    raise refused(404, "not-found", N_("there is nothing of that name here"))


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
def workflow(request: Request, workflow_id: str) -> Response:
    """One of them: its last executions by task, its graph, and what executes it."""
    parts = house_of(request).parts_at_hand()
    found = parts.registry.workflows.get(workflow_id)
    if found is None:
        return rendering.page(request, "nothing.html", section="workflows", status=404, live=None)
    live = f"/ui/live/workflows/{quote(workflow_id, safe='')}"
    facts = flow(parts, found) | grid_of(parts, found)
    return rendering.page(request, "workflow.html", section="workflows", live=live, **facts)


@router.get("/executions", dependencies=[reader])
def executions(
    request: Request,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    workflow: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """All of them, newest first, a page at a time."""
    facts = _executions(request, status or [], workflow or None, cursor)()
    live = f"/ui/live/executions?{request.url.query}" if cursor is None else None
    return rendering.page(request, "executions.html", section="executions", live=live, **facts)


@router.get("/executions/{execution_id}", dependencies=[reader])
def execution(request: Request, execution_id: str) -> Response:
    """One of them, whole."""
    try:
        facts = _execution(request, execution_id)()
    except RequestRefused as refusal:
        return rendering.page(request, "nothing.html", section="executions", status=refusal.status, live=None)
    ended = facts["course"].status.final
    live = None if ended else f"/ui/live/executions/{execution_id}"
    return rendering.page(request, "execution.html", section="executions", live=live, **facts)


@router.get("/live/home", dependencies=[reader])
async def live_home(request: Request) -> Response:
    """The first page as it changes."""
    return _live(request, "parts/home.html", _home(request), lambda _placed: True)


@router.get("/live/workflows", dependencies=[reader])
async def live_workflows(request: Request) -> Response:
    """The workflows as their executions go."""
    return _live(request, "parts/workflows.html", _workflows(request), _moves_execution)


@router.get("/live/workflows/{workflow_id}", dependencies=[reader])
async def live_workflow(request: Request, workflow_id: str) -> Response:
    """The grid of a workflow as it grows."""
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        found = parts.registry.workflows.get(workflow_id)
        return grid_of(parts, found if found is not None else Workflow(workflow_id=workflow_id))

    return _live(request, "parts/grid.html", facts, lambda _placed: True)


@router.get("/live/executions", dependencies=[reader])
async def live_executions(
    request: Request,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    workflow: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The list as it changes."""
    facts = _executions(request, status or [], workflow or None, None)
    return _live(request, "parts/executions.html", facts, _moves_execution)


@router.get("/live/executions/{execution_id}", dependencies=[reader])
async def live_execution(request: Request, execution_id: str) -> Response:
    """An execution as it goes on."""
    await run_in_threadpool(lambda: execution_named(house_of(request).store, execution_id))
    facts = _execution(request, execution_id)
    return _live(request, "parts/execution.html", facts, lambda placed: placed.event.execution_id == execution_id)


@router.get("/{rest:path}", dependencies=[reader])
def nothing(request: Request, rest: str) -> Response:
    """An address that leads nowhere."""
    del rest
    return rendering.page(request, "nothing.html", section="", status=404, live=None)


def trouble(request: Request, problem: Response, why: str) -> Response:
    """`problem` as a page, for those who asked for a page."""
    if not session.is_page(request.scope):
        return problem
    return rendering.html("trouble.html", status=problem.status_code, why=why)


def _home(request: Request) -> Callable[[], dict[str, Any]]:
    house = house_of(request)
    return lambda: overview(house.parts_at_hand())


def _workflows(request: Request) -> Callable[[], dict[str, Any]]:
    house = house_of(request)
    return lambda: flows(house.parts_at_hand())


def _executions(
    request: Request, statuses: list[ExecutionStatus], workflow: str | None, cursor: str | None
) -> Callable[[], dict[str, Any]]:
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        found = page_of(parts, cursor, ON_A_PAGE, statuses, workflow=workflow)
        return {
            "executions": found,
            "next": next_cursor(found, ON_A_PAGE),
            "chosen": [status.value for status in statuses],
            "workflow": workflow or "",
            "workflows": sorted(parts.registry.workflows),
            "every_status": [status.value for status in ExecutionStatus],
            "zone": parts.zone,
            "first_page": cursor is None,
        }

    return facts


def _execution(request: Request, execution_id: str) -> Callable[[], dict[str, Any]]:
    house = house_of(request)

    def facts() -> dict[str, Any]:
        parts = house.parts_at_hand()
        found = execution_named(parts.store, execution_id)
        return {"course": course_of(parts, found), "execution": found, "zone": parts.zone}

    return facts


def _live(
    request: Request, template: str, facts: Callable[[], dict[str, Any]], wanted: Callable[[Placed], bool]
) -> Response:
    live: Live = request.app.state.live
    access: Access = request.app.state.access
    may_run = bearer_of(request).role >= Role.RUN
    view = View(
        key=f"{request.url.path}?{request.url.query} {current_language()} {may_run}",
        render=lambda: rendering.render(template, may_run=may_run, **facts()),
        wanted=wanted,
    )
    stream = live.stream(view, lambda: access.still_opens(request.state.authorization))
    if stream is None:
        raise RequestRefused(
            429, "too-many-streams", Message(template=N_("as many listen as may; try again later")), retry_after=30
        )
    return stream


def _moves_execution(placed: Placed) -> bool:
    return isinstance(placed.event.move, ExecutionMoved)


def _inside(address: str | None) -> str:
    """An address of ours to go on to; the first page for anything else."""
    ours = address is not None and _OURS.fullmatch(address) and not address.startswith("/ui/login")
    return address if address is not None and ours else "/ui"
