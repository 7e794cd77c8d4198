"""What a hostile reviewer found in a running server: each test failed when it was written, and names its fault."""

import socket
import time
from datetime import UTC, datetime

import pytest

from orchestrator.core.storing import Token
from orchestrator.executors.execution_lock import take
from orchestrator.operations.tokens import hash_of
from orchestrator.stores import open_store
from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import events_of, serving

WORKFLOWS = {
    "alone": {"tasks": ["a"], "concurrency": {"limit": 1, "on_conflict": "skip"}},
    "single": {"tasks": ["a"], "concurrency": {"limit": 1}},
    "other": {"tasks": ["b"]},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("attacks"), *chain("a"), {"task_id": "b"}, workflows=WORKFLOWS)
    with serving(home, "--slots", "2") as running:
        yield running


# FAULT 1 (streams.py:84): what the news have not read yet is cut off, so the end of what just ended is never told
def test_the_stream_of_what_has_just_ended_tells_its_end(server):
    told = []
    for _ in range(3):
        execution_id = server.execute(tasks=["b"])
        server.wait_for(execution_id)
        with server.client.stream("GET", f"/executions/{execution_id}/events") as stream:
            told.append([data.get("after") for _, kind, data in events_of(stream.iter_lines()) if kind == "execution"])

    assert told == [["running", "completed"]] * 3


# FAULT 4 (house.py:79): whatever is asked of an execution needs the configuration, so a broken one forbids to cancel
def test_a_broken_configuration_keeps_nobody_from_looking_and_cancelling(server):
    config = server.home.path / "config.json"
    text = config.read_text()
    server.home.hold("a")
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id, "running")

    config.write_text("{")
    try:
        statuses = [server.client.get(path).status_code for path in ("/executions", f"/executions/{execution_id}")]
        cancelled = server.client.delete(f"/executions/{execution_id}").status_code
    finally:
        config.write_text(text)
        server.home.let_go("a")
        server.wait_for(execution_id)

    assert (statuses, cancelled) == ([200, 200], 202)


# FAULT 5 (working.py:111): only the first few in line are looked at, and those may all wait for one of their own kind
def test_many_that_wait_for_their_own_kind_do_not_keep_others_waiting(server):
    server.home.hold("a")
    singles = [server.execute(workflow="single") for _ in range(6)]
    server.wait_for(singles[0], "running")
    other = server.execute(workflow="other")

    try:
        give_up_at = time.monotonic() + 4
        while (stands := server.client.get(f"/executions/{other}").json()["status"]) != "completed":
            if time.monotonic() > give_up_at:
                break
            time.sleep(0.1)
    finally:
        for one in reversed(singles):
            server.client.delete(f"/executions/{one}")
        server.home.let_go("a")
        for one in (*singles, other):
            server.wait_for(one)

    assert stands == "completed"


# FAULT 7 (submitting.py:81): who asks again under its key is told that the workflow is busy - with what it asked for
def test_a_request_that_is_sent_again_is_not_in_its_own_way(server):
    headers = {"Idempotency-Key": "once"}
    server.home.hold("a")

    answers = [server.client.post("/execute", json={"workflow": "alone"}, headers=headers) for _ in range(2)]
    server.home.let_go("a")
    server.wait_for(answers[0].json()["execution_id"])

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["execution_id"] == answers[1].json()["execution_id"]


# FAULT 10 (executions.py:277): what its driver has not let go is forgotten, and its report written again afterwards
def test_what_its_driver_still_holds_is_not_forgotten_yet(server):
    execution_id = server.execute(tasks=["b"])
    server.wait_for(execution_id)
    path = server.home.path / ".orchestrator" / "locks" / f"{execution_id}.lock"
    give_up_at = time.monotonic() + 20
    while path.exists() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    lock = take(path, holder="its driver", patience=0.0)

    held = server.client.delete(f"/executions/{execution_id}?purge=true").status_code
    lock.release()
    free = server.client.delete(f"/executions/{execution_id}?purge=true").status_code

    assert (held, free) == (409, 200)
    assert not path.exists()


# FAULT 11 (logs.py:68): as many as like follow a log, and each asks the store three times a second in a shared thread
def test_logs_are_followed_by_so_many_and_no_more(server):
    server.home.hold("a")
    execution_id = server.execute(tasks=["a"])
    server.home.wait_for("a")
    server.wait_for(execution_id, "running")
    address = f"/executions/{execution_id}/tasks/a/attempts/1/log?follow=true"
    request = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()

    followers = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(130)]
    for one in followers:
        one.sendall(request)
    answers = [one.recv(12) for one in followers]
    for one in followers:
        one.close()
    server.home.let_go("a")
    server.wait_for(execution_id)

    assert b"HTTP/1.1 429" in answers


# FAULT 12 (executions.py:262): the edge of the calendar is no time in UTC: 500
@pytest.mark.parametrize("since", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
def test_times_beyond_the_calendar_are_refused_or_mean_all_or_nothing(server, since):
    assert server.as_bearer(server.token).get(f"/executions?since={since}").status_code in {200, 422}


# FAULT 13 (definitions.py:68): a configuration that was removed is read without care: 500
def test_a_configuration_that_is_gone_is_no_failure_of_the_server(server):
    config = server.home.path / "config.json"
    config.rename(config.with_suffix(".away"))

    try:
        answer = server.as_bearer(server.token).post("/validate", json={})
    finally:
        config.with_suffix(".away").rename(config)

    assert answer.status_code in {200, 422, 503}


# FAULT 14 (executions.py:267): one execution is forgotten, and who has it for a cursor is told that there are no more
def test_a_cursor_whose_execution_was_forgotten_hides_no_others(server):
    for _ in range(4):
        server.wait_for(server.execute(tasks=["b"]))
    page = server.client.get("/executions?limit=2").json()
    server.client.delete(f"/executions/{page['executions'][-1]['execution_id']}?purge=true")

    answer = server.client.get("/executions", params={"limit": 2, "cursor": page["next"]})

    assert answer.status_code != 200 or answer.json()["executions"]


# FAULT 17 (streams.py:155): a token that was revoked goes on hearing what happens, for as long as it stays
def test_a_revoked_token_hears_nothing_more(server):
    store = open_store(f"sqlite:///{server.home.path / '.orchestrator' / 'state.db'}")
    now, text = datetime.now(UTC), "a-token-of-a-listener"
    store.keep_token(Token(name="listener", role="read", sha256=hash_of(text), created_at=now))
    time.sleep(1.1)
    with server.as_bearer(text).stream("GET", "/events") as stream:
        opened = stream.status_code
        store.revoke_token("listener", at=now)
        store.close()
        time.sleep(1.1)
        server.wait_for(server.execute(tasks=["b"]))
        heard = next((kind for _, kind, _ in events_of(stream.iter_lines())), None)

    assert opened == 200
    assert heard in {None, "end"}


# FAULT 22 (guard.py:146): what follows the brackets of an address is not looked at
@pytest.mark.parametrize("host", ["[::1].evil.example", "[::1]evil.example", "localhost:evil.example"])
def test_a_host_is_a_name_and_a_port_and_no_more(server, host):
    assert server.anonymous.get("/health", headers={"Host": host}).status_code == 421
