"""The dashboard over years of executions: pages, live streams, and how soon a change is seen.

    python benchmarks/pages.py [HOME] [--executions 100000] [--streams 50] [--seconds 20]

HOME is one of `benchmarks/filled_store.py`, made where it is missing; without it a temporary one is filled. Figures:

- each page: time to the first byte and to the last, 40 requests after the first one, which is told apart;
- `--streams` live streams over the pages, while 20 tasks a second change state: what they add to the server's CPU;
- from a change in the store to its text on a stream: stored by the server itself, and by another process.

They go to `benchmarks/results/pages.json`.
"""

import argparse
import asyncio
import http.client
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
from filled_store import fill, make_home

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "pages.json"
STARTED = re.compile(r"http://(\S+):(\d+) ")
TOKEN = "a-token-of-the-benchmark-0123456789abcdef"
ROUNDS = 40
PACED = """
import time


def step():
    time.sleep(0.4)
"""
AT_A_TIME = 4
"""Tasks of 0.4 s each: ten start and ten end in a second."""


class Server:
    """`etl serve` on a home."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "orchestrator", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            command,
            env=environment | {"ETL_API_TOKEN": TOKEN, "ETL_LANG": "en"},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = int(STARTED.search(self.process.stderr.readline())[2])
        for line in self.process.stderr:
            if "startup complete" in line:
                break

    def cpu(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def memory_mb(self) -> int:
        return psutil.Process(self.process.pid).memory_info().rss // 1_000_000

    def end(self) -> None:
        self.process.terminate()
        self.process.stderr.close()
        self.process.wait(60)

    def ask(self, path: str, method: str = "GET", body: object = None) -> tuple[float, float, bytes]:
        """Seconds to the first byte and to the last, and the content."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Content-Type": "application/json"} if content else {})
        began = time.perf_counter()
        connection.request(method, path, body=content, headers=headers)
        answer = connection.getresponse()
        first = time.perf_counter() - began
        text = answer.read()
        last = time.perf_counter() - began
        connection.close()
        if answer.status not in {200, 202}:
            raise SystemExit(f"{path}: {answer.status} {text[:300]!r}")
        return first, last, text


def pages(server: Server) -> dict[str, dict[str, float]]:
    found = json.loads(server.ask("/executions?status=failed&limit=1")[2])["executions"][0]
    one, flow = found["execution_id"], found["workflow"]
    listed = server.ask("/ui/executions")[2].decode()
    older = re.search(r'rel="next" href="([^"]+)"', listed)[1].replace("&amp;", "&")
    paths = {
        "home": "/ui",
        "workflows": "/ui/workflows",
        "workflow": f"/ui/workflows/{flow}",
        "executions": "/ui/executions",
        "executions, older": older,
        "executions, cancelled": "/ui/executions?status=cancelled",
        "executions, failed of a workflow": f"/ui/executions?status=failed&workflow={flow}",
        "executions, searched": "/ui/executions?q=000001be",
        "execution": f"/ui/executions/{one}",
        "comparison": f"/ui/executions/{one}/compare",
        "schedules": "/ui/schedules",
        "data": "/ui/data",
        "system": "/ui/system",
    }
    figures = {}
    for name, path in paths.items():
        cold = server.ask(path)
        took = [server.ask(path) for _ in range(ROUNDS)]
        figures[name] = {
            "first_ms": round(1000 * cold[1], 1),
            "first_byte_p95_ms": p95(1000 * one[0] for one in took),
            "complete_p95_ms": p95(1000 * one[1] for one in took),
            "kb": round(len(cold[2]) / 1000, 1),
        }
        print(f"{name:34} {figures[name]}", flush=True)
    return figures


def p95(values) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1)


