"""What befalls a server from outside: signals, a stopped worker, a full disk, a second server, a start that cannot be."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress

import psutil
import pytest

from orchestrator.stores import open_store
from tests.faults.disk_subjects import FILLER, Mounts
from tests.integration.going_on_subjects import ROOT, Home, chain
from tests.integration.web_subjects import serving

QUICK = {"ETL_TESTING": "1", "ETL_LEASE_SECONDS": "4"}
STUBBORN = '''
"""A task that does not hear a request to end, and one that notices another attempt of itself that lives."""

import fcntl
import os
import signal
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def stay(name):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (HOME / "stays").touch()
    time.sleep(300)


def alone(name, etl_context=None):
    with open(HOME / "alive", "w") as alive:
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            (HOME / "two-at-once").touch()
        (HOME / f"attempt-{etl_context.attempt}").touch()
        time.sleep(3)
    return {"status": "success"}
'''

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def mounts():
    mounted = Mounts()
    yield mounted
    mounted.close()


def until(question, seconds=40.0):
    give_up_at = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def family(pid):
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def stored(home):
    with closing(open_store(f"sqlite:///{home.path / '.orchestrator' / 'state.db'}")) as store:
        return [(one.execution_id, one.status.value) for one in store.list_executions()]


def by_uvicorn(home, **environment):
    """`uvicorn api:app` as the README starts it, until its end."""
    return subprocess.run(
        [sys.executable, "-m", "uvicorn", "api:app", "--port", "0"],
        cwd=ROOT / "orchestrator",
        env={**home.environment, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- signals ---------------------------------------------------------------------------------------------------------


def test_a_second_signal_waits_for_no_task_and_leaves_no_process(tmp_path):
    stubborn = {"task_id": "stay", "module_path": "stubborn", "function_name": "stay"}
    home = Home(tmp_path, stubborn, orchestrator_config={"kill_grace": 120})
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    with serving(home) as server:
        execution_id = server.execute(tasks=["stay"])
        until((tmp_path / "stays").exists)
        processes, (worker,) = family(server.process.pid), server.children()
        with server.client.stream("GET", "/events"):  # the first signal lets it end, and is still at that
            server.process.send_signal(signal.SIGINT)
            time.sleep(1.0)
            waited = server.process.poll() is None
            server.process.send_signal(signal.SIGINT)
            code = server.process.wait(60)
        left_behind = psutil.pid_exists(worker)

    assert waited
    assert (code, left_behind) == (130, False)
    until(lambda: not [pid for pid in processes if psutil.pid_exists(pid)])
    assert stored(home) == [(execution_id, "interrupted")]
    assert "Traceback" not in "".join(server.said)


def test_a_worker_that_does_not_breathe_is_told_and_told_no_more_once_it_does(tmp_path):
    with serving(Home(tmp_path, *chain("a"))) as server:
        (worker,) = server.children()
        until(lambda: server.client.get("/health").json()["workers"][0]["state"] == "runs")
        ready = server.client.get("/readyz").status_code
        os.kill(worker, signal.SIGSTOP)
        try:
            until(lambda: server.client.get("/readyz").status_code == 503)
            told = server.client.get("/readyz").json()
            health = server.client.get("/health").json()
            anonymous = server.anonymous.get("/health").json()
        finally:
            os.kill(worker, signal.SIGCONT)
        until(lambda: server.client.get("/readyz").status_code == 200)
        well = server.client.get("/health").json()

    assert ready == 200
    assert f"worker {worker} " in told["troubles"][0]
    assert (health["status"], health["workers"][0]["pid"], health["workers"][0]["state"]) == (
        "degraded",
        worker,
        "silent",
    )
    assert anonymous == {"status": "ok"}
    assert (well["status"], well["workers"][0]["state"]) == ("ok", "runs")


# --- two servers, one of them asleep ---------------------------------------------------------------------------------


def test_two_servers_on_one_store_share_what_waits(tmp_path):
    home = Home(tmp_path, *chain("a"))
    with serving(home, "--slots", "2") as one, serving(home, "--slots", "2") as two:
        ids = [server.execute(tasks=["a"]) for _ in range(4) for server in (one, two)]
        ended = {other.wait_for(key)["status"] for key in ids for other in (one, two)}
        keys = {"Idempotency-Key": "k"}
        same = [server.client.post("/execute", json={"tasks": ["a"]}, headers=keys) for server in (one, two)]
        one.wait_for(same[0].json()["execution_id"])

    assert ended == {"completed"}
    assert len({answer.json()["execution_id"] for answer in same}) == 1
    assert len(home.started) == len(ids) + 1


def test_a_server_that_slept_with_its_workers_finds_that_another_went_on(tmp_path):
    home = Home(tmp_path, {"task_id": "t", "module_path": "stubborn", "function_name": "alone", "max_interruptions": 9})
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    with serving(home, **QUICK) as one:
        execution_id = one.execute(tasks=["t"])
        until((tmp_path / "attempt-1").exists)
        asleep = [one.process.pid, *one.children()]
        for pid in asleep:
            os.kill(pid, signal.SIGSTOP)
        try:
            with serving(home, **QUICK) as two:
                until((tmp_path / "attempt-2").exists)
                for pid in asleep:
                    os.kill(pid, signal.SIGCONT)
                ended = two.wait_for(execution_id)
        finally:
            for pid in asleep:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        seen = one.client.get(f"/executions/{execution_id}").json()["status"]

    assert (ended["status"], seen) == ("completed", "completed")
    ends = Counter(attempt["status"] for attempt in ended["results"]["t"]["attempts"])
    assert (ends["completed"], set(ends)) == (1, {"lost", "completed"})
    assert not (tmp_path / "two-at-once").exists()
    assert home.etl("verify", execution_id).returncode == 0


# --- a disk that is full ---------------------------------------------------------------------------------------------


def test_a_full_disk_is_a_503_that_says_so_and_all_goes_on_when_there_is_room(tmp_path, mounts):
    mounts.small_disk(tmp_path / "home", 4 << 20)
    home = Home(tmp_path / "home", *chain("a"))
    home.hold("a")
    with serving(home, **QUICK) as server:
        running = server.execute(tasks=["a"])
        home.wait_for("a")
        with (home.path / FILLER).open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)) == 4096:
                pass
        answers = [server.client.post("/execute", json={"tasks": ["a"]}) for _ in range(12)]
        answers.append(server.client.delete(f"/executions/{running}"))
        reads = [server.client.get(path).status_code for path in ("/executions", "/tasks", "/livez", "/metrics")]
        home.let_go("a")
        time.sleep(3.0)
        (home.path / FILLER).unlink()
        until(lambda: server.client.post("/execute", json={"tasks": ["a"]}).status_code == 202)
        accepted = [answer.json()["execution_id"] for answer in answers if answer.status_code == 202]
        ended = {server.wait_for(key)["status"] for key in (*accepted, running)}

    refused = [answer for answer in answers if answer.status_code not in {200, 202}]
    assert {answer.status_code for answer in refused} == {503}
    assert all(answer.json()["type"].startswith("urn:") and answer.headers["retry-after"] for answer in refused)
    assert 500 not in reads
    assert ended <= {"completed", "cancelled"}


# --- starts that cannot be -------------------------------------------------------------------------------------------


def one_line_and(code, done):
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return (done.returncode, len(lines)) == (code, 1)


def test_a_home_that_is_read_only_is_told_in_a_line(tmp_path, mounts):
    mounts.small_disk(tmp_path / "home", 4 << 20)
    home = Home(tmp_path / "home", *chain("a"))
    mounts.set_read_only(home.path, read_only=True)
    served = home.etl("serve", "--port", "0")
    mounts.set_read_only(home.path, read_only=False)
    assert home.etl("run", "--all").returncode == 0
    mounts.set_read_only(home.path, read_only=True)

    by_hand = by_uvicorn(home)

    assert one_line_and(5, served), served.stderr
    assert one_line_and(5, by_hand), by_hand.stderr
    assert str(home.path) in served.stderr


def test_a_start_that_fails_behind_all_checks_is_told_in_a_line_too(tmp_path):
    home = Home(tmp_path, *chain("a"))
    program = """
