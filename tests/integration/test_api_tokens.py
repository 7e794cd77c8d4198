"""What belongs to a token: the keys of its requests, its place in the audit, and that it opens from the first moment."""

import json

import pytest

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(Home(tmp_path_factory.mktemp("tokens"), *chain("a")), "--workers", "0") as running:
        yield running


def bearer(server, name, role):
    """A client of a token that was made just now."""
    made = server.home.etl("token", "create", name, "--role", role)
    assert made.returncode == 0, made.stderr
    return server.as_bearer(made.stdout.strip())


def test_a_token_opens_from_the_moment_it_is_made(server):
    opened = []
    for number in range(3):
        server.client.get("/tasks")
        opened.append(bearer(server, f"fresh-{number}", "read").get("/tasks").status_code)

    assert opened == [200, 200, 200]


def test_the_same_key_of_two_tokens_stands_for_two_executions(server):
    ana, bea = bearer(server, "ana", "run"), bearer(server, "bea", "run")
    headers = {"Idempotency-Key": "nightly"}

    first, second = (one.post("/execute", json={"tasks": ["a"]}, headers=headers) for one in (ana, bea))
    again = ana.post("/execute", json={"tasks": ["a"]}, headers=headers)
    other_body = bea.post("/execute", json={"tasks": ["a"], "parallel": True}, headers=headers)

    assert [answer.status_code for answer in (first, second, again, other_body)] == [202, 202, 202, 409]
    assert first.json()["execution_id"] == again.json()["execution_id"]
    assert first.json()["execution_id"] != second.json()["execution_id"]


def test_a_key_outlives_neither_its_token_nor_passes_to_another_of_that_name(server):
    headers = {"Idempotency-Key": "weekly"}

    first = bearer(server, "eva", "run").post("/execute", json={"tasks": ["a"]}, headers=headers)
    server.home.etl("token", "revoke", "eva")
    second = bearer(server, "eva", "run").post("/execute", json={"tasks": ["a"]}, headers=headers)

    assert first.json()["execution_id"] != second.json()["execution_id"]


def test_whoever_tries_what_a_role_does_not_hold_is_on_record_by_name(server):
    reader = bearer(server, "lia", "read")

    refused = [reader.post("/execute", json={"tasks": ["a"]}), server.client.get("/tasks", headers={"Origin": "null"})]

    lines = (server.home.path / ".orchestrator" / "refused.jsonl").read_text(encoding="utf-8").splitlines()
    told = [{key: line.get(key) for key in ("status", "why", "by", "role", "path")} for line in map(json.loads, lines)]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert {"status": 403, "why": "role", "by": "lia", "role": "read", "path": "/execute"} in told
    assert {"status": 403, "why": "foreign-origin", "by": None, "role": None, "path": "/tasks"} in told
