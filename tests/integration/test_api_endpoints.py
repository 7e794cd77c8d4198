"""The API as the README promises it: every address, its fields, what it refuses, and how."""

import time

import pytest

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

GHOST = "exec_20240918_143022_a1b2c3d4"
WORKFLOWS = {
    "both": {"tasks": ["all"], "description": "all of it"},
    "asked": {"tasks": ["a"], "parameters": {"day": {"type": "string"}}},
    "alone": {"tasks": ["a"], "concurrency": {"limit": 1, "on_conflict": "skip"}},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("api"), *chain("a", "b", category="books"), workflows=WORKFLOWS)
    (home.path / "other.json").write_text((home.path / "config.json").read_text().replace("all of it", "another"))
    (home.path / "broken.json").write_text("{")
    with serving(home, "--slots", "8") as running:
        yield running


def test_the_root_names_every_address(server):
    answer = server.client.get("/").json()

    assert answer["name"] == "Orquestador ETL"
    assert {"GET /tasks", "POST /execute", "DELETE /executions/{execution_id}"} <= set(answer["endpoints"])
    documented = server.client.get("/openapi.json").json()["paths"]
    shown = {
        f"{method.upper()} {path}" for path, methods in documented.items() for method in methods if path != "/"
    } | {"GET /openapi.json"}
    assert set(answer["endpoints"]) == shown


def test_health_tells_that_the_server_is_there_and_needs_no_token(server):
    assert server.anonymous.get("/health").json() == {"status": "ok"}
    assert server.client.get("/livez").json() == {"status": "ok"}
    assert server.client.get("/readyz").json() == {"status": "ready", "troubles": [], "workers": 1}


def test_tasks_and_workflows_are_listed_as_the_command_line_lists_them(server):
    tasks = server.client.get("/tasks").json()
    workflows = server.client.get("/workflows").json()

    assert [task["task_id"] for task in tasks["tasks"]] == ["a", "b"]
    assert tasks["tasks"][1]["dependencies"] == ["a"]
    assert tasks["total"] == 2
    assert server.client.get("/tasks", params={"category": "none"}).json()["total"] == 0
    assert [one["workflow"] for one in workflows["workflows"]] == list(WORKFLOWS)
    assert workflows["workflows"][0]["tasks"] == ["a", "b"]


def test_a_workflow_is_executed_and_looked_at_until_its_report(server):
    answer = server.client.post("/execute", json={"workflow": "both", "parallel": True})
    execution_id = answer.json()["execution_id"]
    ended = server.wait_for(execution_id)
    report = server.client.get(f"/reports/{execution_id}")

    assert answer.status_code == 202
    assert answer.headers["location"] == f"/executions/{execution_id}"
    assert answer.json()["status"] == "queued"
    assert (ended["status"], ended["started_by"], ended["exit_code"]) == ("completed", "api", 0)
    assert ended["results"]["a"]["output"] == {"status": "success", "name": "a", "value": None}
    assert report.json() == ended
    assert execution_id in [one["execution_id"] for one in server.client.get("/reports").json()["reports"]]
    assert server.home.etl("status", "-e", execution_id, "-o", "json").stdout.count(execution_id) >= 1


def test_only_the_tasks_that_were_asked_for_run(server):
    ended = server.wait_for(server.execute(tasks=["b"]))

    assert list(ended["results"]) == ["b"]
    assert ended["assumed_satisfied"] == ["a"]


