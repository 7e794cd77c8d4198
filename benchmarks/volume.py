"""What a country of contracts asks of the whole pipeline: rows per second, memory and disk, task by task.

    python benchmarks/volume.py [ROWS] [--invented]

The made-up country is extracted over HTTP from the demo city's own server, transformed, loaded into DuckDB, validated
and reported. Every task of `orchestrator/etl_config.json` runs as a process of its own, one after the other; only the
contracts are those of the country, all else is the made-up city's. Then the contracts are loaded again as a later
snapshot in which nothing changed. With `--invented` the snapshot of contracts is written here instead of extracted,
which takes a fraction of the time; the loan's own contracts, which the index names, come first in it.

Of each task the figures say seconds, the peak of its memory (VmHWM) and what lies on disk when it has ended; while it
ran, `disk_peak_mb` was seen at most. The figures go to `benchmarks/results/volume.json`, by number of rows.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from etl_kit.places import Places  # noqa: E402
from etl_kit.settings import Source  # noqa: E402
from etl_kit.snapshots import latest_snapshot, line_of, write_lines  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "volume.json"
CONFIG = ROOT / "orchestrator" / "etl_config.json"
CONTRACTS = "extract_contratos_emprestito"
CONTRACTS_AT_SCALE_1 = 500
LOADER = "load_data_complete"
MEGABYTE = 1_000_000
# The peak comes from /proc: that of getrusage begins with what the parent had.
TASK = """
import importlib, json, re, sys, time
began = time.monotonic()
outcome = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()
took = time.monotonic() - began
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
print(json.dumps({"seconds": round(took, 1), "peak_rss_mb": peak, "rows": outcome.get("rows"),
                  "contracts": (outcome.get("tables") or {}).get("contratos_secop")}, default=str))
"""


def main(rows: int = 200_000, *, invented: bool = False) -> int:
    """Measure, add the figures to those of other numbers of rows, show them."""
    with tempfile.TemporaryDirectory(prefix="etl-volume-") as folder:
        report = measured(Path(folder), rows, invented=invented)
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**known, str(rows): report}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return 0


def measured(home: Path, rows: int, *, invented: bool) -> dict[str, object]:
    """All tasks, and the second load."""
    tasks = json.loads(CONFIG.read_text(encoding="utf-8"))["tasks"]
    figures: dict[str, dict[str, object]] = {}
    for task in tasks:
        country = task["task_id"] == CONTRACTS and not invented
        figures[task["task_id"]] = ran(task, home, rows, country=country)
        if task["task_id"] == CONTRACTS and invented:
            began = time.monotonic()
            invent_contracts(home, rows)
            figures["invented_snapshot"] = {"seconds": round(time.monotonic() - began, 1), "disk_mb": disk_of(home)}
    again = next(task for task in tasks if task["task_id"] == LOADER)
    figures[f"{LOADER} (again, unchanged)"] = ran(again, home, rows, country=False)
    timed = ["transform_contratos_secop", LOADER, f"{LOADER} (again, unchanged)"]
    for name in timed if invented else [CONTRACTS, *timed]:
        figures[name]["rows_per_second"] = round(rows / max(float(str(figures[name]["seconds"])), 0.1))
    return {
        "made_by": f"python benchmarks/volume.py {rows}{' --invented' if invented else ''}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "duckdb": duckdb.__version__,
            "polars": pl.__version__,
            "load_average_of_15_minutes": round(os.getloadavg()[2], 1),
        },
        "rows": rows,
        "highest_peak_rss_mb": max(int(str(each.get("peak_rss_mb", 0))) for each in figures.values()),
        "disk_at_rest_mb": {
            name: disk_of(home / "data" / name) for name in ("raw", "transformed", "warehouse", "publicado")
        },
        "tasks": figures,
    }


def ran(task: dict[str, str], home: Path, rows: int, *, country: bool) -> dict[str, object]:
    """What one task says of itself, and the disk it took."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    environ |= {"ETL_HOME": str(home), "ETL_SOURCE": "demo", "ETL_LANG": "en"}
    if country:
        environ |= {"ETL_CONTRACTS": "country", "ETL_DEMO_SCALE": f"{rows / CONTRACTS_AT_SCALE_1:g}"}
    command = [sys.executable, "-c", TASK, task["module_path"], task["function_name"]]
    with Watch(home) as watch:
        done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    figures = {name: value for name, value in figures.items() if value is not None}
    sys.stderr.write(f"{task['task_id']}: {figures}\n")
    return figures | {"disk_mb": disk_of(home), "disk_peak_mb": max(watch.peak, disk_of(home))}


