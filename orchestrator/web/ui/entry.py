"""The doors of the dashboard: where a session begins and ends, its language, and our files that browsers ask for."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.core.messages import N_
from orchestrator.documents.bodies import LanguageBody, LoginBody
from orchestrator.translation import LANGUAGES
from orchestrator.web.access import Access
from orchestrator.web.problems import refused
from orchestrator.web.requests import body_as
from orchestrator.web.ui import rendering, session
from orchestrator.web.ui.showing import reader

router = APIRouter(prefix="/ui", include_in_schema=False)

KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
FOR_EVER: Final = "public, max-age=31536000, immutable"
_OURS: Final = re.compile(r"/ui([/?][^\\\s]*)?")


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


def _inside(address: str | None) -> str:
    """An address of ours to go on to; the first page for anything else."""
    ours = address is not None and _OURS.fullmatch(address) and not address.startswith("/ui/login")
    return address if address is not None and ours else "/ui"
