"""Sistema: workers, leases, queue, pools and the store; for an admin, who may ask and who asked."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from orchestrator.web.ui import rendering
from orchestrator.web.ui.showing import reader

router = APIRouter(prefix="/ui", include_in_schema=False)


@router.get("/system", dependencies=[reader])
def system(request: Request) -> Response:
    """The page."""
    return rendering.page(request, "system.html", section="system", live=None)
