"""Requests that are repeated as the retry policy says, bounded in time and size."""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import httpx2
import tenacity

from etl_kit.translation import _
from extraction_app.retries import NoAnswer, Refused, RetryPolicy, read_retry_after, trouble_of_status

logger = logging.getLogger(__name__)

Decoded = TypeVar("Decoded")

TOKEN_HEADER: Final = "X-App-Token"  # noqa: S105 - the name of the header, not a token
NOT_MODIFIED: Final = 304
REDIRECTIONS: Final = range(300, 400)
FIRST_ERROR: Final = 400
LARGEST_BODY: Final = 200 * 1024 * 1024
_SHOWN: Final = 300


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Time limits in seconds: to connect, between two pieces of an answer, and for a whole answer."""

    connect: float = 15.0
    read: float = 60.0
    whole: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer that is whole: its final address, status (2xx or 304), body, and headers by lower-case name."""

    address: str
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def place(self) -> str:
        """The address as messages show it."""
        return place_of(self.address)


def now_in_utc() -> datetime:
    """The moment, aware."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class HttpSource:
    """Asks one server, again and again if it must.

    Attributes:
        client: carries the requests.
        policy: when to try again.
        patience: time limits of one attempt.
        secret: a text that must not show in any message, such as the token.
        sleep: waits so many seconds; tests put something faster here.
        now: the clock, for Retry-After dates.
    """

    client: httpx2.Client
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    patience: Patience = field(default_factory=Patience)
    secret: str | None = field(default=None, repr=False)
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = now_in_utc

    def get(
        self,
        address: str,
        decode: Callable[[Reply], Decoded],
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Decoded:
        """What `decode` makes of the answer to a GET of `address`; it may raise trouble too, to have it tried again.

        Raises:
            SourceTrouble: after the last attempt, or at once if the server refuses; its text never holds `secret`.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.policy.attempts),
            retry=tenacity.retry_if_exception(self.policy.worth_another),
            wait=self._wait,
            sleep=self.sleep,
            before_sleep=_tell,
            reraise=True,
        )
        return retrying(lambda: decode(self._ask(address, parameters or {}, headers or {})))

    def _wait(self, state: tenacity.RetryCallState) -> float:
        trouble = state.outcome.exception() if state.outcome is not None else None
        jitter = random.random()  # noqa: S311 - spreads clients over time, guards nothing
        return self.policy.wait_after(state.attempt_number, trouble, jitter).total_seconds()

    def _ask(self, address: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        place = place_of(address)
        try:
            with self.client.stream("GET", address, params=dict(parameters), headers=dict(headers)) as response:
                body = self._read(response, place)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise NoAnswer(place, self._without_secret(f"{type(error).__name__}: {error}")) from None
        if response.status_code >= FIRST_ERROR:
            wait = read_retry_after(response.headers.get("Retry-After"), self.now())
            message = self._without_secret(body.decode("utf-8", "replace")[:_SHOWN])
            raise trouble_of_status(place, response.status_code, message=message, retry_after=wait)
        if response.status_code in REDIRECTIONS and response.status_code != NOT_MODIFIED:
            message = _("it redirects to {address}").format(address=response.headers.get("Location", "?"))
            raise Refused(place, response.status_code, message)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Reply(address=str(response.url), status=response.status_code, body=body, headers=found)

    def _read(self, response: httpx2.Response, place: str) -> bytes:
        """The body, unless it is too large or trickles for too long."""
        deadline = time.monotonic() + self.patience.whole
        pieces, size = [], 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > LARGEST_BODY:
                raise NoAnswer(place, _("it is larger than {limit} bytes").format(limit=LARGEST_BODY))
            if time.monotonic() > deadline:
                raise NoAnswer(place, _("it took longer than {seconds} s").format(seconds=self.patience.whole))
            pieces.append(piece)
        return b"".join(pieces)

    def _without_secret(self, text: str) -> str:
        return text.replace(self.secret, "***") if self.secret else text


@contextmanager
def open_http(
    *, local: bool, token: str | None = None, policy: RetryPolicy | None = None, patience: Patience | None = None
) -> Iterator[HttpSource]:
    """A source to ask for as long as the context lasts.

    Args:
        local: the server runs in this process: the proxies of the environment do not apply.
        token: sent as X-App-Token; redirects are then not followed, or another server might get it.
        policy: when to try again.
        patience: time limits.
    """
    limits = patience or Patience()
    headers = {"User-Agent": "orquestador-etl"} | ({TOKEN_HEADER: token} if token else {})
    timeout = httpx2.Timeout(limits.read, connect=limits.connect)
    with httpx2.Client(headers=headers, timeout=timeout, trust_env=not local, follow_redirects=token is None) as client:
        yield HttpSource(client=client, policy=policy or RetryPolicy(), patience=limits, secret=token)


def place_of(address: str) -> str:
    """`address` as messages show it: without query, user or password."""
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return repr(address[:_SHOWN])
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{url.path}"


def _tell(state: tenacity.RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action is not None else 0.0
    trouble = state.outcome.exception() if state.outcome is not None else None
    logger.warning("attempt %d: %s; trying again in %.1f s", state.attempt_number, trouble, wait)
