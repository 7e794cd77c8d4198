"""Who looks at the pages: a token entered once and kept in a cookie that no script can read (S4).

The cookie is worth what its token is worth: revoked or expired, it opens nothing any more. What changes something needs
the header `X-CSRF-Token` besides, which only our own pages know: it is made of the token itself.
"""

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

CSRF_HEADER: Final = "x-csrf-token"
LASTS: Final = 7 * 24 * 3600
"""Seconds; a team leaves the page open all day, and a stolen laptop must not open it for ever."""
LANGUAGE: Final = "etl_language"
LOGIN: Final = frozenset({"/ui/login", "/ui/language"})
"""Addresses that change nothing but what the browser itself keeps."""
_PURPOSE: Final = b"orquestador-etl csrf 1"


def cookie_name(scope: Scope) -> str:
    """Of this server: cookies do not tell ports apart, and two servers of one machine must not log each other out."""
    server = scope.get("server")
    return f"etl_session_{server[1] if server and server[1] else 0}"


def token_in(scope: Scope, headers: Headers) -> str | None:
    """The token that the cookie holds; None where there is none."""
    return _cookie(headers, cookie_name(scope))


def language_in(headers: Headers) -> str | None:
    """The language that was chosen on a page."""
    return _cookie(headers, LANGUAGE)


def csrf_token(token: str) -> str:
    """What a page of this session must send along; of no use without the cookie."""
    return hmac.new(token.encode("utf-8", "surrogateescape"), _PURPOSE, hashlib.sha256).hexdigest()


def free(scope: Scope) -> bool:
    """Whether an address of the dashboard needs no token: what one comes to log in with."""
    path: str = scope["path"]
    return path in LOGIN or (path.startswith("/ui/static/") and scope["method"] in {"GET", "HEAD"})


def is_page(scope: Scope) -> bool:
    """Whether somebody asks for a page of the dashboard, to look at."""
    path: str = scope["path"]
    return scope["method"] == "GET" and (path == "/ui" or path.startswith("/ui/")) and not path.startswith("/ui/live/")


def to_login(scope: Scope) -> Response | None:
    """For a page that was asked for without a session: to the first page, and back again; None for all else."""
    if not is_page(scope):
        return None
    path: str = scope["path"]
    query = scope["query_string"].decode("ascii", "replace")
    return RedirectResponse(f"/ui/login?next={quote(f'{path}?{query}' if query else path, safe='')}", status_code=303)


def may_change(scope: Scope, token: str, headers: Headers) -> bool:
    """Whether a request of a session was made by a page of ours."""
    return scope["path"] in LOGIN or hmac.compare_digest(
        csrf_token(token).encode(), headers.get(CSRF_HEADER, "").encode("utf-8", "replace")
    )


def begin(response: Response, scope: Scope, token: str) -> None:
    """Let the browser keep the token."""
    response.set_cookie(
        cookie_name(scope), token, max_age=LASTS, path="/", httponly=True, samesite="strict", secure=_tls(scope)
    )


def end(response: Response, scope: Scope) -> None:
    """Let the browser forget it."""
    response.delete_cookie(cookie_name(scope), path="/", httponly=True, samesite="strict", secure=_tls(scope))


def speak(response: Response, scope: Scope, language: str) -> None:
    """Remember the language of the pages."""
    response.set_cookie(
        LANGUAGE, language, max_age=365 * 24 * 3600, path="/", httponly=True, samesite="strict", secure=_tls(scope)
    )


def _tls(scope: Scope) -> bool:
    return scope.get("scheme") == "https"


def _cookie(headers: Headers, name: str) -> str | None:
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    found = jar.get(name)
    return found.value if found is not None and found.value else None
