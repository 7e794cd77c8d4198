"""Turns what the fault tests noted into `benchmarks/results/faults.json` and a table beside it.

Called by `python run.py faults` with the folder of notes, the exit code of the tests and how long they took. A row that
was not made this time (`python run.py faults -k kills`) keeps its figures, each with its own date. The figures that a
promise speaks of go into `docs/promises.md`, too.
"""

import json
import os
import platform
import sqlite3
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from promise_figures import with_figures

RESULTS = Path(__file__).resolve().parent / "results"
PROMISES = RESULTS.parent.parent / "docs" / "promises.md"
SUBJECTS = frozenset({"killed", "kind", "by", "isolation", "shape", "action"})
"""Columns that tell rows of a suite apart."""
MACHINE = {
    "cpus": os.cpu_count(),
    "system": f"{platform.system()} {platform.machine()}",
    "python": platform.python_version(),
    "sqlite": sqlite3.sqlite_version,
}


def main(folder: str, exit_code: str, seconds: str) -> int:
    noted = read_notes(Path(folder))
    file = RESULTS / "faults.json"
    kept = json.loads(file.read_text(encoding="utf-8"))["suites"] if file.exists() else {}
    made = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "tests_passed": int(exit_code) == 0,
        "run_took_s": round(float(seconds)),
        "machine": MACHINE,
    }
    fresh = {name: {**made, "figures": merged(kept.get(name, {}), figures)} for name, figures in noted.items()}
    suites = dict(sorted({**kept, **fresh}.items()))
    RESULTS.mkdir(exist_ok=True)
    whole = {"made_by": "python run.py faults", "suites": suites}
    file.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "faults.md").write_text(as_table(suites), encoding="utf-8")
    PROMISES.write_text(with_figures(PROMISES.read_text(encoding="utf-8"), suites), encoding="utf-8")
    return 0


def merged(suite: dict, figures: list[dict]) -> list[dict]:
    """The rows of this run, dated today, and those of earlier runs that it did not make again."""
    today = datetime.now(UTC).date().isoformat()
    rows = {what_of(line): line for line in suite.get("figures", [])}
    rows |= {what_of(line): {**line, "at": today} for line in figures}
    return sorted(rows.values(), key=lambda line: json.dumps(what_of(line)))


def what_of(line: dict) -> tuple:
    """What a row measured, as against how it came out: its words."""
    return tuple(sorted((key, value) for key, value in line.items() if key in SUBJECTS))


def read_notes(folder: Path) -> dict[str, list[dict]]:
    """Suite → figures; those of crash points are counted by what was done there."""
    noted: dict[str, list[dict]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for text in file.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            noted.setdefault(line.pop("name"), []).append(line)
    if "crash point" in noted:
        lines = noted.pop("crash point")
        noted["crash points"] = [
            {
                "action": action,
                "points": len({line["point"] for line in lines if line["action"] == action}),
                "strikes": count,
                "nothing_lost": sum(line["well"] for line in lines if line["action"] == action),
            }
            for action, count in sorted(Counter(line["action"] for line in lines).items())
        ]
    for figures in noted.values():
        figures.sort(key=lambda line: json.dumps(line, sort_keys=True))
    return noted


def as_table(suites: dict[str, dict]) -> str:
    rows = [
        "# Faults injected on purpose",
        "",
        "Made by `python run.py faults`; raw figures in `faults.json`. Each suite with its own date and machine.",
    ]
    for name, suite in suites.items():
        machine = suite["machine"]
        rows += [
            "",
            f"## {name}",
            "",
            " · ".join(
                [
                    suite["at"][:10],
                    f"{machine['cpus']} cores, {machine['system']}",
                    f"Python {machine['python']}, SQLite {machine['sqlite']}",
                    f"tests {'passed' if suite['tests_passed'] else 'FAILED'}",
                ]
            ),
            "",
        ]
        columns = list(dict.fromkeys(key for line in suite["figures"] for key in line))
        rows += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        rows += ["| " + " | ".join(_shown(line.get(key, "")) for key in columns) + " |" for line in suite["figures"]]
    return "\n".join(rows) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    return str(value).replace("|", "/")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
