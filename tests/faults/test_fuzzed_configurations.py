"""Configurations damaged at random: exit 0 or 2, never a traceback, and `validate` says yes where `run` starts (R22).

`ETL_FAULT_COUNT_FUZZ` says how many; 100 000 for the figures that are published.
"""

import io
import json
import os
import re
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from orchestrator.commands import main, running
from orchestrator.core.errors import ConfigurationRefused
from orchestrator.core.inputs import tasks_asked
from orchestrator.core.parameters import names_used
from orchestrator.core.snapshot import registry_of, snapshot_of
from orchestrator.core.tasks import ParameterType, Registry
from orchestrator.documents.configuration import parse_configuration
from tests.faults.mutations import mutated

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("ETL_FAULT_COUNT_FUZZ", "1000"))
DRIVEN = max(5, min(100, COUNT // 1000))
"""Accepted configurations whose execution is driven to its end."""
SLOWEST = 10.0
VALUES = {
    ParameterType.STRING: "x",
    ParameterType.INTEGER: "1",
    ParameterType.NUMBER: "1.5",
    ParameterType.BOOLEAN: "true",
    ParameterType.DATE: "2025-01-31",
}
_SECRET = re.compile(r'"\$secret": "(\w+)"')

pytestmark = pytest.mark.timeout(120 + COUNT // 2)


@dataclass(kw_only=True)
class Tally:
    accepted: int = 0
    refused: int = 0
    runs_tried: int = 0
    tracebacks: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    slowest: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    code: int | None
    """None: an exception escaped."""
    said: str
    started: bool


class Etl:
    """The command line in this very process; what `run` stored is not driven."""

    def __init__(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._config = config
        self._started = False
        monkeypatch.setattr(running, "drive_in_view", self._drive)

    def ask(self, *words: str) -> Answer:
        self._started = False
        out = io.StringIO()
        try:
            with redirect_stdout(out), redirect_stderr(out):
                code = main.answer([*words, "--config", str(self._config)])
        except (Exception, SystemExit):  # noqa: BLE001 - whatever escapes is what is looked for
            return Answer(code=None, said=out.getvalue() + traceback.format_exc(), started=self._started)
        return Answer(code=code, said=out.getvalue(), started=self._started)

    def _drive(self, *_: object, **__: object) -> int:
        self._started = True
        return 0


@pytest.fixture
def etl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Etl, Path]:
    for name in [name for name in os.environ if name.startswith("ETL_") and "FAULT" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ETL_DATABASE_URL", "memory://")
    monkeypatch.setenv("ETL_LANG", "en")
    config = tmp_path / "fuzzed.json"
    return Etl(config, monkeypatch), config


def test_damaged_configurations_are_refused_or_start_and_nothing_else(etl, figures):
    command_line, config = etl
    tally = Tally()

    for seed in range(COUNT):
        config.write_bytes(mutated(seed))
        judge(f"seed {seed}", command_line, config, tally)

    figures(
        "fuzzed configurations",
        {
            "inputs": COUNT,
            "accepted": tally.accepted,
            "refused": tally.refused,
            "runs_tried": tally.runs_tried,
            "tracebacks": len(tally.tracebacks),
            "disagreements": len(tally.disagreements),
            "slowest_s": round(tally.slowest, 3),
        },
    )
    assert not tally.tracebacks, "\n".join(tally.tracebacks[:3])
    assert not tally.disagreements, "\n".join(tally.disagreements[:5])
    assert tally.slowest < SLOWEST
    assert tally.accepted > COUNT // 10
    assert tally.refused > COUNT // 10


def judge(name: str, etl: Etl, config: Path, tally: Tally) -> None:
    """One configuration: what `validate` says, what `run` does, and whether they agree."""
    began = time.perf_counter()
    checked = etl.ask("validate")
    note_manners(f"{name}: validate", checked, tally)
    if checked.code == 0:
        tally.accepted += 1
        registry = parse_configuration(config.read_bytes(), "x").registry
        if vars(registry_of(snapshot_of(registry))) != vars(registry):
            tally.disagreements.append(f"{name}: the snapshot reads as something else")
        with surroundings_of(registry, config):
            for words in runs_that_must_start(registry):
                expect_start(f"{name}: run {words}", etl.ask("run", *words), tally)
    else:
        tally.refused += 1
        refusal = etl.ask("run", "--all")
        note_manners(f"{name}: run --all", refusal, tally)
        if refusal.code != 2 or refusal.started:
            tally.disagreements.append(f"{name}: validate refuses it, run does not: {refusal.said[:500]}")
    tally.slowest = max(tally.slowest, time.perf_counter() - began)


def expect_start(name: str, answer: Answer, tally: Tally) -> None:
    tally.runs_tried += 1
    note_manners(name, answer, tally)
    if not answer.started:
        tally.disagreements.append(f"{name}: validate accepts it, but: {answer.said[-500:]}")


def note_manners(name: str, answer: Answer, tally: Tally) -> None:
    if answer.code not in (0, 2) or "Traceback" in answer.said:
        tally.tracebacks.append(f"{name}: exit {answer.code}: {answer.said[-2000:]}")
    elif answer.code == 2 and not answer.said.strip():
        tally.disagreements.append(f"{name}: refused without a word")


def runs_that_must_start(registry: Registry) -> Iterator[list[str]]:
    """Every way to run an accepted configuration that the configuration alone decides about.

    Not among them, each for a reason that lies in the request and not in the file: `--all` where a task asks for an
    execution parameter (only workflows declare them), and workflows that take outputs of tasks which they leave out
    (those must have completed before). What must be given is given: required parameters here, environment and secrets
    in `surroundings_of`.
    """
    if not any(asks_for_parameters(registry, task_id) for task_id in registry.tasks):
        yield ["--all"]
    for workflow in registry.workflows.values():
        selected = set(registry.tasks_of(workflow))
        if any(tasks_asked(registry.task(task_id), registry.tasks) - selected for task_id in selected):
            continue
        given = [
            f"--param={name}={VALUES[declared.type]}"
            for name, declared in workflow.parameters.items()
            if declared.required
        ]
        yield [f"--workflow={workflow.workflow_id}", *given]


def asks_for_parameters(registry: Registry, task_id: str) -> bool:
    return any(name.startswith("params.") for name in names_used(registry.task(task_id).parameters))


@contextmanager
def surroundings_of(registry: Registry, config: Path) -> Iterator[None]:
    """What the environment of a run must hold for this configuration: `${env.NAME}` and secrets, by name."""
    asked = {
        name.removeprefix("env.")
        for task in registry.tasks.values()
        for name in names_used(task.parameters)
        if name.startswith("env.")
    }
    asked |= set(_SECRET.findall(json.dumps(json.loads(config.read_bytes().decode("utf-8-sig")))))
    added = {name: "value" for name in asked if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def harmless(configuration: Any) -> bool:
    """Whether every task is one of the mock functions and ends soon, with nothing that only an environment could give."""
    text = json.dumps(configuration)
    if any(sign in text for sign in ("${params.", "${env.", "$secret")):
        return False
    return all(
        task["module_path"] == "orchestrator.mock_tasks"
        and task.get("retry_count", 0) <= 2
        and task.get("retry_delay", 1) <= 1
        and all(is_small(name, value) for name, value in task.get("parameters", {}).items())
        for task in configuration["tasks"]
    )


def is_small(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return 0 <= value <= (0.2 if name.startswith("seconds") else 10 if name == "steps" else 10_000)


def harmless_configurations() -> Iterator[tuple[int, bytes]]:
    for seed in range(10_000_000, 11_000_000):
        content = mutated(seed)
        try:
            parse_configuration(content, "x")
        except ConfigurationRefused:
            continue
        if harmless(json.loads(content.decode("utf-8-sig"))):
            yield seed, content


def test_what_validate_accepts_the_real_command_drives_to_its_end(tmp_path, figures):
    config = tmp_path / "fuzzed.json"
    codes: Counter[int] = Counter()

    for seed, content in islice(harmless_configurations(), DRIVEN):
        config.write_bytes(content)
        home = tmp_path / str(seed)
        answer = drive(config, home)
        said = f"seed {seed}: exit {answer.returncode}: {answer.stdout[-2000:]}{answer.stderr[-2000:]}"
        assert answer.returncode in {0, 1, 3}, said
        assert "Traceback" not in answer.stdout + answer.stderr, said
        (report,) = (home / "orchestrator_reports").glob("*.json")
        assert json.loads(report.read_text(encoding="utf-8"))["exit_code"] == answer.returncode, said
        codes[answer.returncode] += 1

    figures("driven configurations", {"inputs": DRIVEN, "by_exit_code": {str(code): n for code, n in codes.items()}})


def drive(config: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """`run --all` as users run it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "run", "--all", "--parallel", "--config", str(config)],
        cwd=ROOT,
        env={**environment, "ETL_HOME": str(home), "ETL_LANG": "en", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


TASK = {"task_id": "a", "module_path": "orchestrator.mock_tasks", "function_name": "no_op"}
KEPT = {
    "a template with its brace as an escape": json.dumps({"tasks": [{**TASK, "parameters": {"x": "?"}}]}).replace(
        '"?"', r'"$\u007bnonsense}"'
    ),
}
"""What once was judged wrongly, as it was found or as small as it could be made."""


@pytest.mark.parametrize("name", KEPT)
def test_what_once_was_judged_wrongly_is_judged_rightly(name, etl):
    command_line, config = etl
    config.write_text(KEPT[name], encoding="utf-8")
    tally = Tally()

    judge(name, command_line, config, tally)

    assert (tally.tracebacks, tally.disagreements) == ([], [])
