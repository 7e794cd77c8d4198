"""Who may come in, from where, with what, and what they never see (S1–S4, S7, S8, S10, S13, S16, S17)."""

import json
import os
import socket
import stat
import time

import psutil
import pytest

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import files_below, serving

SECRET = "canario-9f3a7c51e2"
OF_ENVIRONMENT = "canario-entorno-77ab01"
LEAK = """
import os, sys
def leak(name, password=None, etl_context=None):
    print("password is", password)
    sys.stdout.write(password[:7]); sys.stdout.flush()
    sys.stdout.write(password[7:] + "\\n"); sys.stdout.flush()
    print("environment", os.environ.get("LEAKY_TOKEN"), file=sys.stderr)
    print("\\x1b]0;x\\x07 \\r forged\\n2026-01-01 INFO forged \\u202e", flush=True)
    raise RuntimeError(f"could not log in with {password}")
"""
HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("gate"), *chain("a"), workflows={"w": {"tasks": ["a"]}})
    (home.path / "leaky.py").write_text(LEAK)
    (home.path / "outside.json").symlink_to("/proc/self/environ")
    with serving(home, LEAKY_TOKEN=OF_ENVIRONMENT, LEAK_SECRET=SECRET) as running:
        yield running


def addresses(server):
    for path, methods in server.client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{number}", "1").replace("{", "").replace("}", "")
    yield "GET", "/openapi.json"
    yield "GET", "/docs"
    yield "GET", "/nowhere"


def started(server):
    return len(server.home.started)


