"""What a server holds: readers while executions run, and what their answers cost in time and memory.

    python benchmarks/server_load.py [--executions 50] [--readers 200] [--seconds 20] [--workers 2]

A server is started in a folder of its own, `--executions` executions of a small workflow are asked for at once, and
for `--seconds` so many readers ask for lists, single executions and tasks over connections of their own, while new
executions replace those that end. Prints p50, p95 and p99 of reading and of asking, answers of 5xx, executions lost,
and the server's memory; the figures go to `benchmarks/results/server_load.json`.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "server_load.json"
STARTED = re.compile(r"http://(\S+):(\d+) ")
FIRST_SERVER_ERROR = 500
PAUSE = 2.0
"""Seconds, on average, between two requests of a reader: a page that is open, not a flood."""
TASK = """
import time
def work(seconds):
    time.sleep(seconds)
    return {"status": "success"}
"""


class Client:
    """One connection that is kept; a request after the other."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{method} {path} HTTP/1.1\r\n{self.head}{kind}\r\n".encode() + body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(re.search(r"content-length: (\d+)", head)[1])
        content = await reader.readexactly(length)
        if "connection: close" in head:
            writer.close()
            self.streams = None
        return int(head.split(" ", 2)[1]), content

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()


async def read(client: Client, until: float, ids: list[str], took: list[float], statuses: Counter) -> None:
    number = 0
    await asyncio.sleep(random.uniform(0, PAUSE))
    while time.monotonic() < until:
        path = (
            "/executions?limit=50",
            f"/executions/{ids[number % len(ids)]}",
            "/tasks",
            "/executions?status=running",
        )[number % 4]
        number += 1
        began = time.monotonic()
        status, _content = await client.ask("GET", path)
        took.append(time.monotonic() - began)
        statuses[status] += 1
        await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)


async def execute(client: Client, took: list[float], statuses: Counter) -> str:
    began = time.monotonic()
    status, content = await client.ask("POST", "/execute", b'{"workflow": "w", "parallel": true}')
    took.append(time.monotonic() - began)
    statuses[status] += 1
    return json.loads(content)["execution_id"]


async def load(port: int, token: str, options: argparse.Namespace) -> dict:
    readers = [Client(port, token) for _ in range(options.readers)]
    askers = [Client(port, token) for _ in range(options.executions)]
    asked: list[float] = []
    answers: Counter = Counter()
    ids = list(await asyncio.gather(*(execute(client, asked, answers) for client in askers)))
    distinct = len(set(ids))
    until = time.monotonic() + options.seconds
    took: list[float] = []
    statuses: Counter = Counter()
    reading = [asyncio.create_task(read(client, until, ids, took, statuses)) for client in readers]
    most_running = 0
    watcher = Client(port, token)
    while time.monotonic() < until:
        await asyncio.sleep(1)
        _status, content = await watcher.ask("GET", "/executions?status=running&limit=1000")
        most_running = max(most_running, len(json.loads(content)["executions"]))
        _status, content = await watcher.ask("GET", "/executions?status=queued&limit=1000")
        missing = max(0, 5 - len(json.loads(content)["executions"]))
        ids += [await execute(client, asked, answers) for client in askers[:missing]]
    await asyncio.gather(*reading)
    give_up_at = time.monotonic() + 180
    left = set(ids)
    while left and time.monotonic() < give_up_at:
        for execution_id in list(left):
            _status, content = await watcher.ask("GET", f"/executions/{execution_id}")
            if json.loads(content)["status"] in {"completed", "failed", "cancelled", "completed_with_errors"}:
                left.discard(execution_id)
        await asyncio.sleep(0.5)
    for client in [*readers, *askers, watcher]:
        client.close()
    return {
        "executions": len(ids),
        "distinct_ids_of_the_first": distinct,
        "not_ended": len(left),
        "most_running_at_once": most_running,
        "reads": len(took),
        "read_ms": quantiles(took),
        "ask_ms": quantiles(asked),
        "statuses": {str(status): count for status, count in (statuses + answers).items()},
        "server_errors": sum(count for status, count in (statuses + answers).items() if status >= FIRST_SERVER_ERROR),
    }


def quantiles(took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        f"p{part}": round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part / 100))], 1)
        for part in (50, 95, 99)
    } | {"worst": round(1000 * ordered[-1], 1)}


def peak_mb(pid: int) -> int | None:
    try:
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) // 1024
    except (OSError, TypeError):
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=50)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-load-") as folder:
        home = Path(folder)
        (home / "load_task.py").write_text(TASK)
        task = {"module_path": "load_task", "function_name": "work", "parameters": {"seconds": 8}}
        tasks = [{"task_id": name, **task} for name in ("a", "b", "c")]
        (home / "config.json").write_text(json.dumps({"tasks": tasks, "workflows": {"w": {"tasks": ["all"]}}}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
        environment |= {
            "ETL_HOME": folder,
            "ETL_CONFIG": str(home / "config.json"),
            "ETL_LANG": "en",
            "PYTHONPATH": str(ROOT),
        }
        slots = -(-options.executions // options.workers)
        command = [sys.executable, "-m", "orchestrator", "serve", "--port", "0", "--workers", str(options.workers)]
        server = subprocess.Popen(
            [*command, "--slots", str(slots)], env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
        )
        try:
            port = int(STARTED.search(server.stderr.readline())[2])
            for line in server.stderr:
                if "startup complete" in line:
                    break
            token = (home / ".orchestrator" / "api_token").read_text().strip()
            figures = asyncio.run(load(port, token, options))
            figures["server_peak_mb"] = peak_mb(server.pid)
        finally:
            server.terminate()
            server.stderr.close()
            server.wait(60)
        figures["reports"] = len(list((home / "orchestrator_reports").glob("*.json")))
    figures |= {
        "readers": options.readers,
        "workers": options.workers,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
    }
    print(json.dumps(figures, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    return int(bool(figures["server_errors"] or figures["not_ended"] or figures["reports"] != figures["executions"]))


if __name__ == "__main__":
    sys.exit(main())
