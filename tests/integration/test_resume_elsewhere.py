"""A resume from another shell, with other surroundings, or with the locks taken away: nothing is lost, nobody is doubled."""

import os
import shutil
import signal
import stat
import sys

import pytest

from tests.integration.going_on_subjects import Home, chain

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def killed_in(home: Home, name: str, *arguments: str, **environment: str) -> None:
    home.hold(name)
    with home.begin("run", *(arguments or ("--all",)), **environment) as process:
        home.wait_for(name)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    home.let_go(name)


def test_a_resume_without_a_variable_that_is_still_needed_is_refused_and_may_be_tried_again(tmp_path):
    first, second = chain("a", "b")
    home = Home(tmp_path, first, {**second, "parameters": {"value": "${env.MONTH}"}})
    killed_in(home, "a", MONTH="abril")

    without = home.etl("resume", "--latest")
    with_it = home.etl("resume", "--latest", MONTH="mayo")

    assert without.returncode == 2
    assert "env.MONTH" in without.stderr
    assert with_it.returncode == 0, with_it.stderr
    assert home.report()["results"]["b"]["output"]["value"] == "mayo"


def test_an_execution_keeps_the_data_source_that_it_was_started_with(tmp_path):
    (tmp_path / "city_app.py").write_text('import os\n\ndef source(name):\n    return os.environ["ETL_SOURCE"]\n')
    home = Home(
        tmp_path,
        {"task_id": "a"},
        {"task_id": "b", "module_path": "city_app", "function_name": "source", "dependencies": ["a"]},
    )
    killed_in(home, "a", ETL_SOURCE="demo")

    resumed = home.etl("resume", "--latest", ETL_SOURCE="files")

    assert resumed.returncode == 0, resumed.stderr
    assert home.report()["data_source"] == "demo"
    assert home.report()["results"]["b"]["output"] == "demo"


def test_with_the_locks_taken_away_a_living_owner_is_still_alone(tmp_path):
    home = Home(tmp_path, *chain("a", "b"), orchestrator_config={"kill_grace": 0.5})
    home.hold("a")

    with home.begin("run", "--all") as process:
        home.wait_for("a")
        shutil.rmtree(tmp_path / ".orchestrator" / "locks")
        second = home.etl("resume", "--latest")
        checked = home.etl("doctor")
        cancelled = home.etl("cancel", "--latest")
        code = process.wait(30)

    assert second.returncode == 2
    assert f":{process.pid}:" in second.stderr
    assert "though its lock is gone" in checked.stdout
    assert (cancelled.returncode, code) == (0, 130)
    assert home.started == ["a"]


def test_an_interrupted_execution_waits_for_its_workflows_room(tmp_path):
    workflows = {"w": {"tasks": ["a"], "concurrency": {"limit": 1}}}
    home = Home(tmp_path, {"task_id": "a"}, workflows=workflows, orchestrator_config={"kill_grace": 0.5})
    home.hold("a")
    with home.begin("run", "-w", "w") as first:
        home.wait_for("a")
        first.send_signal(signal.SIGTERM)
        first.wait(30)
    interrupted, _ = home.stored()

    with home.begin("run", "-w", "w") as second:
        home.wait_for("a", times=2)
        refused = home.etl("resume", interrupted.execution_id)
        home.let_go("a")
        second.wait(30)
    resumed = home.etl("resume", interrupted.execution_id)

    assert refused.returncode == 2
    assert "concurrency" in refused.stderr
    assert resumed.returncode == 0, resumed.stderr


def test_an_output_that_was_too_large_to_be_kept_is_not_handed_on_in_part(tmp_path):
    (tmp_path / "large.py").write_text("def many(name):\n    return ['x' * 20] * 20000\n")
    home = Home(
        tmp_path,
        {"task_id": "a", "module_path": "large", "function_name": "many"},
        {"task_id": "b", "dependencies": ["a"], "inputs": {"value": "a"}},
    )

    done = home.etl("run", "--all")

    assert done.returncode == 1
    result = home.report()["results"]["b"]
    assert (result["status"], result["error_type"]) == ("failed", "input_error")
    assert "was cut" in result["error"]


def test_a_rerun_of_one_task_takes_even_an_empty_result_of_the_first_execution(tmp_path):
    (tmp_path / "nothing.py").write_text("def none(name):\n    return 0\n")
    first = {"task_id": "a", "module_path": "nothing", "function_name": "none"}
    home = Home(tmp_path, first, {"task_id": "b", "dependencies": ["a"], "inputs": {"value": "a"}})
    home.etl("run", "--all")
    execution, _ = home.stored()
    (tmp_path / "nothing.py").write_text("def none(name):\n    return 7\n")
    home.etl("run", "--tasks", "a")

    again = home.etl("rerun", execution.execution_id, "--only", "b")

    assert again.returncode == 0, again.stderr
    assert home.report()["results"]["b"]["output"]["value"] == 0


def test_a_declared_secret_is_hidden_in_what_any_task_of_the_plan_says(tmp_path):
    (tmp_path / "tells.py").write_text(
        "import os\n\ndef tell(name):\n    print(repr(KeyError(os.environ['MYSEC'])))\n    return os.environ['MYSEC']\n"
    )
    teller = {"task_id": "a", "module_path": "tells", "function_name": "tell"}
    home = Home(tmp_path, teller, {"task_id": "b", "parameters": {"value": {"$secret": "MYSEC"}}})

    done = home.etl("run", "--all", MYSEC='Xq7"\\zu-ende')

    assert done.returncode == 0, done.stderr
    left = [path for path in tmp_path.rglob("*") if path.is_file() and b"zu-ende" in path.read_bytes()]
    assert left == []
    assert "zu-ende" not in done.stdout + done.stderr


def test_an_empty_secret_is_refused_before_anything_starts(tmp_path):
    home = Home(tmp_path, {"task_id": "a", "parameters": {"value": {"$secret": "MYSEC"}}})

    done = home.etl("run", "--all", MYSEC="")

    assert done.returncode == 2
    assert home.started == []


def test_what_is_remembered_of_a_configuration_is_for_its_owner_alone(tmp_path):
    home = Home(tmp_path, {"task_id": "a", "parameters": {"value": {"password": "hunter22-and-more"}}})

    home.etl("run", "--all")

    kept = list((tmp_path / ".orchestrator" / "checked").iterdir())
    assert kept
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600] * len(kept)
