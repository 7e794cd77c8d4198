"""What a server that goes, dies or comes back means for what was asked of it (R1, R3, R15; D8, D17)."""

import os
import signal
import threading
import time
from datetime import UTC, datetime

import httpx2
import psutil
import pytest

from orchestrator.core.executions import Request
from orchestrator.core.storing import Queueing
from orchestrator.stores import open_store
from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

QUICK = {"ETL_TESTING": "1", "ETL_LEASE_SECONDS": "6"}


def stored(home, *ids):
    store = open_store(f"sqlite:///{home.path / '.orchestrator' / 'state.db'}")
    try:
        return [store.get_execution(execution_id).status.value for execution_id in ids]
    finally:
        store.close()


def gone(pids):
    return not [pid for pid in pids if psutil.pid_exists(pid)]


def family(pid):
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def until(question, seconds=40.0):
    give_up_at = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def test_a_stopped_server_interrupts_what_runs_and_the_next_one_goes_on(tmp_path):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("b")
    with serving(home, "--slots", "1") as server:
        running, waiting = server.execute(tasks=["a", "b"]), server.execute(tasks=["a"])
        home.wait_for("b")
        processes = family(server.process.pid)
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(40)

    assert code in {0, -signal.SIGTERM}
    assert stored(home, running, waiting) == ["interrupted", "queued"]
    until(lambda: gone(processes))

    home.let_go("b")
    with serving(home) as server:
        assert [server.wait_for(one)["status"] for one in (running, waiting)] == ["completed", "completed"]
    assert home.started.count("a") == 2  # once for each execution: what had completed was not executed again
    assert home.etl("verify", running).returncode == 0


def test_a_killed_server_loses_nothing_that_it_had_accepted(tmp_path):
    home = Home(tmp_path, *chain("a"))
    home.hold("a")
    with serving(home, "--slots", "2", **QUICK) as server:
        accepted = [server.execute(tasks=["a"]) for _ in range(6)]
        home.wait_for("a", 2)
        processes = family(server.process.pid)
        server.process.kill()
        server.process.wait()
    until(lambda: gone(processes))

    home.let_go("a")
    with serving(home, "--slots", "6", **QUICK) as server:
        ended = [server.wait_for(one)["status"] for one in accepted]

    assert ended == ["completed"] * 6
    assert len(list((tmp_path / "orchestrator_reports").glob("*.json"))) == 6


def test_a_killed_worker_is_replaced_and_what_it_drove_goes_on(tmp_path):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("b")
    with serving(home, **QUICK) as server:
        execution_id = server.execute(tasks=["a", "b"])
        home.wait_for("b")
        (worker,) = server.children()
        os.kill(worker, signal.SIGKILL)
        until(lambda: server.children() not in ([], [worker]))
        home.let_go("b")
        ended = server.wait_for(execution_id)

    assert ended["status"] == "completed"
    assert home.started.count("a") == 1
    assert [attempt["status"] for attempt in ended["results"]["b"]["attempts"]] == ["lost", "completed"]


def test_what_must_not_go_on_fails_instead(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), workflows={"w": {"tasks": ["all"], "on_restart": "fail"}})
    home.hold("a")
    with serving(home, **QUICK) as server:
        execution_id = server.execute(workflow="w")
        home.wait_for("a")
        server.process.kill()
        server.process.wait()

    home.let_go("a")
    with serving(home, **QUICK) as server:
        ended = server.wait_for(execution_id)

    assert ended["status"] == "failed"
    assert {task: result["status"] for task, result in ended["results"].items()} == {"a": "failed", "b": "skipped"}
    assert "on_restart" in ended["reason"]
    assert home.started == ["a"]
    verified = home.etl("verify", execution_id)
    assert verified.returncode == 0, verified.stdout


def test_an_interrupted_execution_of_the_command_line_is_resumed_on_request_only(tmp_path):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("b")
    with home.begin("run", "--all") as process:
        home.wait_for("b")
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    execution_id = home.stored()[0].execution_id
    home.let_go("b")

    with serving(home) as server:
        time.sleep(2.5)
        left_alone = server.client.get(f"/executions/{execution_id}").json()["status"]
        answer = server.client.post(f"/executions/{execution_id}/resume")
        ended = server.wait_for(execution_id)

    assert (left_alone, answer.status_code, ended["status"]) == ("interrupted", 202, "completed")
    assert home.started.count("a") == 1


