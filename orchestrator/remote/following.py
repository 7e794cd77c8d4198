"""An execution followed to its end, through broken connections and restarts of the server."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event
from orchestrator.core.outcomes import JSON
from orchestrator.remote.errors import NoServerOfOurs, NotUnderstood, PerhapsDone, ServerUnable, ServerUnreachable
from orchestrator.remote.records import event_of
from orchestrator.remote.server import Server
from orchestrator.remote.stream import Stream, Told

FROM_NOW = "9" * 18
"""As the id of the event heard last: a place that no server has reached, so its stream begins with what comes next."""
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 2.0
PASSING = (ServerUnreachable, ServerUnable)
"""Troubles that may be over a moment later."""

Answer = TypeVar("Answer")


@dataclass(kw_only=True)
class Patience:
    """How long a server may stay away, counted from its latest sign of life."""

    limit: float
    """Seconds."""
    on_silence: Callable[[OrchestratorError], None] = lambda _: None
    """Is told, once for each time that the server goes away."""
    on_return: Callable[[], None] = lambda: None
    _heard_at: float = field(init=False, default_factory=time.monotonic)
    _pause: float = field(init=False, default=SHORTEST_PAUSE)
    _away: bool = field(init=False, default=False)

    def heard(self) -> None:
        """It gave a sign of life."""
        self._heard_at = time.monotonic()
        self._pause = SHORTEST_PAUSE
        if self._away:
            self._away = False
            self.on_return()

    def bear(self, trouble: OrchestratorError) -> None:
        """Wait a while, longer each time; raises `trouble` where it has lasted too long, or waiting cannot help."""
        left = self._heard_at + self.limit - time.monotonic()
        if left <= 0 or isinstance(trouble, NotUnderstood):
            raise trouble
        if not self._away:
            self._away = True
            self.on_silence(trouble)
        time.sleep(min(self._pause, left))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def until_answered(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` gives; asked again and again while the server is away."""
        while True:
            try:
                answer = ask()
            except PASSING as trouble:
                self.bear(trouble)
            else:
                self.heard()
                return answer


def submit(server: Server, body: Mapping[str, JSON], patience: Patience) -> str:
    """Ask for an execution once, whatever becomes of the answers, and give its id.

    Where the request may have arrived, it is asked again under the same key (D17); raises PerhapsDone where no answer
    came in the end, and at once whatever the server refuses.
    """
    key = secrets.token_hex(16)
    try:
        return server.execute(body, key)
    except NoServerOfOurs:
        raise
    except ServerUnreachable as first:
        if not first.sent:
            raise
    try:
        return patience.until_answered(lambda: server.execute(body, key))
    except ServerUnreachable as why:
        raise PerhapsDone(str(server), why.message.facts["why"]) from why


def follow(
    server: Server,
    execution_id: str,
    patience: Patience,
    *,
    after: str | None = None,
    once_listening: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """What happens to an execution until it has ended: each event once, in order.

    None is left out but, after FROM_NOW, those of a time without a connection before the first one was heard.

    Args:
        server: that of the execution.
        execution_id: whole.
        patience: how long it may stay away; then what kept it from answering is raised.
        after: id of the event after which to begin; None: at its beginning.
        once_listening: is called when the first stream is open; what it raises ends everything.
    """
    waiting = once_listening
    while True:
        try:
            with server.events(execution_id, after) as stream:
                patience.heard()
                if waiting is not None:
                    call, waiting = waiting, None
                    _at_once(call)
                for told in _heard(server, execution_id, stream, patience):
                    after = told.place or after
                    event = _event(server, told.kind, told.data)
                    if event is not None:
                        yield event
            pause = SHORTEST_PAUSE  # the stream also ends where the server does, or where we were too slow for it
        except _Refused as refused:
            raise refused.why from refused
        except ServerUnreachable as trouble:
            patience.bear(trouble)
            continue
        except ServerUnable as trouble:
            if waiting is not None:
                patience.bear(trouble)
                continue
            pause = LONGEST_PAUSE  # as many listen as may, perhaps; how it stands can be asked all the same
        if server.has_ended(patience.until_answered(lambda: server.execution(execution_id))):
            return
        time.sleep(pause)


def _heard(server: Server, execution_id: str, stream: Stream, patience: Patience) -> Iterator[Told]:
    """What the stream tells; where it is silent, the execution is looked at: it may have ended, or been forgotten."""
    for told in stream:
        patience.heard()
        if told.data is None and server.has_ended(server.execution(execution_id)):
            return
        yield told


class _Refused(Exception):
    """Carries an error out that must not be taken for a passing trouble of the stream."""

    def __init__(self, why: OrchestratorError) -> None:
        super().__init__(str(why))
        self.why = why


def _at_once(call: Callable[[], None]) -> None:
    try:
        call()
    except OrchestratorError as why:
        raise _Refused(why) from why


def _event(server: Server, kind: str, data: dict[str, Any] | None) -> Event | None:
    if data is None:
        return None
    with server.understood():
        return event_of(kind, data)
