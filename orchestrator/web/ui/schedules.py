"""Programación: what runs when, and which workflows wait for somebody to start them."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from orchestrator.operations.parts import Parts
from orchestrator.operations.schedules import coming, when
from orchestrator.web.requests import house_of
from orchestrator.web.ui import rendering
from orchestrator.web.ui.showing import live_part, moves_execution, reader

router = APIRouter(prefix="/ui", include_in_schema=False)

NEXT: Final = 3
LAST: Final = 5
"""Slots of each schedule that are told."""
MOST: Final = 200
"""Schedules, and workflows without one, that a page tells."""


@router.get("/schedules", dependencies=[reader])
def schedules(request: Request) -> Response:
    """The page."""
    facts = facts_of(house_of(request).parts_at_hand())
    return rendering.page(request, "schedules.html", section="schedules", live="/ui/live/schedules", **facts)


@router.get("/live/schedules", dependencies=[reader])
async def live_schedules(request: Request) -> Response:
    """The same as executions come and go."""
    house = house_of(request)
    return live_part(request, "parts/schedules.html", lambda: facts_of(house.parts_at_hand()), moves_execution)


def facts_of(parts: Parts) -> dict[str, Any]:
    """Every schedule with its slots, and every other workflow with its last execution; raises StoreUnusable."""
    workflows, every = parts.registry.workflows, parts.registry.schedules
    found = coming(parts, count=NEXT, last=LAST, most=MOST)
    scheduled = {schedule.workflow for schedule in every.values()}
    unscheduled = [name for name in workflows if name not in scheduled]
    alone = unscheduled[:MOST]
    latest = parts.store.latest_executions(alone, each=1)
    return {
        "schedules": [(one, when(one.schedule), ZoneInfo(one.schedule.timezone)) for one in found],
        "unscheduled": [(workflows[name], latest[name][0] if latest[name] else None) for name in alone],
        "more": len(every) - len(found),
        "more_workflows": len(unscheduled) - len(alone),
        "zone": parts.zone,
        "now": datetime.now(UTC),
    }
