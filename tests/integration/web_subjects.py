"""A server as users start it, in a home of its own, and a client that knows its token."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import httpx2
import psutil
import uvicorn

from orchestrator.web import starting
from tests.integration.going_on_subjects import Home

STARTED = re.compile(r"API on http://(\S+):(\d+) ")
PATIENCE = 60.0


class DiedAtStart(AssertionError):
    """The server ended before it answered; `code` is that of its process."""

    def __init__(self, process: subprocess.Popen, said: list[str]) -> None:
        super().__init__("".join(said))
        self.code = process.returncode


class Server:
    """`etl serve` in a process; `client` sends its first token, `anonymous` sends none."""

    def __init__(self, home: Home, process: subprocess.Popen, port: int, said: list[str]) -> None:
        self.home = home
        self.process = process
        self.port = port
        self.said = said
        self.url = f"http://127.0.0.1:{port}"
        self._clients: list[httpx2.Client] = []
        self.anonymous = self.as_bearer("")

    @cached_property
    def token(self) -> str:
        """The one that the first start made."""
        return (self.home.path / ".orchestrator" / "api_token").read_text().strip()

    @cached_property
    def client(self) -> httpx2.Client:
        return self.as_bearer(self.token)

    def as_bearer(self, token: str) -> httpx2.Client:
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {token}"} if token else {})
        client = httpx2.Client(base_url=self.url, timeout=30, trust_env=False, headers=headers)
        self._clients.append(client)
        return client

    def hang_up(self) -> None:
        for client in self._clients:
            client.close()

    def execute(self, **body) -> str:
        """Ask for an execution and give its id."""
        answer = self.client.post("/execute", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()["execution_id"]

    def wait_for(self, execution_id: str, *statuses: str) -> dict:
        """The execution once it stands so; without `statuses`, once it has ended."""
        ended = statuses or ("completed", "completed_with_errors", "failed", "cancelled")
        give_up_at = time.monotonic() + PATIENCE
        while True:
            found = self.client.get(f"/executions/{execution_id}").json()
            if found["status"] in ended:
                return found
            assert time.monotonic() < give_up_at, found
            time.sleep(0.05)

    def children(self) -> list[int]:
        """Pids of the worker processes."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]


@contextmanager
def serving(home: Home, *arguments: str, **environment: str) -> Iterator[Server]:
    """A server for the time of the block; ended by SIGTERM, and by force where that does not help."""
    said: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "serve", "--port", "0", *arguments],
        cwd=home.path,
        env={**home.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    reader = threading.Thread(target=_listen, args=(process, said), daemon=True)
    reader.start()
    try:
        server = Server(home, process, _port(process, said), said)
        _until_it_answers(server)
        try:
            yield server
        finally:
            server.hang_up()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(10)
        assert process.stderr is not None
        process.stderr.close()


@contextmanager
def in_a_thread(config: uvicorn.Config) -> Iterator[tuple[str, int]]:
    """The address of a uvicorn server on a thread of this process, for the time of the block."""
    bound = starting.bind("127.0.0.1", 0)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield bound.getsockname()[:2]
    finally:
        running.should_exit = running.force_exit = True
        thread.join(20)
        bound.close()


def _listen(process: subprocess.Popen, said: list[str]) -> None:
    said.extend(iter(process.stderr.readline, ""))


def _port(process: subprocess.Popen, said: list[str]) -> int:
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        for line in list(said):
            found = STARTED.search(line)
            if found:
                return int(found[2])
        if process.poll() is not None:
            raise DiedAtStart(process, said)
        time.sleep(0.05)
    raise AssertionError("".join(said))


def _until_it_answers(server: Server) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            if server.anonymous.get("/health").status_code == 200:
                return
        except httpx2.HTTPError:
            if server.process.poll() is not None:
                raise DiedAtStart(server.process, server.said) from None
        assert time.monotonic() < give_up_at, "".join(server.said)
        time.sleep(0.05)


def events_of(lines: Iterator[str]) -> Iterator[tuple[str | None, str, dict]]:
    """Id, kind and data of each event of a stream."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _colon, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields.get("id"), fields.get("event", "message"), json.loads(fields["data"])
            fields = {}


def files_below(folder: Path) -> Iterator[Path]:
    """Every file, those of the state folder included."""
    for place, _folders, names in os.walk(folder):
        for name in names:
            yield Path(place) / name
