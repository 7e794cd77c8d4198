"""Parts of pages that change while they are looked at: rendered once for all who look at the same, and sent to each.

A view is rendered anew when something happened that concerns it, at most twice a second however much happens, more
seldom where it takes long, and sent only where its text changed. Many who look at one page cost one rendering.
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
from orchestrator.web.news import Bell, News
from orchestrator.web.problems import RequestRefused
from orchestrator.web.streams import EventStream

logger = logging.getLogger(__name__)

BREATH: Final = 0.4
"""Seconds between two renderings of one view."""
SHARE: Final = 0.08
"""Of a core that the renderings of all views may take: one of ten thousand tasks comes more seldom."""
LONGEST_BREATH: Final = 5.0
STALE: Final = 10.0
"""Seconds after which a view is rendered though nothing happened: leases run out, and time passes."""
MOST_WATCHERS: Final = 200
MOST_VIEWS: Final = 100


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of a page: what names it, how it is rendered, and which events concern it."""

    key: str
    """The same for all who see the same: address, language and role."""
    render: Callable[[], str]
    """Called in a thread; raises OrchestratorError where the store is away."""
    wanted: Callable[[Placed], bool]
    new_executions: bool
    """Whether those concern it too."""


@dataclass(kw_only=True, eq=False)
class _Shown:
    """A view that somebody looks at."""

    view: View
    language: str
    text: str | None = ""
    """None once it is shown no more."""
    message: bytes = b""
    """The same as those who look are sent it: made once for all of them."""
    version: int = 0
    watchers: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: "asyncio.Task[None] | None" = None

    async def show(self, text: str | None) -> None:
        """Let those who look know of a text that is another one."""
        if text != self.text:
            async with self.changed:
                self.text, self.version = text, self.version + 1
                lines = (text or "").splitlines()
                self.message = b"".join(b"data: %b\n" % line.encode() for line in lines) + b"\n"
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
            shown = self._open(view)
            if shown is None:
                return None
        shown.watchers += 1

        def leave() -> None:
            shown.watchers -= 1

        return EventStream(_messages(shown), leave=leave, may_hear=may_hear)

    def _open(self, view: View) -> _Shown | None:
        """Begin to show it; one that nobody looks at any more makes room, the oldest first."""
        if len(self._shown) >= MOST_VIEWS:
            left = next((shown for shown in self._shown.values() if not shown.watchers), None)
            if left is None or left.task is None:
                return None
            del self._shown[left.view.key]
            left.task.cancel()
        bell = Bell(wanted=view.wanted, new_executions=view.new_executions)
        if not self.news.hang(bell):
            return None
        shown = self._shown[view.key] = _Shown(view=view, language=current_language())
        shown.task = asyncio.create_task(self._keep(shown, bell))
        return shown

    @property
    def watching(self) -> int:
        """How many look at views now."""
        return sum(shown.watchers for shown in list(self._shown.values()))  # also asked by other threads

    async def _keep(self, shown: _Shown, bell: Bell) -> None:
        """Render while anybody looks, and forget the view when nobody has for a while."""
        left = time.monotonic()
        try:
            while time.monotonic() - left < STALE and not bell.dropped:
                cost = await self._render(shown)
                if cost is None:
                    break
                breath = min(max(BREATH, cost * len(self._shown) / SHARE), LONGEST_BREATH)
                await asyncio.sleep(breath)
                await _something(bell, STALE - breath)
                if shown.watchers:
                    left = time.monotonic()
        finally:
            self.news.take_down(bell)
            if self._shown.get(shown.view.key) is shown:
                del self._shown[shown.view.key]
            await shown.show(None)

    async def _render(self, shown: _Shown) -> float | None:
        """Seconds of a core that it took; None where there is nothing to show any more."""
        try:
            with speaking(shown.language):
                text, cost = await run_in_threadpool(_timed, shown.view.render)
        except OrchestratorError as trouble:  # it may be back with the next rendering
            logger.warning("%s", trouble)
            return 0.0
        except RequestRefused:  # what was looked at was forgotten
            return None
        await shown.show(text)
        return cost


def _timed(render: Callable[[], str]) -> tuple[str, float]:
    began = time.thread_time()
    text = render()
    return text, time.thread_time() - began


async def _something(bell: Bell, patience: float) -> None:
    """Wait until anything happened, at most for so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await bell.rung.wait()
    bell.rung.clear()


async def _messages(shown: _Shown) -> AsyncIterator[bytes]:
    version = 0
    while True:
        async with shown.changed:
            await shown.changed.wait_for(lambda: shown.version != version)  # noqa: B023 - asked at once
            over, message, version = shown.text is None, shown.message, shown.version
        if over:
            return
        yield message
