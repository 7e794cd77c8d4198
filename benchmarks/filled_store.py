"""A home whose store holds years of executions: a few are really executed, and then copied with other ids and times.

    python benchmarks/filled_store.py HOME [--executions 100000] [--workflows 20]

Each workflow has ten tasks; two executions in ten fail, one is tried twice. Copies are spread evenly over the last
year, with their events, hash chains and positions, so that whatever reads the store finds it sound.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from orchestrator.stores.chaining import link  # noqa: E402 - found once the root is on the path

TASKS = 10
TASK = """
from pathlib import Path
import os


def work(rows):
    print("read", rows, "rows")
    return {"status": "success", "rows": rows, "files": {"table": f"data/table_{rows}.parquet"}}


def now_and_then(rows):
    mark = Path(os.environ["ETL_HOME"]) / "tried"
    if mark.exists():
        mark.unlink()
        raise ValueError("the portal answered 503; see https://example.org/status")
    return work(rows)


def always(rows):
    raise ValueError(f"no column 'valor_contrato' in the sheet; {rows} rows were read")
"""
KINDS = ("work",) * 7 + ("now_and_then", "always", "always")
"""Of the last but one task, by template: eight complete, two fail."""
SPREAD = timedelta(days=365)
BATCH = 2000
TABLES = ("executions", "task_runs", "attempts", "events")
TIMES = ("created_at", "started_at", "ended_at", "next_attempt_at", "at")


def make_home(home: Path, workflows: int) -> dict[str, str]:
    """Configuration and tasks; returns the environment of whoever works there."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "filled_tasks.py").write_text(TASK, encoding="utf-8")
    tasks, flows = [], {}
    for number in range(1, workflows + 1):
        names = [f"w{number:02}_t{position:02}" for position in range(1, TASKS + 1)]
        for position, name in enumerate(names):
            function = KINDS[number % len(KINDS)] if position == TASKS - 2 else "work"
            tasks.append(
                {
                    "task_id": name,
                    "module_path": "filled_tasks",
                    "function_name": function,
                    "parameters": {"rows": 1000 * (position + 1)},
                    "dependencies": [names[max(0, position - 3)]] if position else [],
                    "retry_count": 1 if function == "now_and_then" else 0,
                }
            )
        flows[f"flow_{number:02}"] = {"tasks": names}
    (home / "config.json").write_text(json.dumps({"tasks": tasks, "workflows": flows}), encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    return clean | {"ETL_HOME": str(home), "ETL_CONFIG": str(home / "config.json"), "PYTHONPATH": str(ROOT)}


def execute_once(home: Path, environment: dict[str, str], workflows: int) -> None:
    """One real execution of each workflow."""
    for number in range(1, workflows + 1):
        (home / "tried").touch()
        command = [sys.executable, "-m", "orchestrator", "run", "--workflow", f"flow_{number:02}", "--parallel"]
        subprocess.run(command, env=environment, cwd=home, check=False, capture_output=True)


def multiply(database: Path, executions: int, now: datetime) -> None:
    """Copy what is there until there are so many."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    templates = [_template(connection, row["execution_id"]) for row in _rows(connection, "executions", "1 = 1")]
    (position,) = connection.execute("SELECT events FROM identity").fetchone()
    wanted = executions - len(templates)
    for first in range(0, wanted, BATCH):
        connection.execute("BEGIN")
        for number in range(first, min(first + BATCH, wanted)):
            at = now - SPREAD + SPREAD * (number / wanted)
            position = _copy(connection, templates[number % len(templates)], number, at, position)
        connection.execute("UPDATE identity SET events = ?", (position,))
        connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _template(connection: sqlite3.Connection, execution_id: str) -> dict[str, list[dict[str, object]]]:
    order = {"events": " ORDER BY seq"}
    return {
        table: _rows(connection, table, "execution_id = ?" + order.get(table, ""), execution_id) for table in TABLES
    }


def _rows(connection: sqlite3.Connection, table: str, condition: str, *values: str) -> list[dict[str, object]]:
    found = connection.execute(f"SELECT * FROM {table} WHERE {condition}", values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def _copy(
    connection: sqlite3.Connection,
    template: dict[str, list[dict[str, object]]],
    number: int,
    at: datetime,
    position: int,
) -> int:
    """One more execution like `template`, asked for at `at`; returns the place of its last event."""
    original = template["executions"][0]
    old = str(original["execution_id"])
    new = f"{at:%Y%m%d_%H%M%S}_{number:08x}"
    shift = at - datetime.fromisoformat(str(original["created_at"]))
    chain = ""
    for table in TABLES:
        copies = []
        for row in template[table]:
            copied = row | {name: _later(row[name], shift) for name in TIMES if row.get(name) is not None}
            copied["execution_id"] = new
            if copied.get("log"):
                copied["log"] = str(copied["log"]).replace(old, new)
            if table == "events":
                texts = {"at": str(copied["at"]), "text": str(copied["move"])}
                chain = copied["chain"] = link(chain, execution_id=new, seq=int(str(copied["seq"])), **texts)
            copies.append(copied)
        _insert(connection, table, copies)
    connection.execute("UPDATE executions SET last_chain = ? WHERE execution_id = ?", (chain, new))
    last = len(template["events"])
    connection.execute("INSERT INTO event_positions VALUES (?, ?, 1, ?)", (position + last, new, last))
    return position + last


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        names = ", ".join(f'"{name}"' for name in rows[0])
        places = ", ".join("?" * len(rows[0]))
        values: Iterator[tuple[object, ...]] = (tuple(row.values()) for row in rows)
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)


def _later(text: object, shift: timedelta) -> str:
    moved = datetime.fromisoformat(str(text)).astimezone(UTC) + shift
    return moved.isoformat(timespec="microseconds")


def fill(home: Path, executions: int, workflows: int) -> dict[str, str]:
    """Make the home and its store; returns the environment for servers there."""
    environment = make_home(home, workflows)
    execute_once(home, environment, workflows)
    (database,) = (home / ".orchestrator").glob("*.db")
    multiply(database, executions, datetime.now(UTC))
    return environment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--workflows", type=int, default=20)
    options = parser.parse_args()
    began = time.monotonic()
    fill(options.home, options.executions, options.workflows)
    print(f"{options.executions} executions in {options.home}, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
