"""What a hostile reviewer found in pieces of the server: each test failed when it was written, and names its fault."""

import asyncio
import logging
import socket
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import SimpleNamespace

import psutil
import pytest
import uvicorn

from orchestrator.core.errors import OrchestratorError, StoreUnusable
from orchestrator.core.events import Event, ExecutionMoved
from orchestrator.core.executions import Request
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Placed, Queueing
from orchestrator.core.tasks import Registry
from orchestrator.operations.parts import Parts
from orchestrator.operations.tokens import NOBODY_IN_PARTICULAR, first_token, hash_of
from orchestrator.operations.working import Worker
from orchestrator.settings import read_settings
from orchestrator.web import audit, requests, starting, streams
from orchestrator.web.access import Access
from orchestrator.web.audit import Audit
from orchestrator.web.guard import Guard
from orchestrator.web.house import House
from orchestrator.web.news import News
from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import in_a_thread, serving

WORKFLOWS = {
    "alone": {"tasks": ["a"], "concurrency": {"limit": 1, "on_conflict": "skip"}},
    "single": {"tasks": ["a"], "concurrency": {"limit": 1}},
    "other": {"tasks": ["b"]},
}


WEB_SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/tasks",
    "raw_path": b"/tasks",
    "scheme": "http",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 1),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("attacks"), *chain("a"), {"task_id": "b"}, workflows=WORKFLOWS)
    with serving(home, "--slots", "2") as running:
        yield running


@pytest.fixture
def settings(tmp_path, monkeypatch):
    home = Home(tmp_path, *chain("a"))
    monkeypatch.setenv("ETL_HOME", str(home.path))
    monkeypatch.setenv("ETL_CONFIG", str(home.path / "config.json"))
    return read_settings()


def placed(position):
    moved = ExecutionMoved(before=ExecutionStatus.QUEUED, after=ExecutionStatus.RUNNING, at=datetime.now(UTC))
    event = Event(execution_id="exec_20250101_000000_00000000", seq=position, move=moved, chain="")
    return Placed(position=position, event=event)


class Stored:
    """A store that holds so many events; `meanwhile` happens while its last position is asked for."""

    def __init__(self, number):
        self.number = number
        self.meanwhile = lambda: None

    def last_position(self):
        self.meanwhile()
        return self.number

    def events_after(self, position, *, limit, execution_id=None):
        return [placed(number) for number in range(position + 1, self.number + 1)][:limit]


@contextmanager
def answering(app):
    """The address of our own protocol around a small application."""
    config = uvicorn.Config(app, http=starting._Patient, lifespan="off", log_level="critical", timeout_keep_alive=1)
    with in_a_thread(config) as address:
        yield address


def hangs_up(client, *, seconds):
    """Whether the other side closes although another byte comes every half second."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        try:
            client.sendall(b"x")
            if client.recv(65536) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


async def through_the_gate(app, scope, access=None):
    """What the gate sends."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    await Guard(app, access=lambda: access, audit=lambda: None)({**scope, "state": {}}, receive, send)
    return sent