class Watch:
    """Looks at the disk twice a second."""

    def __init__(self, folder: Path) -> None:
        self.peak = 0
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.5):
            self.peak = max(self.peak, disk_of(self._folder))


def disk_of(folder: Path) -> int:
    """Megabytes on disk below a folder; a file of two names counts once."""
    seen = {}
    for place, _folders, files in os.walk(folder):
        for name in files:
            try:
                about = (Path(place) / name).stat()
            except FileNotFoundError:
                continue
            seen[about.st_ino] = about.st_blocks * 512
    return round(sum(seen.values()) / MEGABYTE)


def invent_contracts(home: Path, rows: int) -> None:
    """Put `rows` contracts in place of the loan's snapshot: those it holds, and variations of them without end."""
    folder = Places(home=home, source=Source.DEMO).raw("contratos_emprestito")
    loan = latest_snapshot(folder, made_by=CONTRACTS)
    own = loan.rows
    lines = (line_of(own[number]) if number < len(own) else line for number, line in enumerate(variations(own, rows)))
    write_lines(folder, lines=lines, about={**loan.about, "rows": rows}, day=loan.day)


VARIED = (
    ":id",
    "id_contrato",
    "referencia_del_contrato",
    "proceso_de_compra",
    "valor_del_contrato",
    "valor_facturado",
    "valor_pagado",
    "recursos_propios",
    "objeto_del_contrato",
    "descripcion_del_proceso",
    "documento_proveedor",
    "proveedor_adjudicado",
    "ultima_actualizacion",
)
WORDS = ("vías", "parque", "puente", "escuela", "salud", "agua", "servicio", "apoyo", "comuna", "obra", "suministro")
OTHER_VERSION_EVERY = 50
YEAR = (date(2025, 1, 1).toordinal(), 265)


def variations(own: list[dict[str, object]], rows: int) -> Iterator[bytes]:
    """Lines of a snapshot; each fiftieth is another version of an earlier contract."""
    patterns = []
    for row in own:
        address = {"url": "https://secop.example/Public/Tendering/OpportunityDetail/Index?noticeUID=@@:id@@"}
        line = line_of({**row, "urlproceso": address, **{name: f"@@{name}@@" for name in VARIED}}).decode()
        patterns.append(re.sub("@@(.+?)@@", r"%(\1)s", line.replace("%", "%%")))
    chance = 20_240_918
    for number in range(rows):
        chance = (chance * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        some = chance >> 33
        contract = number - 17 if number % OTHER_VERSION_EVERY == OTHER_VERSION_EVERY - 1 else number
        value = 1_000_000 + some % 100_000_000
        text = " ".join(WORDS[(some >> shift) % len(WORDS)] for shift in range(0, 28, 3))
        updated = date.fromordinal(YEAR[0] + some % YEAR[1])
        values = (
            f"row-{number:09d}",
            f"CO1.PCCNTR.{contract * 7919 % 99_999_989}",
            f"4{some % 900 + 100}.010.26.1.{some % 5000:04d}-20{20 + some % 6}",
            f"CO1.BDOS.{contract * 31 % 99_999_989}",
            value,
            value * (some % 101) // 100,
            value * (some % 101) // 200,
            value,
            f"{text} {contract}, en desarrollo del plan",
            f"{text} {contract}",
            some,
            f"EMPRESA INVENTADA {some} SAS",
            f"{updated}T00:00:00.000",
        )
        yield (patterns[number % len(patterns)] % dict(zip(VARIED, values, strict=True))).encode()


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word != "--invented"]
    raise SystemExit(main(*numbers, invented="--invented" in sys.argv))
