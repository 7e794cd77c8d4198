"""Datos: what the last load of each table changed, how good it is, and where its reports are."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from orchestrator.web.ui import rendering
from orchestrator.web.ui.showing import reader

router = APIRouter(prefix="/ui", include_in_schema=False)


@router.get("/data", dependencies=[reader])
def data(request: Request) -> Response:
    """The page."""
    return rendering.page(request, "data.html", section="data", live=None)