def test_an_unchanged_report_is_not_sent_twice(server):
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id)
    first = server.client.get(f"/reports/{execution_id}")

    again = server.client.get(f"/reports/{execution_id}", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_pages_follow_each_other_without_a_gap_and_filters_hold(server):
    for _ in range(5):
        server.wait_for(server.execute(tasks=["a"]))
    server.wait_for(server.execute(workflow="both"))
    whole = [one["execution_id"] for one in server.client.get("/executions?limit=1000").json()["executions"]]

    found, cursor = [], None
    while True:
        page = server.client.get("/executions", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [one["execution_id"] for one in page["executions"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert found == whole
    assert server.client.get("/executions?status=failed").json()["executions"] == []
    assert {e["workflow"] for e in server.client.get("/executions?workflow=both").json()["executions"]} == {"both"}
    assert server.client.get("/executions?since=2999-01-01T00:00:00Z").json() == {"executions": [], "next": None}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "not-valid"),
        ({"workflow": "both", "tasks": ["a"]}, "not-valid"),
        ({"workflow": "ghost"}, "unknown-workflow"),
        ({"tasks": ["ghost"]}, "unknown-task"),
        ({"tasks": []}, "not-valid"),
        ({"tasks": "a"}, "not-valid"),
        ({"tasks": [1]}, "not-valid"),
        ({"tasks": None}, "not-valid"),
        ({"workflow": 3}, "not-valid"),
        ({"workflow": "both", "paralel": True}, "not-valid"),
        ({"workflow": "both", "parallel": "yes"}, "not-valid"),
        ({"workflow": "both", "parallel": 1}, "not-valid"),
        ({"workflow": "both", "max_workers": 0}, "not-valid"),
        ({"workflow": "both", "max_workers": 1.5}, "not-valid"),
        ({"workflow": "both", "max_workers": 10**9}, "not-valid"),
        ({"workflow": "both", "parameters": []}, "not-valid"),
        ({"workflow": "both", "parameters": {"x": 1}}, "not-valid"),
        ({"workflow": "asked"}, "not-valid"),
        ({"workflow": "both", "config_file": "../config.json"}, "not-valid"),
        ({"workflow": "both", "config_file": "/etc/passwd"}, "not-valid"),
        ({"workflow": "both", "config_file": "file:///etc/passwd"}, "not-valid"),
        ({"workflow": "both", "config_file": ""}, "not-valid"),
        ({"workflow": "both", "config_file": "broken.json"}, "configuration-refused"),
        ([], "not-valid"),
        ("both", "not-valid"),
        (None, "not-valid"),
    ],
)
def test_a_body_that_means_nothing_is_refused_with_its_place(server, body, kind):
    before = server.client.get("/executions?limit=1000").json()

    answer = server.client.post("/execute", json=body)

    problem = answer.json()
    assert answer.status_code == 422, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"].endswith(f":{kind}")
    assert problem["status"] == 422
    assert problem["detail"]
    assert server.client.get("/executions?limit=1000").json() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"{",
        b"{'a': 1}",
        b'{"workflow": "both"} {"workflow": "both"}',
        b'{"workflow": NaN}',
        b'{"workflow": "both", "workflow": "asked"}',
        b'{"workflow": "\\ud800"}',
        b'{"workflow": "\x00"}',
        '{"workflow": "ñ"}'.encode("latin-1"),
        b"[" * 100_000,
        b'{"parameters": ' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}",
        b'{"max_workers": ' + b"9" * 5000 + b"}",
    ],
)
def test_bytes_that_are_no_sound_json_are_refused(server, data):
    answer = server.client.post("/execute", content=data, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_problem_of_a_body_comes_at_once_and_near_names_are_told(server):
    answer = server.client.post("/execute", json={"workflw": "both", "parallel": "yes", "max_workers": -1})

    told = " ".join(each["detail"] for each in answer.json()["errors"])
    assert len(answer.json()["errors"]) == 3
    assert 'did you mean "workflow"?' in told


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("place", ["executions", "reports"])
@pytest.mark.parametrize(
    "name",
    [
        GHOST,
        "exec_20240918_143022",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "a%00b",
        "x%0aGET",
        "exec_20240918_143022_a1b2c3d4.json",
        "EXEC_20240918_143022_a1b2c3d4",
        "%F0%9F%92%A3",
        "a" * 1500,
        "exec_20240918_143022_a1b2c3d4%20",
        "*",
        "'; DROP TABLE executions; --",
    ],
)
def test_ids_that_are_none_are_answered_as_those_that_are_not_there(server, method, place, name):
    answer = server.client.request(method, f"{server.url}/{place}/{name}")

    assert answer.status_code in ({404, 405} if (method, place) == ("DELETE", "reports") else {404}), answer.text
    if answer.status_code == 404:
        ghost = server.client.request(method, f"/executions/{GHOST}").json()
        assert answer.json() == ghost


def test_a_cancel_wins_and_asking_again_changes_nothing(server):
    server.home.hold("a")
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id, "running")

    first = server.client.request("DELETE", f"/executions/{execution_id}", json={"reason": "ya no"})
    server.home.let_go("a")
    ended = server.wait_for(execution_id)
    again = server.client.delete(f"/executions/{execution_id}")

    assert first.status_code == 202
    assert ended["status"] == "cancelled"
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    assert server.client.get(f"/executions/{execution_id}").json() == ended


