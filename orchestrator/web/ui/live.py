"""Parts of pages that change while they are looked at: rendered once for all who look at the same, and sent to each.

A view is rendered anew when something happened that concerns it, at most twice a second however much happens, and sent
only where its text changed. Many who look at one page cost one rendering.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.storing import Placed
from orchestrator.translation import current_language, speaking
from orchestrator.web.news import Listener, News
from orchestrator.web.problems import RequestRefused
from orchestrator.web.streams import EventStream

logger = logging.getLogger(__name__)

BREATH: Final = 0.4
"""Seconds between two renderings of one view."""
STALE: Final = 10.0
"""Seconds after which a view is rendered though nothing happened: leases run out, and time passes."""
MOST_WATCHERS: Final = 200


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of a page: what names it, how it is rendered, and which events concern it."""

    key: str
    """The same for all who see the same: address, language and role."""
    render: Callable[[], str]
    """Called in a thread; raises OrchestratorError where the store is away."""
    wanted: Callable[[Placed], bool]


@dataclass(kw_only=True, eq=False)
class _Shown:
    """A view that somebody looks at."""

    view: View
    language: str
    text: str | None = ""
    """None once it is shown no more."""
    version: int = 0
    watchers: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: "asyncio.Task[None] | None" = None

    async def show(self, text: str | None) -> None:
        """Let those who look know of a text that is another one."""
        if text != self.text:
            async with self.changed:
                self.text, self.version = text, self.version + 1
                self.changed.notify_all()


@dataclass(kw_only=True)
class Live:
    """The views of one server; used in the event loop alone."""

    news: News
    _shown: dict[str, _Shown] = field(init=False, default_factory=dict)

    def stream(self, view: View, may_hear: Callable[[], Awaitable[bool]]) -> Response | None:
        """Server-sent messages, one for each text that differs from the one before; None where all places are taken."""
        if self.watching >= MOST_WATCHERS:
            return None
        shown = self._shown.get(view.key)
        if shown is None:
            listener = self.news.listen(view.wanted, self.news.position)
            if listener is None:
                return None
            shown = self._shown[view.key] = _Shown(view=view, language=current_language())
            shown.task = asyncio.create_task(self._keep(shown, listener))
        shown.watchers += 1

        def leave() -> None:
            shown.watchers -= 1

        return EventStream(_messages(shown), leave=leave, may_hear=may_hear)

    @property
    def watching(self) -> int:
        """How many look at views now."""
        return sum(shown.watchers for shown in self._shown.values())

    async def _keep(self, shown: _Shown, listener: Listener) -> None:
        """Render while anybody looks, and forget the view when nobody has for a while."""
        left = time.monotonic()
        try:
            while time.monotonic() - left < STALE and not listener.dropped:
                if not await self._render(shown):
                    break
                await asyncio.sleep(BREATH)
                await _something(listener)
                if shown.watchers:
                    left = time.monotonic()
        finally:
            self.news.leave(listener)
            self._shown.pop(shown.view.key, None)
            await shown.show(None)

    async def _render(self, shown: _Shown) -> bool:
        """False where there is nothing to show any more."""
        try:
            with speaking(shown.language):
                text = await run_in_threadpool(shown.view.render)
        except OrchestratorError as trouble:  # it may be back with the next rendering
            logger.warning("%s", trouble)
            return True
        except RequestRefused:  # what was looked at was forgotten
            return False
        await shown.show(text)
        return True


async def _something(listener: Listener) -> None:
    """Wait until anything happened, or for as long as a view may be old; what happened besides is taken with it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STALE):
            await listener.line.get()
    while not listener.line.empty():
        listener.line.get_nowait()


async def _messages(shown: _Shown) -> AsyncIterator[bytes]:
    version = 0
    while True:
        async with shown.changed:
            await shown.changed.wait_for(lambda: shown.version != version)  # noqa: B023 - asked at once
            text, version = shown.text, shown.version
        if text is None:
            return
        yield b"".join(b"data: %b\n" % line.encode() for line in text.splitlines()) + b"\n"
