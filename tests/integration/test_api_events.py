"""Live events: all of them, in order, from wherever a client was before, and nobody who stalls costs the others."""

import socket
import threading
import time

import pytest

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import events_of, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("events"), *chain("a", "b"), workflows={"w": {"tasks": ["all"]}})
    with serving(home, "--slots", "4") as running:
        yield running


def whole_stream(server, path, **headers):
    with server.client.stream("GET", path, headers=headers) as stream:
        return list(events_of(stream.iter_lines()))


def test_a_stream_of_one_execution_tells_all_and_ends_with_it(server):
    execution_id = server.execute(workflow="w")

    events = whole_stream(server, f"/executions/{execution_id}/events")

    *moves, (_, last_kind, _) = events
    assert last_kind == "end"
    assert [data["seq"] for _, _, data in moves] == list(range(1, len(moves) + 1))
    tasks = [(data["task_id"], data["after"]) for _, kind, data in moves if kind == "task"]
    assert tasks == [("a", "running"), ("a", "completed"), ("b", "running"), ("b", "completed")]
    assert moves[-1][2]["after"] == "completed"
    assert moves[-1][2]["exit_code"] == 0


def test_a_client_that_comes_back_gets_what_it_missed_and_nothing_twice(server):
    execution_id = server.execute(workflow="w")
    server.wait_for(execution_id)
    path = f"/executions/{execution_id}/events"
    events = whole_stream(server, path)

    again = [whole_stream(server, path, **{"Last-Event-ID": number}) for number, _, _ in events[:-1]]

    assert again == [events[place + 1 :] for place in range(len(events) - 1)]


def test_the_stream_of_all_goes_on_from_now_or_from_where_a_client_was(server):
    heard = []
    ready = threading.Event()

    def listen(headers):
        with server.client.stream("GET", "/events", headers=headers) as stream:
            ready.set()
            for event in events_of(stream.iter_lines()):
                heard.append(event)
                if event[1] == "execution" and event[2]["after"] == "completed":
                    return

    first = threading.Thread(target=listen, args=({},))
    first.start()
    assert ready.wait(20)
    execution_id = server.execute(workflow="w")
    server.wait_for(execution_id)
    first.join(20)
    live, heard[:] = list(heard), []
    listen({"Last-Event-ID": live[2][0]})

    assert {data["execution_id"] for _, _, data in live} == {execution_id}
    assert [data["seq"] for _, _, data in live] == list(range(1, len(live) + 1))
    assert heard == live[3:]


def test_a_place_that_never_was_is_refused_or_begins_now(server):
    assert server.client.get("/events", headers={"Last-Event-ID": "x"}).status_code == 422
    assert server.client.get("/events", headers={"Last-Event-ID": "-1"}).status_code == 422
    assert server.client.get("/events?since=1e3").status_code == 422
    with server.client.stream("GET", "/events", headers={"Last-Event-ID": "999999999"}) as stream:
        assert stream.status_code == 200


def test_a_move_is_heard_soon_after_it_was_stored(server):
    server.home.hold("a")
    execution_id = server.execute(workflow="w")
    server.wait_for(execution_id, "running")
    delays = []

    with server.client.stream("GET", f"/executions/{execution_id}/events") as stream:
        for _, kind, data in events_of(stream.iter_lines()):
            if kind == "attempt" and data["task_id"] == "a":
                let_go = time.time()
                server.home.let_go("a")
            elif kind == "task" and (data["task_id"], data["after"]) == ("a", "completed"):
                delays.append(time.time() - let_go)

    assert len(delays) == 1
    assert delays[0] < 10  # 1.5 s on an idle machine: SQLite is looked at once a second


def test_stalled_clients_and_many_of_them_cost_the_others_nothing(server):
    request = (
        f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\nLast-Event-ID: 0\r\n\r\n"
    ).encode()
    stalled = []
    for _ in range(200):
        one = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        one.sendall(request)
        stalled.append(one)
    answers = [one.recv(12) for one in stalled]

    statuses = [server.client.get("/executions").status_code for _ in range(20)]
    ended = server.wait_for(server.execute(workflow="w"))
    for one in stalled:
        one.close()

    assert answers.count(b"HTTP/1.1 200") <= 100
    assert set(answers) == {b"HTTP/1.1 200", b"HTTP/1.1 429"}
    assert set(statuses) == {200}
    assert ended["status"] == "completed"


def test_whoever_left_frees_a_place(server):
    give_up_at = time.monotonic() + 30
    while True:
        with server.client.stream("GET", "/events") as stream:
            if stream.status_code == 200:
                break
        assert time.monotonic() < give_up_at
        time.sleep(0.2)

    assert "etl_event_streams" in server.client.get("/metrics").text
