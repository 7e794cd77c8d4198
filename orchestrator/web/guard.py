"""The gate in front of every request: which server was meant, who asks from where, how much they send (S3, S4, S10)."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.messages import N_
from orchestrator.core.messages import Message as Said
from orchestrator.operations.tokens import NOBODY_IN_PARTICULAR, Bearer
from orchestrator.translation import LANGUAGES, say, speaking
from orchestrator.web.access import Access
from orchestrator.web.audit import Audit
from orchestrator.web.problems import RequestRefused, problem_of_error, problem_of_failure, problem_of_refusal, refused
from orchestrator.web.ui import session

logger = logging.getLogger(__name__)

LOCAL_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
LARGEST_BODY: Final = 1024 * 1024
BODY_PATIENCE: Final = 20.0
"""Seconds in which a body must have come once its headers are there, whichever server hands it on."""
MOST_AT_ONCE: Final = 1000
"""Requests under way, streams included; each may hold a body of the largest size."""
BUSY: Final = 2
"""Seconds after which it is worth while to ask a server again that is too busy."""
LONGEST_PATH: Final = 2000
FREE: Final = frozenset({"/health"})
"""Paths that need no token; they tell nothing but that the server is there."""
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::[0-9]{0,5})?")
CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PROXIED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-frame-options": "DENY",
}


class Guard:
    """Middleware: refuses what must not come in, and puts the same headers on every answer."""

    def __init__(
        self,
        app: ASGIApp,
        access: Callable[[], Access],
        audit: Callable[[], Audit],
        allowed_hosts: frozenset[str] = LOCAL_NAMES,
    ) -> None:
        self.app = app
        self.access = access
        self.audit = audit
        self.allowed_hosts = allowed_hosts
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        match scope["type"]:
            case "http":
                self._under_way += 1
                try:
                    await self._answer(scope, receive, send)
                finally:
                    self._under_way -= 1
            case "websocket":
                await send({"type": "websocket.close", "code": 1008})  # there are none
            case _:
                await self._live(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's whole life; one that cannot begin says why in a line, whichever server runs it."""
        failed = False

        async def told(message: Message) -> None:
            nonlocal failed
            failure = scope["app"].state.failure
            if message["type"] == "lifespan.startup.failed" and failure is not None:
                failed, message = (
                    True,
                    {**message, "message": say(failure) if isinstance(failure, OrchestratorError) else str(failure)},
                )
            await send(message)

        try:
            await self.app(scope, receive, told)
        except Exception:
            if not failed:
                raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        body = _Body(headers, receive)
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        def with_headers(send: Send) -> Send:
            return _with_headers(send, lambda: not body.whole)

        with speaking(session.language_in(headers) or _language(headers.get("accept-language"))):
            try:
                self._check_room()
                self._check_address(scope, headers)
                scope["state"]["bearer"] = await self._bearer(scope, headers)
                body.check_size()
                await self.app(scope, body.receive, with_headers(sending))
            except RequestRefused as refusal:
                if refusal.status in {401, 403, 429}:
                    self.audit().refused(scope, refusal)
                answer = session.to_login(scope) if refusal.status == 401 else None  # noqa: PLR2004 - no token
                await (answer or problem_of_refusal(refusal))(scope, receive, with_headers(send))
            except OrchestratorError as error:  # the store cannot tell who asks
                await problem_of_error(error)(scope, receive, with_headers(send))
            except Exception:  # here, not further out: with our headers, and in the language asked for
                logger.exception("a request failed")
                if begun:
                    raise
                await problem_of_failure()(scope, receive, with_headers(send))

    def _check_room(self) -> None:
        if self._under_way > MOST_AT_ONCE:
            raise RequestRefused(
                503,
                "too-busy",
                Said(template=N_("as many requests are under way as may be; try again")),
                retry_after=BUSY,
            )

    def _check_address(self, scope: Scope, headers: Headers) -> None:
        if len(scope["raw_path"] or b"") > LONGEST_PATH:
            raise refused(404, "not-found", N_("there is nothing of that name here"))
        if _name_of(headers.get("host", "")) not in self.allowed_hosts:
            raise refused(
                421, "unknown-host", N_("this server is not known by that name; ETL_ALLOWED_HOSTS lists further ones")
            )
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{headers.get('host', '')}":
            raise refused(403, "foreign-origin", N_("pages of another origin may not ask this server"))
        if headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}:
            raise refused(403, "foreign-origin", N_("pages of another origin may not ask this server"))
        if scope["method"] in CHANGING and _has_body(headers):
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json" or headers.get("content-encoding", "identity") != "identity":
                raise refused(415, "not-json", N_("send JSON as it is: Content-Type: application/json"))

    async def _bearer(self, scope: Scope, headers: Headers) -> Bearer | None:
        access, authorization = self.access(), headers.get("authorization")
        if authorization is None and (token := session.token_in(scope, headers)) is not None:
            if scope["method"] in CHANGING and not session.may_change(scope, token, headers):
                raise refused(403, "csrf", N_("this was not asked by a page of this session; load the page again"))
            authorization = f"Bearer {token}"
        scope["state"]["authorization"] = authorization
        proxied = any(name in headers for name in PROXIED)
        if (scope["path"] in FREE and scope["method"] in {"GET", "HEAD"}) or session.free(scope):
            return access.known(authorization) if access.required or proxied else NOBODY_IN_PARTICULAR
        client = scope.get("client")
        return await access.bearer(authorization, peer=client[0] if client else "?", proxied=proxied)


class _Body:
    """A request's body, given up on where it is too large or too slow, whatever its headers say."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self.whole = not _has_body(headers)
        """Whether all of it was read; what was not is no next request."""
        self._told = headers.get("content-length", "0")
        self._receive = receive
        self._seen = 0
        self._give_up_at: float | None = None

    def check_size(self) -> None:
        """Raises RequestRefused where its headers say already that it is too large."""
        if not self._told.isascii() or not self._told.isdecimal() or int(self._told[:20]) > LARGEST_BODY:
            raise _too_large()

    async def receive(self) -> Message:
        """The next piece; raises RequestRefused. Behind the last one comes no more than that the client left."""
        if self.whole:
            return await self._receive()
        if self._give_up_at is None:
            self._give_up_at = asyncio.get_running_loop().time() + BODY_PATIENCE
        try:
            async with asyncio.timeout_at(self._give_up_at):
                message = await self._receive()
        except TimeoutError:
            raise refused(408, "too-slow", N_("the body did not come in time")) from None
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self.whole = not message.get("more_body", False)
            if self._seen > LARGEST_BODY:
                raise _too_large()
        return message


def _with_headers(send: Send, unfinished: Callable[[], bool]) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=_scope_of(message))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if unfinished():  # nobody reads the rest of the body: a server that waited for it could be kept for ever
                headers["connection"] = "close"
            message = {**message, "headers": headers.raw}
        await send(message)

    return sending


def _scope_of(message: Message) -> dict[str, Any]:
    return {"headers": list(message.get("headers", []))}


def _too_large() -> RequestRefused:
    return RequestRefused(
        413, "too-large", Said(template=N_("a body has at most {most} bytes"), facts={"most": LARGEST_BODY})
    )


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    found = _HOST.fullmatch(host)
    return found[1].lower() if found else ""


def _language(accepted: str | None) -> str | None:
    """The first language of an Accept-Language header that we speak; None where there is none."""
    for part in (accepted or "").split(","):
        code = part.partition(";")[0].strip().lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return None
