"""Configurations that were found without a problem before: opened again without checking them again.

Checking needs pydantic, and that alone costs more processor time than everything else a short execution does. What is
remembered is bound to the file's bytes and to the checker's own code, so a change of either means checking anew.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.core.schedules import Catchup, Schedule
from orchestrator.core.snapshot import registry_of, snapshot_of
from orchestrator.core.tasks import Registry
from orchestrator.documents import reading


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A configuration without problems."""

    registry: Registry
    seal: str
    """Hash of the file and of the checker."""
    text: str
    """The registry as it was then, in the snapshot's form; schedules are no part of that."""
    source: Path
    recalled: bool


def open_configuration(path: Path, memory: Path) -> Checked:
    """The configuration in `path`, recalled from the folder `memory` where nothing has changed.

    Raises ConfigurationRefused with every problem.
    """
    try:
        data = reading.read_bytes(path)
    except reading.Unreadable as why:
        raise ConfigurationRefused(str(path), [why.problem]) from why
    seal = hashlib.sha256(data + _fingerprint().encode()).hexdigest()
    kept = _recall(_place(memory, path), seal)
    if kept is not None:
        text, schedules = kept
        registry = registry_of(text)
        for schedule in schedules:
            registry.add_schedule(schedule)
        return Checked(registry=registry, seal=seal, text=text, source=path, recalled=True)

    from orchestrator.documents.configuration import parse_configuration  # noqa: PLC0415 - imports pydantic

    registry = parse_configuration(data, str(path)).registry
    return Checked(registry=registry, seal=seal, text=snapshot_of(registry), source=path, recalled=False)


def remember(checked: Checked, memory: Path) -> None:
    """Keep what was found, one file per configuration; where that cannot be written, nothing is lost but time."""
    if checked.recalled:
        return
    place = _place(memory, checked.source)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    with suppress(OSError):
        memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # a configuration may hold what is not for others to read
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
            schedules = [_written(schedule) for schedule in checked.registry.schedules.values()]
            file.write(json.dumps({"seal": checked.seal, "text": checked.text, "schedules": schedules}))
        beside.replace(place)


def _recall(place: Path, seal: str) -> tuple[str, list[Schedule]] | None:
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("seal") != seal:
        return None
    text = kept.get("text")
    return (text, [_read(written) for written in kept.get("schedules", [])]) if isinstance(text, str) else None


def _written(schedule: Schedule) -> dict[str, Any]:
    return {**asdict(schedule), "anchor": schedule.anchor.isoformat()}


def _read(written: Mapping[str, Any]) -> Schedule:
    given = {
        **written,
        "anchor": datetime.fromisoformat(written["anchor"]),
        "catchup": Catchup(written["catchup"]),
    }
    return Schedule(**given)


def _place(memory: Path, path: Path) -> Path:
    return memory / f"{hashlib.sha256(str(path).encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.json"


def _fingerprint() -> str:
    """Changes with the checker's code, and with what it asks and makes registries of."""
    package = Path(__file__).resolve().parent
    files = sorted(file for name in ("core", "documents", "timetable") for file in (package.parent / name).glob("*.py"))
    return "|".join(f"{file.name}:{(seen := file.stat()).st_size}:{seen.st_mtime_ns}" for file in files)