@pytest.mark.parametrize(
    "token", [None, "", "Bearer wrong", "Basic YTpi", "Bearer etl_" + "A" * 43, "Bearer \u00f1".encode()]
)
def test_no_address_but_health_answers_without_a_token_that_is_in_use(server, token):
    headers = {} if token is None else {"Authorization": token}

    answers = {
        (method, path): server.anonymous.request(method, path, headers=headers).status_code
        for method, path in addresses(server)
    }

    assert answers.pop(("GET", "/health")) == 200
    assert set(answers.values()) <= {401, 429}
    assert 401 in answers.values() or token not in {None, ""}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8001", 200),
        ("127.0.0.1:80", 200),
        ("[::1]:8001", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:8001", 421),
        ("", 421),
    ],
)
def test_only_names_of_this_machine_are_answered(server, host, status):
    assert server.client.get("/tasks", headers={"Host": host}).status_code == status
    assert server.anonymous.get("/health", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
def test_pages_of_other_origins_start_nothing(server, origin, kind):
    before = started(server)
    headers = {"Origin": origin} | ({"Content-Type": kind} if kind else {})

    answer = server.client.post("/execute", content=b'{"tasks": ["a"]}', headers=headers)

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert started(server) == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_so_is_not_let_in_from_elsewhere(server, site):
    assert server.client.get("/tasks", headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_read(server, kind):
    answer = server.client.post("/execute", content=b'{"tasks": ["a"]}', headers={"Content-Type": kind})

    assert answer.status_code == 415


def test_compressed_bodies_are_not_read(server):
    answer = server.client.post("/execute", content=b"\x1f\x8b", headers={**JSON_TYPE, "Content-Encoding": "gzip"})

    assert answer.status_code == 415


def test_reading_has_no_effects(server):
    before = server.client.get("/executions").json()

    assert server.client.get("/execute").status_code == 405
    assert server.client.head("/health").status_code in {200, 405}
    assert server.client.get("/executions").json() == before


def test_a_body_has_a_limit_whether_it_says_its_size_or_not(server):
    large = b'{"workflow": "' + b"w" * (2 * 1024 * 1024) + b'"}'

    told = server.client.post("/execute", content=large, headers=JSON_TYPE)
    chunked = server.client.post("/execute", content=iter([large[:1000], large[1000:]]), headers=JSON_TYPE)

    assert (told.status_code, chunked.status_code) == (413, 413)
    assert server.client.get("/readyz").status_code == 200


def test_every_answer_bears_the_same_headers_and_names_no_software(server):
    answers = [server.client.get("/tasks"), server.client.get("/nowhere"), server.anonymous.get("/tasks")]
    answers += [server.client.post("/execute", json={}), server.client.get("/tasks", headers={"Host": "evil"})]

    assert [answer.status_code for answer in answers] == [200, 404, 401, 422, 421]
    for answer in answers:
        assert HEADERS.items() <= dict(answer.headers).items()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_a_configuration_is_named_and_never_a_path(server):
    before = started(server)
    for name in ["outside.json", "../config.json", str(server.home.path / "config.json"), ".", "..", "\x00", "x" * 500]:
        answer = server.client.post("/execute", json={"tasks": ["a"], "config_file": name})
        assert answer.status_code == 422, (name, answer.text)
        assert "PATH=" not in answer.text

    assert started(server) == before


def test_what_a_role_does_not_hold_is_refused(server):
    tokens = {
        role: server.home.etl("token", "create", f"a-{role}", "--role", role).stdout.strip()
        for role in ("read", "run", "admin")
    }
    clients = {role: server.as_bearer(token) for role, token in tokens.items()}
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id)
    time.sleep(1.1)

    def statuses(client):
        return [
            client.get("/tasks").status_code,
            client.post("/execute", json={"tasks": ["a"]}).status_code,
            client.delete(f"/executions/{execution_id}").status_code,
            client.post("/plan", json={"tasks": ["a"]}).status_code,
            client.delete(f"/executions/{execution_id}?purge=true").status_code,
        ]

    assert statuses(clients["read"]) == [200, 403, 403, 200, 403]
    assert statuses(clients["run"]) == [200, 202, 200, 200, 403]
    assert statuses(clients["admin"]) == [200, 202, 200, 200, 200]


def test_a_revoked_token_opens_nothing_a_second_later_and_no_token_is_stored(server):
    made = server.home.etl("token", "create", "corta", "--role", "run")
    token = made.stdout.strip()
    time.sleep(1.1)
    before = server.as_bearer(token).get("/tasks").status_code

    revoked = server.home.etl("token", "revoke", "corta")
    time.sleep(1.1)
    after = server.as_bearer(token).get("/tasks").status_code
    listed = server.home.etl("token", "list", "-o", "json").stdout

    assert (before, revoked.returncode) == (200, 0)
    assert after in {401, 429}
    assert "corta" in listed
    assert token not in listed
    found = [path for path in files_below(server.home.path) if path.is_file() and token.encode() in path.read_bytes()]
    assert found == []


def test_expired_tokens_and_taken_names(server):
    first = server.home.etl("token", "create", "doble")
    second = server.home.etl("token", "create", "doble")
    bad = server.home.etl("token", "create", "dos palabras")

    assert (first.returncode, second.returncode, bad.returncode) == (0, 2, 2)
    assert "revoke it first" in second.stderr


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_nobody_else_can_read_what_the_server_writes(server):
    server.wait_for(server.execute(tasks=["a"]))

    open_to_others = [
        str(path)
        for path in files_below(server.home.path / ".orchestrator")
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]

    assert stat.S_IMODE((server.home.path / ".orchestrator").stat().st_mode) == 0o700
    assert stat.S_IMODE((server.home.path / ".orchestrator" / "api_token").stat().st_mode) == 0o600
    assert open_to_others == []


def test_who_did_what_is_on_record_a_line_each(server):
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id)
    server.client.delete(f"/executions/{execution_id}?purge=true")
    server.anonymous.get("/tasks")

    lines = [json.loads(line) for line in (server.home.path / ".orchestrator" / "audit.jsonl").read_text().splitlines()]

    mine = [line for line in lines if line.get("execution_id") == execution_id]
    refused = [
        json.loads(line) for line in (server.home.path / ".orchestrator" / "refused.jsonl").read_text().splitlines()
    ]
    assert [(line["what"], line["by"]) for line in mine] == [("execute", "server"), ("purge", "server")]
    assert len(mine[0]["body_sha256"]) == 64
    assert refused[-1]["what"] == "refused"
    assert all(line["peer"].startswith("127.0.0.1:") for line in [*lines, *refused])