async def listen(port: int, path: str, heard) -> None:
    """Read a stream, and tell `heard` of each message."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nAccept: text/event-stream\r\n\r\n"
    )
    writer.write(head.encode())
    await writer.drain()
    if b" 200 " not in await reader.readline():
        raise SystemExit(f"{path} is no stream")
    try:
        while line := await reader.readline():
            heard(line)
    finally:
        writer.close()


async def streams(server: Server, count: int, seconds: float) -> dict[str, float]:
    """What `count` streams add to the server, while tasks change their states."""
    begun = json.loads(
        server.ask("/execute", "POST", {"workflow": "paced", "parallel": True, "max_workers": AT_A_TIME})[2]
    )["execution_id"]
    await asyncio.sleep(3)
    alone = await cpu_share(server, seconds)
    paths = ["/ui/live/home", "/ui/live/executions", f"/ui/live/executions/{begun}", "/ui/live/workflows/paced"]
    messages = 0

    def heard(line: bytes) -> None:
        nonlocal messages
        messages += line == b"\n"

    listeners = [asyncio.create_task(listen(server.port, paths[n % len(paths)], heard)) for n in range(count)]
    await asyncio.sleep(3)
    messages = 0
    with_streams = await cpu_share(server, seconds)
    heard_each = messages / count / seconds
    for one in listeners:
        one.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    server.ask(f"/executions/{begun}", "DELETE")
    return {
        "streams": count,
        "server_cpu_percent_without": round(100 * alone, 1),
        "server_cpu_percent_with": round(100 * with_streams, 1),
        "added_percent_of_a_core": round(100 * (with_streams - alone), 1),
        "messages_per_stream_and_second": round(heard_each, 2),
    }


async def cpu_share(server: Server, seconds: float) -> float:
    before, began = server.cpu(), time.monotonic()
    await asyncio.sleep(seconds)
    return (server.cpu() - before) / (time.monotonic() - began)


class Watch:
    """A stream of the list of executions, and who waits for one of them to be told on it."""

    def __init__(self) -> None:
        self.waited: dict[str, asyncio.Future[float]] = {}

    def heard(self, line: bytes) -> None:
        now = time.perf_counter()
        for name in [name for name in self.waited if f"execution-{name}".encode() in line]:
            self.waited.pop(name).set_result(now)

    async def told(self, name: str) -> float:
        self.waited[name] = asyncio.get_running_loop().create_future()
        return await asyncio.wait_for(self.waited[name], 30)


async def seen(server: Server, environment: dict[str, str]) -> dict[str, dict[str, float]]:
    """Milliseconds from what is stored to its text on a stream of the list."""
    watch = Watch()
    listener = asyncio.create_task(listen(server.port, "/ui/live/executions", watch.heard))
    await asyncio.sleep(2)
    took, apart = [], []
    for _ in range(20):
        answer = await asyncio.to_thread(server.ask, "/execute", "POST", {"tasks": ["w01_t01"]})
        stored = time.perf_counter()
        took.append(1000 * (await watch.told(json.loads(answer[2])["execution_id"]) - stored))
        await asyncio.sleep(0.7)
    for _ in range(10):
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OTHER, env=environment, stdout=asyncio.subprocess.PIPE
        )
        name, stored = (await other.stdout.readline()).decode().split()
        apart.append(1000 * (await watch.told(name) - float(stored)))
        await other.wait()
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
    return {"by_the_server_ms": spread(took), "by_another_process_ms": spread(apart)}


def spread(took: list[float]) -> dict[str, float]:
    return {"p50": round(sorted(took)[len(took) // 2], 1), "worst": round(max(took), 1)}


OTHER = """
import os, time
from datetime import UTC, datetime
from orchestrator.core.executions import Request
from orchestrator.core.identity import execution_id_at
from orchestrator.stores import open_store
store = open_store("sqlite:///" + os.environ["ETL_HOME"] + "/.orchestrator/state.db")
now = datetime.now(UTC)
name = execution_id_at(now, os.urandom(4).hex())
time.sleep(0.3)
store.create_execution(name, Request(tasks=("w01_t01",)), snapshot="", at=now)
print(name, time.perf_counter(), flush=True)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-pages-") as folder:
        home = options.home or Path(folder)
        filled = (home / ".orchestrator" / "state.db").exists()
        environment = make_home(home, 20) if filled else fill(home, options.executions, 20)
        (home / "paced.py").write_text(PACED)
        configuration = json.loads((home / "config.json").read_text())
        names = [f"step_{number:03}" for number in range(400)]
        configuration["tasks"] += [{"task_id": n, "module_path": "paced", "function_name": "step"} for n in names]
        configuration["workflows"]["paced"] = {"tasks": names}
        (home / "config.json").write_text(json.dumps(configuration))
        server = Server(environment)
        try:
            figures: dict[str, object] = {"pages": pages(server)}
            figures["streams"] = asyncio.run(streams(server, options.streams, options.seconds))
            print(figures["streams"], flush=True)
            figures["seen"] = asyncio.run(seen(server, environment))
            print(figures["seen"], flush=True)
            figures["server_mb"] = server.memory_mb()
        finally:
            server.end()
    figures |= {
        "executions": options.executions,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