def test_what_has_ended_can_be_forgotten_with_its_files(server):
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id)
    files = [path for path in server.home.path.rglob(f"*{execution_id}*") if path.is_file()]

    answer = server.client.delete(f"/executions/{execution_id}?purge=true")

    assert files
    assert answer.status_code == 200
    assert server.client.get(f"/executions/{execution_id}").status_code == 404
    assert [path for path in files if path.exists()] == []


def test_the_same_key_asks_once_and_another_body_is_a_conflict(server):
    headers = {"Idempotency-Key": "nightly-2025-04-01"}
    body = {"tasks": ["a"]}

    answers = [server.client.post("/execute", json=body, headers=headers) for _ in range(3)]
    other = server.client.post("/execute", json={"tasks": ["b"]}, headers=headers)

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert len({answer.json()["execution_id"] for answer in answers}) == 1
    assert other.status_code == 409
    assert other.json()["type"].endswith(":conflict")


def test_what_failed_is_done_again_alone_and_the_first_is_named(server):
    server.home.fail("b")
    first = server.wait_for(server.execute(workflow="both"))
    server.home.mend("b")

    answer = server.client.post(f"/executions/{first['execution_id']}/rerun", json={"failed": True})
    again = server.wait_for(answer.json()["execution_id"])

    assert (first["status"], answer.status_code, again["status"]) == ("failed", 202, "completed")
    assert (again["rerun_of"], again["results_kept"]) == (first["execution_id"], ["a"])
    assert (again["started_by"], again["execution_id"][:5]) == ("api", "exec_")


def test_an_execution_of_the_command_line_is_seen_and_can_be_cancelled(server):
    server.home.hold("a")
    with server.home.begin("run", "--all") as process:
        assert process.stdout is not None
        execution_id = process.stdout.readline().strip()
        server.wait_for(execution_id, "running")

        answer = server.client.delete(f"/executions/{execution_id}")
        code = process.wait(40)
    server.home.let_go("a")

    assert (answer.status_code, code) == (202, 130)
    assert server.wait_for(execution_id)["status"] == "cancelled"


def test_there_is_nothing_to_resume_in_what_has_ended(server):
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id)

    answer = server.client.post(f"/executions/{execution_id}/resume")

    assert answer.status_code == 409


def test_a_busy_workflow_that_gives_way_is_a_conflict(server):
    server.home.hold("a")
    first = server.execute(workflow="alone")
    server.wait_for(first, "running")

    second = server.client.post("/execute", json={"workflow": "alone"})
    server.home.let_go("a")
    server.wait_for(first)

    assert second.status_code == 409


def test_a_configuration_is_checked_by_name_or_as_it_is_sent(server):
    by_name = server.client.post("/validate", json={"config_file": "config.json"}).json()
    broken = server.client.post("/validate", json={"config_file": "broken.json"}).json()
    sent = server.client.post("/validate", json={"configuration": {"tasks": [], "taks": 1}}).json()

    assert by_name == {"valid": True, "problems": [], "tasks": 2, "workflows": 3}
    assert not broken["valid"]
    assert len(sent["problems"]) == 2


