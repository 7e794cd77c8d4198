"""Who asks, and what they may: the token of a request, its role, and patience with those who guess (S3, S10)."""

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from starlette.concurrency import run_in_threadpool

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.messages import N_, Message
from orchestrator.core.storing import Token
from orchestrator.engine.clocks import SystemClock
from orchestrator.operations.tokens import NOBODY_IN_PARTICULAR, Bearer, bearer_of
from orchestrator.web.house import House
from orchestrator.web.problems import RequestRefused

logger = logging.getLogger(__name__)

FRESH: Final = 1.0
"""Seconds for which the list of tokens is not read again: as long as a revoked one may still open."""
MOST_GUESSES: Final = 10
WINDOW: Final = 60.0
"""Seconds in which one address may be wrong so often."""
MOST_ADDRESSES: Final = 10_000
SCHEME: Final = "bearer "


@dataclass(kw_only=True)
class Access:
    """Checks tokens for one server."""

    house: House
    own: tuple[str, ...]
    """Hashes of the server's own tokens."""
    required: bool = True
    _tokens: list[Token] = field(init=False, default_factory=list)
    _read_at: float = field(init=False, default=-FRESH)
    _guesses: dict[str, deque[float]] = field(init=False, default_factory=dict)

    def bearer(self, authorization: str | None, *, peer: str, proxied: bool) -> Bearer:
        """Whose request it is; raises RequestRefused (401, or 429 for an address that guesses).

        Without `required` a request that came through a proxy is refused all the same: behind one, everybody is local.
        """
        if not self.required:
            if proxied:
                raise _token_needed()
            return NOBODY_IN_PARTICULAR
        if authorization is None:
            raise _token_needed()
        presented = authorization[len(SCHEME) :].strip() if authorization.lower().startswith(SCHEME) else ""
        found = bearer_of(presented, self._tokens, self.own, SystemClock().now()) if presented else None
        if found is None:
            self._count_guess(peer)
            raise _token_needed()
        return found

    @property
    def stale(self) -> bool:
        """Whether the list of tokens is to be read again before anybody is checked."""
        return self.required and time.monotonic() - self._read_at >= FRESH

    def refresh(self) -> None:
        """Read the list of tokens; where the store is away, the last one holds."""
        self._read_at = time.monotonic()
        try:
            self._tokens = self.house.store.tokens()
        except OrchestratorError as trouble:  # those known last still open: `/livez` must tell that we live
            logger.warning("%s", trouble)

    async def still_opens(self, authorization: str | None) -> bool:
        """Whether what opened once still does: asked again and again while a stream runs."""
        if not self.required:
            return True
        if self.stale:
            await run_in_threadpool(self.refresh)
        presented = (authorization or "")[len(SCHEME) :].strip()
        return bearer_of(presented, self._tokens, self.own, SystemClock().now()) is not None

    def _count_guess(self, peer: str) -> None:
        now = time.monotonic()
        if len(self._guesses) >= MOST_ADDRESSES:
            self._guesses.clear()
        guesses = self._guesses.setdefault(peer, deque(maxlen=MOST_GUESSES))
        recent = len(guesses) == MOST_GUESSES and now - guesses[0] < WINDOW
        guesses.append(now)
        if recent:
            raise RequestRefused(
                429,
                "too-many-wrong-tokens",
                Message(template=N_("too many wrong tokens from this address")),
                retry_after=int(WINDOW),
            )


def _token_needed() -> RequestRefused:
    return RequestRefused(
        401,
        "token-needed",
        Message(
            template=N_("send a token that is in use: Authorization: Bearer <token>; `etl token create` makes one")
        ),
    )
