"""The API as the README starts it and asks it, word for word; all that its examples gain is the token."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.acceptance.conftest import LEFT_OUT, ROOT, shell_in

PORT = 8001
START = {
    "python orchestrator/api.py": "127.0.0.1",
    "cd orchestrator\nuvicorn api:app --host 0.0.0.0 --port 8001 --reload": "0.0.0.0",
}
FIRST = next(iter(START))
EXECUTE = """curl -X POST "http://localhost:8001/execute" \\
     -H "Content-Type: application/json" \\
     -d '{"workflow": "full_etl", "parallel": true}'"""
EXECUTE_TASKS = """curl -X POST "http://localhost:8001/execute" \\
     -H "Content-Type: application/json" \\
     -d '{"tasks": ["extract_contratos_emprestito", "transform_contratos_secop"]}'"""
STATUS = 'curl "http://localhost:8001/executions/exec_20240918_143022_a1b2c3d4"'
WATCH = ['curl "http://localhost:8001/health"', 'curl "http://localhost:8001/executions"']


def free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", PORT))
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of its own: the ids of the API are not those that other commands of the README expect in the logs."""
    copy = tmp_path_factory.mktemp("api") / "proyecto"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return copy


@pytest.fixture(scope="module")
def shell(checkout):
    """Runs a command line word for word in that copy."""
    return shell_in(checkout)


@contextmanager
def started(line: str, checkout: Path) -> Iterator[str]:
    """The server in a process group of its own, until the end of the block; gives the token of its first start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    environment["ETL_DEMO_SCALE"] = "0.3"
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    process = subprocess.Popen(
        ["bash", "-c", line],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        give_up_at = time.monotonic() + 60
        while True:
            assert process.poll() is None, process.stdout and process.stdout.read()
            with suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5) as answer:
                if answer.status == 200:
                    break
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
        yield (checkout / ".orchestrator" / "api_token").read_text().strip()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=45)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def asked(shell, line: str, token: str) -> dict:
    """What the README's line answers, with the token header added."""
    done = shell(line.replace("curl ", f"curl -s -H 'Authorization: Bearer {token}' ", 1))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ended(shell, execution_id: str, token: str) -> dict:
    give_up_at = time.monotonic() + 100
    while True:
        found = asked(shell, STATUS.replace("exec_20240918_143022_a1b2c3d4", execution_id), token)
        if found["status"] not in {"queued", "running"}:
            return found
        assert time.monotonic() < give_up_at, found
        time.sleep(0.5)


@pytest.mark.skipif(os.name != "posix", reason="curl and bash as the README has them")
@pytest.mark.parametrize("line", START)
def test_the_server_starts_as_the_readme_says_and_runs_what_its_examples_ask(shell, checkout, line) -> None:
    give_up_at = time.monotonic() + 60  # another worker may be at the other line
    while not free():
        if time.monotonic() > give_up_at:
            pytest.skip(f"port {PORT} is taken")
        time.sleep(0.5)

    with started(line, checkout) as token:
        refused = shell('curl -s -o /dev/null -w "%{http_code}" "http://localhost:8001/executions"').stdout
        examples = [EXECUTE, EXECUTE_TASKS] if line == FIRST else [EXECUTE_TASKS]  # the whole run is done once
        accepted, reports = [], []
        for example in examples:  # one after the other: the second reads what the first extracts
            accepted.append(asked(shell, example, token))
            reports.append(ended(shell, accepted[-1]["execution_id"], token))
        health, listed = (asked(shell, watch, token) for watch in WATCH)
        unknown = asked(shell, STATUS, token)

    assert refused == "401"
    assert {report["status"] for report in reports} == {"completed"}, reports
    assert line != FIRST or len(reports[0]["results"]) == 18
    assert list(reports[-1]["results"]) == ["extract_contratos_emprestito", "transform_contratos_secop"]
    assert health["status"] == "ok"
    assert {answer["execution_id"] for answer in accepted} <= {one["execution_id"] for one in listed["executions"]}
    assert unknown["status"] == 404
