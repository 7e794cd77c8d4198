"""The gate in front of every request: which server was meant, who asks from where, how much they send (S3, S4, S10)."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.messages import N_
from orchestrator.core.messages import Message as Said
from orchestrator.operations.tokens import Bearer
from orchestrator.translation import LANGUAGES, speaking
from orchestrator.web.access import Access
from orchestrator.web.audit import Audit
from orchestrator.web.problems import RequestRefused, problem_of_error, problem_of_failure, problem_of_refusal, refused

logger = logging.getLogger(__name__)

LOCAL_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
LARGEST_BODY: Final = 1024 * 1024
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})  # there are none
                return
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with speaking(_language(headers.get("accept-language"))):
            try:
                self._check_address(scope, headers)
                scope["state"]["bearer"] = await self._bearer(scope, headers)
                bounded = _bounded(headers, receive)
                await self.app(scope, bounded, _with_headers(sending))
            except RequestRefused as refusal:
                if refusal.status in {401, 429}:
                    self.audit().refused(scope, refusal)
                await problem_of_refusal(refusal)(scope, receive, _with_headers(send))
            except OrchestratorError as error:  # the store cannot tell who asks
                await problem_of_error(error)(scope, receive, _with_headers(send))
            except Exception:  # here, not further out: with our headers, and in the language asked for
                logger.exception("a request failed")
                if begun:
                    raise
                await problem_of_failure()(scope, receive, _with_headers(send))

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
        if scope["path"] in FREE and scope["method"] in {"GET", "HEAD"}:
            return None
        client = scope.get("client")
        proxied = any(name in headers for name in PROXIED)
        access = self.access()
        if access.stale:
            await run_in_threadpool(access.refresh)
        return access.bearer(headers.get("authorization"), peer=client[0] if client else "?", proxied=proxied)


def _bounded(headers: Headers, receive: Receive) -> Receive:
    """`receive` that gives up on a body that is too large, whatever its headers say; raises RequestRefused."""
    told = headers.get("content-length", "0")
    if not told.isascii() or not told.isdecimal() or int(told) > LARGEST_BODY:
        raise _too_large()
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > LARGEST_BODY:
                raise _too_large()
        return message

    return bounded


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=_scope_of(message))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
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
