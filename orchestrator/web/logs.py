"""Logs of attempts over HTTP: whole, from a byte on, or as they are written."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from orchestrator.core.executions import Attempt
from orchestrator.core.messages import N_, Message
from orchestrator.core.results import stands_at
from orchestrator.core.states import ExecutionStatus
from orchestrator.operations.parts import Parts
from orchestrator.operations.tokens import Role
from orchestrator.web import answers
from orchestrator.web.problems import RequestRefused, not_found
from orchestrator.web.requests import execution_named, house_of, needs

router = APIRouter(tags=["executions"], dependencies=[Depends(needs(Role.READ))])

CHUNK: Final = 256 * 1024
LOOK: Final = 0.3
"""Seconds between two looks for new lines of a log that is followed."""
LONGEST_FOLLOWED: Final = 24 * 3600.0


@router.get(
    "/executions/{execution_id}/tasks/{task_id}/attempts/{number}/log",
    summary="Lo que escribió un intento / What an attempt wrote",
    response_class=PlainTextResponse,
    responses={
        **answers.problems(422),
        200: {"description": "text/plain", "content": {"text/plain": {"schema": {"type": "string"}}}},
    },
)
async def show_log(  # noqa: PLR0917 - by name: they are the address's
    request: Request,
    execution_id: str,
    task_id: str,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    offset: Annotated[int, Query(ge=0, le=1 << 40, description="Desde este byte / from this byte on")] = 0,
    follow: Annotated[bool, Query(description="Hasta que termine / until it has ended")] = False,
    download: Annotated[bool, Query(description="Como archivo / as a file")] = False,
) -> Response:
    """UTF-8, secrets taken out when it was written; `X-Log-Ended` tells whether more may come."""
    house = house_of(request)

    def find() -> tuple[Parts, Attempt | None]:
        parts = house.parts_at_hand()
        execution_named(parts.store, execution_id)
        return parts, _attempt(parts, execution_id, task_id, number)

    parts, attempt = await run_in_threadpool(find)
    if attempt is None:
        raise not_found()
    headers = {"X-Log-Ended": "true" if attempt.ended_at is not None else "false"}
    if download:
        name = quote(f"{execution_id}-{task_id}-{number}.log", safe="")
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    places: Places = request.app.state.log_followers
    if follow and not places.take():
        raise RequestRefused(
            429, "too-many-streams", Message(template=N_("as many follow logs as may; try again later")), retry_after=30
        )
    pieces = _pieces(request, parts, attempt, offset, follow=follow)
    kind = _Followed if follow else StreamingResponse
    return kind(pieces, media_type="text/plain; charset=utf-8", headers=headers)


async def _pieces(
    request: Request, parts: Parts, attempt: Attempt, offset: int, *, follow: bool
) -> AsyncIterator[bytes]:
    log, house = attempt.log, house_of(request)
    places: Places = request.app.state.log_followers
    key = attempt.key
    give_up_at = asyncio.get_running_loop().time() + LONGEST_FOLLOWED

    def read(start: int) -> bytes:
        return b"" if log is None else parts.attempt_logs.read(log, start=start, limit=CHUNK)

    def over() -> bool:
        store = house.store
        execution = store.get_execution(key.run.execution_id)
        left = stands_at(execution, datetime.now(UTC)) is ExecutionStatus.INTERRUPTED or execution.status.final
        now = _attempt(house.parts(parts.registry), key.run.execution_id, key.run.task_id, key.number)
        return left or now is None or now.ended_at is not None

    while True:
        ended = not follow or await anyio.to_thread.run_sync(over, limiter=places.limiter)
        while piece := await anyio.to_thread.run_sync(read, offset, limiter=places.limiter):
            offset += len(piece)
            yield piece
        if ended or asyncio.get_running_loop().time() > give_up_at:
            return
        await asyncio.sleep(LOOK)


def _attempt(parts: Parts, execution_id: str, task_id: str, number: int) -> Attempt | None:
    for attempt in parts.store.attempts(execution_id):
        if attempt.key.run.task_id == task_id and attempt.key.number == number:
            return attempt
    return None


class _Followed(StreamingResponse):
    """Gives its place back however it ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The whole life of the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            scope["app"].state.log_followers.leave()


@dataclass(kw_only=True)
class Places:
    """How many follow a log at once; used in the event loop alone."""

    most: int = 50
    taken: int = 0
    limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    """Threads for reading logs: followers wait for each other, and nobody else for them."""

    def take(self) -> bool:
        """False where there is none left."""
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def leave(self) -> None:
        """Give it back."""
        self.taken -= 1
