"""How a server is started: the application that the environment asks for, and uvicorn with our limits around it."""

import asyncio
import logging
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from types import FrameType
from typing import Any, Final

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from orchestrator.core.errors import OrchestratorError, UsageError
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.messages import N_
from orchestrator.core.tasks import Registry
from orchestrator.operations.parts import Parts
from orchestrator.operations.tokens import first_token, token_of_environment
from orchestrator.settings import Settings, read_settings
from orchestrator.translation import _, language_from_environment, say, use_language
from orchestrator.web.app import create_app

HEADER_PATIENCE: Final = 10.0
"""Seconds in which a connection must have sent a whole request's headers."""
BODY_PATIENCE: Final = 30.0
"""Seconds in which the rest of a request must have come once its headers are there."""
MOST_CONNECTIONS: Final = 4000
"""At once; fewer where the process may not have so many descriptors."""
KEPT_DESCRIPTORS: Final = 100
"""For stores, logs, workers: connections leave them free."""
STALLED_PATIENCE_MS: Final = 30_000
"""Milliseconds after which the kernel gives up a connection whose client takes nothing."""
GRACEFUL: Final = 5
BACKLOG: Final = 2048


def app_from_environment() -> FastAPI:
    """The application for `uvicorn api:app`: all that flags could say comes from `ETL_*`.

    Ends the process where they say what cannot be, or nothing can be stored, with one line on stderr and the exit code
    of D3.
    """
    use_language(language_from_environment())
    try:
        settings = read_settings()
        _try_to_open(settings)
        app = create_app(
            settings,
            workers=number_of(settings, "ETL_WORKERS", 1),
            slots=number_of(settings, "ETL_WORKER_SLOTS", 4, least=1),
            allowed_hosts=allowed_hosts(settings),
        )
    except OrchestratorError as error:
        _tell(say(error))
        raise SystemExit(ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.UNABLE) from None
    _tell(
        _(
            "Warning: a server of your own limits neither how many connect nor how long headers may take; "
            "`etl serve` does, or a proxy in front of it"
        )
    )
    return app


def allowed_hosts(settings: Settings) -> list[str]:
    """`ETL_ALLOWED_HOSTS`: names by which the server may be asked, separated by commas."""
    return [name.strip() for name in settings.environment.get("ETL_ALLOWED_HOSTS", "").split(",") if name.strip()]


def number_of(settings: Settings, name: str, default: int, *, least: int = 0, most: int = 64) -> int:
    """A whole number of the environment; raises UsageError for anything else."""
    text = settings.environment.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most):
        raise UsageError(
            N_("{name} must be a whole number {least}…{most}, not {value!r}"),
            name=name,
            least=least,
            most=most,
            value=text[:40],
        )
    return int(text)


def serve(app: FastAPI, bound: socket.socket, *, log_level: str) -> None:
    """Answer on a bound socket until SIGINT or SIGTERM; then end streams and workers in order, on a second one at once.

    What ended it ends this process, too, as a signal does by itself. Raises what the application could not start with.
    """
    config = uvicorn.Config(
        app,
        http=_Patient,
        ws="none",
        lifespan="on",
        log_level=log_level.lower(),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACEFUL,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=64 * 1024,
    )
    logging.getLogger("uvicorn.error").addFilter(
        lambda _record: app.state.failure is None
    )  # told once, by whoever called
    try:
        _Server(config, app).run(sockets=[bound])
    except SystemExit:  # uvicorn's own code for an application that cannot start
        if app.state.failure is None:
            raise
    if app.state.failure is not None:
        raise app.state.failure


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises UsageError where the address cannot be had."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as why:
        raise UsageError(N_("no server can listen on {host}: {why}"), host=host, why=why) from why
    try:
        if sys.platform != "win32":  # there it would let a second server take the same port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # what it accepts inherits this
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_PATIENCE_MS)
        bound.bind(address)
        bound.listen(BACKLOG)  # whoever reads our first line and comes at once waits instead of being refused
    except OSError as why:
        bound.close()
        raise UsageError(
            N_("no server can listen on {host}:{port}: {why}; --port takes another one"), host=host, port=port, why=why
        ) from why
    bound.set_inheritable(False)
    return bound


@cache
def room_for_connections() -> int:
    """So many descriptors may be open besides our own; asked for as many as the system gives, once."""
    if sys.platform == "win32":  # no such limits there
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 - not on every platform

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, MOST_CONNECTIONS + KEPT_DESCRIPTORS)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, MOST_CONNECTIONS + KEPT_DESCRIPTORS), hard))
    return max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - KEPT_DESCRIPTORS)


def is_loopback(hosts: Iterable[str]) -> bool:
    """Whether every address reaches this machine alone."""
    return all(host == "::1" or host.startswith("127.") for host in hosts)


def _try_to_open(settings: Settings) -> None:
    """Raise now what a server would only be able to log: StoreUnusable, HomeUnusable, UsageError."""
    parts = Parts(Registry(), settings)
    try:
        parts.store.last_position()
        if token_of_environment(parts) is None:
            first_token(parts)
    finally:
        parts.close()


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class _Server(uvicorn.Server):
    """uvicorn's, whose second signal ends at once what the first one asks to end in order (R15)."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        if self.should_exit:
            self.force_exit = True  # nobody's answer is waited for any more
            self._app.state.workers.hurry()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in order; in a hurry, too, no worker stays behind."""
        await super().shutdown(sockets)
        if self.force_exit and not self._app.state.closed:
            await self.lifespan.shutdown()  # which uvicorn then leaves out


class _Patient(H11Protocol):
    """uvicorn's protocol, with limits for how long headers and body may take, and for how many are connected."""

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client connected: its first request must come soon; one more than may be is hung up at once."""
        super().connection_made(transport)
        if len(self.connections) > min(MOST_CONNECTIONS, room_for_connections()):
            transport.abort()
            return
        self._lose_patience(HEADER_PATIENCE)

    def data_received(self, data: bytes) -> None:
        """Some of a request came; what it lacks must come in time, whether it was answered already or not."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.SEND_BODY:  # bytes that trickle in are no reason for more patience
            self._lose_patience(BODY_PATIENCE)
        elif self.cycle is not None and not self.cycle.response_complete:
            self._be_patient()  # it is our turn
        elif self.conn.trailing_data[0]:
            self._lose_patience(HEADER_PATIENCE)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._be_patient()
        super().connection_lost(exc)

    def _lose_patience(self, seconds: float) -> None:
        if self._impatience is None:
            self._impatience = self.loop.call_later(seconds, self._give_up)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _give_up(self) -> None:
        self._impatience = None
        waits_for_us = self.cycle is not None and not self.cycle.response_complete
        if not self.transport.is_closing() and (not waits_for_us or self.conn.their_state is h11.SEND_BODY):
            self.transport.abort()
