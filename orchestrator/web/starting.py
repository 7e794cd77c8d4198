"""How a server is started: the application that the environment asks for, and uvicorn with our limits around it."""

import asyncio
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any, Final

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.settings import Settings, read_settings
from orchestrator.translation import language_from_environment, use_language
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
    """The application for `uvicorn api:app`: all that flags could say comes from `ETL_*`."""
    use_language(language_from_environment())
    settings = read_settings()
    return create_app(
        settings,
        workers=number_of(settings, "ETL_WORKERS", 1),
        slots=number_of(settings, "ETL_WORKER_SLOTS", 4, least=1),
        allowed_hosts=allowed_hosts(settings),
    )


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
    """Answer on a bound socket until SIGINT or SIGTERM; then end streams and workers in order."""
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
    uvicorn.Server(config).run(sockets=[bound])


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