def test_a_secret_is_nowhere_to_be_found_afterwards(server):
    server.home.configure(
        {
            "task_id": "leak",
            "module_path": "leaky",
            "function_name": "leak",
            "parameters": {"password": {"$secret": "LEAK_SECRET"}},
        },
        *chain("a"),
        workflows={"w": {"tasks": ["leak"]}},
    )
    try:
        execution_id = server.execute(workflow="w")
        with server.client.stream("GET", f"/executions/{execution_id}/events") as stream:
            events = "".join(stream.iter_text())
        ended = server.wait_for(execution_id)
    finally:
        server.home.configure(*chain("a"), workflows={"w": {"tasks": ["a"]}})
    log = server.client.get(f"/executions/{execution_id}/tasks/leak/attempts/1/log").text
    shown = [
        server.client.get(path).text
        for path in (f"/executions/{execution_id}", f"/reports/{execution_id}", "/executions", "/metrics", "/tasks")
    ]

    assert ended["status"] == "failed"
    assert "***" in log
    for text in [events, log, *shown, *server.said]:
        assert SECRET not in text
        assert OF_ENVIRONMENT not in text
        assert server.token not in text
    written = b"".join(path.read_bytes() for path in files_below(server.home.path) if path.is_file())
    for secret in (SECRET, OF_ENVIRONMENT):
        assert secret.encode() not in written
    assert b"\x1b" not in log.encode()


def test_a_secret_is_not_taken_as_a_parameter_which_would_be_stored(server):
    answer = server.client.post("/execute", json={"workflow": "w", "parameters": {"db_password": SECRET}})

    assert answer.status_code == 422
    assert "$secret" in answer.json()["detail"]
    assert SECRET not in answer.text


def test_without_a_token_only_on_this_machine_and_never_behind_a_proxy(tmp_path):
    home = Home(tmp_path, *chain("a"))

    refused = home.etl("serve", "--no-auth", "--host", "0.0.0.0", "--port", "0")
    with serving(home, "--no-auth", "--workers", "0") as server:
        direct = server.anonymous.get("/tasks").status_code
        proxied = [
            server.anonymous.get("/tasks", headers={name: "1.2.3.4"}).status_code
            for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")
        ]

    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert (direct, proxied) == (200, [401, 401, 401])


def test_a_token_of_the_environment_opens_and_a_short_one_is_refused(tmp_path):
    home = Home(tmp_path, *chain("a"))

    short = home.etl("serve", "--port", "0", ETL_API_TOKEN="short")
    with serving(home, "--workers", "0", ETL_API_TOKEN="a-long-enough-token") as server:
        opened = server.as_bearer("a-long-enough-token").get("/tasks").status_code
        arguments = " ".join(psutil.Process(server.process.pid).cmdline())

    assert (short.returncode, opened) == (2, 200)
    assert "a-long-enough-token" not in arguments


def test_half_a_request_and_half_a_connection_cost_nothing_and_are_hung_up(server):
    began = time.monotonic()
    halves = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(100)]
    for half in halves[::2]:
        half.sendall(b"GET /tasks HTTP/1.1\r\nHost: localhost\r\n")
    meanwhile = [server.client.get("/tasks").status_code for _ in range(20)]
    ends = [half.recv(1) for half in halves]
    took = time.monotonic() - began
    for half in halves:
        half.close()

    assert set(meanwhile) == {200}
    assert set(ends) == {b""}
    assert 8 < took < 30


def test_a_port_that_is_taken_and_a_host_that_is_none_are_told(server):
    taken = server.home.etl("serve", "--port", str(server.port))
    nowhere = server.home.etl("serve", "--port", "0", "--host", "no.such.host.invalid")

    assert (taken.returncode, nowhere.returncode) == (2, 2)
    assert "Traceback" not in taken.stderr + nowhere.stderr


def test_whoever_guesses_is_asked_to_wait_and_the_right_token_still_opens(tmp_path):
    with serving(Home(tmp_path, *chain("a")), "--workers", "0") as server:
        wrong = server.as_bearer("etl_wrong")

        answers = [wrong.get("/tasks") for _ in range(30)]

        assert {answer.status_code for answer in answers[:10]} == {401}
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        assert server.client.get("/tasks").status_code == 200
