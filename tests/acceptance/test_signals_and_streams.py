"""What a terminal and a system do to a running command line: signals at any moment, streams that cannot be written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = "import time\n\ndef nap(seconds=30):\n    time.sleep(seconds)\n\ndef nothing():\n    pass\n"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "naps.py").write_text(MODULE, encoding="utf-8")
    for name, function in (("nap", "nap"), ("nothing", "nothing")):
        task = {"task_id": name, "module_path": "naps", "function_name": function}
        (tmp_path / f"{name}.json").write_text(json.dumps({"tasks": [task]}), encoding="utf-8")
    return tmp_path


def command(home, name):
    return [sys.executable, "-m", "orchestrator", "run", "--all", "-c", str(home / f"{name}.json")]


def environment(home):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    return {**clean, "ETL_HOME": str(home)}


def status_of(home, execution_id):
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "status", "-e", execution_id, "-o", "json"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.012, 0.03, 0.5])
@pytest.mark.parametrize(
    ("number", "code", "status"),
    [(signal.SIGINT, 130, "cancelled"), (signal.SIGTERM, 143, "interrupted"), (signal.SIGHUP, 143, "interrupted")],
)
def test_a_signal_at_any_moment_after_the_id_ends_the_execution_with_a_report(home, number, code, status, delay):
    with subprocess.Popen(
        command(home, "nap"), cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        execution_id = process.stdout.readline().strip()
        time.sleep(delay)
        process.send_signal(number)
        _out, err = process.communicate(timeout=30)

    assert process.returncode == code, err
    assert "Traceback" not in err
    report = json.loads((home / f"orchestrator_reports/execution_report_{execution_id}.json").read_text("utf-8"))
    assert report["status"] == status
    assert status_of(home, execution_id)["status"] == status


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "2>&-", "2>/dev/full", ">&- 2>&-", "<&-"])
def test_a_stream_that_cannot_be_written_changes_neither_the_execution_nor_its_code(home, redirection):
    line = " ".join(command(home, "nothing"))

    done = subprocess.run(
        ["bash", "-c", f"{line} {redirection}"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (report,) = (home / "orchestrator_reports").iterdir()
    assert json.loads(report.read_text("utf-8"))["status"] == "completed"


def test_an_answer_that_could_not_be_written_is_no_success(home):
    line = f"{sys.executable} -m orchestrator list-tasks -c {home / 'nap.json'} >/dev/full"

    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 5
    assert "Traceback" not in done.stderr


def test_a_reader_that_went_away_changes_nothing(home):
    line = f"set -o pipefail; {' '.join(command(home, 'nothing'))} | head -1"

    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_an_execution_whose_owner_was_killed_shows_no_running_task_and_has_no_report(home):
    with subprocess.Popen(
        command(home, "nap"), cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        execution_id = process.stdout.readline().strip()
        process.kill()
        process.communicate(timeout=30)

    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "report", execution_id],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 4
    assert execution_id in done.stderr
    assert list((home / "orchestrator_reports").iterdir()) == []
