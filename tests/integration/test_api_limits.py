"""Limits that hold whichever server runs the application: `uvicorn api:app` has none of `etl serve`'s own (S10)."""

import asyncio
import hashlib
import socket
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn

from orchestrator.operations.tokens import hash_of
from orchestrator.web import access as access_module
from orchestrator.web import guard
from orchestrator.web.access import Access
from orchestrator.web.guard import Guard
from tests.integration.web_subjects import in_a_thread

HEAD = "POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n"
MINE = "Authorization: Bearer mine\r\n"
SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/tasks",
    "raw_path": b"/tasks",
    "scheme": "http",
    "headers": [(b"host", b"localhost"), (b"authorization", b"Bearer mine")],
    "client": ("127.0.0.1", 1),
}


class Silent:
    """An audit that writes nothing."""

    def refused(self, _scope, _refusal):
        return None


async def reads_all(_scope, receive, send):
    """An application that wants the whole body."""
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def gate(app):
    """The gate around an application; the token `mine` is the server's own."""
    access = Access(house=SimpleNamespace(store=SimpleNamespace(tokens=list)), own=(hash_of("mine"),))
    return Guard(app, access=lambda: access, audit=Silent)


@contextmanager
def plain_uvicorn(app):
    """The address of uvicorn as it is, with nothing of ours but the application."""
    config = uvicorn.Config(app, lifespan="off", log_level="critical", timeout_keep_alive=60)
    with in_a_thread(config) as address:
        yield address


def told_until_the_end(client):
    """All that comes while another byte is sent every half second; None where the other side never hangs up."""
    told, give_up_at = b"", time.monotonic() + 20
    while time.monotonic() < give_up_at:
        try:
            client.sendall(b"x")
            piece = client.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return told
        if not piece:
            return told
        told += piece
    return None


@pytest.mark.parametrize(("token", "status"), [(MINE, b"408"), ("", b"401")])
def test_a_body_that_trickles_in_is_given_up_and_its_connection_closed(monkeypatch, token, status):
    monkeypatch.setattr(guard, "BODY_PATIENCE", 1.0)

    with plain_uvicorn(gate(reads_all)) as address, socket.create_connection(address, timeout=0.5) as client:
        client.sendall(f"{HEAD}{token}\r\n".encode())
        told = told_until_the_end(client)

    assert told is not None
    assert told.startswith(b"HTTP/1.1 " + status)


def test_so_many_requests_are_under_way_and_no_more(monkeypatch):
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 3)

    async def ask_many():
        sent, may_end, refused = [], asyncio.Event(), asyncio.Event()

        async def waits(_scope, _receive, send):
            await may_end.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                sent.append((message["status"], dict(message["headers"]).get(b"retry-after")))
            if len(sent) == 2:
                refused.set()

        server = gate(waits)
        asked = [asyncio.ensure_future(server({**SCOPE, "state": {}}, receive, send)) for _ in range(5)]
        await asyncio.wait_for(refused.wait(), 20)
        may_end.set()
        await asyncio.gather(*asked)
        await server({**SCOPE, "state": {}}, receive, send)
        return sent

    sent = asyncio.run(ask_many())

    assert sent == [(503, b"2")] * 2 + [(200, None)] * 4


def test_guesses_from_many_addresses_share_a_few_look_ups(monkeypatch):
    monkeypatch.setattr(access_module, "LOOK_AGAIN", 0.2)
    read_at = []

    def tokens():
        read_at.append(time.monotonic())
        return []

    async def guess(access, number):
        wrong = hashlib.sha256(str(number).encode()).hexdigest()
        with pytest.raises(Exception, match="token"):
            await access.bearer(f"Bearer {wrong}", peer=f"10.0.0.{number}", proxied=False)

    async def guess_often():
        access = Access(house=SimpleNamespace(store=SimpleNamespace(tokens=tokens)), own=())
        for _ in range(3):
            await asyncio.gather(*(guess(access, number) for number in range(100)))

    began = time.monotonic()
    asyncio.run(guess_often())
    took = time.monotonic() - began

    assert len(read_at) <= took / 0.2 + 2
    assert len(read_at) < 10