# FAULT 1 (streams.py:84): what is spread between the look at the news and the start of listening is lost
def test_nothing_is_lost_between_what_was_missed_and_what_is_live():
    store = Stored(2)
    house = SimpleNamespace(store=store, last_position=store.last_position)
    heard = []

    async def follow():
        news = News(house=house)
        news._loop = asyncio.get_running_loop()
        news.position = 2
        state = SimpleNamespace(news=news, house=house, access=Access(house=house, own=()))
        request = SimpleNamespace(app=SimpleNamespace(state=state), headers={})

        def one_more():
            store.number = 3
            news._read_what_came()

        store.meanwhile = one_more
        stream = await streams._stream(request, None, "0")
        heard.extend([await asyncio.wait_for(anext(stream._messages), 2) for _ in range(3)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "house_of", lambda request: request.app.state.house)
        patch.setattr(streams, "event_bytes", lambda placed: placed.position)
        try:
            asyncio.run(follow())
        except TimeoutError:
            heard.append("nothing more")

    assert heard == [1, 2, 3]


# FAULT 2 (starting.py:136): once answered, or while it sends its body, a client may dribble for ever, without a token
@pytest.mark.parametrize("whole_body_first", [False, True])
def test_a_client_that_never_ends_its_body_is_hung_up(monkeypatch, whole_body_first):
    monkeypatch.setattr(starting, "HEADER_PATIENCE", 1.0)
    monkeypatch.setattr(starting, "BODY_PATIENCE", 1.0, raising=False)

    async def app(_scope, receive, send):
        while whole_body_first and (await receive()).get("more_body"):
            continue
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with answering(app) as address, socket.create_connection(address, timeout=0.5) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        hung_up = hangs_up(client, seconds=4)

    assert hung_up


# FAULT 24 (starting.py:130): nobody counts connections; 1 000 idle ones take all descriptors, and the log 1 MB a second
def test_so_many_connect_and_no_more(monkeypatch):
    monkeypatch.setattr(starting, "MOST_CONNECTIONS", 3, raising=False)

    async def app(_scope, _receive, _send):
        raise AssertionError

    with answering(app) as address:
        clients = [socket.create_connection(address, timeout=1) for _ in range(6)]
        hung_up = [hangs_up(client, seconds=1) for client in clients]
        for client in clients:
            client.close()

    assert hung_up.count(True) == 3


# FAULT 3 (house.py:62): a store per thread that ever lived, and pool threads come and go: descriptors without end
def test_threads_that_are_gone_leave_no_open_store_behind(settings):
    house = House(settings=settings)
    house.open()
    before = psutil.Process().num_fds()

    for _ in range(15):
        thread = threading.Thread(target=house.last_position)
        thread.start()
        thread.join()
    after = psutil.Process().num_fds()
    house.close()

    assert after - before < 12


# FAULT 6 (working.py:97): an execution whose definitions cannot be read stops all that stand behind it, for ever
def test_one_that_cannot_be_read_does_not_keep_others_waiting(settings):
    parts, at = Parts(Registry(), settings), datetime.now(UTC)
    unreadable = Request(tasks=("a",), workflow="w", source="api", snapshot="0" * 64)
    bad, good = "exec_20250101_000000_00000000", "exec_20250101_000000_00000001"
    parts.store.create_execution(bad, unreadable, snapshot='{"newer": 1}', at=at, queueing=Queueing())
    parts.store.create_execution(good, Request(tasks=("a",), source="api"), snapshot="", at=at, queueing=Queueing())

    async def look():
        worker = Worker(parts=parts, slots=4)
        with suppress(OrchestratorError):
            worker._take_what_waits()
        taken = list(worker._driven)
        await asyncio.gather(*worker._driven.values())
        return taken

    taken = asyncio.run(look())
    parts.close()

    assert good in taken


# FAULT 8 (requests.py:66): a body of 1 MiB is read in the event loop: a second in which nobody else is answered
def test_bodies_are_read_beside_the_event_loop(monkeypatch):
    readers = []
    monkeypatch.setattr(requests, "read_body", lambda *_: readers.append(threading.get_ident()))

    async def ask():
        async def body():
            return b"{}"

        await requests.body_as(object)(SimpleNamespace(body=body, state=SimpleNamespace()))
        return threading.get_ident()

    loop_thread = asyncio.run(ask())

    assert readers != [loop_thread]


# FAULT 9 (audit.py:43): refused requests turn the files over: anybody can wipe out what is on record, without a token
def test_whoever_is_refused_cannot_wash_away_what_was_done(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "LARGEST", 2000)
    record = Audit(path=tmp_path / "audit.jsonl")
    record.did(WEB_SCOPE, NOBODY_IN_PARTICULAR, "execute")

    for _ in range(200):
        record.refused(WEB_SCOPE, SimpleNamespace(status=401, kind="token-needed"))
    record.close()

    assert '"execute"' in "".join(path.read_text() for path in tmp_path.iterdir())


# FAULT 15 (guard.py:102): `/livez` reads tokens in the store, so a server whose store is away is restarted for it
def test_the_servers_own_token_opens_without_the_store():
    class Away:
        def tokens(self):
            raise StoreUnusable("away")

    async def alive(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    access = Access(house=SimpleNamespace(store=Away()), own=(hash_of("mine"),))
    scope = {**WEB_SCOPE, "path": "/livez", "headers": [*WEB_SCOPE["headers"], (b"authorization", b"Bearer mine")]}

    sent = asyncio.run(through_the_gate(alive, scope, access))

    assert sent[0]["status"] == 200


# FAULT 18 (news.py:139): where counting an event fails, those who listen never get it, nor the rest of its batch
def test_what_cannot_be_counted_is_still_told():
    def failing(_placed):
        raise StoreUnusable("busy")

    async def listen():
        news = News(house=SimpleNamespace(store=Stored(3)), observe=failing)
        news._loop = asyncio.get_running_loop()
        listener = news.listen(lambda _: True, 0)
        try:
            news._read_what_came()
        except StoreUnusable:
            news._read_what_came()
        await asyncio.sleep(0)
        return listener.line.qsize()

    assert asyncio.run(listen()) == 3


# FAULT 19 (tokens.py:114): a crash between making and filling the file leaves a server that nobody can open
def test_an_empty_token_file_is_filled(settings):
    settings.state.mkdir(mode=0o700)
    (settings.state / "api_token").touch(mode=0o600)

    _path, token = first_token(Parts(Registry(), settings))

    assert len(token) > 40


# FAULT 20 (guard.py:64): what fails is answered outside the gate: without its headers, and in no language
def test_what_fails_is_answered_with_the_same_headers():
    async def broken(_scope, _receive, _send):
        raise ValueError("unforeseen")

    sent = asyncio.run(through_the_gate(broken, {**WEB_SCOPE, "path": "/health"}))

    assert sent[0]["status"] == 500
    assert dict(sent[0]["headers"])[b"x-content-type-options"] == b"nosniff"


# FAULT 21 (guard.py:58): a WebSocket is left hanging, which `uvicorn api:app` answers 500, without a token
def test_a_websocket_is_closed_and_no_failure():
    async def untouched(_scope, _receive, _send):
        raise AssertionError

    sent = asyncio.run(through_the_gate(untouched, {**WEB_SCOPE, "type": "websocket"}))

    assert [message["type"] for message in sent] == ["websocket.close"]


# FAULT 23 (streams.py:166): who leaves, leaves a task behind, and a line in the log about it
def test_a_stream_that_is_left_leaves_nothing_behind():
    async def visit():
        news = News(house=SimpleNamespace(store=Stored(0)))
        listener = news.listen(lambda _: True, 0)
        events = streams._events(news.house, listener, None, (0, 0), over=False)

        async def leaves():
            await asyncio.sleep(0.05)
            return {"type": "http.disconnect"}

        async def send(_message):
            return None

        await streams.EventStream(events, leave=lambda: news.leave(listener))({}, leaves, send)
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - 1

    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        left = asyncio.run(visit())
    finally:
        logging.getLogger("asyncio").setLevel(logging.NOTSET)

    assert left == 0
