"""Who asks, and what they may: the token of a request, its role, and patience with those who guess (S3, S10)."""

import asyncio
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
LOOK_AGAIN: Final = 0.1
"""Seconds between two readings for tokens that are not in the list: guesses share them, however many come."""
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
    """When the last reading began."""
    _reading: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _guesses: dict[str, deque[float]] = field(init=False, default_factory=dict)

    async def bearer(self, authorization: str | None, *, peer: str, proxied: bool) -> Bearer:
        """Whose request it is; raises RequestRefused (401, or 429 for an address that guesses).

        A token that was made just now opens at once: what the list does not hold is looked up in the store. Without
        `required` a request that came through a proxy is refused all the same: behind one, everybody is local.
        """
        if not self.required:
            if proxied:
                raise _token_needed()
            return NOBODY_IN_PARTICULAR
        if authorization is None:
            raise _token_needed()
        found = self._of_our_own(authorization)  # where the store hangs, whoever runs the server still gets in
        if found is not None:
            return found
        came_at = time.monotonic()
        await self._read_since(came_at - FRESH)
        found = self.known(authorization)
        if found is None and _presented(authorization) and not self._guesses_too_often(peer):
            await self._read_since(came_at)
            found = self.known(authorization)
        if found is None:
            self._count_guess(peer)
            raise _token_needed()
        return found

    def known(self, authorization: str | None) -> Bearer | None:
        """Whose token it is by the list as it was read last; nothing is read, and nobody is counted as guessing."""
        presented = _presented(authorization)
        return bearer_of(presented, self._tokens, self.own, SystemClock().now()) if presented else None

    async def still_opens(self, authorization: str | None) -> bool:
        """Whether what opened once still does: asked again and again while a stream runs."""
        if not self.required:
            return True
        if self._of_our_own(authorization) is not None:
            return True
        await self._read_since(time.monotonic() - FRESH)
        return self.known(authorization) is not None

    def _of_our_own(self, authorization: str | None) -> Bearer | None:
        return bearer_of(_presented(authorization), (), self.own, SystemClock().now())

    async def _read_since(self, moment: float) -> None:
        """Have the list as it was at `moment` or later; many who wait for that share one reading."""
        if self._read_at > moment:
            return
        async with self._reading:
            if self._read_at > moment:
                return
            await asyncio.sleep(max(0.0, self._read_at + LOOK_AGAIN - time.monotonic()))
            self._read_at = time.monotonic()
            self._tokens = await run_in_threadpool(self._read)

    def _read(self) -> list[Token]:
        """The tokens of the store; where it is away, those known last."""
        try:
            return self.house.store.tokens()
        except OrchestratorError as trouble:  # those known last still open: `/livez` must tell that we live
            logger.warning("%s", trouble)
            return self._tokens

    def _guesses_too_often(self, peer: str) -> bool:
        guesses = self._guesses.get(peer)
        return guesses is not None and len(guesses) == MOST_GUESSES and time.monotonic() - guesses[0] < WINDOW

    def _count_guess(self, peer: str) -> None:
        too_often = self._guesses_too_often(peer)
        if len(self._guesses) >= MOST_ADDRESSES:
            self._guesses.clear()
        self._guesses.setdefault(peer, deque(maxlen=MOST_GUESSES)).append(time.monotonic())
        if too_often:
            raise RequestRefused(
                429,
                "too-many-wrong-tokens",
                Message(template=N_("too many wrong tokens from this address")),
                retry_after=int(WINDOW),
            )


def _presented(authorization: str | None) -> str:
    """The token in an Authorization header; "" where there is none."""
    text = authorization or ""
    return text[len(SCHEME) :].strip() if text.lower().startswith(SCHEME) else ""


def _token_needed() -> RequestRefused:
    return RequestRefused(
        401,
        "token-needed",
        Message(
            template=N_("send a token that is in use: Authorization: Bearer <token>; `etl token create` makes one")
        ),
    )