def test_a_key_holds_over_a_restart_and_when_many_ask_at_once(tmp_path):
    home = Home(tmp_path, *chain("a"))
    headers, body = {"Idempotency-Key": "k"}, {"tasks": ["a"]}
    answers = []
    with serving(home, "--workers", "0") as server:

        def ask():
            answers.append(server.as_bearer(server.token).post("/execute", json=body, headers=headers))

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    with serving(home, "--workers", "0") as server:
        answers.append(server.client.post("/execute", json=body, headers=headers))
        listed = server.client.get("/executions").json()["executions"]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["execution_id"] for answer in answers}) == 1
    assert len(listed) == 1


def test_fifty_at_once_are_fifty_executions_with_fifty_reports(tmp_path):
    home = Home(tmp_path, *chain("a"))
    ids = []
    with serving(home, "--slots", "10") as server:

        def ask():
            ids.append(server.as_bearer(server.token).post("/execute", json={"tasks": ["a"]}).json()["execution_id"])

        threads = [threading.Thread(target=ask) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        ended = {server.wait_for(execution_id)["status"] for execution_id in ids}

    assert len(set(ids)) == 50
    assert ended == {"completed"}
    assert len(list((tmp_path / "orchestrator_reports").glob("*.json"))) == 50
    assert len(home.started) == 50


def test_workers_of_their_own_share_the_queue_and_end_by_a_signal(tmp_path):
    home = Home(tmp_path, *chain("a"))
    with serving(home, "--workers", "0") as server, home.begin("worker", "--slots", "2") as worker:
        ids = [server.execute(tasks=["a"]) for _ in range(5)]
        ended = [server.wait_for(execution_id)["status"] for execution_id in ids]
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(30)

    assert ended == ["completed"] * 5
    assert code == 0
    assert home.started == ["a"] * 5


def test_executions_of_a_workflow_wait_for_each_other_without_keeping_others_waiting(tmp_path):
    workflows = {"single": {"tasks": ["a"], "concurrency": {"limit": 1}}, "other": {"tasks": ["b"]}}
    home = Home(tmp_path, *chain("a"), {"task_id": "b"}, workflows=workflows)
    home.hold("a")
    with serving(home, "--slots", "2") as server:
        singles = [server.execute(workflow="single") for _ in range(3)]
        home.wait_for("a")
        other = server.wait_for(server.execute(workflow="other"))
        most = sum(server.client.get(f"/executions/{one}").json()["status"] == "running" for one in singles)
        home.let_go("a")
        ended = [server.wait_for(one)["status"] for one in singles]

    assert (other["status"], most, ended) == ("completed", 1, ["completed"] * 3)


def test_a_full_queue_is_told_and_takes_more_later(tmp_path):
    home = Home(tmp_path, *chain("a"))
    with serving(home, "--workers", "0") as server:
        store = open_store(f"sqlite:///{tmp_path / '.orchestrator' / 'state.db'}")
        at, request, queueing = datetime.now(UTC), Request(tasks=("a",), source="api"), Queueing()
        for number in range(queueing.most_waiting):
            key = f"exec_20250101_000000_{number:08x}"
            store.create_execution(key, request, snapshot="", at=at, queueing=queueing)

        answer = server.client.post("/execute", json={"tasks": ["a"]})
        server.client.delete("/executions/exec_20250101_000000_00000000")
        again = server.client.post("/execute", json={"tasks": ["a"]})
        store.close()

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert again.status_code == 202


@pytest.mark.parametrize("point", ["before_run_insert", "after_run_insert"])
def test_a_server_killed_while_it_accepts_keeps_what_it_answered(tmp_path, point):
    home = Home(tmp_path, *chain("a"))
    accepted = []
    with serving(home, "--workers", "0", ETL_TESTING="1", ETL_CRASH_AT=f"{point}:4") as server:
        for _ in range(6):
            try:
                accepted.append(server.execute(tasks=["a"]))
            except httpx2.HTTPError:
                break
        code = server.process.wait(30)

    assert code == -signal.SIGKILL
    assert len(accepted) == 3
    with serving(home, "--slots", "4") as server:
        assert [server.wait_for(one)["status"] for one in accepted] == ["completed"] * 3
