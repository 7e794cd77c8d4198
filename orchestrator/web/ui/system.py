"""Sistema: workers, leases, queue, pools and the store; for an admin, who may ask and who asked."""

import asyncio
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import psutil
from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.core.errors import ConfigurationRefused, OrchestratorError
from orchestrator.core.messages import N_
from orchestrator.core.storing import Token
from orchestrator.operations.stock import Stock, stock_of
from orchestrator.operations.tokens import Role
from orchestrator.settings import VERSION
from orchestrator.translation import say_all
from orchestrator.web.house import House
from orchestrator.web.news import MOST_LISTENERS
from orchestrator.web.remembering import Remembered
from orchestrator.web.requests import bearer_of, house_of, needs
from orchestrator.web.ui import rendering
from orchestrator.web.ui.at_work import at_work
from orchestrator.web.ui.audit_lines import tail_of
from orchestrator.web.ui.examination import Examination
from orchestrator.web.ui.live import MOST_WATCHERS
from orchestrator.web.ui.showing import anything, live_part, reader

router = APIRouter(prefix="/ui", include_in_schema=False)

FRESH: Final = 10.0
"""Seconds for which the stock is not taken anew: it counts the whole store."""
MOST_PROBLEMS: Final = 20
SHOWN_OF_AUDIT: Final = 10
admin: Final = Depends(needs(Role.ADMIN))
Words = Annotated[str, Query(max_length=100)]


@router.get("/system", dependencies=[reader])
def system(request: Request) -> Response:
    """The page, without what counts the whole store: that is asked for once the page is there."""
    is_admin = bearer_of(request).role >= Role.ADMIN
    house = house_of(request)
    return rendering.page(
        request,
        "system.html",
        section="system",
        live="/ui/live/system",
        server=_server(request),
        problems=_problems(house),
        is_admin=is_admin,
        tokens=[_token(token) for token in house.store.tokens()] if is_admin else [],
        audit=tail_of(_audit(house), most=SHOWN_OF_AUDIT) if is_admin else None,
        **_work(request)(),
    )


@router.get("/live/system", dependencies=[reader])
async def live_system(request: Request) -> Response:
    """Workers, leases, queue and pools as they change."""
    return live_part(request, "parts/system.html", _work(request), anything)


@router.get("/system/store", dependencies=[reader])
async def store(request: Request) -> Response:
    """What the store and the folders hold; as a part of the page where a script asks."""
    house = house_of(request)
    stock: Remembered[Stock] = _kept(request, "stock", lambda: Remembered(seconds=FRESH))
    async with _kept(request, "stock_turn", asyncio.Lock):  # who waits for it keeps no thread from others
        taken = await run_in_threadpool(lambda: stock.fresh(lambda: stock_of(house.parts_at_hand())))
    return await run_in_threadpool(_part, request, "store", {"stock": taken})


@router.get("/system/doctor", dependencies=[reader])
async def doctor(request: Request) -> Response:
    """What `etl doctor` finds now; as a part of the page where a script asks."""
    house = house_of(request)
    examination = _kept(request, "examination", lambda: Examination(settings=house.settings))
    return await run_in_threadpool(_part, request, "doctor", {"examined": await examination.examine()})


@router.get("/system/audit", dependencies=[admin])
def audit(request: Request, by: Words = "", what: Words = "") -> Response:
    """The newest lines of what was done and of what was refused, for an admin."""
    done = _audit(house_of(request))
    return rendering.page(
        request,
        "audit.html",
        section="system",
        live=None,
        by=by,
        what=what,
        done=tail_of(done, by=by, what=what),
        refused=tail_of(done.with_name("refused.jsonl"), by=by, what=what),
        done_file=str(done),
        refused_file=str(done.with_name("refused.jsonl")),
        zone=house_of(request).parts_at_hand().zone,
    )


def _work(request: Request) -> Callable[[], dict[str, Any]]:
    house, state = house_of(request), request.app.state

    def facts() -> dict[str, Any]:
        streams = [
            ("events", state.news.listening, MOST_LISTENERS),
            ("watchers", state.live.watching, MOST_WATCHERS),
            ("logs", state.log_followers.taken, state.log_followers.most),
        ]
        return {**at_work(house.parts_at_hand(), state.workers), "streams": streams}

    return facts


def _server(request: Request) -> dict[str, Any]:
    """What the server is and where it stands."""
    house = house_of(request)
    return {
        "version": VERSION,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": platform.node(),
        "pid": os.getpid(),
        "since": datetime.fromtimestamp(psutil.Process().create_time(), UTC),
        "home": str(house.settings.home),
        "configuration": str(house.settings.config),
        "zone": str(house.parts_at_hand().zone),
    }


def _problems(house: House) -> list[str]:
    """What is wrong with the configuration; nothing where it can be used."""
    try:
        house.parts()
    except ConfigurationRefused as refused:
        return [line.strip() for line in say_all(refused)[1 : MOST_PROBLEMS + 1]]
    except OrchestratorError as trouble:
        return say_all(trouble)
    return []


def _token(token: Token) -> dict[str, Any]:
    """A token as a page shows it: nothing of what it is made of."""
    now = datetime.now(UTC)
    expired = token.expires_at is not None and token.expires_at <= now
    state = N_("revoked") if token.revoked_at is not None else N_("expired") if expired else N_("in use")
    return {
        "name": token.name,
        "role": token.role,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "state": state,
    }


def _audit(house: House) -> Path:
    return house.settings.state / "audit.jsonl"


def _part(request: Request, name: str, facts: dict[str, Any]) -> Response:
    """A part for htmx to put in its place, or a page of its own for those without scripts."""
    if request.headers.get("hx-request"):
        return rendering.html(f"parts/{name}.html", **facts)
    return rendering.page(request, "part.html", section="system", live=None, part=f"parts/{name}.html", **facts)


def _kept(request: Request, name: str, make: Callable[[], Any]) -> Any:
    """What one server keeps for this page."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, make())
    return getattr(state, name)
