"""How soon a browser has drawn a graph: pages of workflows and executions of 100, 500, 1 000 and 10 000 tasks.

    python benchmarks/graph_in_browser.py [--rounds 5] [--sizes 100 500 1000 10000]

A server is started in a folder of its own with a workflow of each size; its tasks stand in layers and wait for one to
three of those before. Chromium opens each page `--rounds` times without its cache. Prints, in ms, the median and the
worst time from the click to the painted graph and the server's part of it, how long the layout alone took, the longest
task that kept the page from answering, and the size of the page; each execution is cancelled first. The figures go to
`benchmarks/results/graph.json`.
"""

import argparse
import json
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "graph.json"
STARTED = re.compile(r"http://(\S+):(\d+) ")
PATIENCE = 120_000
STAGES = ("extract", "clean", "validate", "join", "load", "report")
SUBJECTS = ("contratos", "presupuesto", "proyectos", "proveedores", "emprestito", "obras", "metas", "sedes")
WIDEST = 50
NEAR = 0.85
"""Share of tasks that wait for the layer before theirs."""
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask", buffered: true });
new MutationObserver((_, watcher) => {
  if (!document.querySelector("#graph svg")) return;
  watcher.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
LAYOUT = """() => {
  const { nodes, edges } = JSON.parse(document.getElementById("drawing").textContent);
  const began = performance.now();
  layOut(nodes.map(() => ({ width: 200, height: 26 })), edges);
  return performance.now() - began;
}"""


def layered(size: int) -> list[dict]:
    """`size` tasks in layers of some tens, each after one to three of the layer before or, at times, an older one."""
    chance = random.Random(size)
    layers: list[list[str]] = []
    tasks = []
    while len(tasks) < size:
        layer = []
        for number in range(min(size - len(tasks), chance.randint(WIDEST // 3, WIDEST))):
            name = (
                f"w{size}_{STAGES[len(tasks) * len(STAGES) // size]}_{chance.choice(SUBJECTS)}_{len(layers)}_{number}"
            )
            above = (layers[-1] if chance.random() < NEAR else chance.choice(layers)) if layers else []
            parents = sorted(set(chance.choices(above, k=chance.randint(1, 3)))) if above else []
            tasks.append({"task_id": name, "dependencies": parents, "critical": False})
            layer.append(name)
        layers.append(layer)
    mock = {"module_path": "orchestrator.mock_tasks", "function_name": "no_op"}
    return [{**task, **mock} for task in tasks]


def look(page: Page, address: str, rounds: int) -> dict:
    answered, painted, long, layouts, weights = [], [], [], [], []
    for _ in range(rounds):
        answer = page.goto(address, timeout=PATIENCE)
        page.wait_for_function("window.painted", timeout=PATIENCE)
        page.wait_for_timeout(300)
        answered.append(page.evaluate("performance.getEntriesByType('navigation')[0].responseStart"))
        painted.append(page.evaluate("window.painted"))
        long.append(max(page.evaluate("window.tasks"), default=0))
        layouts.append(page.evaluate(LAYOUT))
        weights.append(len(answer.body()))
    return {
        "answered_ms": round(statistics.median(answered)),
        "painted_best_ms": round(min(painted)),
        "painted_ms": round(statistics.median(painted)),
        "painted_worst_ms": round(max(painted)),
        "layout_ms": round(statistics.median(layouts)),
        "longest_task_ms": round(statistics.median(long)),
        "page_kb": round(max(weights) / 1000),
        "nodes": page.locator("#graph .node").count(),
        "rows": page.locator("#tasks tbody[data-task]").count(),
    }


def measure(port: int, token: str, sizes: list[int], rounds: int) -> dict:
    url = f"http://127.0.0.1:{port}"
    figures = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{url}/ui")
        page.fill("#token", token)
        page.click("button.main")
        page.wait_for_url(f"{url}/ui")
        page.add_init_script(WATCH)
        for size in sizes:
            asked = page.request.post(
                f"{url}/execute",
                data={"workflow": f"w{size}", "parallel": True, "max_workers": 1},
                headers={"Authorization": f"Bearer {token}"},
            ).json()
            page.request.delete(
                f"{url}/executions/{asked['execution_id']}", headers={"Authorization": f"Bearer {token}"}
            )
            figures[f"workflow_{size}"] = look(page, f"{url}/ui/workflows/w{size}", rounds)
            figures[f"execution_{size}"] = look(page, f"{url}/ui/executions/{asked['execution_id']}", rounds)
        browser.close()
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 500, 1000, 10000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-graph-") as folder:
        home = Path(folder)
        tasks = {size: layered(size) for size in options.sizes}
        workflows = {f"w{size}": {"tasks": [task["task_id"] for task in of]} for size, of in tasks.items()}
        whole = [task for of in tasks.values() for task in of]
        (home / "config.json").write_text(json.dumps({"tasks": whole, "workflows": workflows}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
        environment |= {
            "ETL_HOME": folder,
            "ETL_CONFIG": str(home / "config.json"),
            "ETL_LANG": "en",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "orchestrator", "serve", "--port", "0"]
        server = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True)
        try:
            port = int(STARTED.search(server.stderr.readline())[2])
            for line in server.stderr:
                if "startup complete" in line:
                    break
            token = (home / ".orchestrator" / "api_token").read_text().strip()
            figures = measure(port, token, options.sizes, options.rounds)
        finally:
            server.terminate()
            server.stderr.close()
            server.wait(60)
    figures |= {
        "load_average": round(os.getloadavg()[0], 1),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
    }
    print(json.dumps(figures, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