def test_another_configuration_of_the_folder_can_be_named(server):
    found = server.client.get("/workflows?config_file=other.json").json()

    assert found["workflows"][0]["description"] == "another"
    assert server.wait_for(server.execute(workflow="both", config_file="other.json"))["status"] == "completed"


def test_a_plan_tells_what_would_run_and_stores_nothing(server):
    before = server.client.get("/executions?limit=1000").json()

    plan = server.client.post("/plan", json={"tasks": ["b"], "with_dependencies": True}).json()

    assert plan["execution_order"] == ["a", "b"]
    assert server.client.get("/executions?limit=1000").json() == before


def test_an_edited_configuration_holds_for_the_next_request_and_not_for_what_runs(server):
    text = (server.home.path / "config.json").read_text()
    server.home.hold("a")
    execution_id = server.execute(workflow="both")
    server.wait_for(execution_id, "running")

    (server.home.path / "config.json").write_text(text.replace('"both"', '"renamed"'))
    listed = [one["workflow"] for one in server.client.get("/workflows").json()["workflows"]]
    (server.home.path / "config.json").write_text(text)
    server.home.let_go("a")

    assert "renamed" in listed
    assert server.wait_for(execution_id)["status"] == "completed"


def test_the_log_of_an_attempt_is_given_whole_from_a_byte_on_and_as_it_is_written(server):
    server.home.configure(
        {"task_id": "loud", "module_path": "loud_task", "function_name": "speak", "parameters": {}},
        workflows=WORKFLOWS | {"both": {"tasks": ["all"]}, "asked": {"tasks": ["loud"]}, "alone": {"tasks": ["loud"]}},
    )
    (server.home.path / "loud_task.py").write_text(
        "import time\ndef speak(name):\n    for n in range(5):\n        print(f'line {n} ñ', flush=True)\n"
        "        time.sleep(0.1)\n"
    )
    try:
        execution_id = server.execute(tasks=["loud"])
        address = f"/executions/{execution_id}/tasks/loud/attempts/1/log"
        give_up_at = time.monotonic() + 40
        while server.client.get(address).status_code == 404:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        with server.client.stream("GET", f"{address}?follow=true") as stream:
            followed = "".join(stream.iter_text())
        server.wait_for(execution_id)
        whole = server.client.get(f"{address}?download=true")
    finally:
        server.home.configure(*chain("a", "b", category="books"), workflows=WORKFLOWS)

    assert followed == whole.text
    assert [line for line in whole.text.splitlines() if "line" in line][-1].endswith("line 4 ñ")
    assert "attachment" in whole.headers["content-disposition"]
    assert whole.headers["x-log-ended"] == "true"
    assert server.client.get(f"{address}?offset=3").content == whole.content[3:]
    assert server.client.get(address.replace("attempts/1", "attempts/2")).status_code == 404


def test_metrics_tell_what_is_stored_and_what_happened(server):
    server.wait_for(server.execute(workflow="both"))
    time.sleep(1.5)

    text = server.client.get("/metrics").text

    assert 'etl_executions{status="completed"}' in text
    assert "etl_queue_length 0.0" in text
    assert 'etl_tasks_ended_total{status="completed",task="b"}' in text
    assert 'etl_task_cpu_seconds_total{task="a"}' in text


def test_messages_are_in_the_language_of_the_request(server):
    spanish = server.client.post("/execute", json={}, headers={"Accept-Language": "es-CO,es;q=0.9"}).json()
    english = server.client.post("/execute", json={}, headers={"Accept-Language": "en"}).json()

    assert english["title"] == "the request is not valid"
    assert spanish["title"] != english["title"]
    assert spanish["detail"] != english["detail"]
