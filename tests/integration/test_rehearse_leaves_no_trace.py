"""`rehearse`: nothing of it is real, and what it takes from real executions it only reads."""

import json
import resource
import socket
import subprocess
import sys

import pytest

from orchestrator.engine.runner import Runner
from orchestrator.executors import open_executor
from orchestrator.operations import driving
from orchestrator.operations.closed_doors import closed_doors
from orchestrator.settings import SHIPPED_CONFIG
from tests.integration.command_subjects import home_at, mock
from tests.integration.rehearsal_subjects import rehearsed, states
from tests.yardstick import yardstick

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")
NOBODY_LEAVES = """
import os, sys
OUT = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.exec",
       "os.posix_spawn")
sys.addaudithook(lambda event, _: os._exit(77) if event in OUT else None)
"""


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    with home_at(tmp_path, capsys, monkeypatch) as made:
        yield made


@pytest.fixture
def in_threads(monkeypatch):
    """Real attempts in threads of this process: the place where they happen makes no difference to what is attempted."""
    monkeypatch.setattr(
        driving, "open_executor", lambda _name, *, max_workers, **_: open_executor("inline", max_workers=max_workers)
    )


# --- nothing is real -------------------------------------------------------------------------------------------------


def test_a_rehearsal_leaves_nothing_behind(home):
    home.configure(mock("a", "long_task"), mock("b", dependencies=["a"]))
    before = sorted(home.path.rglob("*"))

    told = home.etl("rehearse", "--fail", "b")

    assert told.code == 1
    assert sorted(home.path.rglob("*")) == before


def test_no_function_is_called_and_no_module_looked_for(home):
    home.configure({"task_id": "a", "module_path": "nowhere.at.all", "function_name": "nothing"})

    report = rehearsed(home)

    assert states(report) == {"a": "completed"}


def test_what_would_leave_the_process_is_refused_while_the_doors_are_closed():
    with closed_doors():
        with pytest.raises(PermissionError, match="rehearsal"):
            socket.socket()
        with pytest.raises(PermissionError, match="rehearsal"):
            subprocess.run([sys.executable, "-c", ""], check=True)
    socket.socket().close()

    done = subprocess.run([sys.executable, "-c", ""], check=True)

    assert done.returncode == 0


def test_the_doors_are_closed_while_it_is_driven(home, monkeypatch):
    tried = []

    class Talkative:
        def __init__(self, **_):
            pass

        def on_event(self, event):
            with pytest.raises(PermissionError):
                socket.socket()
            tried.append(event)

        def close(self):
            pass

    monkeypatch.setattr("orchestrator.commands.rehearsing.PlainProgress", Talkative)

    home.etl("rehearse")

    assert len(tried) == 5  # execution and task begin and end, and the attempt is noted


def test_the_shipped_workflow_passes_within_a_second_and_without_a_network(home, tmp_path):
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(NOBODY_LEAVES, encoding="utf-8")
    home.config.write_bytes(SHIPPED_CONFIG.read_bytes())
    home.start("version", PYTHONPATH=str(guard)).communicate()  # nothing of the first start is counted
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    process = home.start("rehearse", "full_etl", "-o", "json", PYTHONPATH=str(guard))
    out, err = process.communicate(timeout=60)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0, err
    assert set(states(json.loads(out)).values()) == {"completed"}
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < 16 * yardstick()


def test_secrets_and_cached_results_are_left_alone(home, monkeypatch):
    asked = []
    monkeypatch.setattr(Runner, "_look_up", lambda *_: asked.append("thread"))
    home.configure(mock("a", "simple_task", cache={}, parameters={"password": {"$secret": "NOWHERE_TO_BE_FOUND"}}))

    report = rehearsed(home)

    assert states(report) == {"a": "completed"}
    assert asked == []


# --- recorded results ------------------------------------------------------------------------------------------------


def recorded_configuration(home):
    home.configure(
        mock("a", "mock_extraction", parameters={"rows": 7, "seconds": 0}),
        mock("b", "simple_task", dependencies=["a"], parameters={"rows": "${tasks.a.output.rows}"}),
    )


@pytest.mark.parametrize("which", ["latest", "its id"])
def test_results_are_recorded_from_an_execution_which_stays_as_it_is(home, in_threads, which):
    recorded_configuration(home)
    execution_id = home.execute()
    before = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}

    report = rehearsed(home, "--record", "latest" if which == "latest" else execution_id)

    assert report["results"]["a"]["output"] == {"status": "success", "source": "mock", "rows": 7}
    assert states(report) == {"a": "completed", "b": "completed"}
    assert {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()} == before


def test_what_is_declared_wins_over_what_is_recorded(home, in_threads):
    recorded_configuration(home)
    home.execute()
    home.configure(mock("a", mock={"output": None}), mock("b"))

    report = rehearsed(home, "--record", "latest")

    assert report["results"]["a"]["output"] is None
    assert report["results"]["b"]["output"]["parameters"] == {"rows": 7}


def test_where_nothing_is_recorded_it_is_refused(home):
    unknown = home.etl("rehearse", "--record", "20200101_000000")
    none = home.etl("rehearse", "--record", "latest")

    assert (unknown.code, none.code) == (4, 2)
    assert "no execution has completed yet" in none.err
    assert not home.database.exists()
