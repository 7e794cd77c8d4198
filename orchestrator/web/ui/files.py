"""Files that tasks reported, handed out: a page may be looked at and runs nothing, everything else is downloaded."""

import mimetypes
import os
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from orchestrator.core.executions import TaskRun
from orchestrator.core.messages import N_, Message
from orchestrator.operations.parts import Parts
from orchestrator.operations.reported import pages_of
from orchestrator.operations.reported_files import (
    Found,
    NotHandedOut,
    entries_of,
    entry_of,
    look_at,
    open_found,
    pieces_of,
)
from orchestrator.operations.telling import files_of
from orchestrator.translation import say
from orchestrator.web.logs import Places
from orchestrator.web.problems import RequestRefused, not_found
from orchestrator.web.requests import execution_named, house_of
from orchestrator.web.ui import rendering
from orchestrator.web.ui.showing import reader

router = APIRouter(include_in_schema=False)

MOST_AT_ONCE: Final = 20
"""Files on their way: whoever takes one slowly keeps a descriptor open."""
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; sandbox allow-same-origin allow-downloads"
)
"""Of a reported page: nothing runs, nothing is loaded or sent, there is no form, no dialog, no window. It keeps its
origin, of no use without scripts but for links between the pages of one report: the guard refuses those of none."""


@router.get("/files/{execution_id}/{position}/{number}", dependencies=[reader])
def folder(request: Request, execution_id: str, position: int, number: int) -> Response:
    """What lies in a folder that a task reported."""
    parts = house_of(request).parts_at_hand()
    run, name, told = _reported(parts, execution_id, position, number)
    try:
        found = look_at(parts, told)
        if not found.is_folder:
            raise not_found()
        entries, more = entries_of(found)
    except NotHandedOut as why:
        facts: dict[str, Any] = {"live": None, "name": whole(name), "run": run, "why": say(why)}
        return rendering.page(request, "files.html", section="data", status=404, **facts)
    return rendering.page(
        request,
        "files.html",
        section="data",
        live=None,
        name=whole(name),
        run=run,
        why="",
        entries=[
            {"name": whole(entry), "size": size, "address": quote(os.fsencode(entry), safe="")}
            for entry, size in entries
        ],
        more=more,
        at=request.url.path,
        place=whole(str(found.path)),
    )


@router.get("/files/{execution_id}/{position}/{number}/{name}", dependencies=[reader])
async def file(request: Request, execution_id: str, position: int, number: int, name: str) -> Response:
    """A file that a task reported, one in a folder that it reported, or a page beside one that it named, too."""

    def find() -> tuple[Found, BinaryIO]:
        parts = house_of(request).parts_at_hand()
        found = _named(parts, *_reported(parts, execution_id, position, number), name)
        return found, open_found(found)

    places: Places | None = getattr(request.app.state, "files_on_their_way", None)
    if places is None:
        places = request.app.state.files_on_their_way = Places(most=MOST_AT_ONCE)
    if not places.take():
        raise RequestRefused(
            429, "too-many-files", Message(template=N_("as many take files as may; try again later")), retry_after=10
        )
    try:
        found, opened = await run_in_threadpool(find)
    except NotHandedOut:
        places.leave()
        raise not_found() from None
    except BaseException:
        places.leave()
        raise
    return _Handed(found, opened, places)


def address_of(execution_id: str, position: int, number: int, found: Found) -> str:
    """Where a reported file or folder is handed out."""
    at = f"/ui/files/{execution_id}/{position}/{number}"
    return at if found.is_folder else f"{at}/{quote(os.fsencode(found.path.name), safe='')}"


def whole(text: str) -> str:
    """Half a character, which a task or a disk may hold and no page can, is spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _reported(parts: Parts, execution_id: str, position: int, number: int) -> tuple[TaskRun, str, str]:
    """The task run, and what it calls the file of that number and where that lies; raises RequestRefused (404)."""
    execution_named(parts.store, execution_id)
    for run in parts.store.task_runs(execution_id):
        files = list(files_of(run.output).items())
        if run.position == position and 0 <= number < len(files):
            return run, *files[number]
    raise not_found()


def _named(parts: Parts, run: TaskRun, name_told: str, told: str, name: str) -> Found:
    """The file `name`, by what the task said and nothing else; raises NotHandedOut."""
    del name_told
    found = look_at(parts, told)
    if found.is_folder:
        return entry_of(parts, found, name)
    if name == found.path.name:
        return found
    beside = os.path.join(os.path.dirname(told), name)  # noqa: PTH118, PTH120 - as the task wrote it, not as it resolves
    if "/" in name or beside not in {*pages_of(run.output), *files_of(run.output).values()}:
        raise NotHandedOut(N_("it is not there any more"))
    other = look_at(parts, beside)
    if other.is_folder or other.path.parent != found.path.parent:
        raise NotHandedOut(N_("it is no plain file"))
    return other


class _Handed(StreamingResponse):
    """A file on its way; closed, and its place given back, however that ends."""

    def __init__(self, found: Found, opened: BinaryIO, places: Places) -> None:
        shown = found.path.suffix.lower() in {".html", ".htm"}
        name = quote(os.fsencode(found.path.name), safe="")
        kind = "inline" if shown else "attachment"
        headers = {"content-disposition": f"{kind}; filename*=UTF-8''{name}", "content-security-policy": PAGE_POLICY}
        guessed = mimetypes.guess_type(found.path.name)[0] or "application/octet-stream"
        media_type = "text/html; charset=utf-8" if shown else guessed
        super().__init__(pieces_of(opened), media_type=media_type, headers=headers)
        self._opened, self._places = opened, places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The whole life of the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._places.leave()
            self._opened.close()
