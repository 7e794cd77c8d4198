"""Server-sent events: what happens to one execution or to all, from wherever a client was before."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orchestrator.core.events import AttemptNoted, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Attempt, Execution
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.storing import Placed
from orchestrator.operations.tokens import Role
from orchestrator.translation import say
from orchestrator.web import answers
from orchestrator.web.access import Access
from orchestrator.web.house import House
from orchestrator.web.news import BATCH, Listener, News
from orchestrator.web.problems import RequestRefused, refused
from orchestrator.web.requests import execution_named, house_of, needs

router = APIRouter(tags=["events"], dependencies=[Depends(needs(Role.READ))])

KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a comment is sent, so that nobody in between hangs up."""
SEND_PATIENCE: Final = 10.0
"""Seconds in which a client must take what is sent; a stalled one is let go (R28)."""
LastEventId = Annotated[str | None, Header(max_length=40)]
From = Annotated[str | None, Query(max_length=40, description="Como Last-Event-ID / as Last-Event-ID")]
STREAM: Final = {
    **answers.problems(422),
    200: {"description": "text/event-stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
}


class _Described(Response):
    """Tells OpenAPI what the addresses below answer."""

    media_type = "text/event-stream"


@router.get(
    "/events",
    summary="Lo que ocurre en todas las ejecuciones, en vivo / All, live",
    responses=STREAM,
    response_class=_Described,
)
async def all_events(request: Request, last_event_id: LastEventId = None, since: From = None) -> Response:
    """From the event after Last-Event-ID on, or from now; `id:` is what to come back with."""
    return await _stream(request, None, last_event_id or since)


@router.get(
    "/executions/{execution_id}/events",
    summary="Lo que ocurre en una ejecución, en vivo / One execution, live",
    responses=STREAM,
    response_class=_Described,
)
async def events_of_execution(
    request: Request, execution_id: str, last_event_id: LastEventId = None, since: From = None
) -> Response:
    """All that happened to it, or what came after Last-Event-ID, then what happens; ends when it has ended."""
    house = house_of(request)
    execution = await run_in_threadpool(lambda: execution_named(house.store, execution_id))
    return await _stream(request, execution, last_event_id or since or "0")


async def _stream(request: Request, execution: Execution | None, last_event_id: str | None) -> Response:
    news: News = request.app.state.news
    access: Access = request.app.state.access
    house = house_of(request)
    until = await run_in_threadpool(house.last_position)  # after the execution was read: its end is not beyond it
    # nothing is awaited from here until the listener stands in line: what is spread in between would be lost
    until = max(until, news.position)
    after = until if last_event_id is None else min(_position(last_event_id), until)  # beyond: the store was made anew
    key = None if execution is None else execution.execution_id
    listener = news.listen(lambda placed: key in {None, placed.event.execution_id}, until)
    if listener is None:
        raise RequestRefused(
            429, "too-many-streams", Message(template=N_("as many listen as may; try again later")), retry_after=30
        )
    over = execution is not None and execution.status.final
    events = _events(house, listener, key, (after, until), over=over)
    pieces = (event_bytes(placed) async for placed in events)
    return EventStream(
        pieces,
        leave=lambda: news.leave(listener),
        may_hear=lambda: access.still_opens(request.headers.get("authorization")),
    )


async def _events(
    house: House, listener: Listener, execution_id: str | None, missed: tuple[int, int], *, over: bool
) -> AsyncIterator[Placed]:
    """What was missed, as far as the live line begins, then the line; of one execution until its end."""
    after, until = missed

    def read(after: int) -> list[Placed]:
        return house.store.events_after(after, limit=BATCH, execution_id=execution_id)

    while after < until:
        batch = await run_in_threadpool(read, after)
        for placed in batch:
            if placed.position > until:
                break
            yield placed
            if execution_id is not None and _ends(placed):
                return
        if len(batch) < BATCH:
            break
        after = batch[-1].position
    if over:
        return
    while (each := await listener.line.get()) is not None:
        yield each
        if execution_id is not None and _ends(each):
            return


class EventStream(Response):
    """Sends messages until they end, the client goes, or does not take what is sent."""

    def __init__(
        self,
        messages: AsyncIterator[bytes],
        *,
        leave: Callable[[], None],
        may_hear: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`leave` is called once, however it ends; `may_hear` is asked with every message and every silence."""
        super().__init__(media_type="text/event-stream; charset=utf-8")
        del self.headers["content-length"]
        self._messages = messages
        self._leave = leave
        self._may_hear = may_hear

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """The whole life of the stream."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            sending = asyncio.ensure_future(self._send_all(send))
            leaving = asyncio.ensure_future(_gone(receive))
            _done, left = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            while left:  # until it is heard: a library on the way may swallow one
                for task in left:
                    task.cancel()
                _done, left = await asyncio.wait(left, timeout=1.0)
            await asyncio.gather(sending, leaving, return_exceptions=True)
        finally:
            self._leave()

    async def _send_all(self, send: Send) -> None:
        following = asyncio.ensure_future(anext(self._messages))
        try:
            await _send(send, b"retry: 3000\n\n")
            while True:
                done, _left = await asyncio.wait({following}, timeout=KEEP_ALIVE)
                if self._may_hear is not None and not await self._may_hear():
                    break  # revoked, expired: whoever comes back is told
                if not done:
                    await _send(send, b": -\n\n")
                    continue
                try:
                    message = following.result()
                except StopAsyncIteration:
                    break
                await _send(send, message)
                following = asyncio.ensure_future(anext(self._messages))
            await _send(send, b"event: end\ndata: {}\n\n", more=False)
        except TimeoutError:
            return  # stalled: the connection is closed unfinished
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    message = {"type": "http.response.body", "body": body, "more_body": more}
    async with asyncio.timeout(SEND_PATIENCE):  # wait_for of Python 3.11 may swallow a cancel, and we would stay
        await send(message)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def event_bytes(placed: Placed) -> bytes:
    """An event as the stream writes it; its data is one line of JSON."""
    kind, data = _described(placed)
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return f"id: {placed.position}\nevent: {kind}\ndata: {text}\n\n".encode()


def _described(placed: Placed) -> tuple[str, dict[str, JSON]]:
    event, move = placed.event, placed.event.move
    data: dict[str, JSON] = {"execution_id": event.execution_id, "seq": event.seq, "at": move.at.isoformat()}
    if isinstance(move, ExecutionMoved):
        told = {"before": move.before.value, "after": move.after.value, "reason": say(move.reason) or None}
        return "execution", {**data, **told, "duration": move.duration, "exit_code": move.exit_code}
    data |= {"task_id": move.run.task_id, "index": move.run.index}
    if isinstance(move, AttemptNoted):
        return "attempt", {**data, **_attempt(move.attempt)}
    return "task", {**data, **_task(move)}


def _task(move: TaskMoved) -> dict[str, JSON]:
    return {
        "before": move.before.value,
        "after": move.after.value,
        "reason": say(move.reason) or None,
        "error": move.error,
        "error_type": move.error_type,
        "duration": move.duration,
        "cached_from": move.cached_from,
        **(_attempt(move.attempt) if move.attempt is not None else {}),
    }


def _attempt(attempt: Attempt) -> dict[str, JSON]:
    return {"attempt": attempt.key.number, "pid": attempt.pid, "attempt_reason": say(attempt.reason) or None}


def _ends(placed: Placed) -> bool:
    move = placed.event.move
    return isinstance(move, ExecutionMoved) and move.after.final


def _position(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:  # noqa: PLR2004 - as many digits as a place has
        raise refused(422, "not-valid", N_("Last-Event-ID: not one that this server gave"))
    return int(text)
