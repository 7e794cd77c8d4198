"""Datos: what the last load of each table changed, how good it is, and where its reports are."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from orchestrator.core.errors import NoSuchExecution
from orchestrator.core.identity import is_execution_id
from orchestrator.web.requests import house_of
from orchestrator.web.ui import files, rendering
from orchestrator.web.ui.loads import Memory, data_page
from orchestrator.web.ui.showing import live_part, moves_execution, reader

router = APIRouter(prefix="/ui", include_in_schema=False)
router.include_router(files.router)

WorkflowName = Annotated[str | None, Query(max_length=200)]


@router.get("/data", dependencies=[reader])
def data(
    request: Request, workflow: WorkflowName = None, execution: Annotated[str | None, Query(max_length=80)] = None
) -> Response:
    """The latest load of each table, of all workflows or of one; or what one execution loaded."""
    try:
        facts = _facts(request, workflow or None, execution or None)()
    except NoSuchExecution:
        return rendering.page(request, "nothing.html", section="data", status=404, live=None)
    live = None if execution else f"/ui/live/data?{request.url.query}"
    return rendering.page(request, "data.html", section="data", live=live, **facts)


@router.get("/live/data", dependencies=[reader])
async def live_data(request: Request, workflow: WorkflowName = None) -> Response:
    """The latest loads, as executions end."""
    return live_part(request, "parts/data.html", _facts(request, workflow or None, None), moves_execution)


def _facts(request: Request, workflow: str | None, execution_id: str | None) -> Callable[[], dict[str, Any]]:
    house = house_of(request)
    memory: Memory = request.app.state.reported

    def facts() -> dict[str, Any]:
        if execution_id is not None and not is_execution_id(execution_id):
            raise NoSuchExecution(execution_id)
        return data_page(house.parts_at_hand(), memory, workflow=workflow, execution_id=execution_id)

    return facts
