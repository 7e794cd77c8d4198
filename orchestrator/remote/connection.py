"""One request to a server and its answer, over the standard library's HTTP; what goes wrong has our names."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any

from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.remote.addresses import Address
from orchestrator.remote.errors import (
    NoServerOfOurs,
    NothingThere,
    RefusedByServer,
    ServerUnable,
    ServerUnreachable,
    TokenRefused,
)

CONNECT_PATIENCE = 10.0
"""Seconds until a connection must stand."""
LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes: beyond that it is no answer of ours, and would only fill this machine's memory."""
KIND = "urn:orquestador-etl:problem:"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Asks one server; each request has a connection of its own.

    It goes straight to the address, through no proxy, and follows no redirection: the token is for that server alone.
    """

    address: Address
    token: str | None
    language: str
    patience: float
    """Seconds in which an answer must begin, and go on."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, JSON] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON object that is answered.

        Raises ServerUnreachable, NoServerOfOurs, RefusedByServer, NothingThere, ServerUnable.
        """
        with self.open(method, path, body=body, headers=headers) as response:
            content = self._content(response, LARGEST_ANSWER)
            return self._object(content)

    def read(self, path: str, *, limit: int) -> bytes:
        """At most `limit` bytes of what is answered; raises as `ask` does."""
        with self.open("GET", path) as response:
            return self._content(response, limit, cut=True)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, JSON] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HTTPResponse]:
        """The answer of a request that went well, to be read on; raises as `ask` does, also for what is read inside."""
        connection = self._connected()
        try:
            with self._named_troubles():
                data = None if body is None else json.dumps(body).encode()
                connection.request(method, self.address.path + path, data, self._headers(headers, data))
                response = connection.getresponse()
            with response, self._named_troubles():
                if not 200 <= response.status < 300:  # noqa: PLR2004 - what went well
                    raise self._refusal(response.status, self._content(response, LARGEST_ANSWER))
                yield response
        finally:
            connection.close()

    def _connected(self) -> HTTPConnection:
        host, port = self.address.host, self.address.port
        patience = min(CONNECT_PATIENCE, self.patience)
        try:
            if self.address.secure:
                trusted = ssl.create_default_context()
                connection: HTTPConnection = HTTPSConnection(host, port, timeout=patience, context=trusted)
            else:
                connection = HTTPConnection(host, port, timeout=patience)
            connection.connect()
        except (OSError, ValueError) as why:  # ValueError: a name that no resolver can be asked for
            raise ServerUnreachable(str(self.address), _words(why)) from why
        connection.sock.settimeout(self.patience)
        return connection

    def _headers(self, more: Mapping[str, str] | None, data: bytes | None) -> dict[str, str]:
        headers = {"Accept-Language": self.language, "Connection": "close", **(more or {})}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers

    def _content(self, response: HTTPResponse, limit: int, *, cut: bool = False) -> bytes:
        content = response.read(limit if cut else limit + 1)
        if len(content) > limit:
            raise NoServerOfOurs(str(self.address), f"> {limit} bytes")
        return content

    def _object(self, content: bytes) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise NoServerOfOurs(str(self.address), "HTTP 200")
        return found

    def _refusal(self, status: int, content: bytes) -> Exception:
        """The exception for a status that is no success; only problem details of ours are believed."""
        try:
            problem = json.loads(content)
            kind, detail = str(problem["type"]), str(problem["detail"])
            places = [_place(each) for each in problem.get("errors", [])]
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            kind, detail, places = "", "", []
        if not kind.startswith(KIND):
            return NoServerOfOurs(str(self.address), f"HTTP {status}")
        kind = kind.removeprefix(KIND)
        if status == 401:  # noqa: PLR2004 - the statuses of HTTP
            return TokenRefused(status, kind, detail, given=self.token is not None)
        if status == 404:  # noqa: PLR2004
            return NothingThere(detail)
        if status == 429 or status >= 500:  # noqa: PLR2004 - too many: not the fault of who asks; later it can be had
            return ServerUnable(status, detail, places)
        return RefusedByServer(status, kind, detail, places)

    @contextmanager
    def _named_troubles(self) -> Iterator[None]:
        try:
            yield
        except (OSError, IncompleteRead) as why:
            raise ServerUnreachable(str(self.address), _words(why), sent=True) from why
        except HTTPException as why:
            raise NoServerOfOurs(str(self.address), type(why).__name__) from why


def _place(error: Mapping[str, object]) -> str:
    """Where something is wrong, and what; `$` alone says nothing that the detail does not say better."""
    place, detail = str(error["place"]), str(error["detail"])
    return detail if place == "$" else f"{place}: {detail}"


def _words(why: Exception) -> object:
    """What a person is told of it: the system's own words, where they are any."""
    if isinstance(why, IncompleteRead):
        return Message(template=N_("the connection broke off"))
    if isinstance(why, TimeoutError) and why.strerror is None:
        return Message(template=N_("no answer came in time"))
    if isinstance(why, ssl.SSLCertVerificationError):
        return f"TLS: {why.verify_message}"
    if isinstance(why, ssl.SSLError):
        return f"TLS: {why.reason or why}"
    return getattr(why, "strerror", None) or str(why) or type(why).__name__