import sys
from orchestrator.commands.main import run_command_line
from orchestrator.core.errors import StoreUnusable
from orchestrator.web.news import News

def fail(news):
    raise StoreUnusable("the store went away")

News.start = fail
run_command_line(["serve", "--port", "0"])
"""

    done = home.python(program)

    assert done.returncode == 5
    assert [line for line in done.stderr.splitlines() if "went away" in line] == ["Error: the store went away"]
    assert "Traceback" not in done.stderr


def test_without_its_libraries_the_server_names_the_extra(tmp_path):
    home = Home(tmp_path, *chain("a"))
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')")

    done = home.etl("serve", "--port", "0", PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))

    assert one_line_and(2, done), done.stderr
    assert "orquestador-etl[serve]" in done.stderr


def test_without_a_token_no_address_that_others_reach_is_listened_on(tmp_path):
    home = Home(tmp_path, *chain("a"))

    refused = [home.etl("serve", "--no-auth", "--port", "0", "--host", host) for host in ("::", "0.0.0.0")]

    assert all(one_line_and(2, done) for done in refused), [done.stderr for done in refused]


def test_a_variable_that_cannot_be_is_told_in_a_line_by_uvicorn_too(tmp_path):
    done = by_uvicorn(Home(tmp_path, *chain("a")), ETL_WORKERS="many")

    assert one_line_and(2, done), done.stderr
