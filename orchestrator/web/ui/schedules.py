"""Programación: what runs when, and which workflows wait for somebody to start them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from orchestrator.web.ui import rendering
from orchestrator.web.ui.showing import reader

router = APIRouter(prefix="/ui", include_in_schema=False)


@router.get("/schedules", dependencies=[reader])
def schedules(request: Request) -> Response:
    """The page."""
    return rendering.page(request, "schedules.html", section="schedules", live=None)
